"""One encrypted path to the server for everything, sent and received: ICE, DTLS and SRTP.

ICE is aioice's, the handshake and SRTP are aiortc's. RTP and RTCP leave and enter here as bytes in
clear: aiortc's own RTP layer loses header extensions that it does not know.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final

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

from sfu_clients.errors import ClientError
from sfu_clients.sdp import Answered, LocalTransport

CONNECT_SECONDS: Final = 15.0

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

    def _deliver(self, receive: Receive, data: bytes) -> None:
        try:
            receive(data)
        except Exception:  # a fault of ours must not end the reading of all streams
            logger.exception("packet.failed")


class Transport:
    """A path that is opened once and closed once."""

    def __init__(self, *, on_rtp: Receive, on_rtcp: Receive) -> None:
        """What arrives is given to these, in clear."""
        gatherer = RTCIceGatherer(iceServers=[])
        self._ice = RTCIceTransport(gatherer)
        self._ice._connection.ice_controlling = True  # noqa: SLF001 - the server is ICE-lite
        self._dtls = _Dtls(self._ice, on_rtp, on_rtcp)
        self._task: asyncio.Task[None] | None = None
        self._sends: asyncio.Queue[bytes] = asyncio.Queue()
        self.lost = asyncio.Event()
        """Set when nothing will pass any more."""

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
        return self._dtls.state == "connected" and not self.lost.is_set()

    async def connect(self, answered: Answered) -> None:
        """Find the way and shake hands; raises ClientError."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._connect(answered)
        except TimeoutError as error:
            raise ClientError("No media gets through to the server within 15 s.") from error
        self._dtls.on("statechange", self._note_state)
        self._task = asyncio.create_task(self._send_all(), name="sfu-client:transport")

    async def _connect(self, answered: Answered) -> None:
        for candidate in answered.candidates:
            with suppress(ValueError):  # TCP and names are not for us
                await self._ice.addRemoteCandidate(candidate_from_sdp(candidate))
        await self._ice.addRemoteCandidate(None)
        await self._ice.start(RTCIceParameters(answered.ufrag, answered.password, iceLite=True))
        if self._ice.state != "completed":
            raise ClientError("No UDP gets through to the server's media port.")
        self._dtls._set_role("server" if answered.setup == "active" else "client")  # noqa: SLF001
        fingerprints = [RTCDtlsFingerprint(*pair) for pair in answered.fingerprints]
        await self._dtls.start(RTCDtlsParameters(fingerprints))
        if self._dtls.state != "connected":
            raise ClientError("The DTLS handshake with the server failed.")

    def _note_state(self) -> None:
        if self._dtls.state in {"closed", "failed"}:
            self.lost.set()

    def send(self, packet: bytes) -> None:
        """Send one RTP packet or RTCP compound; dropped while nothing can pass."""
        if self.connected:
            self._sends.put_nowait(packet)

    async def _send_all(self) -> None:
        try:
            while True:
                await self._dtls._send_rtp(await self._sends.get())  # noqa: SLF001 - its only way
        except ConnectionError:
            self.lost.set()

    async def close(self) -> None:
        """Say goodbye, and leave no task and no socket."""
        self.lost.set()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._dtls.stop()
        await self._ice.stop()
        await asyncio.sleep(0)  # aiortc's reader ends in the loop's next turn
