"""The rtpdump file format of rtptools, which Wireshark reads and writes too.

A line of text, a header of 16 bytes that we do not need, then for each packet its length, the
length that it had on the network, the milliseconds since the beginning, and the packet itself.
"""

from collections.abc import Iterable
from struct import Struct
from typing import Final

from sfu_clients.errors import ClientError

MAX_BYTES: Final = 64 << 20
"""Larger files are no recordings of a few seconds."""

_MAGIC: Final = b"#!rtpplay1.0 "
_LINE: Final = _MAGIC + b"127.0.0.1/5004\n"
_MAX_LINE: Final = 128
_FILE: Final = Struct("!IIIHH")  # seconds and microseconds since 1970, address, port, padding
_RECORD: Final = Struct("!HHI")
_MAX_PACKET: Final = 0xFFFF - _RECORD.size


class MalformedRecording(ClientError):  # noqa: N818 - named for what was read
    """A file that is not what its name promised."""


def read_rtpdump(data: bytes) -> list[tuple[float, bytes]]:
    """Return the RTP packets, each with the seconds since the recording began.

    RTCP packets, whose length on the network is written as 0, are passed over. What is in an
    RTP packet is not looked at. Raises MalformedRecording.
    """
    line_end = data.find(b"\n", 0, _MAX_LINE)
    if not data.startswith(_MAGIC) or line_end < 0 or len(data) > MAX_BYTES:
        raise MalformedRecording("This is no rtpdump file.")
    position = line_end + 1 + _FILE.size
    if position > len(data):
        raise MalformedRecording("The rtpdump file ends inside its header.")
    packets = []
    while position < len(data):
        start = position + _RECORD.size
        if start > len(data):
            raise MalformedRecording("The rtpdump file ends inside a packet's header.")
        length, original, milliseconds = _RECORD.unpack_from(data, position)
        position += length
        if length < _RECORD.size or position > len(data):
            raise MalformedRecording("The rtpdump file ends inside a packet.")
        if original:
            if original != position - start:
                raise MalformedRecording("The rtpdump file holds only a part of a packet.")
            packets.append((milliseconds / 1000, data[start:position]))
    return packets


def write_rtpdump(packets: Iterable[tuple[float, bytes]]) -> bytes:
    """Return the file of these packets, each with the seconds since the recording began.

    Time is rounded to milliseconds. A packet has 1 to 65527 bytes.
    """
    parts = [_LINE, _FILE.pack(0, 0, 0, 0, 0)]
    for seconds, packet in packets:
        assert 0 < len(packet) <= _MAX_PACKET
        length = _RECORD.size + len(packet)
        parts += [_RECORD.pack(length, len(packet), round(seconds * 1000)), packet]
    return b"".join(parts)
