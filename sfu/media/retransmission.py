"""Retransmitter: answers one subscriber's NACKs on an RTX stream (RFC 4588), within bounds."""

from __future__ import annotations

from enum import IntEnum, auto
from typing import TYPE_CHECKING, Final

from sfu.media.copier import shift_picture_id
from sfu.media.history import FORGOTTEN, History
from sfu.media.packet import Packet
from sfu.media.tags.vp8 import locate_picture_id
from sfu.wire.extensions import find_extensions
from sfu.wire.rtp import extend, parse_rtp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sfu.media.copier import Copier
    from sfu.media.sink import Sink
    from sfu.media.source import Source

MAX_ANSWERS: Final = 3
"""Retransmissions of one packet; a receiver that still misses it needs something else."""

MIN_INTERVAL: Final = 0.010
"""Seconds between two of them, however short the round trip."""

BUDGET_SHARE: Final = 0.25
"""Retransmitted bytes per byte sent, in the long run."""

BUDGET_BYTES: Final = 64_000
"""Retransmitted bytes at once: what a stream may use after a time without loss."""

MAX_NAMED: Final = 1000
"""Numbers that NACKs may name at once: each costs us something, whatever the answer."""

NAMED_PER_PACKET: Final = 4
"""How many more each packet sent allows: it may be asked for some times."""

KEY_FRAME_SILENCE: Final = 1.0
"""Seconds without retransmissions after a request for a key frame, if it does not come sooner:
it makes what is older superfluous."""

_NEVER: Final = float("-inf")


class Answer(IntEnum):
    """What became of a number in a NACK; also the metric label."""

    RESENT = 0
    NOT_NEGOTIATED = auto()  # no RTX: repeating a number on the same SSRC would break SRTP
    KEY_FRAME_COMING = auto()  # the subscriber asked for a key frame
    FORGOTTEN = auto()  # never sent, or too long ago
    TOO_OFTEN = auto()
    TOO_SOON = auto()  # the last answer may still be on its way
    OVER_BUDGET = auto()  # too many bytes, or too many numbers
    TOO_LONG = auto()  # with the two bytes more it does not fit a datagram


class Retransmitter:
    """One subscriber's RTX stream: stored packets, rewritten as they were the first time."""

    __slots__ = (
        "_budget",
        "_copier",
        "_history",
        "_media_bytes",
        "_named",
        "_named_at",
        "_packet",
        "_rtx_types",
        "_silent_until",
        "_sink",
        "_source",
        "answers",
        "bytes",
        "next_sequence",
        "packets",
    )

    def __init__(  # noqa: PLR0913 - by name: the parts that an outbound stream consists of
        self,
        *,
        source: Source,
        history: History,
        sink: Sink,
        copier: Copier | None,
        rtx_types: Mapping[int, int],
        start: int,
    ) -> None:
        """`copier` writes on the RTX SSRC (None: there is none), from the number `start` on.

        `rtx_types` has the RTX payload type of each payload type that is sent.
        """
        self._source = source
        self._history = history
        self._sink = sink
        self._copier = copier
        self._rtx_types = rtx_types
        self.next_sequence = start  # 64-bit
        self._packet = Packet()
        self._budget = float(BUDGET_BYTES)
        self._named = MAX_NAMED  # numbers that may still be named
        self._named_at = FORGOTTEN  # the highest number sent when that was counted last
        self._media_bytes = 0  # sent on the repaired stream when the budget was filled last
        self._silent_until = _NEVER
        self.answers = [0] * len(Answer)  # by Answer
        self.packets = 0
        self.bytes = 0

    def begin(self, *, frame_shift: int) -> None:
        """Forget what was sent; descriptors are rewritten by this shift from now on."""
        self._history.clear()
        if self._copier is not None:
            self._copier.frame_shift = frame_shift

    def be_silent(self, *, now: float) -> None:
        """The subscriber asked for a key frame."""
        self._silent_until = now + KEY_FRAME_SILENCE

    def end_silence(self) -> None:
        """The key frame comes."""
        self._silent_until = _NEVER

    def answer(
        self,
        numbers: Sequence[int],
        *,
        timestamp_shift: int,
        media_bytes: int,
        round_trip: float,
        now: float,
    ) -> None:
        """Send again what a NACK names by 16-bit numbers, as far as that makes sense.

        `media_bytes`: sent on the repaired stream since it began. `round_trip`: in seconds.
        """
        earned = BUDGET_SHARE * (media_bytes - self._media_bytes)
        self._budget = min(BUDGET_BYTES, self._budget + earned)
        self._media_bytes = media_bytes
        interval = max(MIN_INTERVAL, round_trip)
        highest = self._history.highest
        named = numbers[: self._take_named(len(numbers), highest)]
        self.answers[Answer.OVER_BUDGET] += len(numbers) - len(named)
        for number in named:
            answer = self._answer(extend(number, highest, 16), timestamp_shift, interval, now)
            self.answers[answer] += 1

    def _take_named(self, wanted: int, highest: int) -> int:
        """Return how many of so many numbers may be looked at."""
        earned = NAMED_PER_PACKET * (highest - self._named_at)
        self._named_at = highest
        self._named = min(MAX_NAMED, self._named + earned)
        granted = min(wanted, self._named)
        self._named -= granted
        return granted

    def _answer(self, number: int, timestamp_shift: int, interval: float, now: float) -> Answer:
        copier, history = self._copier, self._history
        if copier is None:
            return Answer.NOT_NEGOTIATED
        sequence = history.sequence(number)
        stored = None if sequence == FORGOTTEN else self._source.store.get(sequence)
        if stored is None:
            return Answer.FORGOTTEN
        rtx_type = self._rtx_types.get(history.marked_type(number) & 0x7F)
        if rtx_type is None:
            return Answer.NOT_NEGOTIATED
        refusal = self._refusal(number, len(stored), interval, now)
        if refusal is not None:
            return refusal
        packet = self._restore(stored)
        slot = self._sink.slot()
        length = copier.write(
            packet,
            slot,
            history.marked_type(number) & 0x80 | rtx_type,
            self.next_sequence,
            packet.view.timestamp + timestamp_shift,
            now=now,
            original=number,
        )
        if not length:
            return Answer.TOO_LONG
        self._shift_picture_id(packet, slot, length, number)
        self._sink.commit(length)
        history.note_answer(number, now=now)
        self._count(length)
        return Answer.RESENT

    def _refusal(self, number: int, length: int, interval: float, now: float) -> Answer | None:
        """Tell why it does not make sense to send this packet again, if it does not."""
        if now < self._silent_until:
            return Answer.KEY_FRAME_COMING
        answers = self._history.answers(number)
        if answers == MAX_ANSWERS:
            return Answer.TOO_OFTEN
        if answers and now - self._history.sent_at(number) < interval:
            return Answer.TOO_SOON
        return Answer.OVER_BUDGET if self._budget < length else None

    def _restore(self, stored: bytes) -> Packet:
        packet = self._packet
        parse_rtp(stored, len(stored), packet.view)
        find_extensions(packet.view, self._source.extension_ids, packet.found)
        packet.prepare()
        return packet

    def _shift_picture_id(self, packet: Packet, slot: bytearray, length: int, number: int) -> None:
        shift = self._history.picture_shift(number)
        if shift:
            locate_picture_id(packet)
            shift_picture_id(slot, length - len(packet.payload), packet, shift)

    def _count(self, length: int) -> None:
        self.next_sequence += 1
        self._budget -= length
        self.packets += 1
        self.bytes += length
