"""A relay that decodes pictures and sound and encodes them anew, as some conferences do."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import av

from sfu.wire.packet import Packet
from sfu_clients.media.decoders import Decoder, Undecodable
from sfu_clients.media.encoders import OpusEncoder, VideoEncoder
from sfu_clients.payload import packetizer, unwrap
from tests.support.legs import Timed

TRANSCODED_BITRATE: Final = 120_000


class Transcoder:
    """Takes the packets of one stream, and returns those of another that shows the same."""

    def __init__(self, codec: str, *, ssrc: int) -> None:
        self._codec = codec
        self._ssrc = ssrc
        self._decoder = Decoder(codec)
        self._cut = packetizer(codec)
        self._video: VideoEncoder | None = None
        self._sound = OpusEncoder()
        self._resampler = av.AudioResampler("s16", "mono", 48_000, 960)
        self._part: list[bytes] = []
        self._sent = 0

    def take(self, packet: Packet) -> list[Packet]:
        """What a packet makes it send."""
        self._part.append(packet.payload)
        if self._codec != "opus" and not packet.marker:
            return []
        payloads, self._part = self._part, []
        try:
            frame = self._decoder.decode(unwrap(self._codec, payloads))
        except Undecodable:
            return []
        made = [] if frame is None else self._encode(frame, packet.timestamp)
        return [
            self._packet(packet, payload, marker=place + 1 == len(made))
            for place, payload in enumerate(made)
        ]

    def _encode(self, frame: av.VideoFrame | av.AudioFrame, timestamp: int) -> list[bytes]:
        if isinstance(frame, av.AudioFrame):
            pieces = self._resampler.resample(frame)
            frames = [
                made for piece in pieces for made in self._sound.encode(piece, timestamp, level=0)
            ]
        else:
            if self._video is None:
                size = frame.width, frame.height
                self._video = VideoEncoder(self._codec, *size, rate=30, bitrate=TRANSCODED_BITRATE)
            frames = self._video.encode(frame, timestamp)
        return [payload for made in frames for payload in self._cut.packetize(made)]

    def _packet(self, packet: Packet, payload: bytes, *, marker: bool) -> Packet:
        self._sent += 1
        made = replace(packet, payload=payload, marker=marker, ssrc=self._ssrc)
        return replace(made, sequence=(99 + self._sent) & 0xFFFF)


def transcoded(packets: Sequence[Timed], codec: str, *, ssrc: int = 0xB) -> list[Timed]:
    """A whole stream, on its way through such a relay."""
    transcoder = Transcoder(codec, ssrc=ssrc)
    return [
        Timed(one.at + 0.03 + place * 0.0002, packet)
        for one in packets
        for place, packet in enumerate(transcoder.take(one.packet))
    ]
