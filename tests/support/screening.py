"""A room in memory in which somebody replays a recording, and others watch it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from sfu.media.codec import Codec
from sfu.media.sink import SLOT_BYTES, Sink
from sfu.media.source import Track
from sfu.rooms.participant import Offered
from sfu.rooms.publication import Publication
from sfu.rooms.subscription import Terms
from sfu.wire.extensions import Extension
from sfu.wire.packet import Packet, write_packet
from sfu_clients.recordings.recording import load_recording
from sfu_clients.recordings.replay import Replay
from sfu_clients.rtp.outgoing import MediaPacket
from tests.support.hall import ORIGINS, Guest, Hall

EXTENSIONS: Final = {
    Extension.TRANSPORT_CC: 3,
    Extension.MID: 4,
    Extension.DEPENDENCY_DESCRIPTOR: 13,
}
PAYLOAD_TYPE, SSRC = 100, 7
TICK: Final = 0.02
TICKS_PER_FOLLOW_UP: Final = 5
"""As the server has them."""

_FEEDBACK: Final = 206
"""The RTCP packet type of a PLI (RFC 4585 section 6.1)."""


class Reel:
    """A sink that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self._slot = bytearray(SLOT_BYTES)

    def slot(self) -> bytearray:
        """Room for one packet."""
        return self._slot

    def commit(self, length: int) -> None:
        """Keep it."""
        self.sent.append(bytes(self._slot[:length]))


class Screening:
    """The same each time: the clock is the hall's, and everything that is drawn by lot too."""

    def __init__(self, name: str, sinks: Sequence[Sink]) -> None:
        """One viewer for each sink."""
        recording = load_recording(name)
        self.hall = Hall()
        self.requests: list[bytes] = []  # what the publisher was sent
        self.on_follow_up: Callable[[float], None] = lambda _: None
        self._codec = Codec(recording.codec)
        self._replay = Replay(recording.streams[0])
        self._began = self.hall.now
        self._number = self._ticks = 0
        self._ana = self._enter(Reel())
        kind = self._codec.kind
        track = Track("v", kind, {PAYLOAD_TYPE: self._codec}, ssrcs=(SSRC,))
        self._ana.participant.publish([Offered(ORIGINS[kind], track)], EXTENSIONS, anew=False)
        (self.publication,) = self._ana.participant.publications
        self.viewers = [self._enter(sink) for sink in sinks]
        for viewer in self.viewers:
            viewer.participant.subscribe([terms(self.publication, self._codec)], now=self.hall.now)

    def _enter(self, sink: Sink) -> Guest:
        guest = self.hall.enter()
        guest.connect()
        guest.participant.router.attach(sink, self._ask)
        return guest

    def _ask(self, report: bytes) -> None:
        self.requests.append(report)
        if report[1] == _FEEDBACK:
            self._replay.ask_key_frame()

    def play(
        self, seconds: float, around: Callable[[Callable[[], None]], None] = lambda work: work()
    ) -> int:
        """Let time pass, tick by tick; return how many packets came.

        `around` does the work that the packets of one tick are.
        """
        before = self._number
        for _ in range(round(seconds / TICK)):
            self._ticks += 1
            now = self.hall.now = self._began + self._ticks * TICK
            packets = [self._write(one) for one in self._replay.take(self._ticks * TICK)]
            around(partial(self._receive, packets))
            self.hall.directory.handle_timeout(now=now)
            if self._ticks % TICKS_PER_FOLLOW_UP == 0:
                self.hall.directory.follow_up(now=now)
                self.on_follow_up(now)
        return self._number - before

    def _receive(self, packets: Sequence[bytes]) -> None:
        receive, now = self._ana.participant.router.receive_rtp, self.hall.now
        for packet in packets:
            receive(packet, now=now)

    def _write(self, media: MediaPacket) -> bytes:
        packet = Packet(
            media.payload,
            PAYLOAD_TYPE,
            self._number & 0xFFFF,
            media.timestamp & 0xFFFF_FFFF,
            SSRC,
            media.marker,
        )
        self._number += 1
        told = media.extensions.get(Extension.DEPENDENCY_DESCRIPTOR)
        number = (self._number & 0xFFFF).to_bytes(2, "big")
        elements = [(EXTENSIONS[Extension.TRANSPORT_CC], number)]
        if told is not None:
            elements.append((EXTENSIONS[Extension.DEPENDENCY_DESCRIPTOR], told))
        return write_packet(packet, elements)


def terms(publication: Publication, codec: Codec) -> Terms:
    """What each viewer negotiates."""
    return Terms(
        publication=publication,
        mid="w",
        ssrc=0x7000,
        rtx_ssrc=0x7001,
        payload_types={codec: (PAYLOAD_TYPE, None)},
        extensions=EXTENSIONS,
    )
