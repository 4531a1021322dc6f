"""Clear bytes in front of sealed frames, so that browsers cut them into packets."""

from typing import Final

from sfu_clients.sealing.sframe import NotSFrameError

CODEC_NUMBERS: Final = {"chat": 0, "opus": 1, "VP8": 2, "VP9": 3, "AV1": 4}
"""By encoding name of SDP, as they are authenticated; what is not here cannot be sealed."""

VP8_KEY: Final = bytes.fromhex("1000009d012a10001000")
VP8_DELTA: Final = b"\x11"
AV1: Final = b"\x30"
"""OBU_FRAME, no extension, no size (AV1 specification, section 5.3.2)."""

_VP8_INTER: Final = 0x01
_AV1_WITH_SIZE: Final = 0x32
_LEB128_BYTES: Final = 8


def shim_for(codec: str, *, key_frame: bool) -> bytes:
    """The shim of a frame."""
    if codec == "VP8":
        return VP8_KEY if key_frame else VP8_DELTA
    return AV1 if codec == "AV1" else b""


def split(codec: str, data: bytes) -> tuple[bytes, bytes]:
    """Return the canonical shim of a frame that came, and the rest; raises NotSFrameError."""
    if codec == "VP8":
        shim = VP8_DELTA if data[:1] and data[0] & _VP8_INTER else VP8_KEY
        if not data.startswith(shim):
            raise NotSFrameError("not the shim of VP8")
        return shim, data[len(shim) :]
    if codec == "AV1":
        return AV1, _without_obu_header(data)
    return b"", data


def _without_obu_header(data: bytes) -> bytes:
    """Skip the header, and the size that the way may have put behind it."""
    if data[:1] == AV1:
        return data[1:]
    if not data or data[0] != _AV1_WITH_SIZE:
        raise NotSFrameError("not the shim of AV1")
    for end in range(1, min(len(data), _LEB128_BYTES + 1)):
        if not data[end] & 0x80:
            size = sum((byte & 0x7F) << 7 * at for at, byte in enumerate(data[1 : end + 1]))
            if size != len(data) - end - 1:
                break
            return data[end + 1 :]
    raise NotSFrameError("the OBU's size is not that of the frame")
