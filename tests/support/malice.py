"""A server of this process that does what no server should, to real clients and their messages."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import pytest

from sfu.rooms.participant import Participant
from sfu.signalling.session import Session
from sfu.transport.peer import Peer
from sfu.wire.rtp import RtpView, parse_rtp

Told: TypeAlias = dict[str, Any]
"""A message of signalling, as JSON has it."""

Tampering: TypeAlias = Callable[[str, Told], Iterable[Told]]
"""What is passed on instead of a message to, or from, whoever has this name."""


def honest(_name: str, message: Told) -> list[Told]:
    """Pass it on as it is."""
    return [message]


class Malice:
    """What the server does besides; nothing at first. People are known by their names."""

    def __init__(self) -> None:
        self.tell: Tampering = honest
        """What clients are told."""
        self.hear: Tampering = honest
        """What the server makes of what they say."""
        self.forward: Callable[[str, bytes], Iterable[bytes]] = lambda _name, packet: [packet]
        """RTP packets for one of them."""
        self.told: defaultdict[str, list[Told]] = defaultdict(list)
        """All that was for somebody, before it was tampered with."""
        self._sessions: dict[str, Session] = {}
        self._names: dict[Session | Peer, str] = {}
        self._peers: dict[str, Peer] = {}
        self._unsent: defaultdict[str, list[Told]] = defaultdict(list)

    def say(self, name: str, *messages: Told) -> None:
        """Tell somebody what nobody said; it is not tampered with."""
        self._unsent[name] += messages
        self._sessions[name].on_output()

    def pretend(self, name: str, message: Told) -> None:
        """Have the server believe that somebody said this."""
        self._sessions[name].receive(json.dumps(message), now=asyncio.get_running_loop().time())

    def drop(self, name: str) -> None:
        """End somebody's WebSocket; they may return."""
        self._sessions[name].over = True
        self._sessions[name].on_output()

    def send(self, name: str, packet: bytes) -> None:
        """Send somebody an RTP packet."""
        peer = self._peers[name]
        peer.slot()[: len(packet)] = packet
        COMMIT(peer, len(packet))

    @contextmanager
    def telling(self, tampering: Tampering) -> Iterator[None]:
        """For a while."""
        before, self.tell = self.tell, tampering
        try:
            yield
        finally:
            self.tell = before

    # In place of what the server does

    def take(self, session: Session) -> list[str]:
        """What goes out over a WebSocket."""
        name = self._names.get(session, "")
        told: list[Told] = []
        for message in map(json.loads, TAKE(session)):
            self.told[name].append(message)
            told += self.tell(name, message)
        return [json.dumps(message) for message in [*told, *self._unsent.pop(name, [])]]

    def receive(self, session: Session, text: str, *, now: float) -> None:
        """What came in over one."""
        message = json.loads(text)
        if message["type"] == "join":
            self._sessions[message["name"]] = session
            self._names[session] = message["name"]
        for heard in self.hear(self._names.get(session, ""), message):
            RECEIVE(session, json.dumps(heard), now=now)

    def connect(self, participant: Participant, peer: Peer) -> None:
        """Whose transport this is."""
        self._names[peer], self._peers[participant.name] = participant.name, peer
        CONNECT(participant, peer)

    def commit(self, peer: Peer, length: int) -> None:
        """What goes out as media."""
        name = self._names.get(peer, "")
        for packet in self.forward(name, bytes(peer.slot()[:length])):
            self.send(name, packet)


TAKE, RECEIVE, CONNECT, COMMIT = Session.take, Session.receive, Participant.connect, Peer.commit


def corrupt(monkeypatch: pytest.MonkeyPatch) -> Malice:
    """Have the servers of this process be malicious."""
    malice = Malice()

    def take(session: Session) -> list[str]:
        return malice.take(session)

    def receive(session: Session, text: str, *, now: float) -> None:
        malice.receive(session, text, now=now)

    def connect(participant: Participant, peer: Peer) -> None:
        malice.connect(participant, peer)

    def commit(peer: Peer, length: int) -> None:
        malice.commit(peer, length)

    for owner, patched in ((Session, take), (Session, receive), (Participant, connect)):
        monkeypatch.setattr(owner, patched.__name__, patched)
    monkeypatch.setattr(Peer, "commit", commit)
    return malice


class Media:
    """An RTP packet, with another payload if need be."""

    def __init__(self, packet: bytes) -> None:
        view = RtpView()
        parse_rtp(packet, len(packet), view)
        self.ssrc, self.payload_type = view.ssrc, view.payload_type
        self._head = packet[: view.payload_offset]
        self.payload = packet[view.payload_offset : view.payload_end]

    def carrying(self, payload: bytes) -> bytes:
        """The packet with this instead."""
        return self._head + payload
