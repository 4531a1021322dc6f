"""Our host candidates, as values of a=candidate (RFC 8839 section 5.1, RFC 6544)."""

from collections.abc import Iterable
from typing import Final

_COMPONENT: Final = 1  # RTP and RTCP share it (RFC 8834)
_UDP_HOST: Final = 126  # type preference of host candidates (RFC 8445 section 5.1.2.2)
_TCP_HOST: Final = 90  # below every UDP candidate (RFC 6544 section 4.2)
_PASSIVE: Final = 4  # direction preference of passive host candidates (RFC 6544 section 4.2)
_MOST: Final = 0xFFFF  # local preference of the first UDP candidate
_MOST_OF_DIRECTION: Final = 0x1FFF  # the same below the three bits of the direction


def candidates(addresses: Iterable[str], port: int, *, tcp: bool) -> tuple[str, ...]:
    """Values without "candidate:", UDP before TCP; the order of addresses is the preference."""
    hosts = tuple(dict.fromkeys(addresses))
    values = [_udp(index, host, port) for index, host in enumerate(hosts)]
    if tcp:
        values += [_tcp(index, host, port) for index, host in enumerate(hosts)]
    return tuple(values)


def _udp(index: int, host: str, port: int) -> str:
    priority = _priority(_UDP_HOST, _MOST - index)
    return f"u{index} {_COMPONENT} udp {priority} {host} {port} typ host"


def _tcp(index: int, host: str, port: int) -> str:
    priority = _priority(_TCP_HOST, (_PASSIVE << 13) + _MOST_OF_DIRECTION - index)
    return f"t{index} {_COMPONENT} tcp {priority} {host} {port} typ host tcptype passive"


def _priority(type_preference: int, local_preference: int) -> int:
    """The formula of RFC 8445 section 5.1.2.1."""
    return (type_preference << 24) + (local_preference << 8) + 256 - _COMPONENT
