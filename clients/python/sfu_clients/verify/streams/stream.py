"""One RTP stream of a capture: a few numbers of each packet, and the first packets whole."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from sfu.errors import MalformedPacket
from sfu.wire.payload.vp8 import Vp8Descriptor, parse_vp8
from sfu.wire.rtp import extend

if TYPE_CHECKING:
    from sfu_clients.verify.capture.network import Flow
    from sfu_clients.verify.keys.srtp import SrtpKey

MAX_SAMPLES: Final = 3000
"""Packets of a stream that are kept whole, for decoders: half a minute of a usual camera."""

TAIL_BYTES: Final = 64
CLOCK_RATES: Final = (8000, 16_000, 44_100, 48_000, 90_000)
_CLOCK_SLACK: Final = 0.1
VIDEO_CLOCK: Final = 90_000
MIN_CLOCK_SECONDS: Final = 1.0
_NEAR: Final = 512
"""Numbers that follow each other in a capture are not further apart than this."""

_REPEATS: Final = 256
"""A packet is known again among so many."""


class Sample(NamedTuple):
    """One packet, with its payload as readable as the keys make it."""

    time: float
    number: int
    timestamp: int
    marker: bool
    payload: bytes


class Stream:
    """What one sender sends under one SSRC, in the order of the capture.

    `numbers` and `timestamps` are counted on, not cut to 16 and 32 bits. Prints are hashes of one
    run of this program: of the payload as it was on the network, and of what the keys make of it,
    whole, of its last bytes, and without a payload descriptor of VP8.
    """

    def __init__(self, flow: Flow, ssrc: int) -> None:
        self.flow = flow
        self.ssrc = ssrc
        self.payload_types: Counter[int] = Counter()
        self.packets = self.bytes = self.repeated = 0
        self.near = 0  # packets whose number is near the one before
        self.key: SrtpKey | None = None
        self.times = array("d")
        self.numbers = array("q")
        self.timestamps = array("q")
        self.sizes = array("H")
        self.prints = array("q")
        self.plain_prints = array("q")
        self.tails = array("q")
        self.media_prints = array("q")
        self.samples: list[Sample] = []
        self.sample_bytes = 0
        self.first_time = self.last_time = 0.0
        self._lowest = self._highest = 0  # numbers
        self._first_timestamp = self._timestamp = 0
        self._recent: dict[int, None] = {}
        self._descriptor = Vp8Descriptor()

    def is_repeated(self, number: int, payload: bytes) -> bool:
        """Whether this packet was just captured before, as on two interfaces of one machine."""
        key = hash((number, payload))
        if key in self._recent:
            self.repeated += 1
            return True
        self._recent[key] = None
        if len(self._recent) > _REPEATS:
            del self._recent[next(iter(self._recent))]
        return False

    def note(self, moment: float, payload_type: int, number: int, timestamp: int) -> None:
        """Count a packet, by the 16 and 32 bits of its header."""
        if not self.packets:
            self.first_time, self._lowest, self._highest = moment, number, number
            self._first_timestamp = self._timestamp = timestamp
        counted = extend(number, self._highest, 16)
        self.near += abs(counted - self._highest) <= _NEAR
        self._lowest = min(self._lowest, counted)
        self._highest = max(self._highest, counted)
        self._timestamp = extend(timestamp, self._timestamp, 32)
        self.payload_types[payload_type] += 1
        self.packets += 1
        self.last_time = moment
        self._number = counted

    def keep(self, sealed: bytes, plain: bytes | None) -> None:
        """Remember the packet that was just noted: its payload, and that without hop encryption."""
        payload = sealed if plain is None else plain
        self.times.append(self.last_time)
        self.numbers.append(self._number)
        self.timestamps.append(self._timestamp)
        self.sizes.append(len(payload))
        self.prints.append(hash(sealed))
        if plain is not None or self.key is None:
            self.plain_prints.append(hash(payload))
            self.tails.append(hash(payload[-TAIL_BYTES:]))
            self.media_prints.append(hash(self._media(payload)))
        else:  # refused by the key of all others
            self.plain_prints.append(0)
            self.tails.append(0)
            self.media_prints.append(0)

    def keep_whole(self, sealed: bytes, plain: bytes | None, *, marker: bool) -> int:
        """Keep its payload, too, if that is wanted; returns how many bytes that takes."""
        payload = sealed if plain is None else plain
        is_refused = plain is None and self.key is not None
        if len(self.samples) >= MAX_SAMPLES or is_refused:
            return 0
        self.samples.append(Sample(self.last_time, self._number, self._timestamp, marker, payload))
        self.sample_bytes += len(payload)
        return len(payload)

    def _media(self, payload: bytes) -> bytes:
        try:
            parse_vp8(payload, 0, len(payload), self._descriptor)
        except MalformedPacket:
            return b""
        return payload[self._descriptor.length :]

    @property
    def kept(self) -> int:
        """How many packets the numbers are of; the others are only counted."""
        return len(self.times)

    @property
    def seconds(self) -> float:
        """From the first packet to the last."""
        return self.last_time - self.first_time

    @property
    def loss(self) -> float:
        """Part of the numbers that are not in the capture, 0 to 1."""
        expected = self._highest - self._lowest + 1
        return max(0.0, 1 - self.packets / expected)

    @property
    def clock_rate(self) -> int | None:
        """Units of timestamps in a second, if they go like a clock that is in use."""
        if self.seconds < MIN_CLOCK_SECONDS:
            return None
        rate = (self._timestamp - self._first_timestamp) / self.seconds
        found = min(CLOCK_RATES, key=lambda known: abs(known - rate))
        return found if abs(rate / found - 1) < _CLOCK_SLACK else None

    @property
    def kind(self) -> str | None:
        """`audio` or `video`, as far as the clock tells."""
        if self.clock_rate is None:
            return None
        return "video" if self.clock_rate == VIDEO_CLOCK else "audio"

    def __str__(self) -> str:
        return f"{self.flow} ssrc {self.ssrc:08x}"
