"""Header extensions: both forms of RFC 8285, read and written."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire.extensions import (
    BY_URI,
    PASSED_ON,
    URIS,
    Extension,
    ExtensionIds,
    ExtensionWriter,
    FoundExtensions,
    find_extensions,
)
from sfu.wire.rtp import RtpView, parse_rtp
from tests.support.packets import extension_block, rtp

IDS = ExtensionIds({Extension.MID: 4, Extension.TRANSPORT_CC: 3, Extension.COLOR_SPACE: 200})


def with_block(block: bytes) -> bytes:
    """Build a packet with this header extension, its own four bytes included."""
    return b"\x90" + rtp(b"")[1:] + block


def find(packet: bytes, found: FoundExtensions | None = None) -> dict[Extension, bytes]:
    """Find the extensions of IDS in a packet."""
    view = RtpView()
    found = found or FoundExtensions()
    parse_rtp(packet, len(packet), view)
    find_extensions(view, IDS, found)
    return {
        kind: packet[found.offset[kind] : found.offset[kind] + found.length[kind]]
        for kind in Extension
        if found.offset[kind] >= 0
    }


def test_every_extension_has_a_name_of_its_own() -> None:
    """SDP negotiates each by one URI, and only what is not written per leg is passed on."""
    assert set(URIS) == set(Extension)
    assert {BY_URI[uri] for uri in URIS.values()} == set(Extension)
    per_leg = {Extension.MID, Extension.RID, Extension.REPAIRED_RID}
    per_leg |= {Extension.TRANSPORT_CC, Extension.ABS_SEND_TIME}
    assert set(PASSED_ON) == set(Extension) - per_leg


def test_ids_are_looked_up_in_both_directions() -> None:
    """An extension that was not negotiated has id 0, an id that was not has no extension."""
    assert (IDS.id_of[Extension.MID], IDS.id_of[Extension.RID]) == (4, 0)
    assert (IDS.kind_of[4], IDS.kind_of[5]) == (Extension.MID, -1)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        pytest.param(
            "bede0003 40aa 0000 310102 72010203 00",
            {Extension.MID: b"\xaa", Extension.TRANSPORT_CC: b"\x01\x02"},
            id="one-byte form, padding, an unknown id",
        ),
        pytest.param("bede0001 f0 40aa 00", {}, id="one-byte form stops at id 15"),
        pytest.param("bede0001 01 40aa 00", {}, id="one-byte form stops at id 0 with a length"),
        pytest.param("bede0001 40aa 40bb", {Extension.MID: b"\xbb"}, id="the last of two is kept"),
        pytest.param(
            "10000003 0402aabb 00 c801ff 0300 0900",
            {
                Extension.MID: b"\xaa\xbb",
                Extension.COLOR_SPACE: b"\xff",
                Extension.TRANSPORT_CC: b"",
            },
            id="two-byte form, padding, no bytes, an unknown id",
        ),
        pytest.param(
            "10070001 0401aa00", {Extension.MID: b"\xaa"}, id="two-byte form with appbits"
        ),
        pytest.param("bedf0001 40aa0000", {}, id="another profile"),
        pytest.param("bede0000", {}, id="no elements"),
    ],
)
def test_finds(block: str, expected: dict[Extension, bytes]) -> None:
    """Known elements are found as RFC 8285 sections 4.2 and 4.3 lay them out."""
    assert find(with_block(bytes.fromhex(block))) == expected


def test_forgets_the_packet_before() -> None:
    """A reused table holds nothing of an earlier packet, also without an extension."""
    found = FoundExtensions()
    assert find(rtp(extensions={4: b"video"}), found) == {Extension.MID: b"video"}
    assert find(rtp(), found) == {}
    assert set(found.length) == {0}


@pytest.mark.parametrize(
    "block",
    [
        pytest.param("bede0001 0000 42aa", id="one-byte element cut off"),
        pytest.param("10000001 000000 04", id="two-byte element without length"),
        pytest.param("10000001 0403aabb", id="two-byte element cut off"),
    ],
)
def test_refuses(block: str) -> None:
    """An element that ends after the extension does is refused, whatever follows it."""
    with pytest.raises(MalformedPacket):
        find(with_block(bytes.fromhex(block) + b"media"))


@given(
    st.sampled_from([b"\xbe\xde", b"\x10\x00", b"\x10\x0f"]),
    st.binary(max_size=64).map(lambda body: body + bytes(-len(body) % 4)),
)
def test_any_bytes_parse_or_are_refused(profile: bytes, body: bytes) -> None:
    """What is found lies within the extension, else MalformedPacket is raised, nothing else."""
    packet = with_block(profile + (len(body) // 4).to_bytes(2, "big") + body)
    view, found = RtpView(), FoundExtensions()
    parse_rtp(packet, len(packet), view)
    with contextlib.suppress(MalformedPacket):
        find_extensions(view, IDS, found)
    for offset, length in zip(found.offset, found.length, strict=True):
        assert (offset, length) == (-1, 0) or view.extension_offset < offset
        assert offset + length <= view.extension_end


def write(extensions: dict[int, bytes], *, two_byte: bool) -> bytes:
    """Write a header extension behind twelve bytes, and return it."""
    slot = bytearray(b"\xff" * 2048)
    writer = ExtensionWriter()
    writer.begin(slot, 12, two_byte)
    for ident, value in extensions.items():
        writer.put_bytes(ident, value)
    end = writer.end()
    assert slot[:12] == b"\xff" * 12
    assert slot[end:] == b"\xff" * (2048 - end)
    return bytes(slot[12:end])


@given(st.dictionaries(st.integers(1, 14), st.binary(min_size=1, max_size=16)))
def test_writes_the_one_byte_form(extensions: dict[int, bytes]) -> None:
    """Any ids 1 to 14 and lengths 1 to 16 come out padded to words, and nothing around them."""
    written = write(extensions, two_byte=False)
    assert written == extension_block(extensions, two_byte=False)


@given(st.dictionaries(st.integers(1, 255), st.binary(max_size=255), max_size=6))
def test_writes_the_two_byte_form(extensions: dict[int, bytes]) -> None:
    """Any ids 1 to 255 and lengths 0 to 255 come out padded to words, and nothing around them."""
    written = write(extensions, two_byte=True)
    assert written == extension_block(extensions, two_byte=True)


@pytest.mark.parametrize("two_byte", [False, True])
def test_copies_from_a_packet(*, two_byte: bool) -> None:
    """An element is taken out of the received bytes, and found again in the written ones."""
    slot = bytearray(rtp(b"")) + bytearray(40)
    slot[0] = 0x90
    writer = ExtensionWriter()
    writer.begin(slot, 12, two_byte)
    writer.put(4, b"a packet with video in it", 14, 5)
    end = writer.end()
    assert find(bytes(slot[:end])) == {Extension.MID: b"video"}
    assert end % 4 == 0


@pytest.mark.parametrize(
    ("ident", "value"), [(0, b"a"), (15, b"a"), (1, b""), (1, b"seventeen letters")]
)
def test_the_one_byte_form_must_fit(ident: int, value: bytes) -> None:
    """Choosing a form that cannot hold an element is a bug of ours, not a broken packet."""
    with pytest.raises(AssertionError):
        write({ident: value}, two_byte=False)
