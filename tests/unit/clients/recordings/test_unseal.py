"""Unseal: what those who consented sent, in order and in time, and nothing of anybody else."""

import os
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfu.wire import journal
from sfu.wire.frames import frames
from sfu_clients.errors import ClientError
from sfu_clients.media.encoders import OpusEncoder, VideoEncoder
from sfu_clients.media.pattern import Pattern
from sfu_clients.media.tone import PIECE, Tone
from sfu_clients.recordings.recording import load_recording
from sfu_clients.recordings.unseal import unseal
from sfu_clients.sealing import base64url
from sfu_clients.sealing.consent import RecordingKey, seal_keys
from sfu_clients.sealing.frames import FrameInfo, Sealer, Sender, Stream
from tests.support.recording import watch

KEY = RecordingKey(bytes(range(32)))
IDENT = "0123456789ab"
PICTURES = 60
Change = Callable[[journal.SealedPicture], journal.SealedPicture | None]


def begun(key: RecordingKey = KEY) -> journal.Record:
    """The beginning of a recording."""
    return journal.Begun(IDENT, "hall", "e2ee-passphrase", 0, key.public)


def consent(participant: str, sender: Sender) -> journal.Record:
    """The keys of somebody who consents."""
    sealed = seal_keys(sender, "e2ee-passphrase", base64url.encode(KEY.public), IDENT)
    return journal.SealedKeys(participant, base64url.decode(sealed))


def camera(number: int, participant: str, sender: Sender) -> list[journal.Record]:
    """Two seconds of pictures, with a key frame each second."""
    sealer, pattern = Sealer(sender, Stream.CAMERA), Pattern(320, 180)
    encoder = VideoEncoder("VP8", 320, 180, rate=30, bitrate=200_000)
    records: list[journal.Record] = [
        journal.Track(number, participant, f"q{number}", "camera", "VP8")
    ]
    for place in range(PICTURES):
        if place % 30 == 0:
            encoder.ask_key_frame()
        for frame in encoder.encode(pattern.draw(place, 0), place * 3000):
            info = FrameInfo(key_frame=frame.key_frame, width=320, height=180, time=place)
            wire = sealer.seal("VP8", frame.data, info)
            at = place * 100 // 3
            records.append(journal.SealedPicture(number, at, frame.timestamp, place > 0, (wire,)))
    return records


def microphone(number: int, participant: str, sender: Sender) -> list[journal.Record]:
    """Two seconds of tone."""
    sealer, encoder, tone = Sealer(sender, Stream.MICROPHONE), OpusEncoder(), Tone()
    records: list[journal.Record] = [
        journal.Track(number, participant, f"q{number}", "microphone", "opus")
    ]
    for place in range(PICTURES * 5 // 3):
        for frame in encoder.encode(tone.piece(place), place * PIECE, level=10):
            wire = sealer.seal("opus", frame.data, FrameInfo(time=place * 20))
            at = place * 20
            records.append(journal.SealedPicture(number, at, frame.timestamp, True, (wire,)))  # noqa: FBT003
    return records


def sender() -> Sender:
    """Of one join."""
    return Sender(os.urandom(32), int.from_bytes(os.urandom(4), "big"), bytes(16))


def stored(path: Path, *records: journal.Record) -> Path:
    """A file of these."""
    recording = path / "recording.sealed"
    recording.write_bytes(journal.MAGIC + b"".join(map(journal.write, records)))
    return recording


def test_who_consented_is_in_one_file(tmp_path: Path) -> None:
    """A track for each publication, with sound and picture at their times."""
    ana, ben = sender(), sender()
    recording = stored(
        tmp_path,
        begun(),
        journal.Person("p1", "Ana", ""),
        journal.Person("p2", "Ben", ""),
        *camera(1, "p1", ana),
        *camera(2, "p2", ben),
        *microphone(3, "p1", ana),
        consent("p1", ana),
        journal.Ended("stopped"),
    )
    report = unseal(recording, KEY, tmp_path / "out.webm")
    assert [(one.person, one.source, one.unopened) for one in report.tracks] == [
        ("Ana", "camera", 0),
        ("Ana", "microphone", 0),
    ]
    assert report.refusers == ["Ben"]
    assert not report.broken
    seen = watch(tmp_path / "out.webm")
    assert set(seen) == {"Ana, camera", "Ana, microphone"}
    assert seen["Ana, camera"].sizes == {(320, 180): PICTURES}
    assert seen["Ana, camera"].seconds == pytest.approx(2.0, abs=0.1)
    assert seen["Ana, microphone"].seconds == pytest.approx(2.0, abs=0.1)


def test_keys_open_only_what_their_owner_sent(tmp_path: Path) -> None:
    """In a room with one secret, Ana could send Ben's keys as hers: nothing of Ben's opens."""
    ana, ben = sender(), sender()
    recording = stored(
        tmp_path, begun(), *camera(1, "p1", ana), *camera(2, "p2", ben),
        consent("p1", ana), consent("p1", ben),
    )  # fmt: skip
    report = unseal(recording, KEY, tmp_path / "out.webm")
    assert (len(report.tracks), len(report.unreadable)) == (1, 1)


def test_who_came_back_has_several_keys(tmp_path: Path) -> None:
    """Each join has a sender of its own, and all that were given open."""
    first, second = sender(), sender()
    again = [one for one in camera(1, "p1", second) if isinstance(one, journal.SealedPicture)]
    recording = stored(
        tmp_path, begun(), consent("p1", first), *camera(1, "p1", first), *again,
        consent("p1", second), consent("p1", second), journal.SealedKeys("p1", b"garbage"),
    )  # fmt: skip
    report = unseal(recording, KEY, tmp_path / "out.webm")
    assert report.tracks[0].pictures == 2 * PICTURES
    assert report.broken


def layered(number: int, participant: str, sender: Sender) -> list[journal.Record]:
    """A real browser's three layers, each frame sealed by itself."""
    recording = load_recording("vp9-l3t3-key")
    sealer = Sealer(sender, Stream.CAMERA)
    records: list[journal.Record] = [
        journal.Track(number, participant, f"q{number}", "camera", "VP9")
    ]
    pictures = groupby(recording.streams[0].packets, key=lambda packet: packet.timestamp)
    for place, (timestamp, packets) in enumerate(pictures):
        wires = []
        for spatial, media in enumerate(frames("VP9", [packet.payload for packet in packets])):
            size = (320 << spatial, 180 << spatial)
            key_frame = place == 0
            info = FrameInfo(key_frame, spatial, 0, *(size if key_frame else (0, 0)))
            wires.append(sealer.seal("VP9", media, info))
        at = timestamp // 90
        records.append(journal.SealedPicture(number, at, timestamp, place > 0, tuple(wires)))
    return records


def test_layers_that_were_sealed_apart_are_one_picture(tmp_path: Path) -> None:
    """As large as the highest of them."""
    ana = sender()
    records = layered(1, "p1", ana)
    recording = stored(tmp_path, begun(), *records, consent("p1", ana))
    (track,) = unseal(recording, KEY, tmp_path / "out.webm").tracks
    assert (track.pictures, track.unopened) == (len(records) - 1, 0)
    (seen,) = watch(tmp_path / "out.webm").values()
    assert seen.sizes == {(1280, 720): len(records) - 1}


def without_first(picture: journal.SealedPicture) -> journal.SealedPicture | None:
    """The first key frame did not come."""
    return None if picture.timestamp == 0 else picture


def with_a_changed_bit(picture: journal.SealedPicture) -> journal.SealedPicture:
    """Somebody changes a picture in the middle."""
    if picture.timestamp != 3000 * 20:
        return picture
    (frame,) = picture.frames
    return journal.SealedPicture(
        picture.track,
        picture.at,
        picture.timestamp,
        picture.follows,
        (frame[:-1] + bytes((frame[-1] ^ 1,)),),
    )


def with_a_gap(picture: journal.SealedPicture) -> journal.SealedPicture:
    """The server missed something."""
    follows = picture.timestamp != 3000 * 20
    return journal.SealedPicture(
        picture.track, picture.at, picture.timestamp, follows, picture.frames
    )


@pytest.mark.parametrize(
    ("change", "unwritten"),
    [
        pytest.param(lambda one: one, 0, id="nothing happened"),
        pytest.param(without_first, 29, id="no beginning"),
        pytest.param(with_a_changed_bit, 10, id="a changed bit"),
        pytest.param(with_a_gap, 10, id="a gap"),
    ],
)
def test_pictures_go_on_with_a_key_frame(tmp_path: Path, change: Change, unwritten: int) -> None:
    """What a decoder could not show is left out."""
    ana = sender()
    records: list[journal.Record] = []
    for record in camera(1, "p1", ana):
        kept = change(record) if isinstance(record, journal.SealedPicture) else record
        records += [] if kept is None else [kept]
    recording = stored(tmp_path, begun(), *records, consent("p1", ana))
    (track,) = unseal(recording, KEY, tmp_path / "out.webm").tracks
    assert track.unopened == pytest.approx(unwritten, abs=3)  # the encoder has some in hand
    (seen,) = watch(tmp_path / "out.webm").values()
    assert sum(seen.sizes.values()) == track.pictures


@pytest.mark.parametrize(
    ("records", "words"),
    [
        pytest.param([begun(RecordingKey(bytes(32)))], "another key", id="another key"),
        pytest.param([begun(), *camera(1, "p1", sender())], "nobody", id="nobody consented"),
        pytest.param([], "no sealed recording", id="nothing"),
    ],
)
def test_what_is_refused(tmp_path: Path, records: list[journal.Record], words: str) -> None:
    """One sentence, and no file."""
    recording = stored(tmp_path, *records)
    with pytest.raises(ClientError, match=words):
        unseal(recording, KEY, tmp_path / "out.webm")
    assert not (tmp_path / "out.webm").exists()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The same."""
    with pytest.raises(ClientError, match="Cannot read"):
        unseal(tmp_path / "absent", KEY, tmp_path / "out.webm")


def test_sealed_nonsense_is_no_track(tmp_path: Path) -> None:
    """Its owner sealed it, and still there is nothing to show; numbers of no track neither."""
    ana = sender()
    sealer = Sealer(ana, Stream.CAMERA)
    info = FrameInfo(key_frame=True, width=320, height=180)
    wires = [sealer.seal("VP8", b"no picture", info) for _ in range(3)]
    recording = stored(
        tmp_path,
        begun(),
        consent("p1", ana),
        journal.Track(1, "p1", "q1", "camera", "VP8"),
        *microphone(2, "p1", ana),
        *[journal.SealedPicture(1, 0, place, True, (wire,)) for place, wire in enumerate(wires)],  # noqa: FBT003
        journal.SealedPicture(7, 0, 0, True, (b"x",)),  # noqa: FBT003
    )
    report = unseal(recording, KEY, tmp_path / "out.webm")
    assert [one.source for one in report.tracks] == ["microphone"]
    assert [one.source for one in report.unreadable] == ["camera"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.booleans())
def test_any_file_is_refused_with_a_sentence(
    tmp_path: Path,
    data: bytes,
    begins: bool,  # noqa: FBT001
) -> None:
    """Whoever made it."""
    recording = stored(tmp_path, *([begun()] if begins else []))
    recording.write_bytes(recording.read_bytes() + data)
    with pytest.raises(ClientError):
        unseal(recording, KEY, tmp_path / "out.webm")
