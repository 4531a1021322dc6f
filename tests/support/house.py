"""A lobby in memory, and clients that talk to it through sessions."""

from collections.abc import Callable
from typing import Any

import msgspec

from sfu.errors import Refused
from sfu.rooms.directory import Limits
from sfu.signalling.lobby import Lobby
from sfu.signalling.session import Session
from sfu.signalling.tokens import Grant
from tests.support.hall import Hall


class Client:
    """The other end of a session."""

    def __init__(self, hall: Hall, lobby: Lobby) -> None:
        self.hall = hall
        self.session = Session(lobby)
        self.ident = ""
        self.secret = ""

    def say(self, kind: str, **fields: object) -> list[dict[str, Any]]:
        """Send a message, and return what is answered at once."""
        text = msgspec.json.encode({"type": kind, **fields}).decode()
        self.session.receive(text, now=self.hall.now)
        return self.hear()

    def hear(self) -> list[dict[str, Any]]:
        """Return what has come since the last time."""
        return [msgspec.json.decode(text) for text in self.session.take()]

    def join(self, **fields: object) -> dict[str, Any]:
        """Enter a room, and return the welcome."""
        (welcome, *_) = self.say("join", **({"room": "hall", "name": "Ana"} | fields))
        assert welcome["type"] == "welcome", welcome
        self.ident, self.secret = welcome["participant"], welcome["resume"]
        return welcome


class House:
    """A lobby over a hall."""

    def __init__(
        self,
        *,
        grants: dict[str, Grant] | None = None,
        verify: Callable[[str], Grant] | None = None,
        seats: int = 50,
    ) -> None:
        """Tokens are the names of `grants`, or whatever `verify` reads; or there are none."""
        self.hall = Hall(Limits(participants=seats))
        self.lobby = Lobby(
            self.hall.directory,
            self.hall.node,
            candidates=lambda: ("u0 1 udp 1 127.0.0.1 10000 typ host",),
            verify=verify if grants is None else self._verify,
        )
        self._grants = grants or {}

    def _verify(self, token: str) -> Grant:
        if token not in self._grants:
            raise Refused("bad-token", "The token is not one of ours.")
        return self._grants[token]

    def client(self) -> Client:
        """Somebody connects."""
        return Client(self.hall, self.lobby)

    def guest(self, **fields: object) -> Client:
        """Somebody connects and joins."""
        client = self.client()
        client.join(**fields)
        return client


def only(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The message, where there must be one."""
    (message,) = messages
    return message
