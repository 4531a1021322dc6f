"""Recordings: what a browser sent, stream by stream, ready to be replayed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median_low
from typing import Final, Literal

import msgspec

from sfu.errors import MalformedPacket
from sfu.wire.extensions import (
    BY_URI,
    PASSED_ON,
    Extension,
    ExtensionIds,
    FoundExtensions,
    find_extensions,
)
from sfu.wire.rtp import RtpView, extend, parse_rtp
from sfu_clients.errors import ClientError
from sfu_clients.recordings.counters import CODECS, CounterReader, Counters
from sfu_clients.recordings.rtpdump import MAX_BYTES, MalformedRecording, read_rtpdump

FOLDER: Final = Path(__file__).resolve().parents[4] / "tests" / "data" / "recordings"
"""Where recordings that are only named are looked for."""

CLOCK_RATES: Final = {"audio": 48_000, "video": 90_000}

KEPT: Final = tuple(kind for kind in PASSED_ON if kind is not Extension.ABS_CAPTURE_TIME)
"""Extensions that mean the same when they are sent again; the others the sender writes anew."""


@dataclass(frozen=True, slots=True)
class RecordedPacket:
    """One packet that carries media."""

    at: float  # seconds since the recording's start
    payload: bytes
    timestamp: int  # not cut to 32 bits; 0 is the stream's first
    marker: bool
    extensions: Mapping[Extension, bytes]
    gap: int  # sequence numbers that are missing before it
    counters: Counters


@dataclass(frozen=True, slots=True)
class RecordedStream:
    """One SSRC; it begins with a key picture."""

    ssrc: int
    rid: str | None
    clock_rate: int
    packets: tuple[RecordedPacket, ...]
    key_frames: tuple[int, ...]  # indices of the packets that begin a key picture
    duration: int  # timestamp of the picture that would follow the last one
    sharing: int  # streams that number their frames together, this one included


@dataclass(frozen=True, slots=True)
class Recording:
    """What one track sent for a while."""

    name: str
    codec: str  # encoding name as in SDP
    kind: Literal["audio", "video"]
    clock_rate: int
    width: int
    height: int
    seconds: float  # until it begins again; the same for all streams
    streams: tuple[RecordedStream, ...]


class _Stream(msgspec.Struct):
    ssrc: int
    rid: str | None = None


class _Description(msgspec.Struct):
    """The JSON file beside the packets, as far as we need it."""

    codec: str
    kind: Literal["audio", "video"]
    payload_types: dict[int, str]
    extensions: dict[int, str]
    streams: list[_Stream]
    width: int = 0
    height: int = 0


def load_recording(name_or_path: str) -> Recording:
    """Read a recording of this project by its name, any other by its path without a suffix.

    Raises ClientError: there is none, or (MalformedRecording) it is broken.
    """
    path = Path(name_or_path) if "/" in name_or_path else FOLDER / name_or_path
    told, packets = (path.with_name(path.name + suffix) for suffix in (".json", ".rtpdump"))
    if not (told.is_file() and packets.is_file()):
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.rtpdump"))) or "none"
        raise ClientError(f"There is no recording {name_or_path}; there are: {known}.")
    try:
        return parse_recording(path.name, _read(told), _read(packets))
    except MalformedRecording as error:
        raise MalformedRecording(f"The recording {name_or_path} is broken: {error}") from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ClientError(f"{path.name} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_BYTES:
        raise MalformedRecording(f"{path.name} has more than {MAX_BYTES} bytes.")
    return data


def parse_recording(name: str, description: bytes, packets: bytes) -> Recording:
    """Put a recording together from its two files; raises MalformedRecording."""
    try:
        told = msgspec.json.decode(description, type=_Description)
    except msgspec.DecodeError as error:
        raise MalformedRecording(f"Its description is not understood: {error}.") from error
    if told.codec not in CODECS:
        raise MalformedRecording(f"Its codec is none of {', '.join(CODECS)}.")
    try:
        streams = _streams(told, read_rtpdump(packets))
    except MalformedPacket as error:
        raise MalformedRecording(f"One of its packets is: {error}.") from error
    duration = max(stream.duration for stream in streams)
    return Recording(
        name=name,
        codec=told.codec,
        kind=told.kind,
        clock_rate=CLOCK_RATES[told.kind],
        width=told.width,
        height=told.height,
        seconds=duration / CLOCK_RATES[told.kind],
        streams=tuple(replace(stream, duration=duration) for stream in streams),
    )


@dataclass(frozen=True, slots=True)
class _Raw:
    """A packet whose counters are not known yet; `sequence` and `timestamp` are wide."""

    at: float
    sequence: int
    timestamp: int
    marker: bool
    payload: bytes
    extensions: Mapping[Extension, bytes]


def _streams(told: _Description, packets: Sequence[tuple[float, bytes]]) -> list[RecordedStream]:
    by_ssrc = _sorted_out(told, packets)
    if not told.streams:
        raise MalformedRecording("It names no stream.")
    return [_stream(told, one, by_ssrc.get(one.ssrc, [])) for one in told.streams]


def _sorted_out(
    told: _Description, packets: Iterable[tuple[float, bytes]]
) -> dict[int, list[_Raw]]:
    """The packets of each stream that carry its codec."""
    payload_types = {ident for ident, codec in told.payload_types.items() if codec == told.codec}
    known = {ident: BY_URI[uri] for ident, uri in told.extensions.items() if uri in BY_URI}
    if not all(0 < ident <= 0xFF for ident in known):  # noqa: PLR2004 - RFC 8285 section 4.3
        raise MalformedRecording("An id of a header extension is none.")
    ids = ExtensionIds({kind: ident for ident, kind in known.items()})
    view, found = RtpView(), FoundExtensions()
    by_ssrc: dict[int, list[_Raw]] = {}
    for at, data in packets:
        parse_rtp(data, len(data), view)
        if view.payload_type not in payload_types:
            continue
        find_extensions(view, ids, found)
        stream = by_ssrc.setdefault(view.ssrc, [])
        last = stream[-1] if stream else None
        stream.append(
            _Raw(
                at=at,
                sequence=extend(view.sequence_number, last.sequence if last else 1 << 16, 16),
                timestamp=extend(view.timestamp, last.timestamp if last else 1 << 32, 32),
                marker=view.marker,
                payload=data[view.payload_offset : view.payload_end],
                extensions={
                    kind: data[start : start + found.length[kind]]
                    for kind in KEPT
                    if (start := found.offset[kind]) >= 0
                },
            )
        )
    return by_ssrc


def _stream(told: _Description, one: _Stream, came: Sequence[_Raw]) -> RecordedStream:
    """Read packets in the order in which they were sent; those of padding alone are left out."""
    by_sequence = {raw.sequence: raw for raw in reversed(came)}  # of two the first
    reader = CounterReader(told.codec)
    packets: list[RecordedPacket] = []
    key_frames: list[int] = []
    expected, start, gap = min(by_sequence, default=0), 0, 0
    for sequence, raw in sorted(by_sequence.items()):
        gap += sequence - expected
        expected = sequence + 1
        if not raw.payload:
            continue
        counters, begins = reader.read(raw.payload, raw.extensions)
        start = start or raw.timestamp
        last = packets[-1] if packets else None
        packet = RecordedPacket(
            at=max(raw.at, last.at) if last else raw.at,
            payload=raw.payload,
            timestamp=raw.timestamp - start,
            marker=raw.marker,
            extensions=raw.extensions,
            gap=gap,
            counters=counters,
        )
        if begins and (last is None or last.timestamp != packet.timestamp):
            key_frames.append(len(packets))
        packets.append(packet)
        gap = 0
    if key_frames[:1] != [0]:
        raise MalformedRecording(f"Its stream {one.ssrc} does not begin with a key frame.")
    return RecordedStream(
        ssrc=one.ssrc,
        rid=one.rid,
        clock_rate=CLOCK_RATES[told.kind],
        packets=tuple(packets),
        key_frames=tuple(key_frames),
        duration=_duration(packets),
        sharing=len(told.streams),
    )


def _duration(packets: Iterable[RecordedPacket]) -> int:
    """Until the next picture would follow, were it as far away as most are."""
    timestamps = list(dict.fromkeys(packet.timestamp for packet in packets))
    steps = [after - before for before, after in pairwise(timestamps)]
    if not steps or min(steps) <= 0:
        raise MalformedRecording("Its pictures do not follow each other in time.")
    return timestamps[-1] + median_low(steps)
