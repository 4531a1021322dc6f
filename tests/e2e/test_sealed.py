"""Sealed calls in real browsers: what those with the secret get, and nobody else."""

import itertools

import pytest

from tests.support.page import Page, Seat
from tests.support.server import Server

KEY = "AAECAwQFBgcICQoLDA0ODw"
OTHER_KEY = "Dw4NDAsKCQgHBgUEAwIBAA"
ROOM = "sealed"
SMALL = {"camera": "320x180@15"}


@pytest.fixture
def people(server: Server, person: Seat) -> list[Page]:
    """Ana sends HD from Chromium; Ben from Chromium and Chi from Firefox send small pictures."""
    people = [person("Ana", "chromium"), person("Ben", "chromium"), person("Chi", "firefox")]
    people[0].join(server.url, ROOM, key=KEY, camera="1280x720@15")
    for one in people[1:]:
        one.join(server.url, ROOM, key=KEY, **SMALL)
    return people


def test_everybody_sees_and_hears_everybody(people: list[Page], server: Server) -> None:
    """On all six ways, pixels move on the screen and the energy of the sound grows."""
    for one, other in itertools.permutations(people, 2):
        one.sees(other.name)
        one.hears(other.name)
    for one in people:
        one.screenshot(f"sealed-{one.name}")
