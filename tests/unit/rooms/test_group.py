"""Who of a room is told of commits, Welcomes and messages, and when a group ends."""

from dataclasses import dataclass

import pytest

from sfu.errors import Refused
from sfu.rooms import events
from sfu.rooms.group import Group
from sfu.rooms.room import MLS
from tests.support.hall import Guest, Hall

GROUP = "g" * 43


@dataclass
class Party:
    """Ana began, Ben was added, Cleo waits."""

    hall: Hall
    ana: Guest
    ben: Guest
    cleo: Guest

    @property
    def everybody(self) -> tuple[Guest, ...]:
        return self.ana, self.ben, self.cleo

    @property
    def group(self) -> Group:
        group = self.ana.participant.room.group
        assert group is not None
        return group

    def commit(self, author: Guest, *added: Guest) -> None:
        self.group.commit(
            author.participant,
            self.group.number,
            "Y29tbWl0",
            welcome="d2VsY29tZQ" if added else None,
            added=[guest.participant.id for guest in added],
        )

    def told(self) -> list[list[str]]:
        """The kinds of what each heard since the last time."""
        kinds = [[type(event).__name__ for event in guest.heard] for guest in self.everybody]
        for guest in self.everybody:
            guest.heard.clear()
        return kinds


@pytest.fixture
def party() -> Party:
    hall = Hall()
    party = Party(hall, hall.enter(mode=MLS), hall.enter(mode=MLS), hall.enter(mode=MLS))
    party.ana.participant.room.start_group(GROUP, party.ana.participant)
    party.commit(party.ana, party.ben)
    party.told()
    return party


def test_everybody_hears_of_a_new_group() -> None:
    """Members of it or not: they know whom to wait for."""
    hall = Hall()
    guests = [hall.enter(mode=MLS), hall.enter(mode=MLS)]
    first = guests[0].participant
    first.room.start_group(GROUP, first)
    for guest in guests:
        assert guest.told(events.GroupStarted) == [events.GroupStarted(first, GROUP)]


def test_there_is_one_group_at_a_time(party: Party) -> None:
    """Of two who begin, the second is refused; the first goes on."""
    with pytest.raises(Refused, match="group-exists"):
        party.cleo.participant.room.start_group("h" * 43, party.cleo.participant)
    assert party.group.id == GROUP
    assert party.told() == [[], [], []]


@pytest.mark.parametrize("mode", ["hop", "e2ee-passphrase"])
def test_other_modes_have_no_groups(mode: str) -> None:
    """There is nothing to agree on."""
    ana = Hall().enter(mode=mode).participant
    with pytest.raises(Refused, match="not-mls"):
        ana.room.start_group(GROUP, ana)


def test_members_hear_of_commits_and_who_is_added_of_the_welcome(party: Party) -> None:
    """The author too, for whom it is the confirmation."""
    party.commit(party.ben)
    assert party.told() == [["CommitAccepted"], ["CommitAccepted"], []]
    party.commit(party.ben, party.cleo)
    assert party.told() == [["CommitAccepted"], ["CommitAccepted"], ["Welcomed"]]
    party.commit(party.cleo)
    assert party.told() == [["CommitAccepted"]] * 3


def test_a_commit_that_comes_too_late_is_counted_and_told_to_nobody(party: Party) -> None:
    """Its author learns the number that is next."""
    with pytest.raises(Refused, match="stale-commit: The next commit is number 1"):
        party.group.commit(party.ben.participant, 0, "Y29tbWl0", welcome=None, added=())
    assert party.told() == [[], [], []]
    tally = party.hall.directory.tally()
    assert (tally["group_commits", "accepted"], tally["group_commits", "stale"]) == (1, 1)


def test_who_is_not_there_is_not_added(party: Party) -> None:
    """Strangers' ids, and those of people who have just left, do no harm."""
    room = party.ana.participant.room
    room.remove(party.cleo.participant, "left")
    party.told()
    ids = [party.cleo.participant.id, "nobody", party.ben.participant.id]
    party.group.commit(party.ana.participant, 1, "Y29tbWl0", welcome="dw", added=ids)
    assert party.told() == [["CommitAccepted"], ["CommitAccepted", "Welcomed"], []]
    assert party.group.members == [party.ana.participant, party.ben.participant]


def test_messages_go_to_all_other_members(party: Party) -> None:
    """And to nobody who is not one."""
    party.group.say(party.ben.participant, "bWVzc2FnZQ")
    assert party.told() == [["SaidToGroup"], [], []]
    assert party.hall.directory.tally()["group_messages",] == 1


def test_who_is_not_a_member_may_do_nothing(party: Party) -> None:
    """Neither commit, nor talk, nor ask for what was missed."""
    cleo, group = party.cleo.participant, party.group
    with pytest.raises(Refused, match="not-a-member"):
        party.commit(party.cleo)
    with pytest.raises(Refused, match="not-a-member"):
        group.say(cleo, "bWVzc2FnZQ")
    for number in (None, 0):
        with pytest.raises(Refused, match="not-a-member"):
            group.catch_up(cleo, number)
    assert party.told() == [[], [], []]


def test_who_was_away_catches_up(party: Party) -> None:
    """A dropped connection is no parting: who returns asks for what came meanwhile."""
    ben = party.ben.participant
    ben.drop_out(now=party.hall.now)
    party.commit(party.ana)
    party.hall.pass_time(5)
    party.told()
    ben.listen(party.ben.heard.append)
    party.group.catch_up(ben, 1)
    assert [event.commit.number for event in party.ben.told(events.CommitAccepted)] == [1]
    party.group.catch_up(ben, None)
    assert party.told()[1] == ["Welcomed", "CommitAccepted"]


def test_who_was_added_while_they_were_away_asks_for_the_welcome(party: Party) -> None:
    """It was sent to nobody, and is kept."""
    cleo = party.cleo.participant
    cleo.drop_out(now=party.hall.now)
    party.commit(party.ana, party.cleo)
    party.commit(party.ben)
    cleo.listen(party.cleo.heard.append)
    party.group.catch_up(cleo, None)
    assert party.told()[2] == ["Welcomed", "CommitAccepted"]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        pytest.param("ben", 0, id="before they came"),
        pytest.param("ana", None, id="a Welcome for who began"),
    ],
)
def test_what_never_was_cannot_be_caught_up_with(
    party: Party, name: str, number: int | None
) -> None:
    """The refusal says what helps: another hello."""
    guest: Guest = getattr(party, name)
    with pytest.raises(Refused, match=r"too-far-behind.*introduce"):
        party.group.catch_up(guest.participant, number)


def test_another_hello_ends_a_membership(party: Party) -> None:
    """The same one, as after a short loss of the network, does not."""
    ben = party.ben.participant
    ben.introduce(ben.hello)
    assert ben in party.group.members
    ben.introduce("bmV3")
    assert party.group.members == [party.ana.participant]


@pytest.mark.parametrize("reason", ["left", "removed", "timeout"])
def test_the_last_member_takes_the_group_along(party: Party, reason: str) -> None:
    """Everybody who is left hears of it, and any of them may begin anew."""
    room = party.ana.participant.room
    room.remove(party.ana.participant, reason)
    assert party.told()[2] == ["Left"]
    room.remove(party.ben.participant, reason)
    assert party.told()[2] == ["Left", "GroupEnded"]
    assert room.group is None
    room.start_group("h" * 43, party.cleo.participant)
    assert party.told()[2] == ["GroupStarted"]


def test_ten_seconds_of_absence_end_a_membership(party: Party) -> None:
    """As they end everything else."""
    for guest in (party.ana, party.ben):
        guest.participant.drop_out(now=party.hall.now)
    party.hall.pass_time(9)
    assert len(party.group.members) == 2
    party.hall.pass_time(2)
    assert party.cleo.told(events.GroupEnded) == [events.GroupEnded(GROUP)]
