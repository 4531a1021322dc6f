"""`sfu-client verify` on what tcpdump captured of real calls: ours, Janus', and transcoded ones."""

import asyncio
import json
import subprocess
import time
from pathlib import Path
from typing import Any, Final, cast

import pylibsrtp
import pytest

from sfu.keylog import KeyLog
from sfu.wire.packet import read_packet
from sfu_clients.media.sources import PatternSource, ToneSource
from tests.support import janus, tcpdump
from tests.support.commands import CLIENT, ENVIRONMENT, client
from tests.support.legs import GCM, Hop, Timed, published
from tests.support.lossy import lossy
from tests.support.media import IDS
from tests.support.page import Seat
from tests.support.server import Serve, free_port
from tests.support.tcpdump import both_legs, capturing
from tests.support.transcoding import Transcoder

pytestmark = pytest.mark.skipif(tcpdump.why_not() is not None, reason=str(tcpdump.why_not()))

SECRET: Final = "AAECAwQFBgcICQoLDA0ODw"
SECONDS: Final = 6
BROWSER_SECONDS: Final = 40
AHEAD: Final = 1.5
"""Seconds that the publisher is there before the subscriber."""


def verify(legs: tuple[str, str], *keys: Path) -> dict[str, Any]:
    """What the command says of these."""
    logs = ["--keys", *map(str, keys)] if keys else []
    done = subprocess.run(  # noqa: S603 - our own
        [*CLIENT, "verify", *legs, *logs, "--json"],
        capture_output=True,
        timeout=60,
        check=True,
        env=ENVIRONMENT,
    )
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def media(said: dict[str, Any]) -> list[dict[str, Any]]:
    """Its pairs, without those of retransmissions."""
    return [pair for pair in said["pairs"] if not pair["retransmission"]]


def kinds(said: dict[str, Any]) -> list[str]:
    """Of what there are pairs."""
    return sorted(pair["received"]["kind"] for pair in media(said))


def call(folder: Path, url: str, *options: str, watched: tuple[str, ...] = ()) -> None:
    """One publishes and one subscribes, for some seconds, and both write down their keys."""
    room = (url, "--room", "wire", "--json", *options)
    own, others = ("--keylog", str(folder / "own.keys")), ("--keylog", str(folder / "other.keys"))
    source = ("--source", "recording:vp9-l3t3-key") if watched else ()
    with client(folder, "publish", *room, *source, *own, "--seconds", "20") as publisher:
        time.sleep(AHEAD)
        watching = ("subscribe", *room, *watched, *others, "--seconds", str(SECONDS))
        with client(folder, *watching) as subscriber:
            assert subscriber.ends() == 0, subscriber.process.said
        assert publisher.process.alive, publisher.process.said


@pytest.mark.parametrize(
    ("mode", "by_hops", "by_all"),
    [
        ("hop", "readable by the server", "readable by the server"),
        ("e2ee-passphrase", "opaque to the hop keys", "sealed end to end"),
        ("e2ee-mls", "opaque to the hop keys", "sealed end to end"),
    ],
)
def test_each_mode(serve: Serve, tmp_path: Path, mode: str, by_hops: str, by_all: str) -> None:
    """Without keys nothing can be said of either; with those of the hops, and of the clients."""
    server_keys = tmp_path / "server.keys"
    server = serve("--keylog", str(server_keys))
    secret = () if mode == "hop" else ("--secret", SECRET)
    with both_legs(tmp_path, server.media_port) as legs:
        call(tmp_path, server.url, "--mode", mode, *secret)
    without = verify(legs)
    assert without["verdict"] == "undecidable"
    assert kinds(without) == ["audio", "video"]
    for pair in media(without):
        assert (pair["finding"], pair["paired_by"]) == ("re-keyed at each hop", "sizes")
        assert pair["pairing_confidence"] > 0.9
        assert (pair["equal_on_network"], pair["size_difference"]) == (0, 0)
    for keys, verdict in (
        ([server_keys], by_hops),
        ([tmp_path / "own.keys", tmp_path / "other.keys"], by_all),
    ):
        with_keys = verify(legs, *keys)
        assert with_keys["verdict"] == verdict, with_keys["pairs"]
        assert kinds(with_keys) == ["audio", "video"]
        for pair in media(with_keys):
            assert (pair["verdict"], pair["paired_by"]) == (verdict, "bytes")
            assert pair["equal_inside"] == 1


@pytest.mark.parametrize(
    ("secrets", "by_hops"),
    [
        pytest.param({}, "readable by the server", id="hop"),
        pytest.param({"mls": SECRET}, "opaque to the hop keys", id="e2ee-mls"),
    ],
)
def test_browsers(
    serve: Serve, person: Seat, tmp_path: Path, secrets: dict[str, Any], by_hops: str
) -> None:
    """Who give their keys to nobody: without those of the server nothing can be said."""
    keys = tmp_path / "server.keys"
    server = serve("--keylog", str(keys))
    ana, ben = person("Ana", "chromium"), person("Ben", "firefox")
    with both_legs(tmp_path, server.media_port) as legs:
        ana.join(server.url, "wire", camera="640x360@15", **secrets)
        ben.join(server.url, "wire", camera=0, mic=0, **secrets)
        ben.decodes(ben.publication("Ana", "camera"), 360, BROWSER_SECONDS)
        time.sleep(SECONDS)
    for logs, verdict in (([], "undecidable"), ([keys], by_hops)):
        said = verify(legs, *logs)
        assert said["verdict"] == verdict, said["pairs"]
        assert kinds(said) == ["audio", "video"]
        for pair in media(said):
            assert pair["verdict"] == verdict, pair
            assert logs or pair["finding"] == "re-keyed at each hop", pair


async def test_loss_and_dropped_layers(serve: Serve, tmp_path: Path) -> None:
    """On a second leg that loses packets, repeats them, and has one of three sizes."""
    port = free_port()
    server = serve(
        SFU_MEDIA_HOST="127.0.0.1", SFU_MEDIA_PORT=str(port), SFU_MEDIA_ANNOUNCE="127.0.0.2"
    )
    to_server, from_server = tmp_path / "a.pcap", tmp_path / "b.pcap"
    async with lossy(("127.0.0.1", port), ("127.0.0.2", port), loss=0.06):
        with (
            capturing(to_server, f"udp and dst host 127.0.0.2 and dst port {port}"),
            capturing(from_server, f"udp and src host 127.0.0.2 and src port {port}"),
        ):
            await asyncio.to_thread(call, tmp_path, server.url, watched=("--wish", "sd"))
    legs = str(to_server), str(from_server)
    without, keys = verify(legs), (tmp_path / "own.keys", tmp_path / "other.keys")
    (pair,) = media(without)
    assert (without["verdict"], pair["finding"]) == ("undecidable", "re-keyed at each hop")
    assert pair["matched"] > 0.8 * pair["compared"]
    with_keys = verify(legs, *keys)
    (pair,) = media(with_keys)
    assert with_keys["verdict"] == "readable by the server", pair
    # What was lost on the first leg came there as a retransmission, which is another stream.
    assert pair["equal_inside"] > 0.9
    assert pair["received"]["loss"] > 0
    assert pair["received"]["kbps"] < 0.8 * pair["sent"]["kbps"]
    again = [one for one in with_keys["pairs"] if one["retransmission"]]
    assert any(one["received"]["ssrc"] != pair["received"]["ssrc"] for one in again), again


class TranscodingRelay(asyncio.DatagramProtocol):
    """Decodes what comes under one key, and sends it on, encoded anew, under another."""

    def __init__(self, hop: Hop, onward: Hop) -> None:
        policy = pylibsrtp.Policy(
            hop.key,
            pylibsrtp.Policy.SSRC_ANY_INBOUND,
            srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
        )
        self._incoming = pylibsrtp.Session(policy)
        self._onward = onward
        self._transcoders = {0xA: Transcoder("VP8", ssrc=0xB), 0xAA: Transcoder("opus", ssrc=0xBB)}
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        del addr
        packet = read_packet(self._incoming.unprotect(data), IDS)
        for made in self._transcoders[packet.ssrc].take(packet):
            self._transport.sendto(self._onward.protect(made), self._onward.target)


@pytest.fixture(scope="module")
def packets() -> list[Timed]:
    """What is sent to the relay, in order."""
    camera = published(PatternSource("VP8", size=(320, 180)), SECONDS)
    both = camera + published(ToneSource(), SECONDS, ssrc=0xAA)
    return sorted(both, key=lambda one: one.at)


async def test_a_transcoding_relay(packets: list[Timed], tmp_path: Path) -> None:
    """Is known by its keys; without them it is a possibility."""
    ends = [("127.0.0.1", free_port()) for _ in range(3)]
    first, second = Hop(ends[0], ends[1], GCM), Hop(ends[1], ends[2], GCM, seed=2)
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_datagram_endpoint(make, local_addr=end)
        for make, end in zip(
            (
                asyncio.DatagramProtocol,
                lambda: TranscodingRelay(first, second),
                asyncio.DatagramProtocol,
            ),
            ends,
            strict=True,
        )
    ]
    sender = opened[0][0]
    with both_legs(tmp_path, ends[1][1]) as legs:
        began = loop.time()
        for one in packets:
            await asyncio.sleep(max(0.0, began + one.at - packets[0].at - loop.time()))
            sender.sendto(first.protect(one.packet), ends[1])
        await asyncio.sleep(0.2)
    for transport, _ in opened:
        transport.close()
    without = verify(legs)
    assert without["verdict"] == "undecidable"
    assert {pair["finding"] for pair in without["pairs"]} == {"transcoded, possibly"}
    logs = [Path(hop.log(tmp_path / f"{n}.keys")) for n, hop in enumerate((first, second))]
    with_keys = verify(legs, *logs)
    assert with_keys["verdict"] == "transcoded", with_keys["pairs"]
    assert {pair["paired_by"] for pair in with_keys["pairs"]} == {"content"}


@pytest.mark.skipif(janus.JANUS is None, reason="Debian's janus is not installed")
async def test_janus_forwards(tmp_path: Path) -> None:
    """It re-keys every hop: from outside nobody can tell more."""
    served = janus.Janus(tmp_path, free_port())
    low, high = janus.PORTS
    to_server, from_server = tmp_path / "a.pcap", tmp_path / "b.pcap"
    try:
        with (
            capturing(to_server, f"udp dst portrange {low}-{high}"),
            capturing(from_server, f"udp src portrange {low}-{high}"),
        ):
            async with janus.forwarding(served.url) as peers:
                await asyncio.sleep(SECONDS)
                for name, peer in zip(("publisher", "viewer"), peers, strict=True):
                    log = KeyLog(str(tmp_path / f"{name}.keys"))
                    janus.write_keys(peer, log)
                    log.close()
    finally:
        served.stop()
    legs = str(to_server), str(from_server)
    said = verify(legs)
    assert said["verdict"] == "undecidable"
    assert kinds(said) == ["audio", "video"]
    for pair in said["pairs"]:
        assert (pair["finding"], pair["paired_by"]) == ("re-keyed at each hop", "sizes"), pair
        assert pair["equal_on_network"] == 0
    publishers, viewers = tmp_path / "publisher.keys", tmp_path / "viewer.keys"
    for keys, equal in (([publishers], 0), ([viewers], 0), ([publishers, viewers], 1)):
        said = verify(legs, *keys)
        assert said["verdict"] == "readable by the server", said["pairs"]
        assert kinds(said) == ["audio", "video"]
        for pair in media(said):
            assert pair["verdict"] == "readable by the server", pair
            assert (pair["equal_inside"] or 0) == equal, pair
