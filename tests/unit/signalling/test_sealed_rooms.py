"""Rooms in an end-to-end mode, as sessions see them."""

from typing import Final

import pytest

from tests.support.house import House, only


@pytest.fixture
def house() -> House:
    return House()


SEALED: Final = {"mode": "e2ee-passphrase", "hello": "QW5h"}
GROUPED: Final = {"mode": "e2ee-mls", "hello": "QW5h"}


class TestSealedRooms:
    """The server passes on what it cannot read, and lets nobody take one mode for another."""

    def test_hellos_reach_everybody(self, house: House) -> None:
        """Those who are here, and those who come later."""
        ana = house.guest(name="Ana", **SEALED)
        ben = house.client().join(name="Ben", mode="e2ee-passphrase", hello="QmVu")
        assert ben["mode"] == "e2ee-passphrase"
        assert [person["hello"] for person in ben["participants"]] == ["QW5h", "QmVu"]
        assert only(ana.hear())["participant"]["hello"] == "QmVu"

    @pytest.mark.parametrize(
        ("first", "second", "code"),
        [
            pytest.param(SEALED, {}, "wrong-mode", id="a clear client, a sealed room"),
            pytest.param({}, SEALED, "wrong-mode", id="a sealed client, a clear room"),
            pytest.param(GROUPED, SEALED, "wrong-mode", id="a passphrase, a room with a group"),
            pytest.param(SEALED, GROUPED, "wrong-mode", id="a group, a room with a passphrase"),
            pytest.param({}, {"mode": "e2ee-mls"}, "bad-hello", id="a group without a hello"),
            pytest.param({}, {"hello": "QW5h"}, "bad-hello", id="a hello in the clear"),
            pytest.param({}, {"mode": "e2ee-passphrase"}, "bad-hello", id="sealed without a hello"),
            pytest.param(SEALED, SEALED | {"hello": "?"}, "bad-message", id="no base64url"),
            pytest.param(SEALED, SEALED | {"hello": "A" * 2001}, "bad-message", id="too long"),
        ],
    )
    def test_modes_do_not_mix(
        self, house: House, first: dict[str, str], second: dict[str, str], code: str
    ) -> None:
        """Adversarial test 40: nobody is adapted to, and nothing is left of who was refused."""
        ana = house.guest(name="Ana", **first)
        problem = only(house.client().say("join", **({"room": "hall", "name": "B"} | second)))
        assert problem["code"] == code
        assert ana.hear() == []

    def test_a_return_may_bring_another_hello(self, house: House) -> None:
        """A reloaded page has new keys, and the others learn of them; in the same mode only."""
        ana, ben = house.guest(name="Ana", **SEALED), house.guest(name="Ben", **SEALED)
        ana.hear()
        again = SEALED | {"room": "hall", "name": "Ben", "resume": ben.secret}
        problem = only(house.client().say("join", **(again | {"mode": "hop", "hello": None})))
        assert problem["code"] == "wrong-mode"
        welcome, *_ = house.client().say("join", **(again | {"hello": "bmV3"}))
        assert (welcome["resumed"], welcome["participants"][1]["hello"]) == (True, "bmV3")
        updated = ana.hear()[0]
        assert (updated["type"], updated["hello"]) == ("participant_updated", "bmV3")

    def test_sealed_chat_is_relayed_as_it_is(self, house: House) -> None:
        """And a line in clear is not: nobody meant to show it to the server."""
        ana, ben = house.guest(name="Ana", **SEALED), house.guest(name="Ben", **SEALED)
        ana.hear()
        assert ben.say("send_sealed_chat", line="c2VhbGVk")[0]["line"] == "c2VhbGVk"
        assert only(ana.hear())["type"] == "sealed_chat"
        assert only(ben.say("send_chat", text="hello"))["code"] == "chat-in-clear"
        assert ana.hear() == []

    def test_refusals_are_counted(self, house: House) -> None:
        """What clients report adds up by reason; in a clear room there is nothing to report."""
        ana = house.guest(name="Ana", **SEALED)
        assert ana.say("report_refusals", replayed=2, not_authentic=1) == []
        assert ana.say("report_refusals", replayed=3) == []
        tally = house.hall.directory.tally()
        assert (tally["refusals", "replayed"], tally["refusals", "not_authentic"]) == (5, 1)
        assert only(ana.say("report_refusals", replayed=-1))["code"] == "bad-message"
        ben = house.guest(name="Ben", room="clear")
        assert only(ben.say("report_refusals", replayed=1))["code"] == "not-sealed"

    def test_nobody_is_sent_what_they_could_not_read(self, house: House) -> None:
        """A sealed line in a clear room."""
        ana = house.guest()
        assert only(ana.say("send_sealed_chat", line="c2VhbGVk"))["code"] == "chat-sealed"
