"""What a stranger on the way sees of RTP streams: times, sizes, and what headers say in clear."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from sfu.errors import MalformedPacket
from sfu.wire.extensions import ONE_BYTE_PROFILE
from sfu.wire.rtp import RtpView, extend, parse_rtp
from sfu_clients.verify.capture.files import Capture

_PADDING: Final = 0x20


class Seen(NamedTuple):
    """One datagram of a stream."""

    time: float
    size: int
    number: int
    """Its sequence number, counted on: for labels only, no attacker gets it."""
    bytes_by_id: dict[int, int]
    """Header extensions of one byte (RFC 8285), which SRTP leaves in clear."""


def streams(path: Path) -> dict[int, list[Seen]]:
    """What is in a capture, by SSRC."""
    found: dict[int, list[Seen]] = defaultdict(list)
    view = RtpView()
    for datagram in Capture(str(path)).datagrams():
        data = datagram.data
        if len(data) < 2 or not 128 <= data[0] <= 191 or 192 <= data[1] <= 223:  # noqa: PLR2004
            continue  # RFC 7983, RFC 5761
        bare = bytes((data[0] & ~_PADDING,)) + data[1:]
        try:
            parse_rtp(bare, len(bare), view)
        except MalformedPacket:
            continue
        stream = found[view.ssrc]
        number = extend(view.sequence_number, stream[-1].number if stream else 1 << 16, 16)
        stream.append(Seen(datagram.time, len(data), number, dict(_elements(view))))
    return found


def _elements(view: RtpView) -> Iterator[tuple[int, int]]:
    if view.extension_profile != ONE_BYTE_PROFILE:
        return
    position = view.extension_offset
    while position < view.extension_end:
        head = view.data[position]
        if head and not head & 0x0F:
            yield head >> 4, view.data[position + 1]
        position += 1 if head == 0 else 2 + (head & 0x0F)
