"""All that passes through the hands of a server in this process, and what is found in it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from itertools import groupby
from typing import Any, Final

import pytest

from sfu.signalling.session import Session
from sfu.transport.node import Node
from sfu.transport.srtp import SrtpSession
from sfu.wire.extensions import ExtensionIds
from sfu.wire.packet import Packet, read_packet
from sfu.wire.rtp import RtpView, extend, parse_rtp
from sfu_clients.payload import frames
from sfu_clients.sdp import PAYLOAD_TYPES

WINDOW: Final = 16
"""Bytes that no two things share by chance."""

CHI_SQUARE_LIMIT: Final = 390.0
"""Of bytes that are all equally likely, chi-square is 255 on average; above this once in 10^7."""

_CODECS: Final = {number: codec for codec, number in PAYLOAD_TYPES.items()}


class Capture:
    """Datagrams as they came, packets as they are without SRTP, and the messages of signalling."""

    def __init__(self) -> None:
        self.datagrams: list[bytes] = []
        self.received: list[bytes] = []
        """RTP and RTCP from clients, opened."""
        self.sent: list[bytes] = []
        """RTP and RTCP to clients, before it is protected."""
        self.messages: list[bytes] = []

    def everything(self) -> list[bytes]:
        """All of it."""
        return [*self.datagrams, *self.received, *self.sent, *self.messages]

    def frames(self, codec: str) -> list[bytes]:
        """What publishers sent as frames of this codec, put together again; the last may lack."""
        streams: dict[int, list[Packet]] = {}
        for data in self.received:
            if _payload_type(data) in _CODECS and _CODECS[_payload_type(data)] == codec:
                packet = read_packet(data, ExtensionIds({}))
                streams.setdefault(packet.ssrc, []).append(packet)
        return [
            frame
            for packets in streams.values()
            for payloads in _pictures(packets)[:-1]
            for frame in frames(codec, payloads)
        ]


def _payload_type(data: bytes) -> int:
    """-1 for RTCP."""
    view = RtpView()
    if 192 <= data[1] <= 223:  # RFC 5761
        return -1
    parse_rtp(data, len(data), view)
    return view.payload_type if view.payload_end > view.payload_offset else -1


def _pictures(packets: Sequence[Packet]) -> list[list[bytes]]:
    first = packets[0].sequence
    ordered = sorted(packets, key=lambda packet: extend(packet.sequence, first, 16))
    return [
        [packet.payload for packet in group]
        for _, group in groupby(ordered, lambda packet: packet.timestamp)
    ]


def listen(monkeypatch: pytest.MonkeyPatch) -> Capture:
    """Capture what every server of this process receives and sends from now on."""
    capture = Capture()
    for owner, name, kept, takes in (
        (Node, "receive", capture.datagrams, True),
        (SrtpSession, "unprotect", capture.received, False),
        (SrtpSession, "unprotect_rtcp", capture.received, False),
        (SrtpSession, "protect", capture.sent, True),
        (SrtpSession, "protect_rtcp", capture.sent, True),
        (Session, "receive", capture.messages, True),
        (Session, "take", capture.messages, False),
    ):
        monkeypatch.setattr(owner, name, _tapped(getattr(owner, name), kept, takes=takes))
    return capture


def _tapped(method: Callable[..., Any], kept: list[bytes], *, takes: bool) -> Callable[..., Any]:
    """The same method; what it takes, or else what it returns, is kept."""

    @wraps(method)
    def tapped(owner: object, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any method's
        result = method(owner, *arguments, **named)
        passed = arguments[0] if takes else result
        several = passed if isinstance(passed, list) else [passed]
        kept.extend(one.encode() if isinstance(one, str) else bytes(one) for one in several)
        return result

    return tapped


def windows(plain: Iterable[bytes]) -> set[bytes]:
    """All pieces of WINDOW bytes; those of one byte repeated say nothing."""
    return {
        piece
        for data in plain
        for at in range(len(data) - WINDOW + 1)
        if (piece := data[at : at + WINDOW]) != piece[:1] * WINDOW
    }


def shared(pieces: set[bytes], captured: Iterable[bytes]) -> int:
    """How many pieces of what was captured are among these."""
    return sum(
        data[at : at + WINDOW] in pieces
        for data in captured
        for at in range(len(data) - WINDOW + 1)
    )


def chi_square(data: bytes) -> float:
    """How far the bytes are from all being equally likely."""
    expected = len(data) / 256
    counts = Counter(data)
    return sum((counts[byte] - expected) ** 2 / expected for byte in range(256))
