"""A server that is told to end lets people finish, and says so."""

import signal

from tests.support.page import Seat
from tests.support.patience import wait_until
from tests.support.server import Serve, fetch


def test_sigterm_lets_people_finish(serve: Serve, person: Seat) -> None:
    """After SIGTERM nobody new comes in; who is in stays, until the time is up."""
    server = serve(SFU_ROOMS_DRAIN_SECONDS="6")
    ana, ben, chi = person("Ana", "chromium"), person("Ben", "chromium"), person("Chi", "firefox")
    ana.join(server.url, "evening", camera="320x180@15")
    ben.join(server.url, "evening", camera=0, mic=0)
    publication = ben.publication("Ana", "camera")
    ben.sees("Ana")

    server.process.signal(signal.SIGTERM)
    wait_until(lambda: fetch(f"{server.url}/readyz")[0] == 503, 3, "the server is not ready")
    assert fetch(f"{server.url}/healthz")[0] == 200
    chi.open(server.url, "evening", autojoin=1, camera=0, mic=0)
    before = ben.received(publication).frames_decoded
    wait_until(
        lambda: ben.received(publication).frames_decoded > before, 3, "Ben still decodes Ana"
    )
    assert chi.state() is None

    for one in (ana, ben):
        one.reads("shutting down", 15)
    wait_until(lambda: not server.process.alive, 10, "the server has ended")


def test_sigterm_ends_an_empty_server_at_once(serve: Serve) -> None:
    """Nobody is waited for when nobody is there."""
    server = serve(SFU_ROOMS_DRAIN_SECONDS="60")
    server.process.signal(signal.SIGTERM)
    wait_until(lambda: not server.process.alive, 5, "the server has ended")
