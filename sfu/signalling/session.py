"""Session: one WebSocket's conversation, from `join` to the end."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sfu.errors import Refused
from sfu.rooms import events
from sfu.rooms.tally import tally_refusals
from sfu.signalling import messages
from sfu.signalling.announcements import announce
from sfu.signalling.groups import GroupDesk
from sfu.signalling.roster import describe_reception, describe_welcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfu.rooms.participant import Participant
    from sfu.rooms.publication import Publication
    from sfu.signalling.lobby import Lobby

MAX_UNSENT: Final = 2000
"""Messages that wait for a slow client; beyond them it is disconnected, and may return."""

MAX_UNSENT_BYTES: Final = 4 << 20
"""And what they may add up to: several times the longest that is ever sent, the welcome to a full
room."""

_decoder: Final = msgspec.json.Decoder(messages.ClientMessage)
_encoder: Final = msgspec.json.Encoder()


class Session:
    """Reads and writes messages; the shell moves them."""

    def __init__(self, lobby: Lobby) -> None:
        self.over = False  # close the connection, after sending what there is to send
        self.on_output: Callable[[], None] = lambda: None  # told when `take` has something
        self._lobby = lobby
        self._participant: Participant | None = None
        self._unsent: deque[str] = deque()
        self._unsent_bytes = 0
        self._handlers: dict[type, Callable[[Participant, Any, float], None]] = {
            messages.Offer: self._on_offer,
            messages.Wish: self._on_wish,
            messages.SetMuted: self._on_set_muted,
            messages.SendChat: self._on_send_chat,
            messages.SendSealedChat: self._on_send_sealed_chat,
            messages.ReportRefusals: self._on_report_refusals,
            messages.SendRecordingKeys: self._on_send_recording_keys,
            messages.AskMute: self._on_ask_mute,
            messages.Remove: self._on_remove,
            messages.Leave: self._on_leave,
            **GroupDesk().handlers,
        }

    @property
    def joined(self) -> bool:
        """Whether the client has entered a room."""
        return self._participant is not None

    def receive(self, text: str | bytes, *, now: float) -> None:
        """Act on one message of the client's; what is wrong with it is answered, not raised."""
        if self.over:
            return
        try:
            message = _decoder.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            self._refuse(Refused("bad-message", f"This message is not understood: {error}."))
            return
        try:
            self._dispatch(message, now=now)
        except Refused as refusal:
            request = message.id if isinstance(message, messages.Offer) else None
            self._refuse(refusal, request=request, fatal=isinstance(message, messages.Join))

    def _dispatch(self, message: messages.ClientMessage, *, now: float) -> None:
        if isinstance(message, messages.Join):
            self._on_join(message)
            return
        if self._participant is None:
            raise Refused("not-joined", "Send a `join` first.")
        self._handlers[type(message)](self._participant, message, now)

    def take(self) -> list[str]:
        """Return the messages that have to be sent now, as JSON."""
        unsent = list(self._unsent)
        self._unsent.clear()
        self._unsent_bytes = 0
        return unsent

    def disconnected(self, *, now: float) -> None:
        """The connection is gone; the participant may come back with another."""
        participant, self._participant = self._participant, None
        self.over = True
        if participant is not None:
            participant.drop_out(now=now)

    def _send(self, message: messages.Message) -> None:
        text = _encoder.encode(message)
        if len(self._unsent) >= MAX_UNSENT or self._unsent_bytes + len(text) > MAX_UNSENT_BYTES:
            self.over = True
            return
        self._unsent.append(text.decode())
        self._unsent_bytes += len(text)
        self.on_output()

    def _refuse(self, refusal: Refused, *, request: int | None = None, fatal: bool = False) -> None:
        self.over = self.over or fatal
        self._send(
            messages.Problem(code=refusal.code, reason=refusal.reason, id=request, fatal=self.over)
        )

    def _end(self) -> None:
        self._participant = None
        self.over = True

    # What the client asks for

    def _on_join(self, join: messages.Join) -> None:
        if self._participant is not None:
            raise Refused("already-joined", "This connection has already joined a room.")
        participant, resumed = self._lobby.enter(join)
        participant.listen(self._hear)
        self._participant = participant
        self._send(describe_welcome(participant, resumed=resumed, witness=self._lobby.witness))
        for subscription in participant.subscriptions.values():
            self._send(describe_reception(subscription, "start"))

    def _on_offer(self, participant: Participant, offer: messages.Offer, now: float) -> None:
        self._send(self._lobby.call_of(participant).answer(offer, now=now))

    def _on_wish(self, participant: Participant, wish: messages.Wish, now: float) -> None:
        participant.wish(_publication(participant, wish.publication), wish.height, now=now)

    def _on_set_muted(
        self, participant: Participant, request: messages.SetMuted, now: float
    ) -> None:
        del now
        publication = _publication(participant, request.publication)
        if publication.owner is not participant:
            raise Refused("not-yours", "Only its owner mutes a publication.")
        participant.set_muted(publication, muted=request.muted)

    def _on_send_chat(self, participant: Participant, chat: messages.SendChat, now: float) -> None:
        del now
        if participant.room.sealed:
            raise Refused("chat-in-clear", "Chat of this room is sealed; this line was not sent.")
        participant.room.say(events.Said(participant, chat.text), len(chat.text.encode()))

    def _on_send_sealed_chat(
        self, participant: Participant, chat: messages.SendSealedChat, now: float
    ) -> None:
        del now
        if not participant.room.sealed:
            raise Refused(
                "chat-sealed", "This room is not sealed, and nobody could read this line."
            )
        participant.room.say(events.SaidSealed(participant, chat.line), len(chat.line))

    def _on_report_refusals(
        self, participant: Participant, report: messages.ReportRefusals, now: float
    ) -> None:
        del now
        if not participant.room.sealed:
            raise Refused("not-sealed", "Nothing is sealed in this room, and nothing to be opened.")
        tally_refusals(participant.room.ended, msgspec.structs.asdict(report))

    def _on_send_recording_keys(
        self, participant: Participant, request: messages.SendRecordingKeys, now: float
    ) -> None:
        del now
        running = participant.room.recording
        if running is None or running.notice.recording != request.recording:
            raise Refused("not-recording", "This recording does not run, or not any more.")
        running.keep_keys(participant, _decoded(request.sealed))

    def _on_ask_mute(self, participant: Participant, request: messages.AskMute, now: float) -> None:
        del now
        _check_moderator(participant)
        publication = _publication(participant, request.publication)
        publication.owner.tell(events.MuteAsked(publication, participant))

    def _on_remove(self, participant: Participant, request: messages.Remove, now: float) -> None:
        del now
        _check_moderator(participant)
        other = participant.room.participants.get(request.participant)
        if other is None:
            raise Refused("unknown-participant", "Nobody here has this id.")
        participant.room.expel(other, "moderator")

    def _on_leave(self, participant: Participant, leave: messages.Leave, now: float) -> None:
        del leave, now
        self._end()
        self._lobby.leave(participant)

    # What the room tells

    def _hear(self, event: events.Event) -> None:
        self._send(announce(event))
        if isinstance(event, events.Expelled):
            self._end()


def _decoded(text: str) -> bytes:
    """The bytes of base64url without padding (RFC 4648 section 5); raises Refused."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise Refused("bad-message", "What was sealed is not base64url.") from error


def _publication(participant: Participant, ident: str) -> Publication:
    publication = participant.room.publications.get(ident)
    if publication is None:
        raise Refused("unknown-publication", "No publication here has this id.")
    return publication


def _check_moderator(participant: Participant) -> None:
    if not participant.permissions.moderate:
        raise Refused("not-a-moderator", "Only a moderator may do that.")
