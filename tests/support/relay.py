"""A recorded stream on its way through the server's media path to somebody who decodes it."""

from sfu.media.alarm import Alarm
from sfu.media.codec import Codec
from sfu.media.inbound import Drop
from sfu.media.outbound import Outbound
from sfu.media.packet import Packet
from sfu.media.sink import SLOT_BYTES
from sfu.media.source import Source, Track
from sfu.wire.extensions import Extension
from sfu.wire.packet import read_packet
from sfu.wire.pictures import PictureBuffer
from sfu.wire.rtp import extend
from sfu_clients.media.decoders import Decoder, Frame
from sfu_clients.payload import unwrap
from sfu_clients.recordings.recording import RecordedStream
from sfu_clients.recordings.replay import Replay
from sfu_clients.rtp.continuity import continuity
from tests.support.encoders import DESCRIPTOR_ID, TYPES
from tests.support.media import IDS, fill
from tests.support.packets import rtp
from tests.support.viewer import COPY, COPY_IDS, COPY_TYPE, START

STEP = 0.010


class Relay:
    """Publishes a replay and watches it, on a virtual clock; key frames are asked for and given."""

    def __init__(self, codec: str, stream: RecordedStream, *, lines: int) -> None:
        self.replay = Replay(stream)
        self.asked = 0  # key frames
        self.unfit = 0  # pictures that cannot be decoded after those before them
        self.frames: list[Frame] = []
        self.now = 0.0
        self._codec = codec
        self._type = TYPES[Codec(codec)]
        self._sequence = 65_500
        self._packet = Packet()
        self._slot = bytearray(SLOT_BYTES)
        self._highest = START
        self._transport_numbers = 0
        kind = Codec(codec).kind
        described = Extension.DEPENDENCY_DESCRIPTOR in stream.packets[0].extensions
        self._continuity = continuity(codec, described=described)
        self._buffer = PictureBuffer(one_packet_each=kind == "audio")
        self._decoder = Decoder(codec)
        track = Track("v", kind, {self._type: Codec(codec)}, ssrcs=(stream.ssrc,))
        self._drops = [0] * len(Drop)
        self._source = Source(track, IDS, send_request=self._ask, drops=self._drops, alarm=Alarm())
        inbound = self._source.take_over(stream.ssrc, now=0.0)
        assert inbound is not None
        self._inbound = inbound
        self.outbound = Outbound(
            self._source,
            ssrc=COPY,
            rtx_ssrc=None,
            payload_types={Codec(codec): (COPY_TYPE, None)},
            extension_ids=COPY_IDS,
            mid="w",
            sink=self,
            departures=self,
            start_sequence=START,
            rtx_start_sequence=7,
        )
        self._source.outbounds.append(self.outbound)
        self.outbound.set_wish(lines, now=0.0)

    def run(self, seconds: float) -> list[Frame]:
        """Go on for a while; the frames that the viewer saw meanwhile."""
        self.frames = []
        until = self.now + seconds
        while self.now < until:
            self.now += STEP
            self._source.key_frames.handle_timeout(now=self.now)
            for media in self.replay.take(self.now):
                told = media.extensions.get(Extension.DEPENDENCY_DESCRIPTOR)
                data = rtp(
                    media.payload,
                    sequence_number=self._sequence,
                    timestamp=media.timestamp,
                    ssrc=self._inbound.ssrc,
                    payload_type=self._type,
                    marker=media.marker,
                    extensions=None if told is None else {DESCRIPTOR_ID: told},
                )
                self._sequence += 1
                assert self._inbound.receive(fill(self._packet, data), now=self.now), self._drops
        return self.frames

    def wish(self, lines: int) -> None:
        """Wish for another size."""
        self.outbound.set_wish(lines, now=self.now)

    def slot(self) -> bytearray:
        """Lend the slot."""
        return self._slot

    def commit(self, length: int) -> None:
        """Take a packet of the copy, and decode the picture that it completes."""
        packet = read_packet(bytes(self._slot[:length]), COPY_IDS)
        number = extend(packet.sequence, self._highest, 16)
        self._highest = max(self._highest, number)
        if not packet.payload:
            return
        assert self._buffer.put(number, packet)
        for picture in self._buffer.take(now=self.now):
            if not self._continuity.admit(picture):
                self.unfit += 1
                continue
            payloads = [one.payload for one in picture.packets]
            frame = self._decoder.decode(unwrap(self._codec, payloads))
            if frame is not None:
                self.frames.append(frame)

    def next_number(self, size: int, *, now: float) -> int:
        """Give out transport-wide numbers."""
        assert size > 0
        assert now == self.now
        self._transport_numbers += 1
        return self._transport_numbers & 0xFFFF

    def _ask(self, source: Source) -> bool:
        assert source is self._source
        self.asked += 1
        self.replay.ask_key_frame()
        return True
