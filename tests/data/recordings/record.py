"""Records what Chromium sends to a running server, packet by packet.

`python -m tests.data.recordings.record [NAME ...]` needs chromium and chromedriver (Debian's). It
replaces the recordings that are named, or all, in this folder. The README there tells how.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from sfu.rooms.participant import Participant
from sfu.server import Server
from sfu.signalling.sdp import parse_sdp
from sfu.wire.extensions import BY_URI, Extension, ExtensionIds, FoundExtensions, find_extensions
from sfu.wire.rtcp import PictureLoss
from sfu.wire.rtp import RtpView, extend, parse_rtp
from sfu_clients.recordings.counters import CounterReader
from sfu_clients.recordings.recording import CLOCK_RATES, KEPT, parse_recording
from sfu_clients.recordings.rtpdump import write_rtpdump
from tests.support.browsers import Driver, start_chromium
from tests.support.recorded import flaws
from tests.support.running import running, settings

FOLDER: Final = Path(__file__).parent

SIZE: Final = (1280, 720)
FRAME_RATE: Final = 15
SECONDS: Final = 4
"""What is kept of each stream."""

SETTLING_SECONDS: Final = 8.0
"""Chromium adds layers while its estimate of the bandwidth grows."""

ATTEMPTS: Final = 5
MAX_BYTES: Final = 600_000


@dataclass(frozen=True)
class Case:
    """What the page is to send; `layers` are the spatial and temporal ones of each stream."""

    codec: str
    mode: str | None
    layers: tuple[int, int]
    encodings: tuple[Mapping[str, object], ...]

    @property
    def kind(self) -> str:
        return "audio" if self.codec == "opus" else "video"


def _layered(codec: str, mode: str, layers: tuple[int, int], bitrate: int) -> Case:
    return Case(codec, mode, layers, ({"scalabilityMode": mode, "maxBitrate": bitrate},))


def _simulcast(codec: str) -> Case:
    sizes = (("q", 4, 100_000), ("h", 2, 250_000), ("f", 1, 750_000))
    encodings = tuple(
        {"rid": rid, "scaleResolutionDownBy": by, "maxBitrate": most, "scalabilityMode": "L1T3"}
        for rid, by, most in sizes
    )
    return Case(codec, "L1T3", (1, 3), encodings)


CASES: Final = {
    "vp9-l3t3-key": _layered("VP9", "L3T3_KEY", (3, 3), 1_100_000),
    "vp9-l3t3": _layered("VP9", "L3T3", (3, 3), 1_100_000),
    "av1-l3t3-key": _layered("AV1", "L3T3_KEY", (3, 3), 1_000_000),
    "av1-l3t3": _layered("AV1", "L3T3", (3, 3), 1_000_000),
    "vp8-simulcast": _simulcast("VP8"),
    "h264-simulcast": _simulcast("H264"),
    "h264-l1t3": _layered("H264", "L1T3", (1, 3), 800_000),
    "opus": Case("opus", None, (1, 1), ({},)),
}

PUBLISH: Final = """
const [codec, encodings, [width, height], frameRate, room, done] = arguments;
const publish = async () => {
  const kind = codec === 'opus' ? 'audio' : 'video';
  const wanted = {audio: true, video: {width, height, frameRate}};
  const stream = await navigator.mediaDevices.getUserMedia({[kind]: wanted[kind]});
  const pc = window.pc = new RTCPeerConnection();
  const init = {direction: 'sendonly', streams: [stream], sendEncodings: encodings};
  const transceiver = pc.addTransceiver(stream.getTracks()[0], init);
  const all = RTCRtpSender.getCapabilities(kind).codecs;
  const named = (one, name) => one.mimeType.toLowerCase() === `${kind}/${name}`.toLowerCase();
  const only = all.filter((one) => named(one, codec) || named(one, 'rtx'));
  transceiver.setCodecPreferences(only);
  const parameters = transceiver.sender.getParameters();
  parameters.degradationPreference = 'maintain-resolution';
  await transceiver.sender.setParameters(parameters);
  await pc.setLocalDescription();
  const headers = {'Content-Type': 'application/sdp'};
  const body = pc.localDescription.sdp;
  const reply = await fetch(`/whip/${room}`, {method: 'POST', headers, body});
  let sdp = await reply.text();
  if (!reply.ok) throw new Error(sdp);
  if (encodings.length > 1) {  // the one thing that the server would not have said itself
    const rids = encodings.map((encoding) => encoding.rid);
    sdp += rids.map((rid) => `a=rid:${rid} recv\\r\\n`).join('');
    sdp += `a=simulcast:recv ${rids.join(';')}\\r\\n`;
  }
  await pc.setRemoteDescription({type: 'answer', sdp});
  return sdp;
};
publish().then(done, (error) => done('failed: ' + error));
"""


class Failure(Exception):  # noqa: N818 - named for what happened
    """What a browser did not do, in words."""


@dataclass(frozen=True)
class Came:
    """One packet that came."""

    at: float
    data: bytes
    timestamp: int  # counted on
    begins: bool  # a key picture, if the packet is the first of its picture


@dataclass
class Stream:
    """One SSRC."""

    reader: CounterReader
    rid: str | None = None
    packets: list[Came] = field(default_factory=list)

    def cut(self, since: float, clock_rate: int) -> list[Came]:
        """SECONDS from the first key picture after `since` on; empty if there is not as much."""
        pairs = list(pairwise(self.packets))
        start = next(
            (
                place
                for place, (before, packet) in enumerate(pairs, 1)
                if packet.at >= since and packet.begins and packet.timestamp != before.timestamp
            ),
            None,
        )
        if start is None:
            return []
        until = self.packets[start].timestamp + SECONDS * clock_rate
        kept = [packet for packet in self.packets[start:] if packet.timestamp < until]
        return kept if start + len(kept) < len(self.packets) else []


class Tap:
    """Listens to what a participant's router receives."""

    def __init__(self, case: Case, participant: Participant, answer: str) -> None:
        (section,) = parse_sdp(answer).sections
        self.case = case
        self.payload_types = {
            ident: rtpmap.name
            for ident, rtpmap in section.rtpmaps.items()
            if rtpmap.name == case.codec
        }
        self.extensions = {extmap.ident: extmap.uri for extmap in section.extmaps}
        self.streams: dict[int, Stream] = {}
        self._ids = ExtensionIds({BY_URI[uri]: i for i, uri in self.extensions.items()})
        assert participant.peer is not None
        self._peer = participant.peer
        self._router = participant.router
        self._peer.on_rtp = self._receive

    def _receive(self, data: bytes, *, now: float) -> None:
        self._note(data, now)
        self._router.receive_rtp(data, now=now)

    def _note(self, data: bytes, now: float) -> None:
        view, found = RtpView(), FoundExtensions()
        parse_rtp(data, len(data), view)
        if view.payload_type not in self.payload_types:
            return
        find_extensions(view, self._ids, found)
        extensions = {
            kind: data[start : start + found.length[kind]]
            for kind in (*KEPT, Extension.RID)
            if (start := found.offset[kind]) >= 0
        }
        stream = self.streams.setdefault(view.ssrc, Stream(CounterReader(self.case.codec)))
        if Extension.RID in extensions:
            stream.rid = extensions[Extension.RID].decode()
        payload = data[view.payload_offset : view.payload_end]
        begins = bool(payload) and stream.reader.read(payload, extensions)[1]
        last = stream.packets[-1].timestamp if stream.packets else 1 << 32
        stream.packets.append(Came(now, data, extend(view.timestamp, last, 32), begins))

    def ask_key_frames(self) -> None:
        """Ask for a key frame of every stream."""
        for ssrc in self.streams:
            self._peer.send_rtcp(PictureLoss(1, ssrc).encode())

    def cut(self, since: float) -> list[list[Came]]:
        """What is kept of each stream, as soon as all of it has come."""
        rate = CLOCK_RATES[self.case.kind]
        cuts = [stream.cut(since, rate) for stream in self.streams.values()]
        return cuts if all(cuts) else []


async def publish(driver: Driver, server: Server, url: str, name: str) -> Tap:
    """Have the browser publish; raises Failure."""
    case = CASES[name]
    await asyncio.to_thread(driver.get, f"{url}/healthz")
    wanted = (case.codec, case.encodings, SIZE, FRAME_RATE, name)
    answer = await asyncio.to_thread(driver.execute_async_script, PUBLISH, *wanted)
    if answer.startswith("failed: "):
        raise Failure(answer)
    return Tap(case, next(iter(server.directory.rooms[name].participants.values())), answer)


async def listen(tap: Tap) -> list[list[Came]]:
    """Ask for a key frame, and wait for what follows it; raises Failure."""
    if len(tap.streams) != len(tap.case.encodings):
        raise Failure(f"{len(tap.streams)} streams came")
    since = time.monotonic()
    tap.ask_key_frames()
    async with asyncio.timeout(3 * SECONDS):
        while not (cuts := tap.cut(since)):  # noqa: ASYNC110 - packets raise no events
            await asyncio.sleep(0.1)
    return cuts


def describe(tap: Tap, browser: str) -> dict[str, Any]:
    """What the JSON file says; streams in the order of their encodings."""
    rids = [encoding.get("rid") for encoding in tap.case.encodings]
    streams = sorted(tap.streams.items(), key=lambda stream: rids.index(stream[1].rid))
    return {
        "codec": tap.case.codec,
        "kind": tap.case.kind,
        "mode": tap.case.mode,
        "payload_types": tap.payload_types,
        "extensions": tap.extensions,
        "streams": [{"ssrc": ssrc, "rid": one.rid} for ssrc, one in streams],
        "width": SIZE[0] if tap.case.kind == "video" else 0,
        "height": SIZE[1] if tap.case.kind == "video" else 0,
        "browser": browser,
        "recorded": datetime.now(UTC).date().isoformat(),
    }


def write(name: str, description: Mapping[str, object], cuts: Sequence[Sequence[Came]]) -> None:
    """Write both files, if the recording is as it should be; raises Failure."""
    came = sorted((packet for cut in cuts for packet in cut), key=lambda packet: packet.at)
    packets = write_rtpdump((packet.at - came[0].at, packet.data) for packet in came)
    told = json.dumps(description, indent=2) + "\n"
    found = flaws(parse_recording(name, told.encode(), packets), CASES[name].layers)
    if len(packets) > MAX_BYTES:
        found.append(f"{len(packets)} bytes")
    if found:
        raise Failure("; ".join(found))
    (FOLDER / f"{name}.rtpdump").write_bytes(packets)
    (FOLDER / f"{name}.json").write_text(told, encoding="utf-8")


async def record(driver: Driver, server: Server, url: str, name: str) -> None:
    """Record one case; raises Failure with what was wrong with each attempt."""
    complaints = []
    tap = await publish(driver, server, url, name)
    browser = f"Chromium {driver.capabilities['browserVersion']}"
    for _ in range(ATTEMPTS):
        await asyncio.sleep(SETTLING_SECONDS)
        try:
            cuts = await listen(tap)
            write(name, describe(tap, browser), cuts)
        except (Failure, TimeoutError) as failure:
            complaints.append(str(failure) or "not enough came")
        else:
            return
    raise Failure("\n".join(complaints))


async def main(names: Sequence[str]) -> int:
    """Record what is named; 1 if something could not be recorded."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        driver = await asyncio.to_thread(start_chromium, Path(folder))
        driver.set_script_timeout(30)
        try:
            async with running(settings()) as (server, url):
                for name in names or CASES:
                    try:
                        await record(driver, server, url, name)
                        sys.stdout.write(f"{name}: recorded\n")
                    except Failure as failure:
                        sys.stdout.write(f"{name}: not recorded: {failure}\n")
                        failed = 1
                    sys.stdout.flush()
                    await asyncio.to_thread(driver.get, "about:blank")
        finally:
            await asyncio.to_thread(driver.quit)
    return failed


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
