"""Calls whose keys come from a group, in real browsers: who is in it is seen and heard, at once."""

import itertools
from pathlib import Path
from typing import Any

from tests.support import tap
from tests.support.commands import camera_of, client
from tests.support.page import Page, Seat
from tests.support.patience import stays, wait_until
from tests.support.server import Server, fetch

SECRET = "AAECAwQFBgcICQoLDA0ODw"
OTHER_SECRET = "Dw4NDAsKCQgHBgUEAwIBAA"
ROOM = "group"
LARGE: dict[str, Any] = {"camera": "1280x720@15"}
SMALL: dict[str, Any] = {"camera": "320x180@15"}
UNSEEN: dict[str, Any] = {"camera": 0, "mic": 0}
GROUP_SECONDS = 20
SWITCH_SECONDS = 20
CLIMB_SECONDS = 60
"""Until a publisher's own estimate lets it send three layers."""
LONGEST_PAUSE_MS = 1000
"""Between two pictures while the group changes."""

_WATCH = """
window.longestPause = 0;
let [last, since, paused] = [-1, performance.now(), performance.now()];
window.calm = () => performance.now() - paused;
window.watching = setInterval(async () => {
  const stats = await milkglass.stats(arguments[0]);
  const now = performance.now();
  longestPause = Math.max(longestPause, now - since);
  if (now - since > 500) {
    paused = now;
  }
  if (stats && stats.framesDecoded !== last) {
    [last, since] = [stats.framesDecoded, now];
  }
}, 50);
"""


def frames(page: Page, name: str) -> dict[str, int]:
    """What became of the frames of somebody's camera."""
    known: dict[str, Any] = page.find(name, "camera") or {}
    counts: dict[str, int] = known.get("frames") or {}
    return counts


def sees_members(page: Page, names: list[str]) -> None:
    """These are in the group, as its tree says."""
    wait_until(
        lambda: sorted(one["name"] for one in page.members()) == names,
        GROUP_SECONDS,
        f"{page.name} is in a group with {names}",
    )


def reads_line(page: Page, name: str, text: str) -> None:
    """A line of chat is there."""
    line = {"name": name, "text": text}
    wait_until(
        lambda: line in (page.state() or {"chat": []})["chat"], 10, f"{page.name} reads {name}"
    )


def are_together(*people: Page) -> None:
    """All are in one group, and see nobody else in it."""
    names = sorted(one.name for one in people)
    for page in people:
        sees_members(page, names)
    assert len({(page.state() or {})["group"] for page in people}) == 1


def nothing_was_forged(one: Page, name: str) -> None:
    """Every frame of somebody's was opened with the right key."""
    wait_until(lambda: frames(one, name).get("opened"), 5, f"{one.name} opens {name}'s frames")
    counts = frames(one, name)
    assert (counts["not_authentic"], counts["malformed"], counts["mislabelled"]) == (0, 0, 0)


def test_everybody_sees_and_hears_everybody(server: Server, person: Seat) -> None:
    """On all six ways between two Chromiums and a Firefox; VP9 in layers, VP8 and Opus."""
    people = [person("Ana", "chromium"), person("Ben", "chromium"), person("Chi", "firefox")]
    people[0].join(server.url, ROOM, mls=SECRET, **LARGE)
    for one in people[1:]:
        one.join(server.url, ROOM, mls=SECRET, **SMALL)
    are_together(*people)
    for one, other in itertools.permutations(people, 2):
        one.sees(other.name)
        one.hears(other.name)
        nothing_was_forged(one, other.name)
    for one in people:
        one.screenshot(f"group-{one.name}")
    codecs = {name: (people[0].find(name, "camera") or {}).get("codec") for name in ("Ben", "Chi")}
    assert codecs == {"Ben": "VP9", "Chi": "VP8"}


def test_layers_switch_under_the_keys_of_a_group(server: Server, person: Seat) -> None:
    """HD, base and HD again of a VP9 with three layers, in Chromium and in Firefox."""
    ana, ben, chi = person("Ana", "chromium"), person("Ben", "chromium"), person("Chi", "firefox")
    ana.join(server.url, ROOM, mls=SECRET, **LARGE)
    for one in (ben, chi):
        one.join(server.url, ROOM, mls=SECRET, **UNSEEN)
    are_together(ana, ben, chi)
    publication = ben.publication("Ana", "camera")
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
        nothing_was_forged(one, "Ana")


def test_python_clients_are_among_them(server: Server, person: Seat, tmp_path: Path) -> None:
    """They are seen and heard by a page, and open each size of its VP9 with layers."""
    ana = person("Ana", "chromium")
    ana.join(server.url, ROOM, mls=SECRET, **LARGE)
    room = (server.url, "--room", ROOM, "--mode", "e2ee-mls", "--secret", SECRET)
    with client(tmp_path, "publish", *room, "--name", "Bot"):
        ana.sees("Bot")
        ana.hears("Bot")
        sees_members(ana, ["Ana", "Bot"])
        for wish, height in (("hd", 720), ("sd", 360), ("base", 180)):
            watching = ("--wish", wish, "--seconds", "10", "--json")
            camera = camera_of(client(tmp_path, "subscribe", *room, *watching))
            assert (camera["codec"], camera["height"]) == ("VP9", height)
            assert camera["frames_decoded"] > 0
            # What was sealed before they came stays closed to them.
            assert not set(camera["refused"]) - {"replayed", "unknown_key"}
        nothing_was_forged(ana, "Bot")


def test_who_leaves_is_locked_out_and_nobody_waits(server: Server, person: Seat) -> None:
    """All others have other keys at once, and no picture pauses for a second."""
    ana, ben, chi = person("Ana", "chromium"), person("Ben", "chromium"), person("Chi", "firefox")
    for one in (ana, ben, chi):
        one.join(server.url, ROOM, mls=SECRET, **SMALL)
    are_together(ana, ben, chi)
    for one, other in ((ana, "Ben"), (ben, "Ana"), (chi, "Ana")):
        one.sees(other)
    ben.run(_WATCH, ben.publication("Ana", "camera"))
    wait_until(lambda: ben.run("return calm() > 3000"), GROUP_SECONDS, "the call has settled")
    before = frames(ben, "Ana")
    ben.run("longestPause = 0")
    chi.leave()
    are_together(ana, ben)
    assert stays(lambda: len(ben.members()) == 2, 5)
    pause = ben.run("clearInterval(watching); return longestPause")
    assert pause < LONGEST_PAUSE_MS, f"Ana's picture paused for {pause:.0f} ms"
    assert frames(ben, "Ana")["unknown_key"] == before["unknown_key"]
    ana.sees("Ben")
    ben.hears("Ana")
    for one, other in ((ana, "Ben"), (ben, "Ana")):
        nothing_was_forged(one, other)


def test_who_reloads_is_back(server: Server, person: Seat) -> None:
    """As the same device with other keys: seen, heard, and seeing."""
    ana, ben = person("Ana", "chromium"), person("Ben", "chromium")
    for one in (ana, ben):
        one.join(server.url, ROOM, mls=SECRET, **SMALL)
    are_together(ana, ben)
    ana.sees("Ben")
    devices = {one["device"] for one in ana.members()}
    ben.driver.refresh()
    wait_until(ben.state, GROUP_SECONDS, "Ben is back in the room")
    are_together(ana, ben)
    assert {one["device"] for one in ana.members()} == devices
    ana.sees("Ben")
    ana.hears("Ben")
    ben.sees("Ana")
    nothing_was_forged(ana, "Ben")


def test_a_socket_that_breaks_changes_nothing(server: Server, person: Seat) -> None:
    """Ben's page returns as the same member, and the call goes on meanwhile."""
    ana, ben = person("Ana", "chromium"), person("Ben", "chromium")
    ana.join(server.url, ROOM, mls=SECRET, **SMALL)
    ben.open(server.url, ROOM, mls=SECRET, **SMALL)
    tap.listen(ben)
    ben.enter()
    are_together(ana, ben)
    ana.sees("Ben")
    leaves = [(one["leaf"], one["device"]) for one in ana.members()]
    tap.cut(ben)
    wait_until(lambda: (ben.state() or {}).get("phase") == "joined", GROUP_SECONDS, "Ben is back")
    ana.say("Are you there?")
    ben.reads("Are you there?")
    assert [(one["leaf"], one["device"]) for one in ana.members()] == leaves
    ana.sees("Ben")
    ben.sees("Ana")


def test_the_chat_goes_through_the_group(server: Server, person: Seat) -> None:
    """It arrives; what Ben's page says, the server's log and its metrics have none of it."""
    ana, ben = person("Ana", "chromium"), person("Ben", "firefox")
    ana.join(server.url, ROOM, mls=SECRET, **UNSEEN)
    ben.open(server.url, ROOM, mls=SECRET, **UNSEEN)
    tap.listen(ben)
    ben.enter()
    are_together(ana, ben)
    ben.say("Grüße von Ben")
    for one in (ana, ben):
        reads_line(one, "Ben", "Grüße von Ben")
    said = "\n".join(tap.sent(ben))
    assert '"send_group_message"' in said
    for heard in (said, server.process.said, fetch(f"{server.url}/metrics")[1]):
        assert "Grüße" not in heard
        assert SECRET not in heard


def test_another_secret_is_no_invitation(server: Server, person: Seat) -> None:
    """Dan is in the room but not in the group: he is not played, and plays nobody."""
    ana, dan = person("Ana", "chromium"), person("Dan", "chromium")
    ana.join(server.url, ROOM, mls=SECRET, **SMALL)
    dan.join(server.url, ROOM, mls=OTHER_SECRET, **SMALL)
    publication = ana.publication("Dan", "camera")
    own = dan.publication("Ana", "camera")
    assert stays(lambda: len(ana.members()) == 1 and dan.members() == [], 5)
    assert ana.received(publication).packets == dan.received(own).packets == 0
    ana.say("For us alone")
    assert stays(lambda: "For us alone" not in dan.text(), 2)


def test_the_mode_is_ours(server: Server, person: Seat) -> None:
    """Adversarial tests 7 and 41: a server that says that there is another mode is left."""
    dan = person("Dan", "chromium")
    dan.open(server.url, ROOM, mls=SECRET, **SMALL)
    tap.listen(dan)
    tap.rewrite(dan, '"mode":"e2ee-mls"', '"mode":"hop"')
    dan.enter()
    dan.reads("treats this room in another way than you insist on")
    assert not any(word in text for text in tap.sent(dan) for word in ('"offer"', "start_group"))
