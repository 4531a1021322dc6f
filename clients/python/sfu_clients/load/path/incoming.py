"""One received stream: numbers, latency and decodability of its packets."""

from collections.abc import Mapping
from typing import Final

from sfu.errors import MalformedPacket
from sfu.wire.extensions import Extension, ExtensionIds, FoundExtensions, find_extensions
from sfu.wire.rtp import RtpView, extend, parse_rtp
from sfu_clients.load.gauges import Histogram
from sfu_clients.load.path.decodability import Decodability
from sfu_clients.load.path.frames import frame_reader
from sfu_clients.payload import CLOCK_RATES
from sfu_clients.rtp.missing import Missing
from sfu_clients.rtp.reception import Reception
from sfu_clients.viewing import Viewing

PATIENCE_SECONDS: Final = 0.4
"""How long a hole holds up what comes after it: some repetitions on a usual path."""

MAX_WAITING: Final = 3000
"""Packets kept behind a hole."""

FIRST_KEY_FRAME_SECONDS: Final = 0.2
KEY_FRAME_SECONDS: Final = 0.5
"""How long to wait for a picture, the first or another, before a key frame is asked for again."""

TAIL_BYTES: Final = 16
"""A packet is known again by the end of its payload, which no SFU changes."""


class Scratch:
    """What is read of a packet; one for all streams of a connection, and for every packet."""

    def __init__(self, ids: ExtensionIds) -> None:
        self.ids = ids
        self.view = RtpView()
        self.found = FoundExtensions()

    def read(self, data: bytes) -> None:
        """Raises MalformedPacket."""
        parse_rtp(data, len(data), self.view)
        find_extensions(self.view, self.ids, self.found)


class IncomingStream:
    """One publication as it arrives at one subscriber."""

    def __init__(  # noqa: PLR0913 - by name: what the answer says, and where to measure
        self,
        *,
        ssrc: int,
        codecs: Mapping[int, str],
        scratch: Scratch,
        sent_at: Mapping[bytes, float],
        latencies: Histogram,
        asked_at: float,
    ) -> None:
        """`codecs` by payload type; `sent_at` by the last TAIL_BYTES of a packet's payload."""
        self.ssrc = ssrc
        self.asked_at = asked_at
        self.sound = "opus" in codecs.values()
        self.duplicates = 0
        self.reordered = 0
        self.skipped = 0
        """Packets given up, which never came."""
        self.latencies = latencies
        self.missing = Missing()
        self.reception = Reception(CLOCK_RATES["opus" if self.sound else "VP8"])
        self.viewing = Viewing(asked_at=asked_at)
        self.decodability: Decodability | None = None
        """There once a packet of video has come."""
        self._codecs = codecs
        self._scratch = scratch
        self._sent_at = sent_at
        self._next: int | None = None
        self._highest = 0
        self._follows = False
        self._waiting: dict[int, bytes] = {}
        self._hole_since = 0.0
        self._patient_until = float("inf")

    def receive(self, *, now: float) -> None:
        """Take the packet that was just read, which came at `now`."""
        view = self._scratch.view
        if self._next is None:
            self._next = self._highest = view.sequence_number
            self._patient_until = now + FIRST_KEY_FRAME_SECONDS
        sequence = extend(view.sequence_number, self._highest, 16)
        self.reception.note(sequence, view.timestamp, now=now)
        end = view.payload_end
        sent_at = self._sent_at.get(bytes(view.data[end - TAIL_BYTES : end]))
        if sent_at is not None:
            self.latencies.note(now - sent_at)
        if sequence < self._highest:
            self.reordered += 1
        self._place(sequence, now=now)

    def receive_repetition(self, *, now: float) -> None:
        """Take a packet of the RTX stream (RFC 4588), which begins with the number it repeats."""
        view = self._scratch.view
        start = view.payload_offset
        if view.payload_end - start <= 2 or self._next is None:  # noqa: PLR2004 - it is padding
            return
        data = view.data
        header = bytes(data[:2]) + bytes(data[start : start + 2]) + bytes(data[4:8])
        header += self.ssrc.to_bytes(4, "big") + bytes(data[12:start])
        self._read(header + bytes(data[start + 2 : view.length]))
        self._place(extend(view.sequence_number, self._highest, 16), now=now)

    def _read(self, data: bytes) -> None:
        try:
            self._scratch.read(data)
        except MalformedPacket as error:  # it was read before, with another number
            raise AssertionError from error

    def _place(self, sequence: int, *, now: float) -> None:
        """Process what is next; keep what came too early."""
        assert self._next is not None
        if sequence < self._next or sequence in self._waiting:
            if self.sound:
                self.skipped -= 1  # it is late, but there: SRTP lets nothing in twice
            else:
                self.duplicates += 1
            return
        if not self.sound:
            self.missing.note(sequence, now=now)
        self._highest = max(self._highest, sequence)
        if sequence == self._next:
            self._process(now=now)
            if self._waiting:
                self._drain(now=now)
        elif self.sound:
            self.skipped += sequence - self._next
            self._next = sequence
            self._process(now=now)
        else:
            if not self._waiting:
                self._hole_since = now
            self._waiting[sequence] = bytes(self._scratch.view.data)

    def _drain(self, *, now: float) -> None:
        assert self._next is not None
        while (data := self._waiting.pop(self._next, None)) is not None:
            self._read(data)
            self._process(now=now)
        self._hole_since = now

    def _process(self, *, now: float) -> None:
        """The packet that was just read is next."""
        assert self._next is not None
        self._next += 1
        view, found = self._scratch.view, self._scratch.found
        if view.payload_offset == view.payload_end:
            return  # nothing but padding
        if self.sound:
            self.viewing.show(now=now)
            return
        if self.decodability is None:
            codec = self._codecs.get(view.payload_type, "")
            described = found.offset[Extension.DEPENDENCY_DESCRIPTOR] >= 0
            self.decodability = Decodability(frame_reader(codec, described=described))
        if self.decodability.note(view, found, follows=self._follows):
            self.viewing.show(now=now)
        self._follows = True

    def give_up(self, *, now: float) -> None:
        """Pass over a hole when patience is over."""
        if not self._waiting or self._next is None:
            return
        if now - self._hole_since < PATIENCE_SECONDS and len(self._waiting) < MAX_WAITING:
            return
        following = min(self._waiting)
        self.skipped += following - self._next
        self._next, self._follows = following, False
        self._drain(now=now)

    def wants_key_frame(self, *, now: float) -> bool:
        """Whether to ask for a key frame now: no picture since long, whatever comes."""
        if self.sound or now < self._patient_until:
            return False
        silent = self.viewing.silent_since(now=now)
        if silent is None:
            self._patient_until = now + FIRST_KEY_FRAME_SECONDS
            return True
        self._patient_until = now + KEY_FRAME_SECONDS
        return silent >= KEY_FRAME_SECONDS
