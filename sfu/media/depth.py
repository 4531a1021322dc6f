"""How deep the forwarder has read into a stream, at most."""

from enum import IntEnum


class Depth(IntEnum):
    """A packet from its outside to its inside; each reader of `tags` says how far it looks."""

    NOTHING = 0
    HEADER = 1
    """RTP and its extensions, the dependency descriptor among them."""
    DESCRIPTOR = 2
    """The payload descriptor in front of the media."""
    SHIM = 3
    """The first bytes of a frame, which a seal leaves clear; unsealed, they are of the media."""
    MEDIA = 4
