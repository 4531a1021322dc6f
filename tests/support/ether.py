"""A network in memory between one node and endpoints, on a clock that jumps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfu.transport.demux import Datagram, classify

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfu.transport.address import Address
    from sfu.transport.node import Node
    from tests.support.endpoint import Endpoint

HOME = "192.0.2.1", 40_000


class Ether:
    """Carries datagrams at once, and loses those that `lose` picks."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.now = 0.0
        self.lose: Callable[[bytes], bool] = lambda _: False
        self.sent: list[tuple[bytes, Address]] = []
        """What the node sent, whether somebody was there or not."""
        self._endpoints: dict[Address, Endpoint] = {}

    def attach(self, endpoint: Endpoint, address: Address = HOME) -> None:
        """Give an endpoint this address, and take away its last one."""
        self.detach(endpoint)
        self._endpoints[address] = endpoint

    def detach(self, endpoint: Endpoint) -> None:
        """Cut an endpoint off; nothing reaches it, and its time stands still."""
        self._endpoints = {a: e for a, e in self._endpoints.items() if e is not endpoint}

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        until = self.now + seconds
        while (moment := self._next_timeout()) is not None and moment <= until:
            self.now = max(self.now + 0.001, moment)
            self.node.handle_timeout(now=self.now)
            for endpoint in self._endpoints.values():
                endpoint.handle_timeout(now=self.now)
            self.exchange()
        self.now = until
        self.exchange()

    def exchange(self) -> None:
        """Carry datagrams until nobody has any more to send."""
        while self._carry():
            pass

    def inject(self, data: bytes, source: Address = HOME) -> None:
        """Let somebody send this to the node, who answers."""
        self.node.receive(data, source, now=self.now)
        self.exchange()

    def hold_dtls(self) -> list[bytes]:
        """Lose all DTLS from now on, into this list."""
        held: list[bytes] = []

        def hold(data: bytes) -> bool:
            is_dtls = classify(data) is Datagram.DTLS
            if is_dtls:
                held.append(data)
            return is_dtls

        self.lose = hold
        return held

    def _carry(self) -> bool:
        before = len(self.sent)
        for address, endpoint in tuple(self._endpoints.items()):
            for data, _ in endpoint.to_send():
                if not self.lose(data):
                    self.node.receive(data, address, now=self.now)
        for peer in self.node.take_ready():
            for data, address in peer.to_send():
                self.sent.append((data, address))
                receiver = self._endpoints.get(address)
                if receiver is not None and not self.lose(data):
                    receiver.receive(data, receiver.server, now=self.now)
        return len(self.sent) > before

    def _next_timeout(self) -> float | None:
        moments = [endpoint.next_timeout() for endpoint in self._endpoints.values()]
        moments.append(self.node.next_timeout())
        return min((moment for moment in moments if moment is not None), default=None)
