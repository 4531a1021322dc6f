"""Quotas: bounded in all and by host, and what leaves makes room."""

from sfu.transport.quota import Quota


def test_bounds_one_host() -> None:
    """A host that has its share gets no more, others do."""
    quota = Quota(most=10, most_of_host=2)
    assert [quota.enter("a") for _ in range(3)] == [True, True, False]
    assert quota.enter("b")


def test_bounds_all() -> None:
    """Many hosts together get no more than all may have."""
    quota = Quota(most=3, most_of_host=2)
    assert [quota.enter(host) for host in "abcd"] == [True, True, True, False]


def test_leaving_makes_room() -> None:
    """What was refused never entered, so it need not leave."""
    quota = Quota(most=1, most_of_host=1)
    assert quota.enter("a")
    assert not quota.enter("b")
    quota.leave("a")
    assert quota.enter("b")
    assert not quota.enter("a")
