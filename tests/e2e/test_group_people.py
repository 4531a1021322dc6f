"""People of a call with a group, in real browsers: who is who, and how far that was checked."""

from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from tests.support import tap
from tests.support.page import Page, Seat
from tests.support.patience import stays, wait_until
from tests.support.server import Server

SECRET = "AAECAwQFBgcICQoLDA0ODw"
OTHER_SECRET = "Dw4NDAsKCQgHBgUEAwIBAA"
ROOM = "people"
SMALL: dict[str, Any] = {"camera": "320x180@15"}
UNSEEN: dict[str, Any] = {"camera": 0, "mic": 0}
GROUP_SECONDS = 20


def verdicts(page: Page) -> dict[str, str]:
    """What a page thinks of the others in its group, by name."""
    return {one["name"]: one["verdict"] for one in page.members() if not one["isSelf"]}


def knows(page: Page, told: dict[str, str]) -> None:
    """These are the others in the group, and so much is known of them."""
    wait_until(lambda: verdicts(page) == told, GROUP_SECONDS, f"{page.name} thinks {told}")


def element(page: Page, selector: str) -> WebElement:
    """What is on the page, as soon as it is."""
    found = wait_until(
        lambda: page.driver.find_elements(By.CSS_SELECTOR, selector),
        GROUP_SECONDS,
        f"{page.name} has {selector}",
    )
    return found[0]


def lock(page: Page) -> str:
    """What the lock in the header says."""
    return str(element(page, "[data-lock]").get_attribute("data-lock"))


def code(page: Page) -> str:
    """The digits in the dialog of the lock, which stays open."""
    element(page, "[data-lock]").click()
    return str(element(page, "[data-code]").get_attribute("data-code"))


@pytest.fixture
def ana(server: Server, person: Seat) -> Page:
    """Ana began the call."""
    ana = person("Ana", "chromium")
    ana.join(server.url, ROOM, mls=SECRET, **SMALL)
    return ana


def test_the_code_is_the_same_in_one_call_alone(server: Server, person: Seat) -> None:
    """Thirty digits in a Chromium and a Firefox; the same two have others in another room."""
    ana, ben = person("Ana", "chromium"), person("Ben", "firefox")
    codes = []
    for room in (ROOM, "elsewhere"):
        for one in (ana, ben):
            one.join(server.url, room, mls=SECRET, **UNSEEN)
        wait_until(lambda: len(ana.members()) == 2 == len(ben.members()), GROUP_SECONDS, "a group")
        codes.append([code(one) for one in (ana, ben)])
        ana.screenshot(f"people-code-{room}")
    for of_ana, of_ben in codes:
        assert of_ana == of_ben
        assert len(of_ana.replace(" ", "")) == 30
    assert codes[0] != codes[1]


def test_who_was_verified_stays_so(ana: Page, server: Server, person: Seat) -> None:
    """Ana compares the code with Ben; after a reload of hers or his, he is verified still."""
    ben = person("Ben", "firefox")
    ben.join(server.url, ROOM, mls=SECRET, **UNSEEN)
    knows(ana, {"Ben": "new"})
    assert lock(ana) == "unverified"
    assert code(ana) == code(ben)
    element(ana, ".comparing button").click()
    knows(ana, {"Ben": "verified"})
    assert (lock(ana), lock(ben)) == ("verified", "unverified")
    ana.driver.refresh()
    knows(ana, {"Ben": "verified"})
    assert lock(ana) == "verified"
    ben.driver.refresh()
    knows(ben, {"Ana": "known"})
    knows(ana, {"Ben": "verified"})


def test_another_key_under_a_known_name_is_not_played(
    ana: Page, server: Server, person: Seat
) -> None:
    """Adversarial test 25: nothing of the other Ben's is received or read until Ana accepts him."""
    ben, other = person("Ben", "chromium"), person("Ben", "chromium")
    ben.join(server.url, ROOM, mls=SECRET, **UNSEEN)
    knows(ana, {"Ben": "new"})
    ben.leave()
    knows(ana, {})
    other.join(server.url, ROOM, mls=SECRET, **SMALL)
    knows(ana, {"Ben": "changed"})
    ana.reads("Ben has another key than before")
    other.sees("Ana")
    publication = ana.publication("Ben", "camera")
    other.say("It is me")
    assert stays(lambda: ana.received(publication).packets == 0, 2)
    assert "It is me" not in ana.text()
    ana.screenshot("people-changed")
    element(ana, ".alerts button").click()
    ana.screenshot("people-changed-dialog")
    element(ana, "dialog .danger").click()
    knows(ana, {"Ben": "new"})
    ana.sees("Ben")
    assert ana.driver.find_elements(By.CSS_SELECTOR, ".alerts p") == []


def test_who_is_only_in_the_room_is_listed_as_such(ana: Page, server: Server, person: Seat) -> None:
    """Adversarial test 24: Dan has another secret; both sides say that he is not in the call."""
    dan = person("Dan", "chromium")
    dan.join(server.url, ROOM, mls=OTHER_SECRET, **SMALL)
    ana.press("p")
    ana.reads("In the room, but not in the encrypted call")
    assert "Dan" in element(ana, ".people .outsider").text
    assert verdicts(ana) == {}
    ana.screenshot("people-outsider")
    dan.reads("Waiting for keys")
    dan.reads("Nobody lets you into the encrypted call", 60)


def test_a_further_device_is_the_same_person(ana: Page, server: Server, person: Seat) -> None:
    """Ben's Firefox is endorsed by his Chromium: Ana sees one Ben with two devices."""
    first, further = person("Ben", "chromium"), person("Ben", "firefox")
    for one in (first, further):
        one.open(server.url, ROOM, mls=SECRET, **UNSEEN)
        element(one, ".sealing > button").click()
    told = element(further, "[data-device-code]").text
    element(first, "[name=other-device]").send_keys(told)
    element(first, ".asking button").click()
    endorsement = element(first, "[data-new-endorsement]").text
    field = element(further, "[name=endorsement]")
    field.send_keys(endorsement[:-1])
    field.submit()
    further.reads("That is not an endorsement")
    field = element(further, "[name=endorsement]")
    field.clear()
    field.send_keys(endorsement)
    field.submit()
    further.reads("joins as the same person")
    for one in (first, further):
        element(one, "dialog header button").click()
        one.enter()
    wait_until(lambda: len(ana.members()) == 3, GROUP_SECONDS, "all devices are in the group")
    knows(ana, {"Ben": "new"})
    knows(first, {"Ana": "new", "Ben": "verified"})
    ana.press("p")
    ana.reads("2 devices")
    rows = ana.driver.find_elements(By.CSS_SELECTOR, ".people li")
    assert len(rows) == 2
    ana.screenshot("people-devices")


def test_a_group_is_what_people_get(server: Server, person: Seat) -> None:
    """Ana ticks a box; the link that she copies lets Ben in, and tells the server nothing."""
    ana, ben = person("Ana", "chromium"), person("Ben", "chromium")
    ana.open(server.url, ROOM, **SMALL)
    element(ana, "[name=sealing]").click()
    tap.listen(ana)
    ana.run("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    ana.enter()
    wait_until(lambda: len(ana.members()) == 1, GROUP_SECONDS, "Ana has a group")
    element(ana, "[data-link]").click()
    link, _, secret = str(ana.run("return copied")).partition("#mls=")
    assert len(secret) == len(SECRET)
    assert secret not in "".join(tap.sent(ana))
    ben.driver.get(f"{link}?name=Ben&autojoin=1&camera=320x180@15#mls={secret}")
    ana.sees("Ben")
    ben.sees("Ana")


def test_a_browser_without_ed25519_is_refused(server: Server, person: Seat) -> None:
    """Never downgraded: the page says what is missing, and says nothing to the server."""
    dan = person("Dan", "chromium")
    dan.open(server.url, ROOM, mls=SECRET, **UNSEEN)
    dan.run("crypto.subtle.generateKey = async () => { throw new DOMException('no'); }")
    tap.listen(dan)
    dan.enter()
    dan.reads("This browser cannot encrypt a call")
    assert tap.sent(dan) == []


def test_a_window_that_keeps_nothing_says_so(ana: Page, server: Server, person: Seat) -> None:
    """Ben's browser has no IndexedDB: he gets in, as a device that is gone with the page."""
    ben = person("Ben", "chromium")
    ben.open(server.url, ROOM, mls=SECRET, **UNSEEN)
    ben.run("indexedDB.open = undefined; IDBFactory.prototype.open = undefined")
    ben.enter()
    ben.reads("This window keeps nothing")
    knows(ana, {"Ben": "new"})
