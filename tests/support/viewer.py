"""A viewer who judges what was forwarded to them: a decoder without pictures."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sfu.media.alarm import Alarm
from sfu.media.codec import Codec
from sfu.media.inbound import Drop, Inbound
from sfu.media.outbound import Outbound
from sfu.media.packet import Packet
from sfu.media.selector import Switch, Verdict
from sfu.media.sink import SLOT_BYTES
from sfu.media.source import Source, Track
from sfu.wire.extensions import Extension, ExtensionIds, FoundExtensions, find_extensions
from sfu.wire.rtp import RtpView, extend, parse_rtp
from tests.support.encoders import MEDIA_BYTES, TYPES, Encoded, Publisher
from tests.support.media import IDS, fill

COPY, COPY_RTX = 0x5555, 0x6666
COPY_TYPE, COPY_RTX_TYPE = 120, 121
COPY_IDS = ExtensionIds(
    {Extension.MID: 2, Extension.TRANSPORT_CC: 9, Extension.DEPENDENCY_DESCRIPTOR: 6}
)
START = 32_000
FRAME_RATE = 30


@dataclass
class Copy:
    """One packet that the viewer got."""

    number: int  # 64 bits
    frame: Encoded | None  # None: empty
    part: int
    marker: bool
    timestamp: int
    payload: bytes
    descriptor: bytes
    transport_number: int


@dataclass
class Judgement:
    """What a decoder makes of the packets that it got."""

    undecodable: list[Encoded] = field(default_factory=list)  # incomplete ones included
    markers: list[int] = field(default_factory=list)  # pictures that do not end with their only one
    holes: list[int] = field(default_factory=list)  # numbers
    twice: list[int] = field(default_factory=list)  # numbers

    @property
    def flawless(self) -> bool:
        """Whether everything is as if nobody but this viewer were watching."""
        return self == Judgement()


def judge(copies: Iterable[Copy]) -> Judgement:
    """Decode packets in the order of their numbers."""
    ordered = sorted(copies, key=lambda copy: copy.number)
    judgement = Judgement()
    numbers = Counter(copy.number for copy in ordered)
    judgement.twice = [number for number, times in numbers.items() if times > 1]
    if numbers:
        judgement.holes = [n for n in range(min(numbers), max(numbers)) if n not in numbers]
    shown = [copy for copy in ordered if copy.frame is not None]
    got = Counter(copy.frame.ident for copy in shown if copy.frame is not None)
    decoded: set[int] = set()
    for frame in frames_of(shown):
        if got[frame.ident] == len(frame.packets) and decoded.issuperset(frame.references):
            decoded.add(frame.ident)
        else:
            judgement.undecodable.append(frame)
    by_picture: dict[int, list[bool]] = {}
    for copy in shown:
        by_picture.setdefault(copy.timestamp, []).append(copy.marker)
    for place, markers in enumerate(by_picture.values()):
        if markers != [False] * (len(markers) - 1) + [True]:
            judgement.markers.append(place)
    return judgement


def frames_of(copies: Iterable[Copy]) -> list[Encoded]:
    """The frames of some packets, each once, in their order."""
    frames = (copy.frame for copy in copies)
    return list({frame.ident: frame for frame in frames if frame is not None}.values())


class Watch:
    """A publisher, the media path, and somebody who watches; the network between is the test's."""

    def __init__(
        self,
        publisher: Publisher,
        *,
        lines: int | None = 720,
        rtx: bool = True,
        without: Codec | None = None,
    ) -> None:
        """`lines`: the first wish; `without`: the codec that the viewer did not negotiate."""
        self.publisher = publisher
        self.copies: list[Copy] = []
        self.repeated: list[bytes] = []  # RTX packets
        self.asked = 0  # key frames
        self.now = 0.0
        self.drops = [0] * len(Drop)
        self._answered = 0
        self._packet = Packet()
        self._slot = bytearray(SLOT_BYTES)
        self._highest = START  # outgoing number
        self._transport_numbers = 0
        codec = publisher.encoder.codec
        codecs = {TYPES[other]: other for other in Codec if other.kind == codec.kind}
        track = Track("v", codec.kind, codecs, ssrcs=(publisher.ssrc,))
        self.source = Source(
            track, IDS, send_request=self._note_request, drops=self.drops, alarm=Alarm()
        )
        self.inbound = self.take_over(publisher)
        self.outbound = Outbound(
            self.source,
            ssrc=COPY,
            rtx_ssrc=COPY_RTX if rtx else None,
            payload_types={
                other: (COPY_TYPE, COPY_RTX_TYPE) for other in codecs.values() if other != without
            },
            extension_ids=COPY_IDS,
            mid="w",
            sink=self,
            departures=self,
            start_sequence=START,
            rtx_start_sequence=7,
        )
        self.source.outbounds.append(self.outbound)
        if lines is not None:
            self.outbound.set_wish(lines, now=0)

    def take_over(self, publisher: Publisher) -> Inbound:
        """Let another publisher go on."""
        self.publisher = publisher
        inbound = self.source.take_over(publisher.ssrc, now=self.now)
        assert inbound is not None
        self.inbound = inbound
        return inbound

    def picture(self, *, key: bool = False, lose: Sequence[int] = ()) -> list[tuple[int, bytes]]:
        """Send a picture, but not the packets at the places to lose; return those.

        A key frame that was asked for comes with it.
        """
        sent = self.next_picture(key=key)
        for place, packet in enumerate(sent):
            if place not in lose:
                self.receive(packet[1])
        return [packet for place, packet in enumerate(sent) if place in lose]

    def next_picture(self, *, key: bool = False) -> list[tuple[int, bytes]]:
        """Return the packets of the next picture, a key picture if one was asked for."""
        self.now += 1 / FRAME_RATE
        self.source.key_frames.handle_timeout(now=self.now)
        asked, self._answered = self.asked > self._answered, self.asked
        return self.publisher.next_picture(key=key or asked)

    def pictures(self, number: int) -> None:
        """Send some pictures."""
        for _ in range(number):
            self.picture()

    def receive(self, data: bytes) -> bool:
        """Take a packet of the publisher's."""
        return self.inbound.receive(fill(self._packet, data), now=self.now)

    def wish(self, lines: int) -> None:
        """Wish for another size."""
        self.outbound.set_wish(lines, now=self.now)

    def slot(self) -> bytearray:
        """Lend the slot."""
        return self._slot

    def commit(self, length: int) -> None:
        """Take a packet of the copy."""
        data = bytes(self._slot[:length])
        view, found = RtpView(), FoundExtensions()
        parse_rtp(data, len(data), view)
        if view.ssrc == COPY_RTX:
            self.repeated.append(data)
            return
        assert (view.ssrc, view.payload_type) == (COPY, COPY_TYPE)
        find_extensions(view, COPY_IDS, found)
        told = found.offset[Extension.DEPENDENCY_DESCRIPTOR]
        told_end = told + found.length[Extension.DEPENDENCY_DESCRIPTOR]
        payload = data[view.payload_offset : view.payload_end]
        frame, part = self.publisher.sent[payload[-MEDIA_BYTES:]] if payload else (None, 0)
        number = extend(view.sequence_number, self._highest, 16)
        self._highest = max(self._highest, number)
        self.copies.append(
            Copy(
                number=number,
                frame=frame,
                part=part,
                marker=view.marker,
                timestamp=view.timestamp,
                payload=payload,
                descriptor=data[told:told_end] if told >= 0 else b"",
                transport_number=self._transport_numbers,
            )
        )

    def next_number(self, size: int, *, now: float) -> int:
        """Give out transport-wide numbers."""
        assert size > 0
        assert now == self.now
        self._transport_numbers += 1
        return self._transport_numbers & 0xFFFF

    def layers(self, since: int = 0) -> set[tuple[int, int]]:
        """The layers that were forwarded after the first `since` copies."""
        return {(frame.spatial, frame.temporal) for frame in frames_of(self.copies[since:])}

    def switches(self) -> list[Switch]:
        """The switches since the last call."""
        return self.outbound.take_switches()

    def verdicts(self) -> dict[Verdict, int]:
        """How many packets met each fate."""
        return {Verdict(i): count for i, count in enumerate(self.outbound.counts) if count}

    def _note_request(self, source: Source) -> bool:
        assert source is self.source
        self.asked += 1
        return True
