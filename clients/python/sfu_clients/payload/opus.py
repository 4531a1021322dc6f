"""Opus in RTP (RFC 7587): a packet is a frame."""

from sfu_clients.payload.frame import EncodedFrame


class OpusPacketizer:
    """Keeps nothing."""

    def packetize(self, frame: EncodedFrame) -> list[bytes]:
        """The frame, as it is."""
        return [frame.data]
