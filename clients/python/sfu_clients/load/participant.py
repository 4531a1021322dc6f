"""One participant of a load: joins, offers, and is told when to send what is due."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sfu.errors import MalformedPacket
from sfu.signalling.messages import (
    Join,
    Offer,
    Publication,
    PublishedSection,
    ReceivedSection,
    ServerMessage,
)
from sfu.wire.extensions import Extension, ExtensionIds
from sfu.wire.rtcp import (
    FullIntraRequest,
    GenericNack,
    PictureLoss,
    RtcpPacket,
    SenderReport,
    parse_rtcp,
)
from sfu_clients.errors import ClientError
from sfu_clients.load.gauges import Histogram
from sfu_clients.load.path.endpoint import Endpoint, Identity
from sfu_clients.load.path.feedback import Feedback
from sfu_clients.load.path.incoming import IncomingStream, Scratch
from sfu_clients.load.path.outgoing import Replayer
from sfu_clients.load.path.udp import UdpSocket
from sfu_clients.roster import Roster
from sfu_clients.rtp.bandwidth import Departures
from sfu_clients.rtp.outgoing import StreamTerms
from sfu_clients.sdp import (
    Answered,
    AnsweredSection,
    OfferedSection,
    read_answer,
    write_offer,
)
from sfu_clients.signalling import Signalling

CONNECT_SECONDS: Final = 15.0
NEXT_ADDRESS_SECONDS: Final = 0.5
"""How long a candidate may leave checks unanswered before the next is tried; then ever longer."""

FEEDBACK_TICKS: Final = 20
REPAIR_TICKS: Final = 4
REPORT_TICKS: Final = 200
"""Of 5 ms: transport-wide feedback every 100 ms, repairs every 20 ms, reports every second."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A publication to subscribe to, and who sends it."""

    publication: Publication
    replayer: Replayer


class NotConnected(ClientError):  # noqa: N818 - named for what happened
    """The server answered an offer, and then no media got through."""


class Participant:
    """Somebody in the room; `place` spreads the feedback of all evenly over time."""

    def __init__(
        self, place: int, signalling: Callable[..., Signalling], join: Join, identity: Identity
    ) -> None:
        """`signalling` makes the conversation of a `join` whose messages go to `on_message`."""
        self.roster = Roster()
        self.changed = asyncio.Event()
        """Set when the server said something."""
        self.streams: dict[int, IncomingStream] = {}
        """What is received, by SSRC."""
        self.replayers: dict[str, Replayer] = {}
        """What is sent, by mid."""
        self.feedback = Feedback(secrets.randbits(32), secrets.token_hex(8))
        self.endpoint = Endpoint(identity, on_rtp=self._receive_rtp, on_rtcp=self._receive_rtcp)
        self.socket = UdpSocket(self.endpoint)
        self._place = place
        self._signalling = signalling(join=join, on_message=self._hear)
        self._session_id, self._version = secrets.randbits(62), 0
        self._sections: list[OfferedSection] = []
        self._watched: dict[str, Watched] = {}
        self._repeated: dict[int, IncomingStream] = {}
        self._sent: dict[int, Replayer] = {}
        self._departures = Departures()
        self._scratch = Scratch(ExtensionIds({}))
        self._list: Sequence[IncomingStream] = ()

    # Signalling

    async def join(self) -> None:
        """Enter the room; raises ClientError."""
        self._hear(await self._signalling.connect())

    async def leave(self) -> None:
        """Say goodbye on both ways, and leave no socket."""
        self.endpoint.close()
        if self.endpoint.answered:
            self.socket.flush()
        self.socket.close()
        await self._signalling.close()

    def _hear(self, message: ServerMessage) -> None:
        self.roster.receive(message)
        self.changed.set()

    async def offer(
        self,
        publish: Iterable[Replayer],
        watch: Iterable[Watched],
        latencies: Mapping[str, Histogram],
    ) -> None:
        """Publish and subscribe these, too, and connect; raises ClientError, NotConnected."""
        asked_at = time.time()
        self._add_lines(publish, watch)
        self._version += 1
        sdp = write_offer(
            self._sections,
            self.endpoint.local,
            session_id=self._session_id,
            version=self._version,
            cname=secrets.token_hex(8),
        )
        answer = await self._signalling.offer(
            Offer(id=0, sdp=sdp, publish=self._published(), receive=self._received())
        )
        if answer.notes:
            raise ClientError(f"The server does not take it all: {answer.notes[0].reason}")
        answered = read_answer(answer.sdp)
        self._receive_as(answered, latencies, asked_at=asked_at)
        if not self.endpoint.connected:
            await self._connect(answered)
        self._send_as(answered)

    def _add_lines(self, publish: Iterable[Replayer], watch: Iterable[Watched]) -> None:
        for replayer in publish:
            mid = str(len(self._sections))
            material = replayer.material
            self.replayers[mid] = replayer
            self._sections.append(
                OfferedSection(
                    mid=mid,
                    kind=material.kind,
                    direction="sendonly",
                    codecs=(material.codec,),
                    ssrc=secrets.randbits(32) | 1,
                    rtx_ssrc=secrets.randbits(32) & ~1 | 2 if material.kind == "video" else None,
                )
            )
        for watched in watch:
            mid = str(len(self._sections))
            material = watched.replayer.material
            self._watched[mid] = watched
            self._sections.append(OfferedSection(mid, material.kind, "recvonly", (material.codec,)))

    def _published(self) -> tuple[PublishedSection, ...]:
        return tuple(
            PublishedSection(mid=mid, source=replayer.material.source)
            for mid, replayer in self.replayers.items()
        )

    def _received(self) -> tuple[ReceivedSection, ...]:
        return tuple(
            ReceivedSection(mid=mid, publication=watched.publication.id)
            for mid, watched in self._watched.items()
        )

    # The connection

    async def _connect(self, answered: Answered) -> None:
        """Try one address after the other; raises NotConnected."""
        addresses = _addresses(answered.candidates)
        if not addresses:
            raise ClientError("The server offers no UDP address.")
        self.endpoint.connect(answered, now=time.time())
        loop = asyncio.get_running_loop()
        until = loop.time() + CONNECT_SECONDS
        tried, next_at = 0, 0.0
        while not self.endpoint.connected:
            if self.endpoint.lost:
                raise NotConnected("The handshake for media failed.")
            if loop.time() > until:
                raise NotConnected("No media gets through to the server.")
            if not self.endpoint.answered and loop.time() >= next_at:
                self._open(addresses[tried % len(addresses)])
                tried += 1
                next_at = loop.time() + tried * NEXT_ADDRESS_SECONDS if addresses[1:] else until
            self._drive(now=time.time())
            await asyncio.sleep(0.005)

    def _open(self, address: tuple[str, int]) -> None:
        try:
            self.socket.open(*address)
        except OSError as error:
            raise ClientError(f"Cannot send to the server's address: {error.strerror}.") from error

    def _drive(self, *, now: float) -> None:
        self.endpoint.handle_timeout(now=now)
        self.socket.flush()

    def _receive_as(
        self, answered: Answered, latencies: Mapping[str, Histogram], *, asked_at: float
    ) -> None:
        """Take the SSRCs of what is received; those that were there before stay."""
        ids: dict[Extension, int] = {}
        for section in answered.sections.values():
            ids.update(section.extensions)
        self._scratch.ids = ExtensionIds(ids)
        for mid, watched in self._watched.items():
            answer = answered.sections.get(mid)
            if answer is None or answer.ssrc is None:
                raise ClientError("The server does not say how it sends a publication.")
            if answer.ssrc in self.streams:
                continue
            stream = IncomingStream(
                ssrc=answer.ssrc,
                codecs=_codecs(answer),
                scratch=self._scratch,
                sent_at=watched.replayer.sent_at,
                latencies=latencies[watched.replayer.material.kind],
                asked_at=asked_at,
            )
            self.streams[answer.ssrc] = stream
            if answer.rtx_ssrc is not None:
                self._repeated[answer.rtx_ssrc] = stream
        self._list = tuple(self.streams.values())

    def _send_as(self, answered: Answered) -> None:
        """Begin to send what is not being sent yet."""
        for offered in self._sections:
            replayer = self.replayers.get(offered.mid)
            if replayer is None or replayer.stream is not None:
                continue
            terms = _terms(offered, answered.sections[offered.mid], replayer)
            self._sent[terms.ssrc] = replayer
            replayer.start(terms, self._departures, self._transmit, now=time.time())

    def _transmit(self, packet: bytes) -> None:
        if self.endpoint.connected:
            self.socket.send(self.endpoint.protect(packet))

    # The way of packets

    def _receive_rtp(self, data: bytes, now: float) -> None:
        scratch = self._scratch
        try:
            scratch.read(data)
        except MalformedPacket:
            self.endpoint.refused += 1
            return
        start = scratch.found.offset[Extension.TRANSPORT_CC]
        if start >= 0:
            self.feedback.arrivals.note(data[start] << 8 | data[start + 1], now=now)
        ssrc = scratch.view.ssrc
        if (stream := self.streams.get(ssrc)) is not None:
            stream.receive(now=now)
        elif (stream := self._repeated.get(ssrc)) is not None:
            stream.receive_repetition(now=now)

    def _receive_rtcp(self, data: bytes, now: float) -> None:
        try:
            packets = parse_rtcp(data)
        except MalformedPacket:
            self.endpoint.refused += 1
            return
        for packet in packets:
            self._receive_one(packet, now=now)

    def _receive_one(self, packet: RtcpPacket, *, now: float) -> None:
        """The rest is not for us: recordings do not adapt to bandwidth."""
        match packet:
            case SenderReport() if packet.ssrc in self.streams:
                self.streams[packet.ssrc].reception.note_report(packet, now=now)
            case GenericNack() | PictureLoss() if packet.media_ssrc in self._sent:
                self._sent[packet.media_ssrc].receive(packet, now=now)
            case FullIntraRequest():
                for ssrc, _ in packet.requests:
                    if ssrc in self._sent:
                        self._sent[ssrc].receive(packet, now=now)
            case _:
                pass

    def tick(self, count: int, *, now: float) -> None:
        """The `count`th tick of 5 ms: send what is due."""
        for replayer in self.replayers.values():
            replayer.send_due(now=now)
        turn = count + self._place
        if turn % REPAIR_TICKS == 0:
            self._drive(now=now)
            self._tell(self.feedback.repairs(self._list, now=now))
        if turn % FEEDBACK_TICKS == 0:
            self._tell(self.feedback.transport_wide(self._list))
        if turn % REPORT_TICKS == 0:
            sent = [one.stream.report(now=now) for one in self.replayers.values() if one.stream]
            reports = [report for report in sent if report is not None]
            self._tell(self.feedback.reports(reports, self._list, now=now))

    def _tell(self, datagrams: Iterable[bytes]) -> None:
        if self.endpoint.connected:
            for datagram in datagrams:
                self.socket.send(self.endpoint.protect_rtcp(datagram))


def _addresses(candidates: Iterable[str]) -> list[tuple[str, int]]:
    """Of UDP, in the order of the answer."""
    fields = [candidate.split() for candidate in candidates]
    return [
        (one[4], int(one[5]))
        for one in fields
        if len(one) > 5 and one[2].lower() == "udp" and one[5].isdigit()  # noqa: PLR2004
    ]


def _codecs(section: AnsweredSection) -> dict[int, str]:
    """By payload type; a retransmission has the codec of what it repeats."""
    names = {number: name for name, number in section.payload_types.items()}
    return names | {again: names[apt] for again, apt in section.rtx.items() if apt in names}


def _terms(offered: OfferedSection, answered: AnsweredSection, replayer: Replayer) -> StreamTerms:
    payload_type = answered.payload_types.get(replayer.material.codec)
    if not answered.accepted or payload_type is None or offered.ssrc is None:
        raise ClientError(f"The server does not take {replayer.material.codec}.")
    repeated = next((n for n, apt in answered.rtx.items() if apt == payload_type), None)
    return StreamTerms(
        mid=offered.mid,
        ssrc=offered.ssrc,
        rtx_ssrc=None if repeated is None else offered.rtx_ssrc,
        payload_type=payload_type,
        rtx_payload_type=repeated,
        extensions=answered.extensions,
        clock_rate=replayer.material.stream.clock_rate,
    )
