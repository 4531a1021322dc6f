"""The store keeps the newest packets, and only those."""

import pytest

from sfu.media.store import PacketStore


def test_keeps_the_last_packets() -> None:
    """A packet stays until one `size` numbers later takes its place."""
    store = PacketStore(4)
    for sequence in range(100, 106):
        store.put(sequence, bytes([sequence]), 1)
    assert [store.get(sequence) for sequence in range(100, 107)] == [
        None,
        None,
        b"f",
        b"g",
        b"h",
        b"i",
        None,
    ]


def test_a_late_packet_does_not_displace_a_newer_one() -> None:
    """What arrives after its place was taken is not kept."""
    store = PacketStore(4)
    store.put(105, b"new", 3)
    store.put(101, b"old", 3)
    assert store.get(105) == b"new"
    assert store.get(101) is None


@pytest.mark.parametrize("data", [b"abcdef", bytearray(b"abcdef"), memoryview(b"abcdef")])
def test_keeps_only_the_packet(data: bytes) -> None:
    """The first `length` bytes are kept, as bytes of its own if the buffer may change."""
    store = PacketStore(4)
    store.put(1, data, 3)
    assert store.get(1) == b"abc"


def test_a_run_has_a_place_for_what_is_missing() -> None:
    """And for what was overwritten; nothing of another turn of the ring is in it."""
    store = PacketStore(4)
    for sequence in (100, 101, 103, 104, 105):
        store.put(sequence, str(sequence).encode(), 3)
    assert store.run(100, 108) == [None, None, None, b"103", b"104", b"105", None, None]
    assert store.run(103, 103) == []


def test_does_not_copy_a_datagram() -> None:
    """A whole received datagram is kept as it is: nobody can change it."""
    store, datagram = PacketStore(4), b"datagram"
    store.put(1, datagram, len(datagram))
    assert store.get(1) is datagram
