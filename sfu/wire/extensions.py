"""RTP header extensions (RFC 8285): found in a packet by negotiated id, and written to another."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from sfu.errors import MalformedPacket
from sfu.wire.rtp import Buffer, RtpView

ONE_BYTE_PROFILE: Final = 0xBEDE
TWO_BYTE_PROFILE: Final = 0x1000
"""The low four bits are the application's ("appbits"): ours are 0, a receiver ignores them."""

ONE_BYTE_MAX_ID: Final = 14
ONE_BYTE_MAX_LENGTH: Final = 16


class Extension(IntEnum):
    """A header extension that we know; `value` is its place in every table of extensions."""

    MID = 0
    RID = 1
    REPAIRED_RID = 2
    TRANSPORT_CC = 3
    ABS_SEND_TIME = 4
    AUDIO_LEVEL = 5
    DEPENDENCY_DESCRIPTOR = 6
    VIDEO_ORIENTATION = 7
    PLAYOUT_DELAY = 8
    VIDEO_CONTENT_TYPE = 9
    COLOR_SPACE = 10
    ABS_CAPTURE_TIME = 11


_WEBRTC = "http://www.webrtc.org/experiments/rtp-hdrext/"

URIS: Final[dict[Extension, str]] = {
    Extension.MID: "urn:ietf:params:rtp-hdrext:sdes:mid",
    Extension.RID: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    Extension.REPAIRED_RID: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    Extension.TRANSPORT_CC: (
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
    ),
    Extension.ABS_SEND_TIME: _WEBRTC + "abs-send-time",
    Extension.AUDIO_LEVEL: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    Extension.DEPENDENCY_DESCRIPTOR: (
        "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
    ),
    Extension.VIDEO_ORIENTATION: "urn:3gpp:video-orientation",
    Extension.PLAYOUT_DELAY: _WEBRTC + "playout-delay",
    Extension.VIDEO_CONTENT_TYPE: _WEBRTC + "video-content-type",
    Extension.COLOR_SPACE: _WEBRTC + "color-space",
    Extension.ABS_CAPTURE_TIME: _WEBRTC + "abs-capture-time",
}
"""The names under which SDP negotiates them (a=extmap)."""

BY_URI: Final[dict[str, Extension]] = {uri: extension for extension, uri in URIS.items()}

PASSED_ON: Final = (
    Extension.AUDIO_LEVEL,
    Extension.DEPENDENCY_DESCRIPTOR,
    Extension.VIDEO_ORIENTATION,
    Extension.PLAYOUT_DELAY,
    Extension.VIDEO_CONTENT_TYPE,
    Extension.COLOR_SPACE,
    Extension.ABS_CAPTURE_TIME,
)
"""Copied unchanged to the subscribers that negotiated them; the others are written per leg."""

_ABSENT: Final = [-1] * len(Extension)
_EMPTY: Final = [0] * len(Extension)


class ExtensionIds:
    """The ids that one peer negotiated, in both directions of looking up."""

    __slots__ = ("id_of", "kind_of")

    def __init__(self, ids: Mapping[Extension, int]) -> None:
        """Take the negotiated ids, each 1 to 255."""
        self.id_of = [ids.get(extension, 0) for extension in Extension]  # 0: not negotiated
        self.kind_of = [-1] * 256  # the Extension of each id; -1: not negotiated
        for extension, ident in ids.items():
            self.kind_of[ident] = extension


class FoundExtensions:
    """Where the known extensions of one packet are; filled again for every packet.

    Both lists are indexed by Extension. An extension that is there may have a length of 0.
    """

    __slots__ = ("length", "offset")

    def __init__(self) -> None:
        self.offset = _ABSENT.copy()  # into the packet's bytes; -1: not in this packet
        self.length = _EMPTY.copy()

    def clear(self) -> None:
        """Forget all."""
        self.offset[:] = _ABSENT
        self.length[:] = _EMPTY


def find_extensions(view: RtpView, ids: ExtensionIds, found: FoundExtensions) -> None:
    """Fill `found` with the negotiated extensions of the packet; unknown ids are skipped.

    Reads the one-byte and the two-byte form of RFC 8285 sections 4.2 and 4.3; in any other profile
    nothing is found. Of an id that appears twice the last is kept. Raises MalformedPacket if an
    element is cut off.
    """
    found.clear()
    profile = view.extension_profile
    if profile == ONE_BYTE_PROFILE:
        _find_one_byte(view, ids.kind_of, found)
    elif profile & 0xFFF0 == TWO_BYTE_PROFILE:
        _find_two_byte(view, ids.kind_of, found)


def _find_one_byte(view: RtpView, kind_of: list[int], found: FoundExtensions) -> None:
    data = view.data
    position, end = view.extension_offset, view.extension_end
    while position < end:
        head = data[position]
        position += 1
        if head == 0:
            continue  # a byte of padding
        ident = head >> 4
        if ident in (0, 15):
            return  # section 4.2: both end the extension, whatever follows
        start, length = position, (head & 0x0F) + 1
        position += length
        if position > end:
            raise MalformedPacket("header extension element is cut off")
        kind = kind_of[ident]
        if kind >= 0:
            found.offset[kind] = start
            found.length[kind] = length


def _find_two_byte(view: RtpView, kind_of: list[int], found: FoundExtensions) -> None:
    data = view.data
    position, end = view.extension_offset, view.extension_end
    while position < end:
        ident = data[position]
        if ident == 0:
            position += 1  # a byte of padding
            continue
        start = position + 2
        if start > end:
            raise MalformedPacket("header extension element is cut off")
        length = data[position + 1]
        position = start + length
        if position > end:
            raise MalformedPacket("header extension element is cut off")
        kind = kind_of[ident]
        if kind >= 0:
            found.offset[kind] = start
            found.length[kind] = length


class ExtensionWriter:
    """Writes the header extensions of one outgoing packet after another: begin, put..., end.

    It decides nothing: the caller says which form to write, and must know that the one-byte form
    has ids 1 to 14 and lengths 1 to 16, the two-byte form ids 1 to 255 and lengths 0 to 255.
    """

    __slots__ = ("_begun", "_position", "_slot", "_two_byte")

    def __init__(self) -> None:
        self._slot = bytearray()
        self._begun = 0
        self._position = 0
        self._two_byte = False

    def begin(self, slot: bytearray, offset: int, two_byte: bool) -> None:  # noqa: FBT001
        """Open an extension at `offset`, right after the RTP header whose X bit is set."""
        self._slot = slot
        self._begun = offset
        self._position = offset + 4
        self._two_byte = two_byte

    def put(self, ident: int, data: Buffer, start: int, length: int) -> None:
        """Add an element with `length` bytes of `data` from `start`."""
        slot, position = self._slot, self._position
        if self._two_byte:
            slot[position] = ident
            slot[position + 1] = length
            position += 2
        else:
            assert 0 < ident <= ONE_BYTE_MAX_ID
            assert 0 < length <= ONE_BYTE_MAX_LENGTH
            slot[position] = ident << 4 | length - 1
            position += 1
        self._position = end = position + length
        slot[position:end] = data[start : start + length]

    def put_bytes(self, ident: int, value: bytes) -> None:
        """Add an element with `value`."""
        self.put(ident, value, 0, len(value))

    def end(self) -> int:
        """Pad to whole words, write the length, and return the offset after the extension."""
        slot, begun, position = self._slot, self._begun, self._position
        while (position - begun) & 3:
            slot[position] = 0
            position += 1
        profile = TWO_BYTE_PROFILE if self._two_byte else ONE_BYTE_PROFILE
        words = (position - begun - 4) >> 2
        slot[begun : begun + 4] = (profile << 16 | words).to_bytes(4, "big")
        return position
