"""VP8 in RTP (RFC 7741): frames cut into payloads."""

from sfu_clients.payload.frame import MAX_PAYLOAD_BYTES, EncodedFrame


class Vp8Packetizer:
    """Numbers pictures and temporal layers in the payload descriptor (section 4.2)."""

    def __init__(self, picture_id: int = 0) -> None:
        self._picture_id = picture_id
        self._tl0picidx = 0

    def packetize(self, frame: EncodedFrame) -> list[bytes]:
        """Cut a frame into payloads; the last one is to carry the marker."""
        if frame.temporal == 0:
            self._tl0picidx = self._tl0picidx + 1 & 0xFF
        self._picture_id = self._picture_id + 1 & 0x7FFF
        rest = bytes(
            (
                0xE0,  # I, L and T: all that follows is there
                0x80 | self._picture_id >> 8,
                self._picture_id & 0xFF,
                self._tl0picidx,
                frame.temporal << 6 | frame.layer_sync << 5,
            )
        )
        first = 0x80 | frame.discardable << 5
        size = MAX_PAYLOAD_BYTES - 1 - len(rest)
        return [
            bytes((first | (0x10 if start == 0 else 0),)) + rest + frame.data[start : start + size]
            for start in range(0, len(frame.data), size)
        ]
