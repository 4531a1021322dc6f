"""One encrypted path to the server for everything, sent and received: ICE, DTLS and SRTP.

ICE is aioice's, the handshake and SRTP are aiortc's. RTP and RTCP leave and enter here as bytes in
clear: aiortc's own RTP layer loses header extensions that it does not know. Each datagram wakes a
task of aiortc's; pictures of 360 lines with sound cost a subscriber a tenth of a core in all.
"""

import asyncio
import ipaddress
import logging
from collections.abc import Callable
from typing import Any, Final

from aiortc import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceGatherer,
    RTCIceParameters,
    RTCIceTransport,
)
from aiortc.sdp import candidate_from_sdp, candidate_to_sdp

from sfu.keylog import KeyLog, endpoint
from sfu_clients import tasks
from sfu_clients.errors import ClientError
from sfu_clients.sdp import Answered, LocalTransport

CONNECT_SECONDS: Final = 15.0
MAX_CANDIDATES: Final = 16
"""Addresses of the server's that are tried: it cannot have us knock at everybody's door."""

MAX_QUEUED: Final = 4096
"""Packets that wait on either side; what comes then is lost, as on any network."""

_EXTRACTOR: Final = b"EXTRACTOR-dtls_srtp"

Receive = Callable[[bytes], None]

logger = logging.getLogger(__name__)


class _Dtls(RTCDtlsTransport):
    """Hands packets on as they are, instead of to aiortc's RTP layer."""

    def __init__(self, transport: RTCIceTransport, on_rtp: Receive, on_rtcp: Receive) -> None:
        super().__init__(transport, [RTCCertificate.generateCertificate()])
        self._on_rtp = on_rtp
        self._on_rtcp = on_rtcp

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        del arrival_time_ms
        self._deliver(self._on_rtp, data)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        self._deliver(self._on_rtcp, data)

    def write_keys(self, log: KeyLog, own: str, other: str) -> None:
        """Write down what both sides protect with (RFC 5764 section 4.2)."""
        assert self._ssl is not None
        selected = self._ssl.get_selected_srtp_profile()
        (profile,) = (one for one in self._srtp_profiles if one.openssl_profile == selected)
        length = 2 * (profile.key_length + profile.salt_length)
        secret = self._ssl.export_keying_material(_EXTRACTOR, length)
        client, server = (profile.get_key_and_salt(secret, index) for index in (0, 1))
        sent, received = (server, client) if self._role == "server" else (client, server)
        log.write_srtp(own, other, selected.decode("ascii"), sent)
        log.write_srtp(other, own, selected.decode("ascii"), received)

    def _deliver(self, receive: Receive, data: bytes) -> None:
        try:
            receive(data)
        except Exception:  # a fault of ours must not end the reading of all streams
            logger.exception("packet.failed")


class _Bounded(asyncio.Queue[Any]):
    """Loses what comes while it is full; None, which tells of the end, always enters."""

    def put_nowait(self, item: Any) -> None:  # noqa: ANN401 - packets of two shapes
        if not self.full():
            super().put_nowait(item)
        elif item is None:
            self.get_nowait()
            super().put_nowait(item)


def usable_part(candidate: str) -> str | None:
    """What we need of the value of an a=candidate: a UDP port of an IP address (RFC 8839)."""
    match fields := candidate.split()[:8]:
        case [_, component, protocol, priority, address, port, "typ", _]:
            fits = _is_below(component, 257) and _is_below(priority, 1 << 32)
            fits = fits and _is_below(port, 1 << 16) and protocol.lower() == "udp"
            return " ".join(fields) if fits and _is_address(address) else None
        case _:
            return None


def _is_below(text: str, bound: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < bound  # noqa: PLR2004


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class Transport:
    """A path that is opened once and closed once."""

    def __init__(
        self,
        *,
        on_rtp: Receive,
        on_rtcp: Receive,
        on_lost: Callable[[], None],
        keylog: KeyLog | None = None,
    ) -> None:
        """What arrives is given to the first two, in clear; when nothing passes, `on_lost`."""
        self._keylog = keylog
        gatherer = RTCIceGatherer(iceServers=[])
        self._ice = RTCIceTransport(gatherer)
        self._ice._connection.ice_controlling = True  # noqa: SLF001 - the server is ICE-lite
        self._ice._connection._queue = _Bounded(MAX_QUEUED)  # noqa: SLF001 - it has no bound
        self._dtls = _Dtls(self._ice, on_rtp, on_rtcp)
        self._task: asyncio.Task[None] | None = None
        self._sends: asyncio.Queue[bytes | None] = _Bounded(MAX_QUEUED)
        self._on_lost = on_lost
        self.lost = False
        """Nothing will pass any more."""

    async def gather(self) -> LocalTransport:
        """What an offer says of this side."""
        await self._ice.iceGatherer.gather()
        parameters = self._ice.iceGatherer.getLocalParameters()
        assert parameters.usernameFragment is not None
        assert parameters.password is not None
        return LocalTransport(
            ufrag=parameters.usernameFragment,
            password=parameters.password,
            fingerprints=tuple(
                f"{fingerprint.algorithm} {fingerprint.value}"
                for fingerprint in self._dtls.getLocalParameters().fingerprints
            ),
            candidates=tuple(
                candidate_to_sdp(candidate)
                for candidate in self._ice.iceGatherer.getLocalCandidates()
            ),
        )

    @property
    def connected(self) -> bool:
        """Whether media may flow."""
        return self._dtls.state == "connected" and not self.lost

    async def connect(self, answered: Answered) -> None:
        """Find the way and shake hands; raises ClientError, and then it is lost."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._connect(answered)
        except TimeoutError as error:
            self.lose()
            raise ClientError("No media gets through to the server within 15 s.") from error
        except ClientError:
            self.lose()
            raise
        self._dtls.on("statechange", self._note_state)
        self._task = tasks.start(self._send_all(), "transport")

    async def _connect(self, answered: Answered) -> None:
        for candidate in answered.candidates[:MAX_CANDIDATES]:
            if (usable := usable_part(candidate)) is not None:
                await self._ice.addRemoteCandidate(candidate_from_sdp(usable))
        await self._ice.addRemoteCandidate(None)
        await self._ice.start(RTCIceParameters(answered.ufrag, answered.password, iceLite=True))
        if self._ice.state != "completed":
            raise ClientError("No UDP gets through to the server's media port.")
        self._dtls._set_role("server" if answered.setup == "active" else "client")  # noqa: SLF001
        fingerprints = [RTCDtlsFingerprint(*pair) for pair in answered.fingerprints]
        await self._dtls.start(RTCDtlsParameters(fingerprints))
        if self._dtls.state != "connected":
            raise ClientError("The DTLS handshake with the server failed.")
        if self._keylog is not None:
            pair = self._ice._connection._nominated[1]  # noqa: SLF001 - aioice tells nobody
            ends = endpoint(*pair.local_addr[:2]), endpoint(*pair.remote_addr[:2])
            self._dtls.write_keys(self._keylog, *ends)

    def _note_state(self) -> None:
        if self._dtls.state in {"closed", "failed"}:
            self.lose()

    def lose(self) -> None:
        """Nothing is to pass any more."""
        if not self.lost:
            self.lost = True
            self._on_lost()

    def send(self, packet: bytes) -> None:
        """Send one RTP packet or RTCP compound; dropped while nothing can pass."""
        if self.connected:
            self._sends.put_nowait(packet)

    async def _send_all(self) -> None:
        try:
            while True:
                packet = await self._sends.get()
                assert packet is not None
                await self._dtls._send_rtp(packet)  # noqa: SLF001 - its only way
        except ConnectionError:
            pass
        finally:
            self.lose()

    async def close(self) -> None:
        """Say goodbye, and leave no task and no socket."""
        self.lost = True
        await tasks.stop(self._task)
        await self._dtls.stop()
        await self._ice.stop()
        await asyncio.sleep(0)  # aiortc's reader ends in the loop's next turn
