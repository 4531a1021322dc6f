"""One m-line's answer: directions, notes, and what is agreed on."""

import pytest

from sfu.media.codec import Codec
from sfu.signalling.agreement import SendStream
from sfu.signalling.description import (
    Direction,
    ExtMap,
    MediaSection,
    RtpMap,
    SsrcGroup,
    Transport,
)
from sfu.signalling.messages import MediaSource
from sfu.signalling.sections import Outcome, SectionAnswerer
from sfu.wire.extensions import URIS, Extension

OURS = Transport("srvr", "p" * 24, ("sha-256 AB",), "passive")


def offered(direction: Direction = "sendrecv", **others: object) -> MediaSection:
    """A camera's m-line with VP8 and its retransmissions."""
    fields: dict[str, object] = {
        "kind": "video",
        "port": 9,
        "protocol": "UDP/TLS/RTP/SAVPF",
        "formats": ("96", "97"),
        "mid": "a",
        "direction": direction,
        "rtcp_mux": True,
        "rtpmaps": {96: RtpMap("VP8", 90_000), 97: RtpMap("rtx", 90_000)},
        "fmtp": {97: "apt=96"},
        **others,
    }
    return MediaSection(**fields)  # type: ignore[arg-type]


def stream(*codecs: Codec) -> SendStream:
    return SendStream(7, 8, "stream", "track", "cname", codecs or None)


def answer(
    section: MediaSection, source: MediaSource | None = None, sent: SendStream | None = None
) -> tuple[Outcome, list[str]]:
    """The outcome, and the codes of the notes about it."""
    answerer = SectionAnswerer(OURS, ("a",), {}, sealed=False)
    outcome = answerer.answer(section, source, sent)
    assert all(note.mid == section.mid and note.reason.endswith(".") for note in answerer.notes)
    return outcome, [note.code for note in answerer.notes]


@pytest.mark.parametrize(
    ("direction", "publishes", "wants", "answered", "notes"),
    [
        ("sendonly", True, False, "recvonly", []),
        ("recvonly", False, True, "sendonly", []),
        ("sendrecv", True, True, "sendrecv", []),
        ("sendrecv", True, False, "recvonly", []),
        ("sendrecv", False, True, "sendonly", []),
        ("recvonly", False, False, "inactive", []),
        ("inactive", False, False, "inactive", []),
        ("sendonly", False, False, "inactive", ["not-published"]),
        ("sendrecv", False, False, "inactive", ["not-published"]),
        ("recvonly", True, False, "inactive", ["not-offered"]),
        ("inactive", True, False, "inactive", ["not-offered"]),
        ("sendonly", False, True, "inactive", ["not-offered"]),
        ("inactive", False, True, "inactive", ["not-offered"]),
        ("recvonly", True, True, "sendonly", ["not-offered"]),
        ("sendonly", True, True, "recvonly", ["not-offered"]),
    ],
)
def test_directions(
    *, direction: Direction, publishes: bool, wants: bool, answered: str, notes: list[str]
) -> None:
    """Media flows where the offer allows it and somebody asked for it; else a note says why."""
    outcome, codes = answer(
        offered(direction), "camera" if publishes else None, stream() if wants else None
    )
    assert outcome.accepted
    assert (outcome.answer.direction, codes) == (answered, notes)
    assert (outcome.received is not None) == (answered in {"recvonly", "sendrecv"})
    assert (outcome.sent is not None) == (answered in {"sendonly", "sendrecv"})
    assert bool(outcome.answer.msid) == (outcome.sent is not None)


@pytest.mark.parametrize(
    ("section", "notes"),
    [
        pytest.param(offered(port=0), [], id="switched off by the client"),
        pytest.param(offered(kind="application"), ["no-data-channels"], id="a data channel"),
        pytest.param(offered(protocol="RTP/AVP"), ["no-dtls"], id="plain RTP"),
        pytest.param(offered(mid="b"), ["not-bundled"], id="outside of the bundle"),
        pytest.param(offered(rtcp_mux=False), ["no-rtcp-mux"], id="a port for RTCP"),
        pytest.param(offered(rtpmaps={}), ["no-codec"], id="nothing that we forward"),
    ],
)
def test_what_cannot_be_served_keeps_its_place(section: MediaSection, notes: list[str]) -> None:
    """Port 0 and the formats as offered (RFC 3264 section 6); the reason is in a note."""
    outcome, codes = answer(section, "camera", stream())
    assert (outcome.accepted, codes) == (False, notes)
    assert (outcome.answer.port, outcome.answer.direction) == (0, "inactive")
    assert outcome.answer.formats == section.formats
    assert (outcome.received, outcome.sent) == (None, None)


def test_port_0_in_the_bundle_is_no_refusal() -> None:
    """RFC 9143 section 6: bundle-only m-lines have it in the offer, and a port in the answer."""
    outcome, _ = answer(offered(port=0, bundle_only=True), "camera")
    assert outcome.answer.port == 9
    assert not outcome.answer.bundle_only


@pytest.mark.parametrize(
    ("codecs", "reason"),
    [
        pytest.param((Codec.VP8,), None, id="the one it has"),
        pytest.param((Codec.VP9, Codec.VP8), None, id="one of several"),
        pytest.param((), None, id="not known yet"),
        pytest.param((Codec.AV1, Codec.VP9), "encoded with AV1 or VP9, which", id="none it has"),
    ],
)
def test_a_viewer_without_the_codec_is_told(codecs: tuple[Codec, ...], reason: str | None) -> None:
    """The tile can say what is missing; the m-line stays for another publication."""
    answerer = SectionAnswerer(OURS, ("a",), {}, sealed=False)
    outcome = answerer.answer(offered("recvonly"), None, stream(*codecs))
    assert outcome.accepted
    assert (outcome.sent is None) == (reason is not None)
    assert [note.code for note in answerer.notes] == (["codec-unsupported"] if reason else [])
    assert all((reason or "") in note.reason for note in answerer.notes)


def test_simulcast_is_limited_to_one_encoding() -> None:
    """Without a=simulcast in the answer a browser sends its first encoding only."""
    outcome, codes = answer(offered("sendonly", simulcast=True), "camera")
    assert (outcome.answer.simulcast, codes) == (False, ["one-encoding"])


def test_what_a_client_sends_is_known_by_its_pairs() -> None:
    """Retransmissions are told from media by the FID groups of the offer."""
    section = offered(
        "sendonly",
        ssrcs={1: "c", 2: "c", 3: "c"},
        ssrc_groups=(SsrcGroup("FID", (1, 2)), SsrcGroup("SIM", (1, 3)), SsrcGroup("FID", (3,))),
        msid="their-stream their-track",
    )
    received = answer(section, "screen")[0].received
    assert received is not None
    assert (received.ssrcs, received.rtx_of) == ((1, 3), {2: 1})
    assert (received.codecs, received.rtx) == ({96: Codec.VP8}, {97: 96})
    assert (received.source, received.stream_id) == ("screen", "their-stream")


def test_what_we_send_is_announced() -> None:
    """RFC 8830 and RFC 5576: the stream's names, and both SSRCs as a pair."""
    outcome, _ = answer(offered("recvonly"), None, stream(Codec.VP8))
    assert outcome.answer.msid == "stream track"
    assert outcome.answer.ssrcs == {7: "cname", 8: "cname"}
    assert outcome.answer.ssrc_groups == (SsrcGroup("FID", (7, 8)),)
    assert outcome.sent is not None
    assert outcome.sent.payload_types == {Codec.VP8: (96, 97)}


def test_without_retransmissions_there_is_one_ssrc() -> None:
    """A client without RTX is promised none."""
    section = offered("recvonly", formats=("96",), rtpmaps={96: RtpMap("VP8", 90_000)})
    outcome, _ = answer(section, None, stream(Codec.VP8))
    assert outcome.answer.ssrcs == {7: "cname"}
    assert outcome.answer.ssrc_groups == ()
    assert outcome.sent is not None
    assert outcome.sent.payload_types == {Codec.VP8: (96, None)}


def test_video_that_we_receive_starts_fast() -> None:
    """Only there the browser's first guess of the bitrate is ours to make."""
    start = "x-google-start-bitrate=1000"
    assert answer(offered(), "camera")[0].answer.fmtp == {96: start, 97: "apt=96"}
    assert answer(offered(), None, stream())[0].answer.fmtp == {97: "apt=96"}
    opus = offered(
        kind="audio",
        formats=("111",),
        rtpmaps={111: RtpMap("opus", 48_000, 2)},
        fmtp={111: "useinbandfec=1"},
    )
    outcome, _ = answer(opus, "microphone")
    assert outcome.answer.fmtp == {111: "useinbandfec=1"}


DESCRIPTOR = ExtMap(13, URIS[Extension.DEPENDENCY_DESCRIPTOR])


@pytest.mark.parametrize(
    ("names", "described", "taken"),
    [
        pytest.param(["VP8", "VP9"], False, ["VP8", "VP9"], id="as browsers offer them"),
        pytest.param(["H264", "VP8"], False, ["VP8"], id="H.264 would need clear bytes"),
        pytest.param(["AV1", "VP9"], True, ["AV1", "VP9"], id="AV1 with descriptors"),
        pytest.param(["AV1", "VP9"], False, ["VP9"], id="AV1 without, as Firefox has it"),
        pytest.param(["H264"], True, [], id="nothing that can be sealed"),
    ],
)
def test_a_sealed_room_takes_what_can_be_sealed(
    names: list[str],
    described: bool,  # noqa: FBT001 - a column
    taken: list[str],
) -> None:
    """Whatever is forwarded must be understood from outside of the seal, or is refused in words."""
    types = dict(zip(range(100, 120), names, strict=False))
    section = offered(
        "sendonly",
        formats=tuple(map(str, types)),
        rtpmaps={number: RtpMap(name, 90_000) for number, name in types.items()},
        fmtp=dict.fromkeys(types, "packetization-mode=1;profile-level-id=42e01f"),
        extmaps=(DESCRIPTOR,) if described else (),
    )
    answerer = SectionAnswerer(
        OURS, ("a",), {13: Extension.DEPENDENCY_DESCRIPTOR} if described else {}, sealed=True
    )
    outcome = answerer.answer(section, "camera", None)
    assert [rtpmap.name for rtpmap in outcome.answer.rtpmaps.values()] == taken
    assert outcome.accepted == bool(taken)
    assert [note.code for note in answerer.notes] == ([] if taken else ["no-sealed-codec"])
