"""Whose an address is: one peer's, and only after a check of that peer came from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfu.transport.address import Address
    from sfu.transport.peer import Peer


class Routes:
    """Kept by the peers, read by the node for every datagram."""

    def __init__(self) -> None:
        self.holders: dict[Address, Peer] = {}
        self._held: dict[Peer, frozenset[Address]] = {}

    def assign(self, peer: Peer, addresses: frozenset[Address]) -> None:
        """These are all of a peer's addresses now; whoever held one of them forgets it."""
        before = self._held.pop(peer, frozenset())
        if addresses:
            self._held[peer] = addresses
        for address in before - addresses:
            del self.holders[address]
        for address in addresses - before:
            if (holder := self.holders.get(address)) is not None:
                holder.forget(address)
            self.holders[address] = peer
