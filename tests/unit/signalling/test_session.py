"""A conversation over one WebSocket: what may be said when, and what is answered."""

from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.signalling.session import MAX_UNSENT, MAX_UNSENT_BYTES
from sfu.signalling.tokens import Grant
from tests.support.house import House, only
from tests.support.media import audio_track, video_track


@pytest.fixture
def house() -> House:
    return House()


class TestJoining:
    """The first message decides."""

    def test_the_welcome_tells_who_is_here(self, house: House) -> None:
        """Everybody with what they publish, oneself included."""
        ana = house.guest(name="Ana")
        _, publications = house.hall.publisher(audio_track())
        welcome = house.client().join(name="Ben")
        assert [person["name"] for person in welcome["participants"]] == ["Ana", "guest 1", "Ben"]
        assert welcome["participants"][1]["publications"] == [
            {
                "id": publications[0].id,
                "kind": "audio",
                "source": "microphone",
                "codec": None,
                "muted": False,
                "layers": [],
            }
        ]
        assert [message["type"] for message in ana.hear()] == [
            "participant_joined",
            "publication_added",
            "participant_joined",
        ]

    def test_who_joins_is_connected(self, house: House) -> None:
        """The others see them there, not on their way."""
        ana = house.guest()
        house.guest(name="Ben")
        assert only(ana.hear())["participant"]["connected"] is True

    def test_nothing_is_done_for_who_has_not_joined(self, house: House) -> None:
        """But they may still join."""
        client = house.client()
        assert only(client.say("send_chat", text="hello"))["code"] == "not-joined"
        client.join()

    def test_one_connection_joins_once(self, house: House) -> None:
        """A second join ends it."""
        ana = house.guest()
        assert only(ana.say("join", room="other", name="Ana"))["code"] == "already-joined"

    def test_a_full_room_says_so(self) -> None:
        """And stays as it is."""
        house = House(seats=1)
        house.guest()
        problem = only(house.client().say("join", room="hall", name="Ben"))
        assert (problem["code"], problem["fatal"]) == ("room-full", True)

    def test_who_is_shutting_down_lets_nobody_in(self, house: House) -> None:
        """Those who are here hear that they are out."""
        ana = house.guest()
        house.hall.directory.drain()
        assert only(ana.hear()) == {"type": "removed", "reason": "drained"}
        assert ana.session.over
        assert only(house.client().say("join", room="hall", name="Ben"))["code"] == "draining"


class TestTokens:
    """Outside the open mode a token says what its bearer may do."""

    GRANTS: ClassVar = {
        "guest": Grant(room="hall"),
        "named": Grant(name="Dr. Ana"),
        "watcher": Grant(may_publish=False),
        "sealed": Grant(mode="e2ee-mls"),
        "scrape": Grant(may_publish=False, may_subscribe=False, scrape=True),
    }

    def test_its_grants_are_told_and_kept(self) -> None:
        """Its name wins over what the client says."""
        house = House(grants=self.GRANTS)
        welcome = house.client().join(name="Eve", token="named")
        assert welcome["participants"][0]["name"] == "Dr. Ana"
        assert welcome["moderator"] is False
        assert house.client().join(name="Ben", token="watcher")["may_publish"] is False

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            pytest.param({}, "token-missing", id="no token"),
            pytest.param({"token": "forged"}, "bad-token", id="somebody else's"),
            pytest.param({"token": "guest", "room": "other"}, "wrong-room", id="another room"),
            pytest.param({"token": "sealed"}, "wrong-mode", id="another mode"),
            pytest.param({"token": "scrape"}, "forbidden", id="for metrics"),
        ],
    )
    def test_others_are_refused(self, fields: dict[str, str], code: str) -> None:
        """With a reason, and for good."""
        house = House(grants=self.GRANTS)
        problem = only(house.client().say("join", **({"room": "hall", "name": "Eve"} | fields)))
        assert (problem["code"], problem["fatal"]) == (code, True)

    def test_returning_needs_a_token_too(self) -> None:
        """The secret alone is not an admission."""
        house = House(grants=self.GRANTS)
        ana = house.guest(token="guest")
        ana.session.disconnected(now=house.hall.now)
        problem = only(house.client().say("join", room="hall", name="A", resume=ana.secret))
        assert problem["code"] == "token-missing"

    def test_who_may_not_publish_is_not_heard(self) -> None:
        """The offer is refused, and the connection goes on."""
        house = House(grants=self.GRANTS)
        watcher = house.guest(token="watcher")
        sections = [{"mid": "0", "source": "camera"}]
        problem = only(watcher.say("offer", id=7, sdp="v=0", publish=sections, receive=[]))
        assert problem["code"] == "may-not-publish"
        assert (problem["id"], problem["fatal"]) == (7, False)


class TestReturning:
    """A dropped connection comes back with its secret."""

    def test_identity_and_wishes_are_kept(self, house: House) -> None:
        """Within the time that is allowed; and the others see it."""
        ben = house.guest(name="Ben")
        _, (camera,) = house.hall.publisher(video_track())
        ana = house.guest(name="Ana")
        ana.say("wish", publication=camera.id, height=180)
        ben.hear()
        ana.session.disconnected(now=house.hall.now)
        house.hall.pass_time(9)
        back = house.client()
        welcome = back.join(name="Ana", resume=ana.secret)
        assert (welcome["participant"], welcome["resumed"]) == (ana.ident, True)
        room = house.hall.directory.rooms["hall"]
        assert room.participants[ana.ident].wishes == {camera.id: 180}
        assert [m["connected"] for m in ben.hear() if m["type"] == "participant_updated"] == [
            False,
            True,
        ]

    def test_too_late_is_a_new_participant(self, house: House) -> None:
        """Who has been away for too long joins like everybody else."""
        house.guest(name="Ben")
        ana = house.guest(name="Ana")
        ana.session.disconnected(now=house.hall.now)
        house.hall.pass_time(11)
        welcome = house.client().join(name="Ana", resume=ana.secret)
        assert welcome["resumed"] is False
        assert welcome["participant"] != ana.ident

    def test_the_replaced_connection_is_told(self, house: House) -> None:
        """And closed, without taking the participant along."""
        ana = house.guest(name="Ana")
        back = house.client()
        back.join(name="Ana", resume=ana.secret)
        assert only(ana.hear()) == {"type": "removed", "reason": "replaced"}
        ana.session.disconnected(now=house.hall.now)
        assert house.hall.directory.rooms["hall"].participants[ana.ident].connected

    @pytest.mark.parametrize("secret", ["0" * 48, "ä", "x"])
    def test_a_wrong_secret_finds_nobody(self, house: House, secret: str) -> None:
        """It is no error: the client may be late."""
        house.guest(name="Ana")
        assert house.client().join(name="Eve", resume=secret)["resumed"] is False


class TestTalking:
    """What participants do to each other."""

    def test_chat_reaches_everybody_oneself_too(self, house: House) -> None:
        """So that all see the same order."""
        ana, ben = house.guest(name="Ana"), house.guest(name="Ben")
        ana.hear()
        said = {"type": "chat", "participant": ana.ident, "name": "Ana", "text": "<b>hello</b>"}
        assert ana.say("send_chat", text="<b>hello</b>") == [said]
        assert ben.hear() == [said]

    def test_a_moderator_asks_to_mute_and_removes(self, house: House) -> None:
        """In the open mode everybody is one."""
        ana = house.guest(name="Ana")
        ben, (microphone,) = house.hall.publisher(audio_track())
        ana.hear()
        ben.heard.clear()
        assert ana.say("ask_mute", publication=microphone.id) == []
        assert len(ben.heard) == 1
        gone = ana.say("remove", participant=ben.participant.id)
        assert [message["type"] for message in gone] == ["publication_removed", "participant_left"]

    def test_others_may_not(self) -> None:
        """They are told, and go on."""
        house = House(grants={"guest": Grant()})
        ana, ben = house.guest(token="guest"), house.guest(token="guest")
        ana.hear()
        problem = only(ana.say("remove", participant=ben.ident))
        assert (problem["code"], problem["fatal"]) == ("not-a-moderator", False)

    def test_only_the_owner_says_what_is_muted(self, house: House) -> None:
        """A mute mark is a statement of whoever publishes."""
        ana = house.guest()
        _, (microphone,) = house.hall.publisher(audio_track())
        ana.hear()
        problem = only(ana.say("set_muted", publication=microphone.id, muted=True))
        assert problem["code"] == "not-yours"

    def test_leaving_is_for_good(self, house: House) -> None:
        """The room is closed behind the last one."""
        ana = house.guest()
        ana.say("leave")
        assert ana.session.over
        assert house.hall.directory.rooms == {}


class TestBounds:
    """Whatever a client sends costs that client only."""

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "[]",
            '{"type":"levitate"}',
            '{"type":"send_chat"}',
            '{"type":"send_chat","text":""}',
            '{"type":"send_chat","text":"x","more":1}',
            '{"type":"wish","publication":"../etc","height":1}',
            '{"type":"wish","publication":"a","height":-1}',
            "[" * 100_000,
        ],
    )
    def test_what_is_not_understood_is_answered(self, house: House, text: str) -> None:
        """With a reason, and the connection goes on."""
        ana = house.guest()
        ana.session.receive(text, now=0)
        problem = only(ana.hear())
        assert (problem["type"], problem["code"]) == ("problem", "bad-message")
        assert len(problem["reason"]) < 300
        assert not ana.session.over

    @given(st.text(max_size=400) | st.binary(max_size=400))
    def test_any_text_is_answered(self, text: str | bytes) -> None:
        """Nothing that a client sends raises."""
        ana = House().guest()
        ana.session.receive(text, now=0)
        ana.hear()

    def test_unknown_names_are_refused(self, house: House) -> None:
        """Of publications and participants alike."""
        ana = house.guest()
        assert only(ana.say("wish", publication="x", height=1))["code"] == "unknown-publication"
        assert only(ana.say("remove", participant="x"))["code"] == "unknown-participant"

    def test_who_does_not_listen_is_disconnected(self, house: House) -> None:
        """What waits for a client is bounded; they may return."""
        ana, ben = house.guest(), house.guest()
        for _ in range(MAX_UNSENT + 10):
            ben.say("send_chat", text="hello")
        assert ana.session.over
        assert len(ana.session.take()) == MAX_UNSENT
        assert not ben.session.over

    def test_what_waits_is_bounded_in_bytes_too(self, house: House) -> None:
        """Few messages, but long ones."""
        ana, ben = house.guest(), house.guest()
        line = "\N{GRINNING FACE}" * 4000
        for _ in range(2 * MAX_UNSENT_BYTES // len(line.encode())):
            ben.say("send_chat", text=line)
        assert ana.session.over
        waiting = [len(text.encode()) for text in ana.session.take()]
        assert MAX_UNSENT_BYTES - len(line.encode()) - 200 < sum(waiting) <= MAX_UNSENT_BYTES
        assert not ben.session.over

    def test_who_listens_may_hear_for_ever(self, house: House) -> None:
        """What was taken waits no more."""
        ana, ben = house.guest(), house.guest()
        line = "\N{GRINNING FACE}" * 4000
        for _ in range(2 * MAX_UNSENT_BYTES // len(line.encode())):
            ben.say("send_chat", text=line)
            assert ana.hear()
        assert not ana.session.over

    def test_the_shell_is_told_that_something_waits(self, house: House) -> None:
        """Also when somebody else caused it."""
        ana, ben = house.guest(), house.guest()
        woken: list[bool] = []
        ana.session.on_output = lambda: woken.append(True)
        ben.say("send_chat", text="hello")
        assert woken == [True]
