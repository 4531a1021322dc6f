"""Roster: the room as the server tells it, within bounds."""

from sfu.signalling.messages import (
    Participant,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantUpdated,
    Publication,
    PublicationAdded,
    PublicationRemoved,
    PublicationUpdated,
    Welcome,
)
from sfu_clients.roster import MAX_PARTICIPANTS, MAX_PUBLICATIONS, Roster


def person(ident: str, *publications: Publication) -> Participant:
    """Somebody."""
    return Participant(
        id=ident, name=ident, moderator=False, connected=True, hello=None, publications=publications
    )


def publication(ident: str, *, muted: bool = False) -> Publication:
    """Something."""
    return Publication(
        id=ident, kind="audio", source="microphone", codec=None, muted=muted, layers=()
    )


def welcomed(*people: Participant) -> Roster:
    """A roster of somebody called `me` and others."""
    roster = Roster()
    roster.receive(
        Welcome(
            participant="me",
            room="hall",
            mode="hop",
            resume="s",
            resumed=False,
            may_publish=True,
            may_subscribe=True,
            moderator=False,
            participants=(person("me", publication("mine")), *people),
            speaker=None,
            group=None,
        )
    )
    return roster


def test_follows_what_happens() -> None:
    """People and what they publish, in the order of their coming; ours is not among the others'."""
    roster = welcomed(person("ana", publication("a")))
    roster.receive(ParticipantJoined(participant=person("ben")))
    roster.receive(PublicationAdded(participant="ben", publication=publication("b")))
    roster.receive(PublicationAdded(participant="ana", publication=publication("c")))
    roster.receive(PublicationUpdated(participant="ana", publication=publication("a", muted=True)))
    assert [(who.id, what.id, what.muted) for who, what in roster.publications()] == [
        ("ana", "a", True),
        ("ana", "c", False),
        ("ben", "b", False),
    ]
    assert [one.id for one in roster.own_publications()] == ["mine"]
    roster.receive(PublicationRemoved(participant="ana", publication="a"))
    roster.receive(ParticipantUpdated(participant="ana", connected=False, hello="QW5h"))
    assert roster.people["ana"].hello == "QW5h"
    roster.receive(ParticipantLeft(participant="ben", reason="left"))
    assert [(who.id, who.connected) for who, _ in roster.publications()] == [("ana", False)]


def test_what_concerns_nobody_is_passed_over() -> None:
    """Messages about people who are not there."""
    roster = welcomed()
    roster.receive(ParticipantLeft(participant="nobody", reason="left"))
    roster.receive(ParticipantUpdated(participant="nobody", connected=False, hello=None))
    roster.receive(PublicationAdded(participant="nobody", publication=publication("x")))
    roster.receive(PublicationRemoved(participant="nobody", publication="x"))
    roster.receive(PublicationRemoved(participant="me", publication="x"))
    assert set(roster.people) == {"me"}
    assert Roster().own_publications() == ()


def test_is_bounded() -> None:
    """A server may say what it likes."""
    roster = welcomed(*(person(str(number)) for number in range(MAX_PARTICIPANTS + 5)))
    roster.receive(ParticipantJoined(participant=person("late")))
    assert len(roster.people) == MAX_PARTICIPANTS
    for number in range(MAX_PUBLICATIONS + 5):
        roster.receive(PublicationAdded(participant="1", publication=publication(f"p{number}")))
    assert len(roster.people["1"].publications) == MAX_PUBLICATIONS
