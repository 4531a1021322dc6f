"""VP9 in RTP (RFC 9628): frames of one layer cut into payloads."""

from struct import pack

from sfu_clients.payload.frame import MAX_PAYLOAD_BYTES, EncodedFrame


class Vp9Packetizer:
    """Writes descriptors in flexible mode, in which each picture refers to the one before."""

    def __init__(self, picture_id: int = 0) -> None:
        self._picture_id = picture_id

    def packetize(self, frame: EncodedFrame) -> list[bytes]:
        """Cut a frame into payloads; the last one is to carry the marker."""
        self._picture_id = self._picture_id + 1 & 0x7FFF
        # I and F; the picture id; then P_DIFF of 1, or a structure of one layer without a group
        head = pack("!H", 0x8000 | self._picture_id)
        first, structure = 0x90, b""
        if frame.key_frame:
            structure = pack("!BHH", 0x10, frame.width, frame.height)
        else:
            first |= 0x40
            head += b"\x02"
        size = MAX_PAYLOAD_BYTES - 1 - len(head) - len(structure)
        payloads = []
        for start in range(0, len(frame.data), size):
            begins, ends = start == 0, start + size >= len(frame.data)
            flags = first | begins << 3 | ends << 2 | (0x02 if begins and structure else 0)
            told = structure if begins else b""
            payloads.append(bytes((flags,)) + head + told + frame.data[start : start + size])
        return payloads
