"""One stream as it was seen on the way, with what is true of it; kept in files between runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec

from sfu.visibility.inference.window import WINDOW_SECONDS, Window
from sfu_clients.recordings.recording import load_recording

OVERHEAD: Final = 44
"""Bytes of a header with its extensions, and of SRTP."""


class Packet(msgspec.Struct, frozen=True, array_like=True):
    """One datagram; `speech` is the truth, None for pictures."""

    time: float
    size: int
    speech: bool | None
    bytes_by_id: dict[str, int]
    """Of header extensions, in clear."""


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """Times are Unix time, of the capture and of what happened."""

    mode: str
    mitigation: str
    split: Literal["train", "test"]
    kind: Literal["audio", "video"]
    noise: float | None
    packets: list[Packet]
    key_frames: list[float]
    changes: list[float]

    @property
    def kbps(self) -> float:
        """Of datagrams, without the headers of UDP and IP."""
        seconds = self.packets[-1].time - self.packets[0].time
        return 8 * sum(packet.size for packet in self.packets) / seconds / 1000


class Slot(msgspec.Struct, frozen=True):
    """The packets of one window, and when it begins."""

    begins: float
    packets: list[Packet]

    @property
    def window(self) -> Window:
        """What the server's own guesses are made from."""
        return Window(WINDOW_SECONDS, len(self.packets), sum(one.size for one in self.packets))

    @property
    def speech(self) -> bool:
        """Whether most of it is speech."""
        return 2 * sum(bool(packet.speech) for packet in self.packets) >= max(1, len(self.packets))


def recorded(name: str) -> Iterator[Observed]:
    """Streams that a browser sent, of tests/data/recordings, as they look behind SRTP."""
    recording = load_recording(name)
    for stream in recording.streams:
        yield Observed(
            mode="hop",
            mitigation="none",
            split="train",
            kind=recording.kind,
            noise=None,
            packets=[
                Packet(packet.at, OVERHEAD + len(packet.payload), None, {})
                for packet in stream.packets
            ],
            key_frames=[],
            changes=[],
        )


def slots(observed: Observed) -> Iterator[Slot]:
    """The stream, cut into windows."""
    begins, kept = observed.packets[0].time, list[Packet]()
    for packet in sorted(observed.packets, key=lambda one: one.time):
        while packet.time >= begins + WINDOW_SECONDS:
            yield Slot(begins, kept)
            begins, kept = begins + WINDOW_SECONDS, []
        kept.append(packet)


def save(path: Path, observed: list[Observed]) -> None:
    """Write them to a file."""
    path.write_bytes(msgspec.json.encode(observed))


def load(path: Path) -> list[Observed]:
    """Read them back."""
    return msgspec.json.decode(path.read_bytes(), type=list[Observed])
