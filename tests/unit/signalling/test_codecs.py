"""The choice of payload types: one a codec, the best one, said back as it was meant."""

import pytest

from sfu.media.codec import Codec
from sfu.signalling.codecs import ChosenCodec, choose_codecs
from sfu.signalling.description import Feedback, MediaSection, RtpMap


def video(*formats: str, feedback: tuple[Feedback, ...] = ()) -> MediaSection:
    """An m-line with formats like "96 VP9/90000 profile-id=0"."""
    return section("video", formats, feedback)


def audio(*formats: str) -> MediaSection:
    return section("audio", formats, ())


def section(kind: str, formats: tuple[str, ...], feedback: tuple[Feedback, ...]) -> MediaSection:
    rtpmaps: dict[int, RtpMap] = {}
    fmtp: dict[int, str] = {}
    for line in formats:
        number, rtpmap, *parameters = line.split(" ", 2)
        name, rate, *channels = rtpmap.split("/")
        rtpmaps[int(number)] = RtpMap(name, int(rate), *map(int, channels))
        if parameters:
            fmtp[int(number)] = parameters[0]
    return MediaSection(
        kind=kind,
        port=9,
        protocol="UDP/TLS/RTP/SAVPF",
        formats=tuple(map(str, rtpmaps)),
        rtpmaps=rtpmaps,
        fmtp=fmtp,
        feedback=feedback,
    )


def chosen(section: MediaSection) -> list[tuple[Codec, int]]:
    return [(codec.codec, codec.payload_type) for codec in choose_codecs(section)]


def only(section: MediaSection) -> ChosenCodec:
    (codec,) = choose_codecs(section)
    return codec


@pytest.mark.parametrize(
    ("formats", "taken"),
    [
        pytest.param(["96 VP8/90000"], [(Codec.VP8, 96)], id="any VP8"),
        pytest.param(["96 vp8/90000"], [(Codec.VP8, 96)], id="names have no case"),
        pytest.param(
            ["98 VP9/90000 profile-id=2", "99 VP9/90000 profile-id=0"],
            [(Codec.VP9, 99)],
            id="VP9 with 8 bits only",
        ),
        pytest.param(["98 VP9/90000"], [(Codec.VP9, 98)], id="VP9 without a profile has 8 bits"),
        pytest.param(["45 AV1/90000 profile=1"], [], id="AV1 main profile only"),
        pytest.param(["45 AV1/90000"], [(Codec.AV1, 45)], id="AV1 without a profile is main"),
        pytest.param(
            ["96 VP8/90000", "97 VP8/90000"], [(Codec.VP8, 96)], id="the first of two alike"
        ),
        pytest.param(
            ["45 AV1/90000", "96 VP8/90000", "98 VP9/90000"],
            [(Codec.AV1, 45), (Codec.VP8, 96), (Codec.VP9, 98)],
            id="the order of the offer stays",
        ),
        pytest.param(
            ["98 VP9/90000 profile-id=2", "96 VP8/90000", "100 VP9/90000 profile-id=0"],
            [(Codec.VP8, 96), (Codec.VP9, 100)],
            id="also where the best one is not the first",
        ),
        pytest.param(["96 VP8/48000"], [], id="another clock rate"),
        pytest.param(["72 VP8/90000"], [], id="a type that RTCP would be taken for"),
        pytest.param(["96 red/90000", "97 ulpfec/90000", "98 rtx/90000 apt=96"], [], id="no codec"),
        pytest.param(["96 H265/90000"], [], id="a codec that we do not forward"),
        pytest.param(["96 opus/48000/2"], [], id="audio on a video m-line"),
    ],
)
def test_one_payload_type_a_codec(formats: list[str], taken: list[tuple[Codec, int]]) -> None:
    """Subscribers get one configuration of each, which every browser decodes."""
    assert chosen(video(*formats)) == taken


H264 = "H264/90000 level-asymmetry-allowed=1;packetization-mode={};profile-level-id={}"


@pytest.mark.parametrize(
    ("offered", "best"),
    [
        pytest.param([(1, "42001f"), (1, "42e01f"), (1, "4d001f")], 1, id="constrained baseline"),
        pytest.param([(0, "42e01f"), (1, "42001f")], 1, id="fragments before profiles"),
        pytest.param([(0, "42E01F"), (0, "4d001f")], 0, id="single NAL units if need be"),
        pytest.param([(1, "640c1f"), (1, "4d0032")], 1, id="main rather than high"),
        pytest.param([(1, "640c1f"), (2, "42e01f")], None, id="high and interleaved never"),
    ],
)
def test_h264_has_one_best_profile(offered: list[tuple[int, str]], best: int | None) -> None:
    """Constrained baseline in fragmentation units is what everybody has."""
    formats = [f"{100 + i} {H264.format(*pair)}" for i, pair in enumerate(offered)]
    assert chosen(video(*formats)) == ([] if best is None else [(Codec.H264, 100 + best)])


def test_h264_without_parameters_is_baseline() -> None:
    """RFC 6184 section 8.1 says what is meant by silence."""
    assert chosen(video("100 H264/90000")) == [(Codec.H264, 100)]


@pytest.mark.parametrize(
    ("format_", "fmtp"),
    [
        ("111 opus/48000/2 minptime=10;useinbandfec=1", "minptime=10;useinbandfec=1"),
        (
            "109 opus/48000/2 maxplaybackrate=48000; stereo=1; useinbandfec=1",
            "useinbandfec=1;stereo=1",
        ),
        ("111 opus/48000/2", ""),
        ("111 opus/48000/2 minptime=10\ud800;useinbandfec=<>;usedtx=1", "usedtx=1"),
    ],
)
def test_opus_parameters_are_said_back(format_: str, fmtp: str) -> None:
    """Error correction stays on, stereo only if offered; nothing strange is repeated."""
    codec = only(audio(format_))
    assert (codec.codec, codec.fmtp, codec.rtx) == (Codec.OPUS, fmtp, None)


@pytest.mark.parametrize("format_", ["111 opus/48000", "111 opus/8000/2", "0 PCMU/8000"])
def test_only_real_opus_is_taken(format_: str) -> None:
    """RFC 7587 section 7: always 48000 and 2."""
    assert chosen(audio(format_)) == []


@pytest.mark.parametrize(
    ("format_", "fmtp"),
    [
        ("120 VP8/90000 max-fs=12288;max-fr=60", ""),
        ("98 VP9/90000 profile-id=0;max-fr=60", "profile-id=0"),
        ("45 AV1/90000 level-idx=5;profile=0;tier=0", "level-idx=5;profile=0;tier=0"),
        (f"108 {H264.format(1, '42e01f')}", H264.format(1, "42e01f").partition(" ")[2]),
    ],
)
def test_the_configuration_is_said_back(format_: str, fmtp: str) -> None:
    """What names the configuration, but no limits of the other side's decoder."""
    assert only(video(format_)).fmtp == fmtp


@pytest.mark.parametrize(
    ("rtx", "taken"),
    [
        pytest.param("97 rtx/90000 apt=96", 97, id="its own"),
        pytest.param("97 rtx/90000 apt=98", None, id="another codec's"),
        pytest.param("97 rtx/90000", None, id="nobody's"),
        pytest.param("80 rtx/90000 apt=96", None, id="one that RTCP would be taken for"),
        pytest.param("97 red/90000 apt=96", None, id="no retransmissions at all"),
    ],
)
def test_retransmissions_belong_to_a_codec(rtx: str, taken: int | None) -> None:
    """RFC 4588 section 8.6: apt names what is repeated."""
    assert only(video("96 VP8/90000", rtx)).rtx == taken


def test_feedback_is_what_both_know() -> None:
    """In our order and spelling, for this payload type or for all."""
    offered = (
        Feedback(96, "nack  PLI"),
        Feedback(None, "transport-cc"),
        Feedback(96, "nack"),
        Feedback(97, "ccm fir"),
        Feedback(96, "nack rpsi"),
    )
    codec = only(video("96 VP8/90000", feedback=offered))
    assert codec.feedback == ("nack", "nack pli", "transport-cc")
