"""The floor of a machine, and what is told about the machine."""

import platform
import socket

import pytest

from benchmarks.__main__ import commit, machine
from benchmarks.floor import EXTENSION_BYTES, Floor


def test_protects_and_sends_packets_of_these_sizes() -> None:
    """Each is a real SRTP packet: twelve bytes of header and a tag of sixteen around the rest."""
    received: list[int] = []
    with Floor([100, 1100]) as floor:
        there = floor._there  # noqa: SLF001 - to look at what is sent
        floor._there = _Noting(there, received)  # type: ignore[assignment]  # noqa: SLF001
        cost = floor.measure(0.001)
        floor._there = there  # noqa: SLF001
    assert set(received) == {12 + EXTENSION_BYTES + size + 16 for size in (100, 1100)}
    told = floor.report()
    assert told["us_per_packet"] == pytest.approx(cost, abs=0.01)
    assert told["mean_packet_bytes"] == 12 + EXTENSION_BYTES + 600


class _Noting:
    """A socket that notes the lengths of what it receives."""

    def __init__(self, there: socket.socket, received: list[int]) -> None:
        self._there, self._received = there, received

    def getsockname(self) -> tuple[str, int]:
        host, port = self._there.getsockname()
        return host, port

    def recv(self, size: int) -> bytes:
        data = self._there.recv(size)
        self._received.append(len(data))
        return data


def test_names_no_machine() -> None:
    """Results are published: they tell the processor, not whose it is."""
    told = str(machine())
    assert platform.node() not in told
    assert machine()["python"] == platform.python_version()
    assert commit()
