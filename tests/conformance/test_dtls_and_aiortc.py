"""A transport of aiortc's connects to a peer of ours, in both DTLS roles, over loopback."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING

import aioice.ice
import pytest
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceGatherer, RTCIceTransport
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters
from aiortc.rtcicetransport import RTCIceParameters, candidate_from_aioice

from sfu.transport.candidates import candidates
from sfu.transport.dtls import generate_certificate
from sfu.transport.events import PeerClosed, PeerConnected
from sfu.transport.node import Node
from sfu.transport.udp import UdpShell
from tests.support.endpoint import reflect
from tests.support.packets import rtp

if TYPE_CHECKING:
    from sfu.transport.peer import Peer, Setup

ROLES: dict[Setup, str] = {"active": "server", "passive": "client"}
"""What aiortc is when we are active or passive."""


class Guest:
    """An RTCDtlsTransport, and what it hears."""

    def __init__(self) -> None:
        self.certificate = RTCCertificate.generateCertificate()
        self.gatherer = RTCIceGatherer(iceServers=[])
        self.ice = RTCIceTransport(self.gatherer)
        self.dtls = RTCDtlsTransport(self.ice, [self.certificate])
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.dtls._handle_rtp_data = self._hear  # type: ignore[method-assign]  # noqa: SLF001

    async def _hear(self, data: bytes, arrival_time_ms: int) -> None:
        assert arrival_time_ms > 0
        await self.heard.put(data)

    async def join(self, node: Node, peer: Peer, port: int, role: str) -> None:
        """Connect, as an offer and an answer would tell it to."""
        algorithm, _, value = node.fingerprint.partition(" ")
        self.ice._connection.ice_controlling = True  # noqa: SLF001 - as an offerer
        for candidate in candidates(["127.0.0.1"], port, tcp=False):
            parsed = candidate_from_aioice(aioice.Candidate.from_sdp(candidate))
            await self.ice.addRemoteCandidate(parsed)
        await self.ice.addRemoteCandidate(None)
        await self.ice.start(
            RTCIceParameters(usernameFragment=peer.ufrag, password=peer.password, iceLite=True)
        )
        self.dtls._set_role(role)  # noqa: SLF001 - as an answer would
        await self.dtls.start(
            RTCDtlsParameters(fingerprints=[RTCDtlsFingerprint(algorithm, value)])
        )


@pytest.mark.parametrize("setup", ["passive", "active"])
async def test_media_flows(monkeypatch: pytest.MonkeyPatch, setup: Setup) -> None:
    """ICE, DTLS and SRTP of two implementations agree; a goodbye is understood."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: ["127.0.0.1"])
    node = Node(generate_certificate(), random_bytes=secrets.token_bytes)
    shell = UdpShell(node, host="", port=0)
    await shell.open()
    peer, guest = node.add_peer(), Guest()
    reflect(peer)
    await guest.gatherer.gather()
    parameters = guest.gatherer.getLocalParameters()
    assert parameters.usernameFragment
    assert parameters.password
    peer.set_remote(
        ufrag=parameters.usernameFragment,
        password=parameters.password,
        fingerprints=tuple(f"{f.algorithm} {f.value}" for f in guest.certificate.getFingerprints()),
        setup=setup,
        now=time.monotonic(),
    )
    async with asyncio.timeout(10):
        await guest.join(node, peer, shell.port, ROLES[setup])
        assert guest.dtls.state == "connected"
        packet = rtp(b"through aiortc", sequence_number=7)
        await guest.dtls._send_rtp(packet)  # noqa: SLF001
        assert await guest.heard.get() == packet
        await guest.dtls.stop()
        await guest.ice.stop()
        while not peer.closed:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.001)
    connected, closed = peer.take_events()
    assert isinstance(connected, PeerConnected)
    assert closed == PeerClosed("closed_by_peer")
    shell.close()
