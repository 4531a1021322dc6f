"""Delivery: the commits of one group in their order, the last of them kept, and none read."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MAX_KEPT: Final = 64
"""Commits that are kept for who was away."""

MAX_KEPT_BYTES: Final = 2 << 20
"""What they and their Welcomes may add up to; the newest is kept whatever its size."""


@dataclass(frozen=True, slots=True)
class Commit:
    """An accepted commit; people are named by their ids, for they may have left since."""

    number: int
    author: str
    handshake: str
    welcome: str | None
    added: frozenset[str]

    @property
    def size(self) -> int:
        """Bytes that it costs to keep it; all of them are base64url."""
        return len(self.handshake) + len(self.welcome or "")


class Delivery:
    """A number, members, and a log that is bounded in length and in bytes."""

    def __init__(self, founder: str) -> None:
        self.number = 0  # of the next commit: so many were accepted
        self.since = {founder: 0}  # members: the first commit that each of them may see
        self._kept: deque[Commit] = deque()
        self._kept_bytes = 0

    def accept(
        self, author: str, number: int, handshake: str, welcome: str | None, added: Collection[str]
    ) -> Commit | None:
        """Take a commit if it has the next number, else return None: another one came first.

        Nobody is added without a Welcome. Who is a member already may be welcomed once more:
        a Welcome that was none must not keep anybody from the next one, which is.
        """
        if number != self.number:
            return None
        commit = Commit(
            number, author, handshake, welcome, frozenset(added if welcome is not None else ())
        )
        self.number += 1
        for who in commit.added:
            self.since.setdefault(who, self.number)
        self._keep(commit)
        return commit

    def _keep(self, commit: Commit) -> None:
        self._kept.append(commit)
        self._kept_bytes += commit.size
        while len(self._kept) > MAX_KEPT or (
            self._kept_bytes > MAX_KEPT_BYTES and len(self._kept) > 1
        ):
            self._kept_bytes -= self._kept.popleft().size

    def part(self, who: str) -> None:
        """Somebody is no member any more, if they were."""
        self.since.pop(who, None)

    def commits_from(self, member: str, number: int) -> list[Commit] | None:
        """Return the commits from a number on, or None if they are not kept for this member."""
        first = self._kept[0].number if self._kept else self.number
        if number < max(first, self.since[member]):
            return None
        return [commit for commit in self._kept if commit.number >= number]

    def since_welcome(self, member: str) -> Iterator[tuple[Commit, bool]]:
        """Yield what a member was sent from their Welcome on; True stands for the Welcome.

        Nothing if it is not kept any more, or if there never was one: it was they who began.
        """
        since, welcomed = self.since[member], False
        for commit in self._kept:
            if welcomed:
                yield commit, False
            if member in commit.added and commit.number >= since - 1:
                yield commit, True
                welcomed = True
