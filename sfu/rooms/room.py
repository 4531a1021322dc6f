"""Room: who is here, what they publish, and who speaks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from sfu.errors import Refused
from sfu.media.speaker import ActiveSpeaker
from sfu.rooms import events
from sfu.rooms.group import Group
from sfu.rooms.holdings import Holdings
from sfu.rooms.participant import Participant
from sfu.rooms.tally import Tally, tally_peer, tally_publication, tally_router, tally_subscription
from sfu.rooms.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sfu.rooms.permissions import Permissions
    from sfu.rooms.publication import Publication
    from sfu.transport.node import Node
    from sfu.transport.peer import Peer

log = structlog.get_logger()

HOP: Final = "hop"
"""The only mode in which the server could read media; in all others clients seal it."""

MLS: Final = "e2ee-mls"
"""The mode in which people agree on keys as a group."""

ID_BYTES: Final = 6
SECRET_BYTES: Final = 24


class RunningRecording(Protocol):
    """What a room needs of the recording that runs in it."""

    @property
    def notice(self) -> events.RecordingStarted:
        """What everybody is told of it."""
        ...

    def keep_keys(self, participant: Participant, sealed: bytes) -> None:
        """Store what somebody who consents sealed for its key; raises Refused."""
        ...


class Room:
    """Introduces participants to each other."""

    def __init__(
        self,
        name: str,
        mode: str = HOP,
        *,
        node: Node,
        random_bytes: Callable[[int], bytes],
        ended: Tally,
    ) -> None:
        """`mode` never changes; `ended` is where counters of whatever ends are added."""
        self.name = name
        self.mode = mode
        self.node = node
        self.ended = ended
        self.participants: dict[str, Participant] = {}
        self.publications: dict[str, Publication] = {}
        self.speaker: Participant | None = None
        self.group: Group | None = None
        self.recording: RunningRecording | None = None
        self.holdings = Holdings(sealed=mode != HOP)
        self.trace = Trace()
        self._random_bytes = random_bytes
        self.id = self.draw_id()  # for logs: the name may tell who meets here
        self._voices = ActiveSpeaker()

    @property
    def sealed(self) -> bool:
        """Whether media and chat come sealed end to end."""
        return self.mode != HOP

    # What is drawn by lot

    def draw_id(self) -> str:
        """Return an identifier that nobody else has, for whoever has to be named in public."""
        return self._random_bytes(ID_BYTES).hex()

    def draw_secret(self) -> str:
        """Return a secret that nobody can guess."""
        return self._random_bytes(SECRET_BYTES).hex()

    def draw_ssrc(self) -> int:
        """Return an SSRC (RFC 3550 section 8.1); 0 would mean "none" in some RTCP formats."""
        return int.from_bytes(self._random_bytes(4), "big") or 1

    def draw_sequence(self) -> int:
        """Return the number of a first packet: low, so that it does not wrap while SRTP begins."""
        return int.from_bytes(self._random_bytes(2), "big") & 0x7FFF

    # Coming and going

    def enter(self, name: str, permissions: Permissions, hello: str | None = None) -> Participant:
        """Take somebody in and tell the others."""
        secret = self.draw_secret()
        participant = Participant(self.draw_id(), name, permissions, room=self, secret=secret)
        participant.hello = hello
        log.info("participant.joined", room=self.id, participant=participant.id)
        self.announce(events.Joined(participant))
        self.participants[participant.id] = participant
        return participant

    def remove(self, participant: Participant, reason: str) -> None:
        """End everything of somebody's and tell the others why they left."""
        if self.participants.get(participant.id) is not participant:
            return
        log.info("participant.left", room=self.id, participant=participant.id, why=reason)
        participant.silence()
        participant.leave()
        del self.participants[participant.id]
        self._voices.forget(participant)
        self.announce(events.Left(participant, reason))
        self.leave_group(participant)
        if self.speaker is participant:
            self.speaker = None
            self.announce(events.SpeakerChanged(None))

    def expel(self, participant: Participant, reason: str) -> None:
        """Tell somebody that they are out: by a "moderator", or we are "drained" or "failed"."""
        participant.tell(events.Expelled(reason))
        self.remove(participant, "removed" if reason == "moderator" else reason)

    def announce(self, event: events.Event, *, besides: Participant | None = None) -> None:
        """Tell everybody, or everybody besides one."""
        for participant in list(self.participants.values()):
            if participant is not besides:
                participant.tell(event)

    def say(self, event: events.Said | events.SaidSealed, size: int) -> None:
        """Tell everybody of a line of chat that has so many bytes."""
        self.holdings.note_line(size, self.ended)
        self.announce(event)

    def start_group(self, ident: str, founder: Participant) -> None:
        """Let somebody be the first member of a group; raises Refused where there can be none."""
        if self.mode != MLS:
            raise Refused("not-mls", f"This room is in mode {self.mode}: there are no groups.")
        if self.group is not None:
            reason = "Somebody else has started the group: wait until a member adds you."
            raise Refused("group-exists", reason)
        self.group = Group(self, ident, founder)
        self.announce(events.GroupStarted(founder, ident))

    def leave_group(self, participant: Participant) -> None:
        """Somebody is no member any more, if they were; the group ends with its last one."""
        group = self.group
        if group is not None and group.part(participant):
            self.group = None
            self.announce(events.GroupEnded(group.id))

    # Recording

    def begin_recording(self, recording: RunningRecording) -> None:
        """Tell everybody who is here that it runs; who comes later hears it with the welcome."""
        self.recording = recording
        self.announce(recording.notice)

    def end_recording(self, reason: str) -> None:
        """Tell everybody that it is over."""
        recording, self.recording = self.recording, None
        if recording is not None:
            self.announce(events.RecordingStopped(recording.notice.recording, reason))

    def release(self, peer: Peer) -> None:
        """Close a transport that nobody uses any more."""
        self.node.remove_peer(peer)

    @contextmanager
    def _confined(self, participant: Participant) -> Iterator[None]:
        """Let a bug cost the participant whom it concerns, and nobody else."""
        try:
            yield
        except Exception:
            log.exception("participant.failed", room=self.id, participant=participant.id)
            self.expel(participant, "failed")

    # Time

    def handle_timeout(self, *, now: float) -> None:
        """Do what media is due to do: reports, feedback, repeated requests."""
        for participant in list(self.participants.values()):
            with self._confined(participant):
                participant.handle_timeout(now=now)

    def follow_up(self, *, now: float, patience: float) -> None:
        """Tell of what has happened; remove who has been absent for `patience` seconds."""
        for participant in list(self.participants.values()):
            with self._confined(participant):
                participant.follow_up()
            absent_since = participant.absent_since
            if absent_since is not None and now - absent_since >= patience:
                self.remove(participant, "timeout")
        self._listen(now=now)

    def _listen(self, *, now: float) -> None:
        """Find out who speaks."""
        for publication in self.publications.values():
            source = publication.source
            if publication.origin == "microphone" and source.level_at > now - 1:
                level = 127 if publication.muted else source.level
                self._voices.note(publication.owner, level, voice=source.voice, now=now)
        speaker = self._voices.current(now=now)
        assert speaker is None or isinstance(speaker, Participant)
        if speaker is not self.speaker:
            self.speaker = speaker
            self.announce(events.SpeakerChanged(speaker))

    def tally(self, tally: Tally) -> None:
        """Add the counters of everything that lives here."""
        for participant in self.participants.values():
            tally_router(tally, participant.router)
            if participant.peer is not None:
                tally_peer(tally, participant.peer)
            for publication in participant.publications:
                tally_publication(tally, publication)
            for subscription in participant.subscriptions.values():
                tally_subscription(tally, subscription)
