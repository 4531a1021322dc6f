"""What end-to-end tests borrow: a server, people in browsers, other machines."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.support import netns
from tests.support.browsers import BrowserPool, Driver, Kind, start_chromium
from tests.support.netns import Namespace
from tests.support.page import ARTIFACTS, Page, Seat
from tests.support.server import Serve, Server

TEST_SECONDS = 120

FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No test may hang; some of them start browsers first."""
    for item in items:
        item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test failed, for those who keep evidence."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
def serve(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Start servers, and prove that each ends as it should."""
    running: list[Server] = []

    def start(*options: str, **environment: str) -> Server:
        running.append(Server(tmp_path, *options, environment=environment))
        return running[-1]

    yield start
    if request.node.stash.get(FAILED, False):
        ARTIFACTS.mkdir(exist_ok=True)
        for number, server in enumerate(running):
            log = ARTIFACTS / f"{request.node.name}-server-{number}.log"
            log.write_text(server.process.said, encoding="utf-8")
    for server in running:
        server.stop()


@pytest.fixture
def server(serve: Serve) -> Server:
    """A server in open development mode."""
    return serve()


@pytest.fixture(scope="session")
def browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserPool]:
    """The browsers of the whole run."""
    pool = BrowserPool(tmp_path_factory.mktemp("browsers"))
    yield pool
    pool.close()


@pytest.fixture
def person(serve: Serve, browsers: BrowserPool, request: pytest.FixtureRequest) -> Iterator[Seat]:
    """Seat people in front of browsers; asked after `serve`, they leave before it ends."""
    assert serve
    borrowed: list[tuple[Kind, Driver, Page]] = []

    def seat(name: str, kind: Kind) -> Page:
        driver = browsers.borrow(kind)
        borrowed.append((kind, driver, Page(driver, name)))
        return borrowed[-1][2]

    yield seat
    for kind, driver, page in borrowed:
        if request.node.stash.get(FAILED, False):
            page.keep_evidence(f"{request.node.name}-{page.name}")
        browsers.give_back(kind, driver)


@pytest.fixture
def distant(
    serve: Serve, elsewhere: Namespace, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Seat]:
    """Seat people in front of a Chromium on the other machine."""
    assert serve
    pages: list[Page] = []

    def seat(name: str, kind: Kind) -> Page:
        assert kind == "chromium", "only Chromium can be driven through a pipe"
        pages.append(Page(start_chromium(tmp_path, around=elsewhere.command()), name))
        return pages[-1]

    yield seat
    for page in pages:
        if request.node.stash.get(FAILED, False):
            page.keep_evidence(f"{request.node.name}-{page.name}")
        page.driver.quit()


@pytest.fixture
def elsewhere(serve: Serve) -> Iterator[Namespace]:
    """Another machine, at the end of a cable."""
    assert serve
    if (reason := netns.why_not()) is not None:
        pytest.skip(reason)
    namespace = Namespace()
    yield namespace
    namespace.remove()
