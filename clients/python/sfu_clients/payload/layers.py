"""Layers of one picture, put together for a decoder after each was opened by itself."""

from collections.abc import Sequence

from sfu.wire.frames.av1 import TEMPORAL_DELIMITER


def join_layers(codec: str, parts: Sequence[bytes]) -> bytes:
    """What a decoder wants of one picture, from the frames that an encoder made of its layers."""
    if codec != "AV1":
        return b"".join(parts)
    return TEMPORAL_DELIMITER + b"".join(part.removeprefix(TEMPORAL_DELIMITER) for part in parts)
