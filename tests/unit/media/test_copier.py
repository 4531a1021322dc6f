"""A copy is a new header, the extensions that the subscriber negotiated, and the same payload."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.media.copier import MAX_LAYOUTS, Copier, shift_picture_id
from sfu.media.packet import Packet
from sfu.media.sink import SLOT_BYTES
from sfu.wire.extensions import PASSED_ON, Extension, ExtensionIds, find_extensions
from sfu.wire.rtp import MAX_PACKET_BYTES, parse_rtp
from tests.support.packets import rtp, vp8

INCOMING = ExtensionIds({extension: 1 + extension for extension in Extension})
DESCRIPTOR = Extension.DEPENDENCY_DESCRIPTOR
MARKED = 0x80 | 120


class Numbers:
    """Gives out transport-wide numbers, and remembers for what."""

    def __init__(self, first: int = 0xABCD) -> None:
        self.next = first
        self.asked: list[tuple[int, float]] = []

    def next_number(self, size: int, *, now: float) -> int:
        """Return the next."""
        self.asked.append((size, now))
        self.next += 1
        return self.next - 1


def packet(
    payload: bytes = b"media",
    extensions: Mapping[Extension, bytes] | None = None,
    **header: int,
) -> Packet:
    """A packet as the router hands it on."""
    ids = {INCOMING.id_of[extension]: value for extension, value in (extensions or {}).items()}
    data = rtp(payload, extensions=ids or None, **header)  # type: ignore[arg-type]
    filled = Packet()
    parse_rtp(data, len(data), filled.view)
    find_extensions(filled.view, INCOMING, filled.found)
    filled.prepare()
    return filled


class Copying:
    """A copier, its slot, and what it wrote."""

    def __init__(self, ids: Mapping[Extension, int], mid: str = "m1") -> None:
        self.ids = ExtensionIds(ids)
        self.numbers = Numbers()
        self.copier = Copier(0x5555, mid, self.ids, self.numbers)
        self.slot = bytearray(b"\xee" * SLOT_BYTES)

    def copy(self, original: Packet, *, rtx: int | None = None) -> bytes:
        """Write a copy."""
        length = self.copier.write(
            original, self.slot, MARKED, 0x1_2345, 0x1_0000_0007, now=3.5, original=rtx
        )
        return bytes(self.slot[:length])


def test_without_extensions_there_is_a_header_and_the_payload() -> None:
    """Numbers are cut to the width of their fields; CSRCs and padding stay behind."""
    copying = Copying({})
    copied = copying.copy(packet(b"media", padding=9, sequence_number=1, ssrc=1))
    expected = rtp(
        b"media", marker=True, payload_type=120, sequence_number=0x2345, timestamp=7, ssrc=0x5555
    )
    assert copied == expected
    assert copying.numbers.asked == [], "nobody negotiated them"


def test_extensions_are_those_that_the_subscriber_negotiated() -> None:
    """Under their ids, with their MID and a transport-wide number of theirs; the rest is left."""
    copying = Copying({Extension.MID: 2, Extension.TRANSPORT_CC: 9, DESCRIPTOR: 6})
    original = packet(
        extensions={
            Extension.MID: b"publisher",
            Extension.RID: b"r",
            Extension.TRANSPORT_CC: b"\x00\x01",
            DESCRIPTOR: b"\x80\x00\x01",
            Extension.AUDIO_LEVEL: b"\x7f",
        }
    )
    copied = copying.copy(original)
    assert copied == rtp(
        b"media",
        marker=True,
        payload_type=120,
        sequence_number=0x2345,
        timestamp=7,
        ssrc=0x5555,
        extensions={2: b"m1", 9: b"\xab\xcd", 6: b"\x80\x00\x01"},
    )
    assert copying.numbers.asked == [(len(copied), 3.5)]


@pytest.mark.parametrize(
    ("ident", "value", "two_byte"),
    [
        pytest.param(14, b"sixteen bytes..!", False, id="all that one byte can say"),
        pytest.param(15, b"abc", True, id="an id too high"),
        pytest.param(6, b"seventeen bytes..", True, id="a value too long"),
        pytest.param(255, bytes(255), True, id="all that two bytes can say"),
    ],
)
def test_the_two_byte_form_is_for_what_needs_it(
    ident: int, value: bytes, *, two_byte: bool
) -> None:
    """RFC 8285: Firefox only reads the other one."""
    copied = Copying({DESCRIPTOR: ident, Extension.MID: 1}).copy(
        packet(extensions={DESCRIPTOR: value})
    )
    assert copied[12:14] == (b"\x10\x00" if two_byte else b"\xbe\xde")
    assert value in copied


@given(
    st.dictionaries(st.sampled_from(PASSED_ON), st.binary(max_size=255)),
    st.dictionaries(st.sampled_from(Extension), st.integers(1, 255), max_size=6).filter(
        lambda ids: len(set(ids.values())) == len(ids)
    ),
)
def test_every_copy_can_be_read_back(
    extensions: dict[Extension, bytes], ids: dict[Extension, int]
) -> None:
    """Whatever a publisher sends and a subscriber negotiated."""
    copying = Copying(ids)
    original = packet(b"payload", extensions)
    copied = copying.copy(original)
    if not copied:
        assert sum(map(len, extensions.values())) > MAX_PACKET_BYTES - 200
        return
    view, found = original.view, original.found
    parse_rtp(copied, len(copied), view)
    find_extensions(view, copying.ids, found)
    assert copied[view.payload_offset : view.payload_end] == b"payload"
    for kind in PASSED_ON:
        there = bool(ids.get(kind) and extensions.get(kind))
        assert (found.offset[kind] >= 0) is there
        start = found.offset[kind]
        if there:
            assert copied[start : start + found.length[kind]] == extensions[kind]


def test_a_retransmission_begins_with_the_original_number() -> None:
    """RFC 4588 section 4, in 16 bits."""
    copied = Copying({}).copy(packet(b"media"), rtx=0x7_1234)
    assert copied[12:] == b"\x12\x34media"


@pytest.mark.parametrize("rtx", [None, 1])
def test_what_does_not_fit_a_datagram_is_not_written(rtx: int | None) -> None:
    """Up to the last byte that SRTP takes it is; no number is spent on what is not sent."""
    copying = Copying({Extension.TRANSPORT_CC: 9})
    room = MAX_PACKET_BYTES - 12 - 8 - (0 if rtx is None else 2)
    assert len(copying.copy(packet(bytes(room)), rtx=rtx)) == MAX_PACKET_BYTES
    assert copying.copy(packet(bytes(room + 1)), rtx=rtx) == b""
    assert len(copying.numbers.asked) == 1


def test_an_empty_packet_has_its_number_and_nothing_else() -> None:
    """Enough that a receiver stops asking for that number."""
    copying = Copying({Extension.TRANSPORT_CC: 9})
    length = copying.copier.write_empty(copying.slot, 120, 5, 6, now=3.5)
    assert bytes(copying.slot[:length]) == rtp(
        b"",
        payload_type=120,
        sequence_number=5,
        timestamp=6,
        ssrc=0x5555,
        extensions={9: b"\xab\xcd"},
    )


def test_slots_may_change_and_keep_nothing_of_the_last() -> None:
    """Every byte of a copy is written anew, into whichever slot is lent."""
    copying = Copying({Extension.MID: 2, DESCRIPTOR: 6})
    first = packet(b"a" * 90, {DESCRIPTOR: b"\xff" * 16})
    second = packet(b"b", {DESCRIPTOR: b"\x01\x02\x03"})
    clean = Copying({Extension.MID: 2, DESCRIPTOR: 6}).copy(second)
    copying.copy(first)
    assert copying.copy(second) == clean
    copying.slot = bytearray(SLOT_BYTES)
    assert copying.copy(second) == clean


def test_layouts_are_bounded() -> None:
    """A publisher may send extensions of any length: what is remembered of them has an end."""
    copying = Copying({DESCRIPTOR: 6})
    for length in range(1, 2 * MAX_LAYOUTS):
        value = bytes([length]) * length
        assert value in copying.copy(packet(extensions={DESCRIPTOR: value}))
        assert len(copying.copier._layouts) <= MAX_LAYOUTS  # noqa: SLF001 - nothing else shows it


@pytest.mark.parametrize(
    ("picture_id", "wide", "shift", "shifted"),
    [
        pytest.param(0x1234, True, 0x34, 0x1200, id="15 bits"),
        pytest.param(0x0001, True, 2, 0x7FFF, id="15 bits, over the wrap"),
        pytest.param(0x12, False, 2, 0x10, id="7 bits"),
        pytest.param(0x01, False, 0x102, 0x7F, id="7 bits, over the wrap"),
    ],
)
def test_a_picture_id_is_rewritten_in_its_width(
    picture_id: int, shift: int, shifted: int, *, wide: bool
) -> None:
    """And nothing else of the payload (RFC 7741 section 4.2)."""
    original = packet(vp8(picture_id=picture_id, wide=wide))
    original.picture_id = picture_id
    original.picture_id_bits = 15 if wide else 7
    original.picture_id_offset = 2
    slot = bytearray(b"header" + bytes(original.payload))
    shift_picture_id(slot, 6, original, shift)
    assert bytes(slot) == b"header" + vp8(picture_id=shifted, wide=wide)
