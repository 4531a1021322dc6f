"""Transport-wide congestion feedback packets, built and parsed.

draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1. Times are counted in ticks of
250 microseconds, the unit of a receive delta.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final

from sfu.errors import MalformedPacket

TICKS_PER_SECOND: Final = 4000
TICKS_PER_REFERENCE: Final = 256
"""The reference time counts multiples of 64 ms."""

RUN_MAX: Final = 0x1FFF
"""Most packets that one run-length chunk stands for."""

_RTCP: Final = Struct("!BBHII")
_FEEDBACK: Final = Struct("!HHI")
_HEAD_BYTES: Final = _RTCP.size + _FEEDBACK.size
_FORMAT: Final = 15
_TYPE: Final = 205

_LOST, _SMALL, _LARGE = range(3)  # status symbols (section 3.1.1); 3 is reserved
_DELTA_BYTES: Final = (0, 1, 2, 0)


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """Which of `count` packets from `base` on arrived, and when.

    `arrivals` are pairs (offset to `base`, ticks since the reference time), by rising offset; what
    is not among them is reported as not received. Its length is bounded by the packet's, `count`
    by 65535: never loop over `count` on behalf of a peer without a bound of your own.
    """

    sender_ssrc: int
    media_ssrc: int
    base: int  # 16 bits
    count: int
    reference: int  # 24 bits, signed: multiples of 64 ms of the receiver's clock
    number: int  # 8 bits: counts feedback packets
    arrivals: tuple[tuple[int, int], ...]

    def encode(self) -> bytes:
        """Return it as an RTCP packet; `arrivals` must have deltas of 16 bits and lie in `count`.

        `feedback_fits` says beforehand whether a delta does.
        """
        symbols = bytearray(self.count)
        deltas = bytearray()
        previous = 0
        for offset, ticks in self.arrivals:
            delta, previous = ticks - previous, ticks
            if 0 <= delta <= 0xFF:  # noqa: PLR2004 - one byte
                symbols[offset] = _SMALL
                deltas.append(delta)
            else:
                symbols[offset] = _LARGE
                deltas += delta.to_bytes(2, "big", signed=True)
        body = _chunks(symbols) + deltas
        body += bytes(-len(body) & 3)
        head = _RTCP.pack(
            0x80 | _FORMAT,
            _TYPE,
            (_HEAD_BYTES + len(body)) // 4 - 1,
            self.sender_ssrc,
            self.media_ssrc,
        )
        reference_and_number = (self.reference & 0xFFFFFF) << 8 | self.number & 0xFF
        return head + _FEEDBACK.pack(self.base, self.count, reference_and_number) + body


def feedback_fits(delta: int) -> bool:
    """Whether a receive delta of `delta` ticks can be written (16 bits, signed)."""
    return -0x8000 <= delta < 0x8000  # noqa: PLR2004 - 16 bits


def _chunks(symbols: bytearray) -> bytearray:
    """Packet status chunks (sections 3.1.3 and 3.1.4), each taking in as many as it can."""
    chunks = bytearray()
    position, end = 0, len(symbols)
    while position < end:
        run = _run_length(symbols, position)
        if run >= 14 or position + run == end:  # noqa: PLR2004 - no vector holds more
            chunk, taken = symbols[position] << 13 | run, run
        else:
            chunk, taken = _vector(symbols[position : position + 14])
        chunks += chunk.to_bytes(2, "big")
        position += taken
    return chunks


def _run_length(symbols: bytearray, start: int) -> int:
    """How many equal symbols follow from `start` on, as far as one chunk can tell."""
    end = min(len(symbols), start + RUN_MAX)
    position = start + 1
    while position < end and symbols[position] == symbols[start]:
        position += 1
    return position - start


def _vector(symbols: Sequence[int]) -> tuple[int, int]:
    """Return a status vector chunk and how many of these 14 symbols, or fewer, it took in."""
    bits = 1 if _LARGE not in symbols else 2
    taken = symbols[: 14 // bits]
    chunk = 0b10 | bits - 1
    for symbol in taken:
        chunk = chunk << bits | symbol
    return chunk << bits * (14 // bits - len(taken)), len(taken)


def parse_transport_feedback(data: bytes) -> TransportFeedback:
    """Read one whole RTCP packet of type 205, format 15, its padding already taken off.

    Raises MalformedPacket. Work and memory are bounded by the length of `data`.
    """
    if len(data) < _HEAD_BYTES:
        raise MalformedPacket("transport feedback is cut off")
    _, _, _, sender_ssrc, media_ssrc = _RTCP.unpack_from(data)
    base, count, reference_and_number = _FEEDBACK.unpack_from(data, _RTCP.size)
    received, position = _read_chunks(data, count)
    reference = reference_and_number >> 8
    return TransportFeedback(
        sender_ssrc=sender_ssrc,
        media_ssrc=media_ssrc,
        base=base,
        count=count,
        reference=reference - (1 << 24) if reference >> 23 else reference,
        number=reference_and_number & 0xFF,
        arrivals=_read_deltas(data, position, received),
    )


def _read_chunks(data: bytes, count: int) -> tuple[list[tuple[int, int]], int]:
    """Return (offset, bytes of delta) of each received packet, and where the deltas begin."""
    received: list[tuple[int, int]] = []
    offset, position = 0, _HEAD_BYTES
    while offset < count:
        if position + 2 > len(data):
            raise MalformedPacket("transport feedback lacks status chunks")
        chunk = data[position] << 8 | data[position + 1]
        position += 2
        if chunk & 0x8000:
            bits = 2 if chunk & 0x4000 else 1
            places = range(14 - bits, -1, -bits)
            symbols = [chunk >> place & (1 << bits) - 1 for place in places][: count - offset]
            received += [
                (place, _DELTA_BYTES[symbol])
                for place, symbol in enumerate(symbols, offset)
                if _DELTA_BYTES[symbol]
            ]
            offset += 14 // bits
            continue
        run, size = chunk & RUN_MAX, _DELTA_BYTES[chunk >> 13]
        run = min(run, count - offset)
        if size:
            if len(received) + run > len(data):  # each takes a byte of delta at least
                raise MalformedPacket("transport feedback lacks receive deltas")
            received += [(place, size) for place in range(offset, offset + run)]
        offset += run
    return received, position


def _read_deltas(
    data: bytes, position: int, received: list[tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    """Pair each received packet with its ticks since the reference time."""
    arrivals: list[tuple[int, int]] = []
    ticks = 0
    for offset, size in received:
        end = position + size
        if end > len(data):
            raise MalformedPacket("transport feedback lacks receive deltas")
        ticks += int.from_bytes(data[position:end], "big", signed=size == 2)  # noqa: PLR2004
        arrivals.append((offset, ticks))
        position = end
    return tuple(arrivals)
