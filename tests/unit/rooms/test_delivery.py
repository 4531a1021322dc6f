"""The order of commits, and what is kept of them."""

import pytest

from sfu.rooms import delivery as module
from sfu.rooms.delivery import MAX_KEPT, MAX_KEPT_BYTES, Commit, Delivery

HANDSHAKE = "Y29tbWl0"
WELCOME = "d2VsY29tZQ"


def accept(delivery: Delivery, *added: str, handshake: str = HANDSHAKE) -> Commit:
    """The next commit, of Ana's."""
    welcome = WELCOME if added else None
    commit = delivery.accept("ana", delivery.number, handshake, welcome, added)
    assert commit is not None
    return commit


def numbers(commits: list[Commit] | None) -> list[int] | None:
    return None if commits is None else [commit.number for commit in commits]


@pytest.mark.parametrize(
    ("number", "accepted"),
    [
        pytest.param(1, False, id="another one came first"),
        pytest.param(2, True, id="the next"),
        pytest.param(3, False, id="one from the future"),
    ],
)
def test_only_the_next_number_is_taken(number: int, *, accepted: bool) -> None:
    """Compare and swap: what is refused changes nothing, whom it adds included."""
    delivery = Delivery("ana")
    accept(delivery)
    accept(delivery)
    commit = delivery.accept("ana", number, HANDSHAKE, WELCOME, ("ben",))
    assert (commit is not None) == accepted == ("ben" in delivery.since)
    assert delivery.number == 2 + accepted


def test_who_is_added_sees_what_follows() -> None:
    """Not the commit that added them, nor any before it."""
    delivery = Delivery("ana")
    accept(delivery)
    accept(delivery, "ben")
    accept(delivery)
    assert numbers(delivery.commits_from("ben", 2)) == [2]
    assert delivery.commits_from("ben", 1) is None
    assert numbers(delivery.commits_from("ana", 0)) == [0, 1, 2]


def test_nobody_is_added_without_a_welcome() -> None:
    """They could not follow anything."""
    delivery = Delivery("ana")
    commit = delivery.accept("ana", 0, HANDSHAKE, None, ("ben",))
    assert commit is not None
    assert commit.added == frozenset()
    assert delivery.since.keys() == {"ana"}


def test_from_the_welcome_on() -> None:
    """Who was away when they were added gets the Welcome, then the commits after it."""
    delivery = Delivery("ana")
    accept(delivery)
    added = accept(delivery, "ben", "cleo")
    after = accept(delivery)
    for who in ("ben", "cleo"):
        assert list(delivery.since_welcome(who)) == [(added, True), (after, False)]
    assert list(delivery.since_welcome("ana")) == []


def test_a_false_welcome_does_not_hide_the_true_one() -> None:
    """Whoever sent the first, the second comes too, in its place among the commits."""
    delivery = Delivery("ana")
    false = accept(delivery, "ben")
    true = accept(delivery, "ben")
    expected = [(false, True), (true, False), (true, True)]
    assert list(delivery.since_welcome("ben")) == expected
    assert delivery.since["ben"] == 1


def test_a_welcome_for_an_earlier_hello_is_not_sent_again() -> None:
    """Who parted and was added again needs the later one only."""
    delivery = Delivery("ana")
    accept(delivery, "ben")
    delivery.part("ben")
    again = accept(delivery, "ben")
    assert list(delivery.since_welcome("ben")) == [(again, True)]
    assert delivery.commits_from("ben", 1) is None


def test_what_is_kept_is_bounded_in_number() -> None:
    """The last 64; whoever needs an earlier one is too far behind."""
    delivery = Delivery("ana")
    accept(delivery, "ben")
    for _ in range(MAX_KEPT):
        accept(delivery)
    kept = numbers(delivery.commits_from("ana", 1))
    assert kept == list(range(1, 1 + MAX_KEPT))
    assert delivery.commits_from("ana", 0) is None
    assert list(delivery.since_welcome("ben")) == []
    assert delivery.commits_from("ana", delivery.number) == []


def test_what_is_kept_is_bounded_in_bytes() -> None:
    """Welcomes count as well, and make room for later ones."""
    delivery = Delivery("ana")
    long = "A" * 100_000
    for _ in range(MAX_KEPT):
        accept(delivery, "ben", handshake=long)
    fits = MAX_KEPT_BYTES // (len(long) + len(WELCOME))
    assert numbers(delivery.commits_from("ana", MAX_KEPT - fits)) is not None
    assert delivery.commits_from("ana", MAX_KEPT - fits - 1) is None


def test_the_newest_is_kept_whatever_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or nobody could ever be added who is away for a moment."""
    monkeypatch.setattr(module, "MAX_KEPT_BYTES", 10)
    delivery = Delivery("ana")
    for _ in range(3):
        accept(delivery, handshake="A" * 11)
    assert numbers(delivery.commits_from("ana", 2)) == [2]
    assert delivery.commits_from("ana", 1) is None
