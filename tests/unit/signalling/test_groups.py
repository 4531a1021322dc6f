"""Groups of rooms in mode `e2ee-mls`, as sessions see them."""

from typing import Any, Final

import pytest

from sfu.rooms.delivery import MAX_KEPT_BYTES
from sfu.signalling.groups import BURST, PER_SECOND
from sfu.signalling.session import MAX_UNSENT_BYTES
from tests.support.house import Client, House, only

GROUP: Final = "g" * 43
LONG: Final = "A" * 120_000


@pytest.fixture
def house() -> House:
    return House()


def guest(house: House, name: str) -> Client:
    return house.guest(name=name, mode="e2ee-mls", hello="aGVsbG8")


def commit(who: Client, number: int, *added: Client, **fields: object) -> list[dict[str, Any]]:
    """Send a commit, and return what its author hears."""
    message = {
        "group": GROUP,
        "number": number,
        "commit": "Y29tbWl0",
        "welcome": "d2VsY29tZQ" if added else None,
        "added": [one.ident for one in added],
    }
    return who.say("send_commit", **(message | fields))


@pytest.fixture
def couple(house: House) -> tuple[Client, Client]:
    """Ana and Ben, who are in a group together, and have heard of it."""
    ana, ben = guest(house, "Ana"), guest(house, "Ben")
    ana.say("start_group", group=GROUP)
    commit(ana, 0, ben)
    ben.hear()
    return ana, ben


class TestDelivery:
    """Messages in, the same messages out, to the right people."""

    def test_a_group_begins_and_is_told_to_who_comes(self, house: House) -> None:
        """Its number is that of the next commit."""
        ana = guest(house, "Ana")
        assert house.client().join(mode="e2ee-mls", hello="QmVu")["group"] is None
        ana.hear()
        started = only(ana.say("start_group", group=GROUP))
        assert started == {"type": "group_started", "participant": ana.ident, "group": GROUP}
        commit(ana, 0)
        welcome = house.client().join(mode="e2ee-mls", hello="Q2xlbw")
        assert welcome["group"] == {"id": GROUP, "number": 1}

    def test_a_commit_reaches_members_and_its_welcome_who_is_added(self, house: House) -> None:
        """Word for word, with their numbers and who they are from."""
        ana, ben = guest(house, "Ana"), guest(house, "Ben")
        ana.say("start_group", group=GROUP)
        ben.hear()
        common = {"participant": ana.ident, "group": GROUP}
        accepted = {"type": "commit_accepted", "number": 0, "commit": "Y29tbWl0"} | common
        welcome = {"type": "group_welcome", "number": 1, "welcome": "d2VsY29tZQ"} | common
        assert only(commit(ana, 0, ben)) == accepted
        assert only(ben.hear()) == welcome

    def test_messages_reach_the_others(self, couple: tuple[Client, Client]) -> None:
        """As they are."""
        ana, ben = couple
        assert ana.say("send_group_message", group=GROUP, message="bWVzc2FnZQ") == []
        assert only(ben.hear()) == {
            "type": "group_message",
            "participant": ana.ident,
            "group": GROUP,
            "message": "bWVzc2FnZQ",
        }

    def test_another_hello_is_told_to_the_others(self, couple: tuple[Client, Client]) -> None:
        """And ends the membership of who says it."""
        ana, ben = couple
        assert ben.say("introduce", hello="bmV3") == []
        updated = only(ana.hear())
        assert (updated["type"], updated["hello"]) == ("participant_updated", "bmV3")
        assert only(commit(ben, 1))["code"] == "not-a-member"

    def test_a_return_with_the_same_hello_catches_up(
        self, house: House, couple: tuple[Client, Client]
    ) -> None:
        """The connection was lost, the keys are not: number 1 is what was missed."""
        ana, ben = couple
        ben.session.disconnected(now=house.hall.now)
        commit(ana, 1)
        back = house.client()
        fields = {"name": "Ben", "mode": "e2ee-mls", "hello": "aGVsbG8"}
        assert back.join(resume=ben.secret, **fields)["group"] == {"id": GROUP, "number": 2}
        assert only(back.say("catch_up", group=GROUP, number=1))["number"] == 1
        assert commit(back, 2)[0]["type"] == "commit_accepted"

    def test_a_return_with_another_hello_waits_to_be_added(
        self, house: House, couple: tuple[Client, Client]
    ) -> None:
        """A reloaded page has lost its keys; its Welcome comes like anybody's."""
        ana, ben = couple
        back = house.client()
        back.join(name="Ben", mode="e2ee-mls", hello="bmV3", resume=ben.secret)
        assert only(back.say("catch_up", group=GROUP, number=None))["code"] == "not-a-member"
        commit(ana, 1, back)
        assert only(back.hear())["type"] == "group_welcome"

    def test_the_last_member_ends_it(self, house: House) -> None:
        """By another hello, too: the others may begin another group."""
        ana, ben = guest(house, "Ana"), guest(house, "Ben")
        ana.say("start_group", group=GROUP)
        ben.hear()
        ended = {"type": "group_ended", "group": GROUP}
        assert only(ana.say("introduce", hello="bmV3")) == ended
        assert ben.hear()[1] == ended
        assert only(ben.say("start_group", group=GROUP))["type"] == "group_started"


class TestRefusals:
    """Each has a code for programs and a sentence that says what to do."""

    @pytest.mark.parametrize(
        ("request_of", "fields", "code"),
        [
            pytest.param("ana start_group", {}, "group-exists", id="a second group"),
            pytest.param("cleo start_group", {}, "group-exists", id="by somebody else"),
            pytest.param("ana catch_up", {"group": "h" * 43}, "no-group", id="another group"),
            pytest.param("ana send_commit", {"number": 0}, "stale-commit", id="too late"),
            pytest.param("ana send_commit", {"number": 2}, "stale-commit", id="too early"),
            pytest.param("cleo send_commit", {"number": 1}, "not-a-member", id="a stranger's"),
            pytest.param("cleo send_group_message", {}, "not-a-member", id="a stranger talks"),
            pytest.param("cleo catch_up", {}, "not-a-member", id="a stranger is curious"),
            pytest.param("ben catch_up", {"number": 0}, "too-far-behind", id="before joining"),
            pytest.param("ana start_group", {"group": "g" * 42}, "bad-message", id="31 bytes"),
            pytest.param("ana start_group", {"group": "g" * 44}, "bad-message", id="33 bytes"),
            pytest.param("ana send_commit", {"commit": LONG + "A"}, "bad-message", id="too long"),
        ],
    )
    def test_in_words(
        self,
        house: House,
        couple: tuple[Client, Client],
        request_of: str,
        fields: dict[str, object],
        code: str,
    ) -> None:
        """And nobody hears of what was refused."""
        people = {"ana": couple[0], "ben": couple[1], "cleo": guest(house, "Cleo")}
        for one in couple:
            one.hear()
        whole: dict[str, dict[str, object]] = {
            "start_group": {"group": GROUP},
            "send_commit": {"number": 1, "commit": "QQ", "welcome": None, "added": []},
            "send_group_message": {"message": "QQ"},
            "catch_up": {"number": 1},
        }
        who, kind = request_of.split()
        problem = only(people[who].say(kind, **({"group": GROUP} | whole[kind] | fields)))
        assert (problem["code"], problem["fatal"]) == (code, False)
        assert len(problem["reason"].split()) > 5
        assert [one.hear() for one in people.values()] == [[], [], []]

    @pytest.mark.parametrize("mode", ["hop", "e2ee-passphrase"])
    def test_other_modes_have_no_groups(self, house: House, mode: str) -> None:
        """Whatever is asked."""
        ana = house.guest(mode=mode, hello=None if mode == "hop" else "aGVsbG8")
        for kind, fields in (
            ("start_group", {}),
            ("send_commit", {"number": 0, "commit": "QQ", "welcome": None, "added": []}),
            ("send_group_message", {"message": "QQ"}),
            ("catch_up", {"number": None}),
        ):
            assert only(ana.say(kind, group=GROUP, **fields))["code"] == "not-mls"

    def test_nobody_says_hello_in_the_clear(self, house: House) -> None:
        """There is nothing that it could be about."""
        assert only(house.guest().say("introduce", hello="bmV3"))["code"] == "bad-hello"


class TestBounds:
    """What one client may cost the others, and us."""

    def test_hellos_have_a_pace(self, house: House, couple: tuple[Client, Client]) -> None:
        """Each is a commit for somebody else; who waits may say another."""
        ana, ben = couple
        said = [ben.say("introduce", hello=f"bmV3{i}") for i in range(int(BURST) + 1)]
        assert said[:-1] == [[]] * int(BURST)
        assert only(said[-1])["code"] == "too-often"
        assert len(ana.hear()) == BURST
        house.hall.now += 1.01 / PER_SECOND
        assert ben.say("introduce", hello="bmV3") == []
        assert only(ben.say("introduce", hello="bmV30"))["code"] == "too-often"

    def test_a_whole_catch_up_fits_what_may_wait(self, couple: tuple[Client, Client]) -> None:
        """However long the commits and Welcomes, and however they are mixed."""
        ana, ben = couple
        for number in range(1, 40):
            commit(ana, number, ben, commit=LONG, welcome=LONG)
            ben.hear()
        problem = only(ben.say("catch_up", group=GROUP, number=1))
        assert problem["code"] == "too-far-behind"
        ben.session.receive(
            f'{{"type":"catch_up","group":"{GROUP}","number":null}}', now=ben.hall.now
        )
        texts = ben.session.take()
        assert MAX_KEPT_BYTES / 2 < sum(map(len, texts)) < MAX_UNSENT_BYTES / 2 + 20_000
        assert not ben.session.over

    def test_catching_up_has_a_pace(self, couple: tuple[Client, Client]) -> None:
        """A short question with a long answer is no lever."""
        ana, _ = couple
        for _ in range(int(BURST)):
            assert only(ana.say("catch_up", group=GROUP, number=0))["type"] == "commit_accepted"
        assert only(ana.say("catch_up", group=GROUP, number=0))["code"] == "too-often"

    def test_who_does_not_listen_keeps_nobody_waiting(self, couple: tuple[Client, Client]) -> None:
        """A slow member is let go with what they were not sent; commits go on."""
        ana, ben = couple
        for number in range(1, 1 + MAX_UNSENT_BYTES // len(LONG) + 1):
            assert only(commit(ana, number, commit=LONG))["number"] == number
        assert ben.session.over
