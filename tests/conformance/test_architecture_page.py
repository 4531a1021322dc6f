"""What docs/architecture.md says of the code is what the code does."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import sfu
from sfu.signalling.lobby import Lobby
from sfu.signalling.session import Session
from sfu.transport.udp import UdpShell
from sfu.wire.extensions import Extension
from tests.support.hall import Hall
from tests.support.packets import L3T3_KEY, frames, rtp, vp9
from tests.support.visitor import EXTENSION_IDS, VP9, Visitor

CODE = Path(sfu.__file__).parent
ASIDE = {"media/packet.py", "media/tags/frames.py", "transport/latency.py"}
"""Files that the page says only help along."""

PAGE = CODE.parent / "docs" / "architecture.md"


def walk() -> list[tuple[str, str]]:
    """File and function of each step of the table."""
    table = PAGE.read_text().partition("<!-- walk: begin -->")[2].partition("<!-- walk: end -->")[0]
    return re.findall(r"^\| \d+ \| `([\w/.]+)` \| `(\w+)` \|", table, flags=re.MULTILINE)


@contextmanager
def calls_into(called: list[tuple[str, str]]) -> Iterator[None]:
    """Write down every call of a function of ours, as file and function."""

    def note(frame: FrameType, event: str, _argument: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(CODE):
            called.append((path.relative_to(CODE).as_posix(), frame.f_code.co_name))

    before: Callable[..., object] | None = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)


def trace_of_one_packet() -> list[tuple[str, str]]:
    """What is called for a packet of an inter frame that one viewer gets."""
    hall = Hall()
    lobby = Lobby(hall.directory, hall.node, candidates=tuple, verify=None)
    ana, ben = (
        Visitor(hall, Session(lobby), address=(f"198.51.100.{number}", 40_000)) for number in (1, 2)
    )
    ana.join()
    ben.join()
    ana.offer(["video"])
    (camera,) = hall.directory.rooms["hall"].publications
    ben.offer(receive=[("video", camera)])
    ana.exchange()
    ben.exchange()
    packets = [
        rtp(
            vp9(picture_id=frame.picture, layers=(frame.spatial, frame.temporal)),
            sequence_number=number,
            ssrc=ana.ssrc_of(0),
            payload_type=VP9,
            timestamp=6000 * frame.picture,
            marker=frame.spatial == 2,
            extensions={
                EXTENSION_IDS[Extension.DEPENDENCY_DESCRIPTOR]: frame.descriptor(),
                EXTENSION_IDS[Extension.TRANSPORT_CC]: number.to_bytes(2, "big"),
            },
        )
        for number, frame in enumerate(frames(L3T3_KEY, pictures=2))
    ]
    ana.send(packets[:-1])
    ben.exchange()
    before = len(ben.received)
    assert ana.endpoint is not None
    ana.endpoint.send_rtp(packets[-1])
    ((datagram, _),) = ana.endpoint.to_send()
    shell = UdpShell(hall.node, host="", port=0)
    called: list[tuple[str, str]] = []
    peer_of_ben = ben.hall.directory.rooms["hall"].participants[ben.ident].peer
    assert peer_of_ben is not None
    with calls_into(called):
        shell.deliver(datagram, ana.address)
    assert peer_of_ben.packets_out > before
    return called


def test_the_walk_is_the_one_that_a_packet_takes() -> None:
    """Each step is called, in that order, and no file on the way is left out."""
    called = trace_of_one_packet()
    steps = walk()
    assert len(steps) > 20
    place = -1
    for step in steps:
        assert step in called[place + 1 :], f"{step} does not follow {called[place]}"
        place = called.index(step, place + 1)
    assert {file for file, _ in called} <= {file for file, _ in steps} | ASIDE


def test_the_tree_names_every_folder() -> None:
    """A folder of the server that the page does not mention is a room without a door."""
    text = PAGE.read_text()
    for folder in CODE.iterdir():
        if folder.is_dir() and (folder / "__init__.py").exists():
            assert f"`sfu/{folder.name}/`" in text


def test_files_that_are_linked_exist() -> None:
    """In all pages of the documentation, and in the README."""
    root = PAGE.parent.parent
    for page in [*root.glob("*.md"), *PAGE.parent.glob("**/*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
