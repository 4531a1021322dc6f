"""The keys of a group's epochs: under which we seal, and which of them open what comes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sfu_clients.sealing.epochopening import EpochOpening
from sfu_clients.sealing.epochsealing import EpochSealing
from sfu_clients.sealing.frames import MLS_KIDS, Sender

Cause = Literal["joined", "added", "updated", "removed"]


@dataclass(frozen=True, slots=True)
class EpochKeys:
    """The keys of an epoch, with which media is sealed and opened."""

    epoch: int
    context: bytes
    """16 bytes, the same for all epochs of a group."""
    own_leaf: int
    base_keys: Mapping[int, bytes]
    cause: Cause


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch, and whoever seals in it."""

    number: int
    group: bytes
    """The same for all epochs of a group."""
    cause: Cause
    own_leaf: int
    senders: Mapping[int, Sender]
    """By leaf; those whose number does not fit a KID are missing."""


def read_epoch(keys: EpochKeys) -> Epoch:
    """Turn base keys into senders."""
    senders = {
        leaf: Sender(base_key, leaf, keys.context, keys.epoch, MLS_KIDS)
        for leaf, base_key in keys.base_keys.items()
        if leaf < 1 << MLS_KIDS.sender
    }
    return Epoch(keys.epoch, keys.context, keys.cause, keys.own_leaf, senders)


class EpochKeyring:
    """What a member has of their group's keys. Times are in seconds."""

    def __init__(self) -> None:
        self.sealing = EpochSealing()
        self.opening = EpochOpening(self.sealing.hear)
        # The latest epoch of each group that we were in: none comes twice, so no counter does.
        self._latest: dict[bytes, int] = {}

    def install(self, epoch: Epoch, *, now: float) -> bool:
        """The group is in this epoch now; False if it is not later than all before, and refused."""
        if epoch.number <= self._latest.get(epoch.group, -1):
            return False
        self._latest[epoch.group] = epoch.number
        self.sealing.install(epoch, now=now)
        self.opening.install(epoch, now=now)
        return True

    def leave(self) -> None:
        """We are in no group: nothing is sealed or opened until the next epoch."""
        self.sealing.leave()
        self.opening.leave()
