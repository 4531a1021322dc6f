"""Debian's Janus, another forwarding unit, with a room that aiortc's peers use."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Self

import aiohttp
import av
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.rtcdtlstransport import SRTP_PROFILES

from sfu.keylog import KeyLog, endpoint
from sfu_clients.media.encoders import AUDIO_CLOCK, VIDEO_CLOCK
from sfu_clients.media.pattern import Pattern
from sfu_clients.media.tone import PIECE, Tone
from tests.support.patience import wait_until
from tests.support.processes import ChildProcess

JANUS: Final = shutil.which("janus")
PORTS: Final = (31_000, 31_100)
"""Of its media."""

ROOM: Final = 1234
START_SECONDS: Final = 20.0
_RATE: Final = 30
_SETTINGS: Final = {
    "janus.jcfg": """
general: {{ plugins_folder = "/none", log_to_stdout = true }}
media: {{ rtp_port_range = "{low}-{high}" }}
nat: {{ ice_enforce_list = "127.0.0.1", ice_lite = false }}
plugins: {{ }}
transports: {{ }}
""",
    "janus.transport.http.jcfg": """
general: {{ json = "compact", base_path = "/janus", http = true, port = {port}, ip = "127.0.0.1" }}
admin: {{ admin_http = false }}
""",
    "janus.plugin.videoroom.jcfg": """
room-{room}: {{ description = "a room", publishers = 6, videocodec = "vp8", audiocodec = "opus" }}
""",
}


class Pictures(MediaStreamTrack):
    """A test picture that moves."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._pattern = Pattern(320, 180)
        self._count = 0
        self._began = asyncio.get_running_loop().time()

    async def recv(self) -> av.VideoFrame:
        """The next picture, when it is due."""
        self._count += 1
        await _until(self._began + self._count / _RATE)
        frame = self._pattern.draw(self._count, self._count / _RATE)
        frame.pts, frame.time_base = self._count * VIDEO_CLOCK // _RATE, Fraction(1, VIDEO_CLOCK)
        return frame


class Sound(MediaStreamTrack):
    """A tone that swells."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._tone = Tone()
        self._count = 0
        self._began = asyncio.get_running_loop().time()

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms, when they are due."""
        first = self._count * PIECE
        frame = self._tone.piece(self._count)
        self._count += 1
        await _until(self._began + self._count * PIECE / AUDIO_CLOCK)
        frame.pts = first
        frame.time_base = Fraction(1, AUDIO_CLOCK)
        return frame


async def _until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - asyncio.get_running_loop().time()))


class Janus:
    """The process, with one plugin and its HTTP API on a port of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        assert JANUS is not None
        self.url = f"http://127.0.0.1:{port}/janus"
        settings, library = folder / "janus", folder / "janus" / "plugins"
        library.mkdir(parents=True)
        for name, text in _SETTINGS.items():
            words = text.format(low=PORTS[0], high=PORTS[1], port=port, room=ROOM)
            (settings / name).write_text(words.replace("/none", str(library)), encoding="utf-8")
        (plugin,) = Path("/usr/lib").glob("*/janus/plugins/libjanus_videoroom.so")
        (library / plugin.name).symlink_to(plugin)
        command = [JANUS, "-F", str(settings), "-C", str(settings / "janus.jcfg")]
        self.process = ChildProcess(command, folder / "janus.log")
        try:
            wait_until(self._answers, START_SECONDS, "Janus listens")
        except AssertionError as error:
            error.add_note(self.process.said[-2000:])
            self.process.stop()
            raise

    def _answers(self) -> bool:
        return "HTTP webserver started" in self.process.said or not self.process.alive

    def stop(self) -> None:
        """End it."""
        self.process.stop()


class Handle:
    """One peer's conversation with the video room."""

    def __init__(self, http: aiohttp.ClientSession, session: str) -> None:
        self._http = http
        self._session = session
        self._handle = ""

    @classmethod
    async def open(cls, http: aiohttp.ClientSession, url: str) -> Self:
        """Begin a session of its own."""
        self = cls(http, url)
        created = await self._post(url, janus="create")
        self._session = f"{url}/{created['data']['id']}"
        attached = await self._post(self._session, janus="attach", plugin="janus.plugin.videoroom")
        self._handle = f"{self._session}/{attached['data']['id']}"
        return self

    async def _post(self, url: str, **message: object) -> dict[str, Any]:
        async with self._http.post(url, json={"transaction": "t", **message}) as answer:
            return dict(await answer.json())

    async def say(
        self, body: dict[str, object], jsep: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Ask the room something; its answer comes as an event."""
        described = {} if jsep is None else {"jsep": jsep}
        await self._post(self._handle, janus="message", body=body, **described)
        async with asyncio.timeout(15):
            while True:
                async with self._http.get(self._session) as answer:
                    event = dict(await answer.json())
                if "plugindata" in event:
                    return event


def _described(description: RTCSessionDescription) -> dict[str, str]:
    return {"type": description.type, "sdp": description.sdp}


@asynccontextmanager
async def forwarding(url: str) -> AsyncIterator[tuple[RTCPeerConnection, RTCPeerConnection]]:
    """Somebody publishes and somebody else watches, for as long as the block lasts."""
    alone = RTCConfiguration(iceServers=[])
    publisher, viewer = RTCPeerConnection(alone), RTCPeerConnection(alone)
    viewer.on("track", lambda track: tasks.append(asyncio.create_task(_consume(track))))
    tasks: list[asyncio.Task[None]] = []
    async with aiohttp.ClientSession() as http:
        try:
            feed = await _publish(await Handle.open(http, url), publisher)
            await _watch(await Handle.open(http, url), viewer, feed)
            yield publisher, viewer
        finally:
            await publisher.close()
            await viewer.close()
            await asyncio.gather(*tasks, return_exceptions=True)


def write_keys(peer: RTCPeerConnection, log: KeyLog) -> None:
    """What a peer and Janus protect with, as our own clients write it down."""
    dtls = peer.getTransceivers()[0].sender.transport
    tls, ice = dtls._ssl, dtls.transport._connection  # noqa: SLF001 - nobody is told
    assert tls is not None
    selected = tls.get_selected_srtp_profile()
    (profile,) = (one for one in SRTP_PROFILES if one.openssl_profile == selected)
    secret = tls.export_keying_material(
        b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length)
    )
    pair = ice._nominated[1]  # noqa: SLF001 - the same
    ends = [endpoint(*pair.local_addr[:2]), endpoint(*pair.remote_addr[:2])]
    if dtls._role == "server":  # noqa: SLF001 - the same
        ends.reverse()
    for place, (source, target) in enumerate((ends, ends[::-1])):
        key_and_salt = profile.get_key_and_salt(secret, place)
        log.write_srtp(source, target, selected.decode("ascii"), key_and_salt)


async def _publish(handle: Handle, peer: RTCPeerConnection) -> int:
    joined = await handle.say({"request": "join", "ptype": "publisher", "room": ROOM})
    peer.addTrack(Pictures())
    peer.addTrack(Sound())
    await peer.setLocalDescription(await peer.createOffer())
    answer = await handle.say({"request": "publish"}, _described(peer.localDescription))
    await peer.setRemoteDescription(RTCSessionDescription(**answer["jsep"]))
    return int(joined["plugindata"]["data"]["id"])


async def _watch(handle: Handle, peer: RTCPeerConnection, feed: int) -> None:
    wish = {"request": "join", "ptype": "subscriber", "room": ROOM, "streams": [{"feed": feed}]}
    offer = await handle.say(wish)
    for _ in range(40):  # until it has heard of the publisher's media
        if "jsep" in offer:
            break
        await asyncio.sleep(0.25)
        offer = await handle.say(wish)
    assert "jsep" in offer, offer
    await peer.setRemoteDescription(RTCSessionDescription(**offer["jsep"]))
    await peer.setLocalDescription(await peer.createAnswer())
    await handle.say({"request": "start"}, _described(peer.localDescription))


async def _consume(track: MediaStreamTrack) -> None:
    while True:
        await track.recv()
