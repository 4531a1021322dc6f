"""Sink: where a rewritten packet is put, and the only way out of the media path."""

from typing import Protocol


class Sink(Protocol):
    """One subscriber's way out: a slot to write a packet into, then a commit.

    In the compiled build the slot is memory of the outgoing batch and `commit` protects it in
    place; in the pure build it is a `bytearray` that the transport copies out of.
    """

    def slot(self) -> bytearray:
        """A writable buffer of at least `SLOT_BYTES` bytes, valid until `commit`."""
        ...

    def commit(self, length: int) -> None:
        """Send the first `length` bytes of the slot as one RTP packet."""
        ...


SLOT_BYTES = 2048
"""Room for any RTP packet that fits a datagram of 1500 bytes, and for what rewriting adds."""
