"""Sealed calls in real browsers: what those with the secret get, and nobody else."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from tests.support import tap
from tests.support.commands import camera_of, client
from tests.support.page import Page, Seat
from tests.support.patience import stays, wait_until
from tests.support.server import Server, fetch

KEY = "AAECAwQFBgcICQoLDA0ODw"
OTHER_KEY = "Dw4NDAsKCQgHBgUEAwIBAA"
ROOM = "sealed"
SMALL: dict[str, Any] = {"camera": "320x180@15"}
UNSEEN: dict[str, Any] = {"camera": 0, "mic": 0}
SWITCH_SECONDS = 20
CLIMB_SECONDS = 60
"""Until a publisher's own estimate lets it send three layers."""


@pytest.fixture
def ana(server: Server, person: Seat) -> Page:
    """Ana has the key, and sends a small picture."""
    ana = person("Ana", "chromium")
    ana.join(server.url, ROOM, key=KEY, **SMALL)
    return ana


def frames(page: Page, name: str) -> dict[str, int]:
    """What became of the frames of somebody's camera."""
    known: dict[str, Any] = page.find(name, "camera") or {}
    counts: dict[str, int] = known.get("frames") or {}
    return counts


def counted(page: Page, name: str) -> dict[str, int]:
    """The same, as soon as some were opened."""
    wait_until(lambda: frames(page, name).get("opened"), 5, f"{page.name} opens {name}'s frames")
    return frames(page, name)


def reads_line(page: Page, name: str, text: str) -> None:
    """A line of chat is there."""
    line = {"name": name, "text": text}
    wait_until(
        lambda: line in (page.state() or {"chat": []})["chat"], 10, f"{page.name} reads {name}"
    )


def test_everybody_sees_and_hears_everybody(server: Server, person: Seat) -> None:
    """On all six ways between two Chromiums and a Firefox, and every frame was opened."""
    people = [person("Ana", "chromium"), person("Ben", "chromium"), person("Chi", "firefox")]
    people[0].join(server.url, ROOM, key=KEY, camera="1280x720@15")
    for one in people[1:]:
        one.join(server.url, ROOM, key=KEY, **SMALL)
    for one, other in itertools.permutations(people, 2):
        one.sees(other.name)
        one.hears(other.name)
        assert one.standing(other.name) == "met"
        counts = counted(one, other.name)
        assert counts["opened"] > 0
        assert (counts["not_authentic"], counts["malformed"], counts["mislabelled"]) == (0, 0, 0)
    for one in people:
        one.screenshot(f"sealed-{one.name}")
    codecs = {name: (people[0].find(name, "camera") or {}).get("codec") for name in ("Ben", "Chi")}
    assert codecs == {"Ben": "VP9", "Chi": "VP8"}


def test_layers_switch_under_the_seal(server: Server, person: Seat) -> None:
    """HD, base and HD again of a sealed VP9 with three layers, in Chromium and in Firefox."""
    ana, ben, chi = person("Ana", "chromium"), person("Ben", "chromium"), person("Chi", "firefox")
    ana.join(server.url, ROOM, key=KEY, camera="1280x720@15")
    for one in (ben, chi):
        one.join(server.url, ROOM, key=KEY, **UNSEEN)
    publication = ben.publication("Ana", "camera")
    chi.publication("Ana", "camera")
    for wish, height, seconds in (
        ("hd", 720, CLIMB_SECONDS),
        ("base", 180, SWITCH_SECONDS),
        ("hd", 720, SWITCH_SECONDS),
    ):
        for one in (ben, chi):
            one.wish(publication, wish)
        for one in (ben, chi):
            one.decodes(publication, height, seconds)
    for one in (ben, chi):
        assert frames(one, "Ana")["not_authentic"] == 0


def test_av1_is_sealed_where_it_can_be(server: Server, person: Seat) -> None:
    """Three layers of it from Chromium to Chromium; Firefox says that it cannot play it."""
    ana, ben, chi = person("Ana", "chromium"), person("Ben", "chromium"), person("Chi", "firefox")
    ana.join(server.url, ROOM, key=KEY, camera="1280x720@15", codec="av1", mode="L3T3_KEY")
    for one in (ben, chi):
        one.join(server.url, ROOM, key=KEY, **UNSEEN)
    publication = ben.publication("Ana", "camera")
    for wish, height, seconds in (
        ("hd", 720, CLIMB_SECONDS),
        ("base", 180, SWITCH_SECONDS),
        ("hd", 720, SWITCH_SECONDS),
    ):
        ben.wish(publication, wish)
        ben.decodes(publication, height, seconds)
    assert (ben.find("Ana", "camera") or {})["codec"] == "AV1"
    assert frames(ben, "Ana")["not_authentic"] == 0
    chi.reads("encoded with AV1, which your browser cannot decode")
    assert chi.received(publication).frames_decoded == 0


def test_python_clients_are_among_them(server: Server, person: Seat, tmp_path: Path) -> None:
    """They open the layers of a page's VP9 and are seen by it; with another key they are not."""
    ana = person("Ana", "chromium")
    ana.join(server.url, ROOM, key=KEY, camera="1280x720@15")
    room = (server.url, "--room", ROOM, "--mode", "e2ee-passphrase", "--secret")
    with client(tmp_path, "publish", *room, KEY, "--name", "Bot"):
        ana.sees("Bot")
        ana.hears("Bot")
        assert ana.standing("Bot") == "met"
        for wish, height in (("hd", 720), ("sd", 360), ("base", 180)):
            watching = ("--wish", wish, "--seconds", "8", "--json")
            camera = camera_of(client(tmp_path, "subscribe", *room, KEY, *watching))
            assert (camera["codec"], camera["height"]) == ("VP9", height)
            assert camera["frames_decoded"] > 0
            assert not set(camera["refused"]) - {"replayed"}
        camera = camera_of(client(tmp_path, "subscribe", *room, OTHER_KEY, *watching))
        assert (camera["frames_decoded"], camera["undecoded"] > 0) == (0, True)


def test_another_key_opens_nothing(ana: Page, server: Server, person: Seat) -> None:
    """Dan has the link of another call: nothing of anybody's is played, and both sides say why."""
    dan = person("Dan", "chromium")
    dan.join(server.url, ROOM, key=OTHER_KEY, **SMALL)
    dan.reads("Ana has another key")
    dan.reads("Nobody here has your key")
    ana.reads("Dan has another key")
    publication = ana.publication("Dan", "camera")
    assert (dan.standing("Ana"), ana.standing("Dan")) == ("other_key", "other_key")
    for one, other in ((ana, "Dan"), (dan, "Ana")):
        heard = one.publication(other, "microphone")
        seen = one.publication(other, "camera")
        assert one.received(seen).frames_decoded == one.received(heard).packets == 0
    ana.say("For us alone")
    dan.reads("cannot be opened")
    assert "For us alone" not in dan.text()
    assert stays(lambda: ana.received(publication).frames_decoded == 0, 2)
    dan.screenshot("sealed-another-key-dan")
    ana.screenshot("sealed-another-key-ana")


def test_who_does_not_seal_stays_outside(ana: Page, server: Server, person: Seat) -> None:
    """Adversarial test 40: without the secret in the link there is no way in, and Dan reads why."""
    assert ana.state()
    dan = person("Dan", "chromium")
    dan.open(server.url, ROOM, autojoin=1, **UNSEEN)
    dan.reads("This room is encrypted end to end")
    assert dan.state() is None
    dan.join(server.url, "clear", **UNSEEN)
    ben = person("Ben", "chromium")
    ben.open(server.url, "clear", key=KEY, autojoin=1, **UNSEEN)
    ben.reads("This room is not encrypted end to end")
    assert ben.state() is None


def test_a_browser_that_cannot_seal_is_refused(server: Server, person: Seat) -> None:
    """Never downgraded: the page says what is missing, and says nothing to the server."""
    dan = person("Dan", "chromium")
    dan.open(server.url, ROOM, key=KEY, **UNSEEN)
    dan.run("delete window.RTCRtpScriptTransform")
    tap.listen(dan)
    dan.enter()
    dan.reads("This browser cannot encrypt a call")
    assert tap.sent(dan) == []


def test_a_damaged_secret_is_refused(server: Server, person: Seat) -> None:
    """A key that lost its end on the way opens no clear call instead."""
    dan = person("Dan", "chromium")
    dan.open(server.url, ROOM, key=KEY[:-3], autojoin=1, **UNSEEN)
    dan.reads("secret in this link is damaged")
    assert not dan.driver.find_element(By.CSS_SELECTOR, "[type=submit]").is_enabled()
    assert dan.state() is None


def test_the_chat_is_sealed(ana: Page, server: Server, person: Seat) -> None:
    """It arrives; what Ana's page says, the server's log and its metrics have none of it."""
    ben = person("Ben", "firefox")
    ben.open(server.url, ROOM, key=KEY, **UNSEEN)
    tap.listen(ben)
    ben.enter()
    wait_until(lambda: ben.standing("Ana") == "met", 20, "Ben has met Ana")
    ben.say("Grüße von Ben")
    for one in (ana, ben):
        reads_line(one, "Ben", "Grüße von Ben")
    said = "\n".join(tap.sent(ben))
    assert '"send_sealed_chat"' in said
    for heard in (said, server.process.said, fetch(f"{server.url}/metrics")[1]):
        assert "Grüße" not in heard
        assert KEY not in heard


def test_only_codecs_that_can_be_sealed_are_offered(server: Server, person: Seat) -> None:
    """Whatever the address asks for: Opus, VP8, VP9 and AV1, in both directions; never H.264."""
    ana, ben = person("Ana", "chromium"), person("Ben", "firefox")
    ben.join(server.url, ROOM, key=KEY, **SMALL)
    ana.open(server.url, ROOM, key=KEY, codec="h264", **SMALL)
    tap.listen(ana)
    ana.enter()
    wait_until(ana.state, 20, "Ana is in the room")
    ana.sees("Ben")
    offers = [json.loads(text)["sdp"] for text in tap.sent(ana) if '"offer"' in text]
    codecs = {
        line.split()[1].split("/")[0]
        for offer in offers
        for line in offer.splitlines()
        if line.startswith("a=rtpmap:")
    }
    assert codecs == {"opus", "VP8", "VP9", "AV1", "rtx"}


def hellos(page: Page) -> list[str]:
    """What a tapped page said of itself, join by join."""
    return [json.loads(text)["hello"] for text in tap.sent(page) if '"type":"join"' in text]


def test_a_return_brings_other_keys(ana: Page, server: Server, person: Seat) -> None:
    """Ben's socket breaks, then he reloads: each time he has new keys, and is seen and heard."""
    ben = person("Ben", "chromium")
    ben.open(server.url, ROOM, key=KEY, **SMALL)
    tap.listen(ben)
    ben.enter()
    ana.sees("Ben")
    tap.cut(ben)
    wait_until(lambda: len(hellos(ben)) == 2, 15, "Ben joins again")
    assert len(set(hellos(ben))) == 2
    ana.sees("Ben")
    ana.hears("Ben")
    ben.driver.refresh()
    wait_until(lambda: ana.standing("Ben") == "met" and frames(ana, "Ben"), 20, "Ben is back")
    ana.sees("Ben")
    ben.sees("Ana")
    assert frames(ana, "Ben")["not_authentic"] == 0


def test_the_mode_is_ours(server: Server, person: Seat) -> None:
    """Adversarial tests 7 and 41: a server that says there is no encryption is left."""
    dan = person("Dan", "chromium")
    dan.open(server.url, ROOM, key=KEY, **SMALL)
    tap.listen(dan)
    tap.rewrite(dan, '"mode":"e2ee-passphrase"', '"mode":"hop"')
    dan.enter()
    dan.reads("treats this room in another way than you insist on")
    assert not any('"offer"' in text for text in tap.sent(dan))


def test_a_stream_is_not_played_as_another(ana: Page, server: Server, person: Seat) -> None:
    """Adversarial test 4: a server that calls a camera a screen gets nothing played."""
    assert ana.state()
    dan = person("Dan", "chromium")
    dan.open(server.url, ROOM, key=KEY, **UNSEEN)
    tap.rewrite(dan, '"source":"camera"', '"source":"screen"')
    dan.enter()
    publication = dan.publication("Ana", "screen")
    dan.reads("Waiting for keys", 30)
    assert dan.received(publication).frames_decoded == 0
    known = dan.find("Ana", "screen") or {}
    assert known["frames"]["opened"] == 0
    assert known["frames"]["unknown_key"] > 0
    wait_until(
        lambda: server.metric("sfu_client_refused_frames_total", reason="unknown_key") > 0,
        20,
        "Dan's page tells the server that it refused frames",
    )
    dan.hears("Ana")
    dan.screenshot("sealed-waiting")


def test_the_link_carries_the_secret(server: Server, person: Seat) -> None:
    """Ana chooses so; the link that she copies lets Ben in, and tells the server nothing."""
    ana, ben = person("Ana", "chromium"), person("Ben", "chromium")
    ana.open(server.url, ROOM, **SMALL)
    ana.driver.find_element(By.CSS_SELECTOR, "[name=sealing]").click()
    Select(ana.driver.find_element(By.CSS_SELECTOR, "[name=secret]")).select_by_value("link")
    tap.listen(ana)
    ana.run("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    ana.enter()
    wait_until(ana.state, 20, "Ana is in the room")
    ana.driver.find_element(By.CSS_SELECTOR, "[data-link]").click()
    link, _, secret = str(ana.run("return copied")).partition("#key=")
    assert len(secret) == len(KEY)
    assert secret not in "".join(tap.sent(ana))
    ben.driver.get(f"{link}?name=Ben&autojoin=1&camera=320x180@15#key={secret}")
    ana.sees("Ben")
    ben.sees("Ana")


def test_a_passphrase_that_people_type(server: Server, person: Seat) -> None:
    """Ana chooses one; her link has its salt; with another passphrase, Dan is a stranger."""
    ana, ben, dan = person("Ana", "chromium"), person("Ben", "firefox"), person("Dan", "chromium")
    ana.open(server.url, ROOM, **SMALL)
    ana.driver.find_element(By.CSS_SELECTOR, "[name=sealing]").click()
    Select(ana.driver.find_element(By.CSS_SELECTOR, "[name=secret]")).select_by_value("passphrase")
    ana.enter()
    ana.reads("Please enter the passphrase")
    ana.screenshot("sealed-passphrase")
    _type(ana, "open sesame")
    wait_until(ana.state, 60, "Ana is in the room")
    salt = ana.driver.current_url.partition("#")[2]
    assert salt.startswith("salt=")
    for one, passphrase in ((ben, "open sesame"), (dan, "open, Sesam")):
        one.driver.get(f"{server.url}/room/{ROOM}?name={one.name}&camera=320x180@15#{salt}")
        _type(one, passphrase)
        wait_until(one.state, 60, f"{one.name} is in the room")
    ana.sees("Ben")
    ben.sees("Ana")
    ana.reads("Dan has another key")


def _type(page: Page, passphrase: str) -> None:
    page.driver.find_element(By.CSS_SELECTOR, "[name=passphrase]").send_keys(passphrase)
    page.enter()
