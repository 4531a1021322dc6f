"""AV1 in RTP (AV1 RTP specification): temporal units cut into OBU elements."""

from sfu.wire.frames.av1 import leb128, obus
from sfu_clients.payload.frame import MAX_PAYLOAD_BYTES, EncodedFrame


class Av1Packetizer:
    """Keeps nothing: each temporal unit is cut on its own."""

    def packetize(self, frame: EncodedFrame) -> list[bytes]:
        """Cut a temporal unit into payloads; the last one is to carry the marker.

        Every element has its length in front (W is 0, section 4.4).
        """
        payloads: list[bytes] = []
        head, body = (0x08 if frame.key_frame else 0), b""
        for unit in obus(frame.data):
            rest = unit
            while rest:
                room = MAX_PAYLOAD_BYTES - 1 - len(body) - 2
                if room < 2:  # noqa: PLR2004 - not worth an element
                    payloads.append(bytes((head,)) + body)
                    head, body = 0, b""
                    continue
                part, rest = rest[:room], rest[room:]
                body += leb128(len(part)) + part
                if rest:
                    payloads.append(bytes((head | 0x40,)) + body)
                    head, body = 0x80, b""
        if body:
            payloads.append(bytes((head,)) + body)
        return payloads
