"""Recordings: read from their two files, and those of this project in particular."""

import contextlib
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.media.codec import Codec
from sfu.wire.extensions import URIS, Extension
from sfu_clients.errors import ClientError
from sfu_clients.recordings import recording as loading
from sfu_clients.recordings.recording import FOLDER, load_recording, parse_recording
from sfu_clients.recordings.rtpdump import MalformedRecording, write_rtpdump
from tests.support.encoders import DESCRIPTOR_ID, TYPES
from tests.support.packets import rtp, vp8
from tests.support.recorded import description, filmed, flaws
from tests.support.streams import VIDEO, opus, publisher

SSRC: Final = 0x1111
KEY: Final = vp8(key_frame=True)
INTER: Final = vp8()

LAYERS: Final = {
    "vp9-l3t3-key": (3, 3),
    "vp9-l3t3": (3, 3),
    "av1-l3t3-key": (3, 3),
    "av1-l3t3": (3, 3),
    "vp8-simulcast": (1, 3),
    "h264-simulcast": (1, 3),
    "h264-l1t3": (1, 3),
    "opus": (1, 1),
}
"""Spatial and temporal layers of each stream of each recording that comes with the project."""


CONNECTIONS_OWN: Final = (
    Extension.MID,
    Extension.RID,
    Extension.TRANSPORT_CC,
    Extension.ABS_SEND_TIME,
    Extension.ABS_CAPTURE_TIME,
)


def packet(payload: bytes, number: int, **header: object) -> bytes:
    """A VP8 packet; its timestamp is 3000 times its number."""
    fields = {"timestamp": 3000 * number, "sequence_number": number, "ssrc": SSRC} | header
    return rtp(payload, payload_type=TYPES[Codec.VP8], **fields)  # type: ignore[arg-type]


def dump(*packets: bytes) -> bytes:
    """A file in which a packet comes every 10 ms."""
    return write_rtpdump((place / 100, data) for place, data in enumerate(packets))


GOOD: Final = dump(packet(KEY, 65_535), packet(INTER, 65_536), packet(INTER, 65_537, marker=True))


def test_reads_packets_as_they_came() -> None:
    """Timestamps and numbers go on where their bits end; time is since the beginning."""
    recording = parse_recording("mine", description(Codec.VP8, [SSRC], width=640, height=360), GOOD)
    assert (recording.name, recording.codec, recording.kind) == ("mine", "VP8", "video")
    assert (recording.width, recording.height, recording.clock_rate) == (640, 360, 90_000)
    (stream,) = recording.streams
    assert (stream.ssrc, stream.rid, stream.key_frames) == (SSRC, None, (0,))
    assert [one.at for one in stream.packets] == [0.0, 0.01, 0.02]
    assert [one.timestamp for one in stream.packets] == [0, 3000, 6000]
    assert [one.payload for one in stream.packets] == [KEY, INTER, INTER]
    assert [one.marker for one in stream.packets] == [False, False, True]
    assert [one.gap for one in stream.packets] == [0, 0, 0]
    assert (stream.duration, recording.seconds) == (9000, 0.1)


def test_streams_begin_again_together() -> None:
    """Simulcast: all last as long as the longest, so that they stay in step."""
    other = [packet(KEY, number, ssrc=7) for number in range(5)]
    told = description(
        Codec.VP8, streams=[{"ssrc": SSRC, "rid": "h"}, {"ssrc": 7, "rid": "q"}, {"ssrc": 7}]
    )
    recording = parse_recording("mine", told, dump(*other, packet(KEY, 8), packet(KEY, 9)))
    assert [(stream.ssrc, stream.rid) for stream in recording.streams] == [
        (SSRC, "h"),
        (7, "q"),
        (7, None),
    ]
    assert {stream.duration for stream in recording.streams} == {15_000}
    assert recording.streams[0].packets[0].at == 0.05


def test_late_packets_take_their_place() -> None:
    """Sorted by number, each once; what comes before them leaves no later than they."""
    (stream,) = parse_recording(
        "mine",
        description(Codec.VP8, [SSRC]),
        dump(packet(KEY, 1), packet(INTER, 3), packet(INTER, 2), packet(INTER, 3)),
    ).streams
    assert [one.timestamp for one in stream.packets] == [0, 3000, 6000]
    assert [one.at for one in stream.packets] == [0.0, 0.02, 0.02]


def test_tells_what_was_lost() -> None:
    """A packet of nothing but padding is none of the media's, but its number was not lost."""
    (stream,) = parse_recording(
        "mine",
        description(Codec.VP8, [SSRC]),
        dump(packet(KEY, 1), packet(b"", 2, padding=99), packet(INTER, 3), packet(INTER, 6)),
    ).streams
    assert [one.gap for one in stream.packets] == [0, 0, 2]


def test_keeps_what_means_the_same_when_it_is_sent_again() -> None:
    """Not the extensions that belong to one connection or one moment; no other payload types."""
    kept = {Extension.PLAYOUT_DELAY: b"now", Extension.COLOR_SPACE: b"colours"}
    left = dict.fromkeys(CONNECTIONS_OWN, b"else")
    ids = {kind: place for place, kind in enumerate((*kept, *left), 1)}
    told = description(
        Codec.VP8,
        [SSRC],
        extensions={**{str(i): URIS[kind] for kind, i in ids.items()}, "14": "urn:nobody:knows"},
    )
    values = {ids[kind]: value for kind, value in (kept | left).items()} | {14: b"?"}
    (stream,) = parse_recording(
        "mine",
        told,
        dump(
            packet(KEY, 1, extensions=values),
            rtp(b"\x00\x01media", sequence_number=1, ssrc=SSRC, payload_type=97),
            packet(INTER, 2, extensions=values),
        ),
    ).streams
    assert [one.extensions for one in stream.packets] == [kept, kept]


@pytest.mark.parametrize("name", VIDEO)
def test_finds_every_key_picture(name: str) -> None:
    """Whatever tells them: the index is that of the first packet of the first layer."""
    recording = filmed(publisher(name, split=lambda _: 2), 12, keys=[5, 6])
    (stream,) = recording.streams
    found = [stream.packets[place].timestamp for place in stream.key_frames]
    assert found == [0, 5 * 3000, 6 * 3000]
    for place in stream.key_frames[1:]:
        assert stream.packets[place - 1].timestamp == stream.packets[place].timestamp - 3000


def test_every_packet_of_sound_is_a_beginning() -> None:
    """There is nothing to wait for."""
    (stream,) = filmed(opus(), 5).streams
    assert stream.key_frames == (0, 1, 2, 3, 4)
    assert stream.duration == 5 * 960


@pytest.mark.parametrize(
    ("told", "packets"),
    [
        pytest.param(b"{", GOOD, id="no JSON"),
        pytest.param(b"[]", GOOD, id="other JSON"),
        pytest.param(description(Codec.VP8, codec="VP7"), GOOD, id="unknown codec"),
        pytest.param(description(Codec.VP8, kind="smell"), GOOD, id="unknown kind"),
        pytest.param(description(Codec.VP8, streams=[]), GOOD, id="no streams"),
        pytest.param(description(Codec.VP8, streams=[{"ssrc": 3}]), GOOD, id="no packets"),
        pytest.param(
            description(Codec.VP8, extensions={"256": URIS[Extension.MID]}), GOOD, id="id of 256"
        ),
        pytest.param(description(Codec.VP8), b"", id="no rtpdump"),
        pytest.param(description(Codec.VP8), dump(b"not RTP at all"), id="no RTP"),
        pytest.param(description(Codec.VP8), dump(packet(b"\x90", 1)), id="payload cut off"),
        pytest.param(
            description(Codec.VP8),
            dump(packet(KEY, 1, extensions={DESCRIPTOR_ID: b"\x80\x00\x01"}), packet(INTER, 2)),
            id="structure missing",
        ),
        pytest.param(description(Codec.VP8), dump(packet(KEY, 1)), id="one picture"),
        pytest.param(
            description(Codec.VP8), dump(packet(INTER, 1), packet(KEY, 2)), id="no key frame first"
        ),
        pytest.param(
            description(Codec.VP8),
            dump(packet(KEY, 1), packet(INTER, 2, timestamp=5)),
            id="time runs backwards",
        ),
    ],
)
def test_refuses(told: bytes, packets: bytes) -> None:
    """What cannot be replayed is refused, for one reason in a sentence."""
    parse_recording("mine", description(Codec.VP8), GOOD)
    with pytest.raises(MalformedRecording, match=r"\.$"):
        parse_recording("mine", told, packets)


RTP_PACKETS: Final = st.builds(
    packet,
    st.sampled_from([KEY, INTER, b""]) | st.binary(max_size=20),
    st.integers(0, 70_000),
    timestamp=st.integers(0, 2**32 - 1),
    extensions=st.none() | st.fixed_dictionaries({DESCRIPTOR_ID: st.binary(max_size=9)}),
)


@given(
    st.sampled_from(Codec),
    st.lists(RTP_PACKETS | st.binary(min_size=1, max_size=40), min_size=1, max_size=6),
    st.none() | st.binary(max_size=60),
)
def test_any_files_are_read_or_refused(
    codec: Codec, packets: list[bytes], garbled: bytes | None
) -> None:
    """Nothing but MalformedRecording escapes."""
    types = {str(TYPES[Codec.VP8]): codec.value}
    told = description(codec, payload_types=types) if garbled is None else garbled
    with contextlib.suppress(MalformedRecording):
        parse_recording("mine", told, dump(*packets))


def test_an_unknown_name_tells_what_there_is() -> None:
    """One sentence, with every name that would have worked."""
    with pytest.raises(ClientError) as caught:
        load_recording("vp7")
    assert str(caught.value) == (
        f"There is no recording vp7; there are: {', '.join(sorted(LAYERS))}."
    )


def test_recordings_may_be_anywhere(tmp_path: Path) -> None:
    """A path without a suffix names both files; what is wrong with them is told with it."""
    path = tmp_path / "my.own"
    (tmp_path / "my.own.rtpdump").write_bytes(GOOD)
    with pytest.raises(ClientError, match="There is no recording"):
        load_recording(str(path))
    (tmp_path / "my.own.json").write_bytes(description(Codec.VP8))
    assert load_recording(str(path)).name == "my.own"
    (tmp_path / "my.own.json").write_bytes(b"{")
    with pytest.raises(MalformedRecording, match=r"my\.own is broken: .*\.$"):
        load_recording(str(path))


def test_an_unreadable_file_is_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command says what is wrong with it: too large, or not to be opened."""
    path = tmp_path / "mine"
    (tmp_path / "mine.rtpdump").write_bytes(GOOD)
    (tmp_path / "mine.json").write_bytes(description(Codec.VP8))
    monkeypatch.setattr(loading, "MAX_BYTES", 50)
    with pytest.raises(ClientError, match=r"mine\.json has more than 50 bytes\.$"):
        load_recording(str(path))
    (tmp_path / "mine.json").unlink()
    (tmp_path / "mine.json").symlink_to("/proc/self/mem")
    with pytest.raises(ClientError, match=r"mine\.json cannot be read: .*\.$"):
        load_recording(str(path))


def test_the_projects_recordings_are_all_told() -> None:
    """Each has its place in the table above, and in the README beside it."""
    assert {path.stem for path in FOLDER.glob("*.rtpdump")} == set(LAYERS)
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name in LAYERS)


@pytest.mark.parametrize("name", LAYERS)
def test_the_projects_recordings_are_complete(name: str) -> None:
    """Nothing is lost, every layer is there all the time, and they are small."""
    recording = load_recording(name)
    assert flaws(recording, LAYERS[name]) == []
    assert 3.9 < recording.seconds < 4.2
    assert (FOLDER / f"{name}.rtpdump").stat().st_size < 600_000
    if "simulcast" in name:
        assert [stream.rid for stream in recording.streams] == ["q", "h", "f"]


@pytest.mark.parametrize("name", sorted(LAYERS.keys() - {"opus"}))
def test_key_pictures_of_the_projects_recordings_bring_their_structure(name: str) -> None:
    """So that a server and a viewer can begin there; all streams begin at the same moment."""
    recording = load_recording(name)
    for stream in recording.streams:
        for place in stream.key_frames:
            told = stream.packets[place].extensions[Extension.DEPENDENCY_DESCRIPTOR]
            assert len(told) > 15
        assert stream.packets[0].at < 0.05
