"""Candidates: what browsers can parse, in the order that we prefer."""

import pytest
from aioice import Candidate

from sfu.transport.candidates import candidates

HOSTS = ["192.0.2.1", "2001:db8::1"]


def test_spells_out_a_candidate() -> None:
    """Foundation, component, transport, priority, address, port, type (RFC 8839 section 5.1)."""
    assert candidates(["192.0.2.1"], 10_000, tcp=True) == (
        "u0 1 udp 2130706431 192.0.2.1 10000 typ host",
        "t0 1 tcp 1520435199 192.0.2.1 10000 typ host tcptype passive",
    )


@pytest.mark.parametrize("tcp", [False, True])
def test_aioice_parses_them(tcp: bool) -> None:  # noqa: FBT001
    """Another implementation reads the same values."""
    parsed = [Candidate.from_sdp(value) for value in candidates(HOSTS, 10_000, tcp=tcp)]
    assert [each.host for each in parsed] == HOSTS * (2 if tcp else 1)
    assert {each.port for each in parsed} == {10_000}
    assert {each.type for each in parsed} == {"host"}
    assert [each.transport for each in parsed[2:]] == (["tcp", "tcp"] if tcp else [])


def test_prefers_udp_and_the_first_address() -> None:
    """Priorities fall along the list, and no two are equal."""
    values = candidates(HOSTS, 10_000, tcp=True)
    priorities = [Candidate.from_sdp(value).priority for value in values]
    assert priorities == sorted(set(priorities), reverse=True)
    assert len({value.split()[0] for value in values}) == len(values)


def test_says_nothing_twice() -> None:
    """The same address of two interfaces is one candidate."""
    assert len(candidates(["192.0.2.1", "192.0.2.1"], 10_000, tcp=False)) == 1
