"""Calls with groups, as people run the Python clients: whoever has the secret is let in."""

import json
from pathlib import Path
from typing import Any

from tests.support.commands import client
from tests.support.patience import wait_until
from tests.support.server import Server

SECRET = "AAECAwQFBgcICQoLDA0ODw"
OTHER_SECRET = "Dw4NDAsKCQgHBgUEAwIBAA"
ROOM = ("--room", "grouped", "--mode", "e2ee-mls", "--secret")
CODECS = {"VP8", "VP9", "opus"}


def watching(server: Server, secret: str = SECRET, seconds: int = 6) -> tuple[str, ...]:
    """The command of somebody who watches everything for a while."""
    return ("subscribe", server.url, *ROOM, secret, "--seconds", str(seconds), "--json")


def by_codec(reports: list[dict[str, Any]]) -> dict[str, int]:
    """How much was decoded, at least, of each codec."""
    return {
        codec: min(one["frames_decoded"] for one in reports if one["codec"] == codec)
        for codec in {one["codec"] for one in reports}
    }


def test_what_is_sealed_arrives(server: Server, tmp_path: Path) -> None:
    """Two publish and one watches, who leaves and comes back as the same device."""
    publish = ("publish", server.url, *ROOM, SECRET, "--size", "320x180")
    identity = ("--identity", str(tmp_path / "device"))
    with (
        client(tmp_path, *publish, "--codec", "vp8", "--name", "Ana"),
        client(tmp_path, *publish, "--codec", "vp9", "--name", "Ben"),
    ):
        is_live(server, 4)
        for _ in range(2):
            with client(tmp_path, *watching(server), *identity) as chi:
                assert chi.ends() == 0, chi.process.said
                decoded = by_codec(chi.publications())
                assert set(decoded) == CODECS, decoded
                assert min(decoded.values()) > 30, decoded
    assert (tmp_path / "device").stat().st_mode & 0o777 == 0o600


def test_another_secret_is_told_and_plays_nothing(server: Server, tmp_path: Path) -> None:
    """The members refuse whoever has it, and their pictures, too."""
    publish = ("publish", server.url, *ROOM)
    with client(tmp_path, *publish, SECRET, "--name", "Ana"):
        is_live(server, 2)
        with client(tmp_path, *publish, OTHER_SECRET, "--name", "Dan"):
            is_live(server, 4)
            with client(tmp_path, *watching(server, OTHER_SECRET, 8)) as eve:
                assert eve.ends() == 0, eve.process.said
            *warnings, report = eve.process.said.splitlines()
            assert warnings == [
                "sfu-client: Nobody lets us into the group: the secret may be another one."
            ]
            publications = json.loads(report)["publications"]
            assert [one["frames_decoded"] for one in publications] == [0] * 4
            with client(tmp_path, *watching(server)) as ben:
                assert ben.ends() == 0, ben.process.said
            decoded = sorted(one["frames_decoded"] > 0 for one in ben.publications())
            assert decoded == [False, False, True, True]


def is_live(server: Server, count: int) -> None:
    """So many publications are there."""
    wait_until(lambda: server.metric("sfu_publications") == count, 20, f"{count} publications")
