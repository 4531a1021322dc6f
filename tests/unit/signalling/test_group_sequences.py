"""Whatever people of a room do, the members of its group see one and the same order."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sfu.rooms import delivery
from tests.support.house import Client, House

KEPT, KEPT_BYTES = 4, 300
LONGEST = 200

places = st.integers(0, 3)
lengths = st.sampled_from([1, LONGEST])


@dataclass(eq=False)
class Person:
    """Somebody, and what they know of the group: `next` is None for who is not in it."""

    hello: str
    client: Client | None = None
    next: int | None = None
    since: int = 0  # the first number that they may see
    messages: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def here(self) -> bool:
        return self.client is not None and not self.client.session.over


class Party(RuleBasedStateMachine):
    """Four people, one room; most steps are of somebody who is in it."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(delivery, "MAX_KEPT", KEPT)
        self.patch.setattr(delivery, "MAX_KEPT_BYTES", KEPT_BYTES)
        self.house = House()
        self.names = (f"n{i}" for i in count())
        self.people = [Person(next(self.names)) for _ in range(4)]
        self.group: str | None = None
        self.log: list[str] = []  # the commits of this group, in their order

    def teardown(self) -> None:
        self.patch.undo()

    # What is heard

    def say(self, who: Person, kind: str, **fields: object) -> list[str]:
        """Send a message; return the codes of what was refused."""
        assert who.client is not None
        who.problems = []
        self.hear(who, who.client.say(kind, **fields))
        for person in self.people:
            if person.here and person.client is not None:
                self.hear(person, person.client.hear())
        return who.problems

    def hear(self, who: Person, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            handler = getattr(self, f"on_{message['type']}", None)
            if handler is not None:
                handler(who, message)

    def on_problem(self, who: Person, message: dict[str, Any]) -> None:
        who.problems.append(message["code"])

    def on_group_started(self, who: Person, message: dict[str, Any]) -> None:
        assert who.next is None
        assert who.client is not None
        if message["participant"] == who.client.ident:
            who.next = who.since = 0

    def on_group_welcome(self, who: Person, message: dict[str, Any]) -> None:
        """One more than is needed is in its place, too."""
        assert message["group"] == self.group
        assert message["welcome"] == f"w{message['number'] - 1}"
        if who.next is None:
            who.since = message["number"]
        assert who.next in {None, message["number"]}
        who.next = message["number"]

    def on_commit_accepted(self, who: Person, message: dict[str, Any]) -> None:
        """The next, and no other; never for who is not a member."""
        assert (message["group"], message["number"]) == (self.group, who.next)
        assert message["number"] >= who.since
        if message["number"] == len(self.log):
            self.log.append(message["commit"])
        assert self.log[message["number"]] == message["commit"]
        who.next = message["number"] + 1

    def on_group_message(self, who: Person, message: dict[str, Any]) -> None:
        assert message["group"] == self.group
        assert who.next is not None
        who.messages.append(message["message"])

    def on_group_ended(self, who: Person, message: dict[str, Any]) -> None:
        assert message["group"] == self.group
        assert who.next is None

    # Coming and going

    @initialize()
    def open(self) -> None:
        """Everybody comes, and the first begins; sequences that need a while for it are rare."""
        for place in range(4):
            self.come(place, anew=False)
        self.start(0)

    def one_of_those(self, place: int, *, here: bool = True, member: bool = False) -> Person:
        """Of people here or away; of members, if there is one."""
        people = [person for person in self.people if person.here == here]
        members = [person for person in people if person.next is not None]
        chosen = members if member and members else people
        return chosen[place % len(chosen)]

    def somebody_is_here(self) -> bool:
        return any(person.here for person in self.people)

    def somebody_is_away(self) -> bool:
        return not all(person.here for person in self.people)

    @precondition(somebody_is_away)
    @rule(place=places, anew=st.booleans())
    def come(self, place: int, *, anew: bool) -> None:
        """Enter, or return: with the keys of before, or with others."""
        who = self.one_of_those(place, here=False)
        if anew:
            self.forget(who)
        secret = who.client.secret if who.client is not None else None
        who.client = self.house.client()
        fields = {"name": "X", "mode": "e2ee-mls", "hello": who.hello, "resume": secret}
        welcome = who.client.join(**fields)
        if not welcome["resumed"]:
            who.next = None
        self.learn(welcome["group"])
        if self.group is not None:
            refused = self.say(who, "catch_up", group=self.group, number=who.next)
            assert refused in ([], ["too-far-behind"], ["not-a-member"])
            if refused == ["too-far-behind"]:
                self.forget(who)
                assert self.say(who, "introduce", hello=who.hello) == []
            elif refused:
                assert who.next is None

    def forget(self, who: Person) -> None:
        who.hello, who.next = next(self.names), None

    def learn(self, group: dict[str, Any] | None) -> None:
        """What the welcome says is what all others know."""
        if group is None:
            self.group, self.log = None, []
        else:
            assert group == {"id": self.group, "number": len(self.log)}

    @precondition(somebody_is_here)
    @rule(place=places, how=st.sampled_from(["drop", "leave", "introduce"]))
    def part(self, place: int, how: str) -> None:
        """For a while, for good, or to be somebody else."""
        who = self.one_of_those(place)
        assert who.client is not None
        if how == "drop":
            who.client.session.disconnected(now=self.house.hall.now)
        elif how == "leave":
            who.next = None
            self.say(who, "leave")
        else:
            before = (who.hello, who.next)
            self.forget(who)
            if self.say(who, "introduce", hello=who.hello) == ["too-often"]:
                who.hello, who.next = before

    @rule(seconds=st.sampled_from([3, 11]))
    def wait(self, seconds: int) -> None:
        self.house.hall.pass_time(seconds, step=1)

    # The group

    @precondition(somebody_is_here)
    @rule(place=places)
    def start(self, place: int) -> None:
        who = self.one_of_those(place)
        if self.open_group() is None:
            self.group, self.log = next(self.names).rjust(43, "g"), []
            assert self.say(who, "start_group", group=self.group) == []
        else:
            assert self.say(who, "start_group", group="h" * 43) == ["group-exists"]

    @precondition(somebody_is_here)
    @rule(
        place=places,
        member=st.sampled_from([True, True, True, False]),
        off=st.sampled_from([0, 0, 0, -1, 1]),
        added=st.sets(places),
        length=lengths,
    )
    def commit(self, place: int, off: int, added: set[int], length: int, *, member: bool) -> None:
        """Of members and others, at the right time or not, for whomever."""
        who, group = self.one_of_those(place, member=member), self.open_group()
        if group is None:
            return
        number = max(0, group.number + off)
        fits, member = number == group.number, who.next is not None
        ids = [one.client.ident for one in (self.people[i] for i in added) if one.client]
        refused = self.say(
            who,
            "send_commit",
            group=self.group,
            number=number,
            commit=next(self.names).rjust(length, "A"),
            welcome=f"w{number}" if ids else None,
            added=ids,
        )
        expected = [] if fits and member else ["stale-commit"] if member else ["not-a-member"]
        assert refused == expected
        assert group.number == number + 1 if refused == [] else group.number == len(self.log)

    @precondition(somebody_is_here)
    @rule(place=places)
    def talk(self, place: int) -> None:
        """All other members hear it, once."""
        who = self.one_of_those(place)
        if self.open_group() is None:
            return
        text = next(self.names)
        refused = self.say(who, "send_group_message", group=self.group, message=text)
        assert refused == ([] if who.next is not None else ["not-a-member"])
        for person in self.people:
            hears = person.here and person is not who and person.next is not None and not refused
            assert person.messages.count(text) == hears

    @precondition(somebody_is_here)
    @rule(place=places, back=st.integers(0, KEPT + 2))
    def catch_up(self, place: int, back: int) -> None:
        """What is told again is what was told, and nothing from before one's time."""
        who = self.one_of_those(place, member=True)
        if who.next is None:
            return
        here = who.next
        who.next = max(0, here - back)
        if self.say(who, "catch_up", group=self.group, number=who.next):
            assert set(who.problems) <= {"too-far-behind", "too-often"}
            who.next = here
        assert who.next == here

    # What holds all the time

    def open_group(self) -> Any:  # noqa: ANN401 - None for mypy, whatever was asserted before
        room = self.house.hall.directory.rooms.get("hall")
        return room.group if room is not None else None

    @invariant()
    def members_are_up_to_date(self) -> None:
        """Everybody connected has seen all commits, or none at all; the server knows who."""
        group = self.open_group()
        for person in self.people:
            if person.here and person.client is not None:
                for text in person.client.session.take():
                    assert "commit" not in text
                assert person.next in {None, len(self.log)}
                members = {one.id for one in group.members} if group is not None else set()
                assert (person.client.ident in members) == (person.next is not None)

    @invariant()
    def memory_is_bounded(self) -> None:
        """A few commits, in number and in bytes."""
        group = self.open_group()
        if group is not None:
            assert group.members
            kept = group._delivery._kept  # noqa: SLF001 - nobody else has to know
            assert len(kept) <= KEPT
            assert sum(commit.size for commit in kept) <= KEPT_BYTES
            assert len(group._delivery.since) <= len(self.people)  # noqa: SLF001


TestParty = Party.TestCase
