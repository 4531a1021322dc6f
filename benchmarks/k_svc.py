"""What a switch down costs in K-SVC: a key frame for everybody, or lower layers kept warm.

    PYTHONPATH=clients/python .venv/bin/python benchmarks/k_svc.py [RECORDING ...]

Reads recordings of Chromium; docs/decisions/k-svc-switches.md says what follows from the figures.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Final

from sfu.wire.dependency_descriptor import Structure, parse_descriptor
from sfu.wire.extensions import Extension
from sfu_clients.recordings.recording import RecordedStream, load_recording

USUAL: Final = ("vp9-l3t3-key", "av1-l3t3-key")

Layer = tuple[int, int]


def measure(stream: RecordedStream) -> tuple[Counter[Layer], Counter[int], int]:
    """Bytes of inter frames by layer, bytes of key pictures by spatial layer, and key pictures."""
    structure: Structure | None = None
    inter: Counter[Layer] = Counter()
    keys: Counter[int] = Counter()
    pictures = 0
    key_timestamp = -1
    for place, packet in enumerate(stream.packets):
        told = packet.extensions[Extension.DEPENDENCY_DESCRIPTOR]
        descriptor = parse_descriptor(told, 0, len(told), structure)
        structure = descriptor.structure or structure

        if place in stream.key_frames:
            key_timestamp = packet.timestamp
            pictures += 1
        if packet.timestamp == key_timestamp:
            keys[descriptor.spatial] += len(packet.payload)
        else:
            inter[descriptor.spatial, descriptor.temporal] += len(packet.payload)
    return inter, keys, pictures


def report(name: str) -> str:
    """A few lines about one recording."""
    recording = load_recording(name)
    inter, keys, pictures = measure(recording.streams[0])
    highest = max(keys)
    seconds = recording.seconds
    viewed = sum(size for (spatial, _), size in inter.items() if spatial == highest) / seconds
    warm = sum(inter[spatial, 0] for spatial in range(highest)) / seconds
    picture = sum(keys.values()) / pictures
    usual = sum(inter.values()) / (seconds * _rate(recording.streams[0])) if inter else 0.0
    rows = (
        ("an HD viewer's inter frames", viewed * 8 / 1000, "kbit/s"),
        ("lower T0 chains kept warm", warm * 8 / 1000, "kbit/s, all the time"),
        ("that is", 100 * warm / viewed, "% more"),
        ("a key picture of all layers", picture / 1000, "kB"),
        ("that is", picture / usual, "usual pictures"),
        ("or so much keeping warm", picture / warm, "s"),
    )
    lines = [f"  {what:30}{number:7.1f} {unit}" for what, number, unit in rows]
    return "\n".join((f"{name}: {seconds:.1f} s, {pictures} key picture(s)", *lines))


def _rate(stream: RecordedStream) -> float:
    pictures = len({packet.timestamp for packet in stream.packets})
    return pictures * stream.clock_rate / stream.duration


def main(names: Sequence[str]) -> None:
    """Print what there is to say."""
    for name in names or USUAL:
        sys.stdout.write(report(name) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
