"""Recordings as a moderator makes and fetches them, and what a decoder finds in them."""

import json
import urllib.error
import urllib.request
from array import array
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av

from tests.support.patience import wait_until

DECODERS = {"vp9": "libvpx-vp9"}
"""FFmpeg's own shows every spatial layer of a picture; this one, the highest."""


def ask(
    url: str, method: str = "GET", *, body: object = None, token: str | None = None
) -> tuple[int, bytes]:
    """Status and body of a request."""
    data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - ours
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def fetched(url: str, ident: str, folder: Path, *, token: str | None = None) -> list[Path]:
    """Wait until a recording is over, and fetch its files."""
    found: list[dict[str, Any]] = []

    def is_over() -> bool:
        status, text = ask(url, token=token)
        assert status == 200, text
        found[:] = [one for one in json.loads(text)["recordings"] if one["id"] == ident]
        return bool(found) and found[0]["ended"] is not None

    wait_until(is_over, 10, "the recording is written")
    paths = []
    for file in found[0]["files"]:
        status, data = ask(f"{url}/{ident}/{file['name']}", token=token)
        assert (status, len(data)) == (200, file["bytes"])
        paths.append(folder / file["name"])
        paths[-1].write_bytes(data)
    return paths


@dataclass
class Seen:
    """What one track showed."""

    kind: str
    codec: str
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Pictures, by size."""
    seconds: float = 0.0
    """From the first frame to the last."""
    loudest: float = 0.0


def watch(path: Path) -> dict[str, Seen]:
    """Play a file to its end; by names of tracks."""
    seen = {}
    with av.open(str(path)) as container:
        for stream in container.streams:
            codec = stream.codec_context.name
            track = Seen(stream.type, codec)
            seen[stream.metadata["title"]] = track
            container.seek(0)
            decoder: Any = av.CodecContext.create(DECODERS.get(codec, codec), "r")
            if stream.codec_context.extradata:
                decoder.extradata = stream.codec_context.extradata
            times = []
            for packet in container.demux(stream):
                if packet.pts is not None:
                    times.append(float(packet.pts * packet.time_base))
                for frame in decoder.decode(packet):
                    if isinstance(frame, av.VideoFrame):
                        track.sizes[frame.width, frame.height] += 1
                    else:  # 32-bit floats
                        samples = array("f", bytes(frame.planes[0]))
                        track.loudest = max(track.loudest, *map(abs, samples))
            track.seconds = times[-1] - times[0]
    return seen
