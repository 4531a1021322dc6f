"""Answers to the offers of real browsers, and to offers that nobody could serve."""

from dataclasses import replace

import pytest

from sfu.errors import Refused
from sfu.media.codec import Codec
from sfu.signalling.agreement import Negotiation
from sfu.signalling.description import Direction, MediaSection, SessionDescription
from sfu.signalling.negotiation import negotiate
from sfu.signalling.sdp import parse_sdp
from sfu.wire.extensions import BY_URI, Extension
from tests.support.offers import NAMES, local_transport, publish_all, recorded, send_all

FITTING: dict[Direction, set[Direction]] = {
    "sendonly": {"recvonly", "inactive"},
    "recvonly": {"sendonly", "inactive"},
    "sendrecv": {"sendrecv", "recvonly", "sendonly", "inactive"},
    "inactive": {"inactive"},
}


def answered(offer: SessionDescription) -> tuple[Negotiation, SessionDescription]:
    """Publish and send all that the offer allows."""
    negotiation = negotiate(offer, local_transport(), publish_all(offer), send_all(offer))
    return negotiation, parse_sdp(negotiation.answer)


def pairs(name: str) -> list[tuple[MediaSection, MediaSection]]:
    """The m-lines that were taken, as offered and as answered."""
    offer = recorded(name)
    _, answer = answered(offer)
    both = zip(offer.sections, answer.sections, strict=True)
    return [(offered, given) for offered, given in both if not given.rejected]


real = pytest.mark.parametrize("name", NAMES)


def test_both_browsers_were_recorded() -> None:
    """The tests below would pass without any offer."""
    assert {name.partition("-")[0] for name in NAMES} == {"chromium", "firefox"}
    assert len(NAMES) == 22


@real
def test_every_m_line_is_answered_in_its_place(name: str) -> None:
    """RFC 3264 section 6: as many m-lines, of the same kinds, and mids as offered."""
    offer = recorded(name)
    _, answer = answered(offer)
    assert [(s.kind, s.protocol, s.mid) for s in answer.sections] == [
        (s.kind, s.protocol, s.mid) for s in offer.sections
    ]
    for offered, given in zip(offer.sections, answer.sections, strict=True):
        assert given.rejected == (offered.rejected or offered.kind == "application")
        assert given.direction in FITTING[offered.direction]


@real
def test_only_what_was_offered_is_answered(name: str) -> None:
    """Payload types mean what the offer says, extension ids too, and none is our invention."""
    for offered, given in pairs(name):
        assert given.formats
        assert set(given.formats) == {str(pt) for pt in given.rtpmaps}
        assert given.rtpmaps.items() <= offered.rtpmaps.items()
        ids = {(extmap.ident, extmap.uri) for extmap in given.extmaps}
        assert ids <= {(extmap.ident, extmap.uri) for extmap in offered.extmaps}
        assert len(ids) == len(given.extmaps)
        for feedback in given.feedback:
            assert feedback in offered.feedback


@real
def test_all_media_shares_one_transport(name: str) -> None:
    """RFC 9143 and RFC 5761: one bundle, RTCP multiplexed, candidates with its first m-line."""
    offer = recorded(name)
    negotiation, answer = answered(offer)
    taken = [section for section in answer.sections if not section.rejected]
    assert answer.bundle == tuple(section.mid for section in taken)
    assert answer.ice_lite
    assert all(section.rtcp_mux for section in taken)
    assert {section.transport.setup for section in taken} == {"passive"}
    assert {section.transport.ufrag for section in taken} == {"srvr"}
    head, _, tail = negotiation.answer.partition("a=candidate:")
    assert head.count("m=") == 1 + [s.mid for s in answer.sections].index(taken[0].mid)
    assert tail.partition("m=")[0].endswith("tcptype passive\r\na=end-of-candidates\r\n")
    assert "a=candidate" not in tail.partition("m=")[2]


@real
def test_one_congestion_control_is_chosen(name: str) -> None:
    """Both browsers have transport-wide feedback, so neither REMB nor absolute send times."""
    for _, given in pairs(name):
        values = {feedback.value for feedback in given.feedback}
        kinds = {BY_URI[extmap.uri] for extmap in given.extmaps}
        assert "transport-cc" in values
        assert "goog-remb" not in values
        assert Extension.TRANSPORT_CC in kinds
        assert Extension.ABS_SEND_TIME not in kinds
        assert Extension.MID in kinds


@real
def test_what_we_send_is_named(name: str) -> None:
    """Pages find tracks by msid, receivers streams by SSRC, retransmissions by their pair."""
    for offered, given in pairs(name):
        if offered.direction != "recvonly":
            assert (given.msid, given.ssrcs) == ("", {})
            continue
        assert given.direction == "sendonly"
        stream, _, track = given.msid.partition(" ")
        assert track == f"t{given.ssrcs and next(iter(given.ssrcs)) - 1000}"
        assert set(given.ssrcs.values()) == {stream.replace("s", "c")}
        groups = [(group.semantics, group.ssrcs) for group in given.ssrc_groups]
        assert groups == ([("FID", tuple(given.ssrcs))] if offered.kind == "video" else [])
        assert len(given.ssrcs) == (2 if offered.kind == "video" else 1)


@real
def test_two_byte_headers_are_agreed_where_they_were_offered(name: str) -> None:
    """Without them Chromium leaves the dependency descriptor out of key frames."""
    negotiation, answer = answered(recorded(name))
    assert answer.extmap_allow_mixed == name.startswith("chromium")  # Firefox: in each m-line
    assert all(section.extmap_allow_mixed for section in answer.sections if not section.rejected)
    assert all(sent.two_byte for sent in negotiation.sends)


@pytest.mark.parametrize(
    ("name", "first", "codecs"),
    [
        ("chromium-publish", Codec.VP8, "VP8 H264 AV1 VP9"),
        ("chromium-publish-vp8", Codec.VP8, "VP8 VP9 H264 AV1"),
        ("chromium-publish-vp9-l3t3-key", Codec.VP9, "VP9 VP8 H264 AV1"),
        ("chromium-publish-av1", Codec.AV1, "AV1 VP8 VP9 H264"),
        ("chromium-publish-h264", Codec.H264, "H264 VP8 VP9 AV1"),
        ("firefox-publish", Codec.VP8, "VP8 VP9 AV1"),
        ("firefox-publish-vp9-l3t3-key", Codec.VP9, "VP9 VP8 AV1"),
        ("firefox-publish-av1", Codec.AV1, "AV1 VP8 VP9"),
    ],
)
def test_the_publisher_chooses_the_codec(name: str, first: Codec, codecs: str) -> None:
    """What a page prefers comes first in its offer, and stays first in our answer."""
    negotiation, answer = answered(recorded(name))
    audio, video = negotiation.receives
    assert set(audio.codecs.values()) == {Codec.OPUS}
    assert answer.sections[1].formats[0] == str(next(iter(video.codecs)))
    assert next(iter(video.codecs.values())) is first
    assert [codec.value for codec in video.codecs.values()] == codecs.split()
    assert sorted(video.rtx.values()) == sorted(video.codecs)


def test_layered_video_of_chromium_brings_its_descriptor() -> None:
    """What `L3T3_KEY` needs of the negotiation."""
    offer = recorded("chromium-publish-vp9-l3t3-key")
    negotiation, answer = answered(offer)
    audio, video = negotiation.receives
    assert (audio.source, video.source) == ("microphone", "camera")
    assert video.extensions == {
        Extension.MID: 4,
        Extension.RID: 10,
        Extension.REPAIRED_RID: 11,
        Extension.TRANSPORT_CC: 3,
        Extension.DEPENDENCY_DESCRIPTOR: 12,
        Extension.PLAYOUT_DELAY: 5,
        Extension.VIDEO_CONTENT_TYPE: 6,
        Extension.COLOR_SPACE: 8,
    }
    assert audio.extensions == {
        Extension.MID: 4,
        Extension.TRANSPORT_CC: 3,
        Extension.AUDIO_LEVEL: 1,
    }
    assert negotiation.extensions == {**video.extensions, **audio.extensions}
    assert (video.nack, video.pli, video.fir, video.transport_cc) == (True, True, True, True)
    assert (audio.nack, audio.pli, audio.fir, audio.transport_cc) == (False, False, False, True)
    media, repeats = offer.sections[1].ssrcs
    assert (video.ssrcs, video.rtx_of) == ((media,), {repeats: media})
    assert video.stream_id == audio.stream_id == offer.sections[0].msid.split()[0]
    vp9, h264 = (pt for pt, codec in video.codecs.items() if codec in {Codec.VP9, Codec.H264})
    assert answer.sections[1].fmtp[vp9] == "profile-id=0;x-google-start-bitrate=1000"
    assert answer.sections[1].fmtp[h264] == (
        "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f;"
        "x-google-start-bitrate=1000"
    )
    assert answer.sections[0].fmtp == {111: "minptime=10;useinbandfec=1"}


@real
def test_who_the_client_is_comes_from_its_offer(name: str) -> None:
    """Credentials, fingerprint and session are for the transport to compare."""
    offer = recorded(name)
    negotiation, _ = answered(offer)
    transport = offer.sections[0].transport
    assert len(transport.password) >= 22
    assert (negotiation.ufrag, negotiation.password) == (transport.ufrag, transport.password)
    assert [fingerprint[:8] for fingerprint in negotiation.fingerprints] == ["sha-256 "]
    assert negotiation.session_id == offer.session_id > 0


def test_firefox_gets_what_it_offers() -> None:
    """No descriptor, extensions in one direction only, stereo because it asks for it."""
    negotiation, answer = answered(recorded("firefox-conference"))
    sent = {stream.kind: stream for stream in negotiation.sends}
    assert sent["video"].extensions == {
        Extension.MID: 3,
        Extension.TRANSPORT_CC: 7,
        Extension.PLAYOUT_DELAY: 6,
    }
    assert sent["audio"].extensions == {
        Extension.MID: 3,
        Extension.TRANSPORT_CC: 7,
        Extension.AUDIO_LEVEL: 1,
    }
    received = {stream.kind: stream for stream in negotiation.receives}
    assert Extension.PLAYOUT_DELAY not in received["video"].extensions  # it only takes it
    assert answer.sections[0].fmtp == {109: "useinbandfec=1;stereo=1"}
    assert sent["video"].payload_types == {
        Codec.VP8: (120, 124),
        Codec.VP9: (121, 125),
        Codec.AV1: (99, 100),
    }
    assert (sent["video"].nack, sent["video"].pli, sent["video"].transport_cc) == (True,) * 3
    assert "x-google" not in " ".join(answer.sections[3].fmtp.values())


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_a_stopped_transceiver_stays_stopped(browser: str) -> None:
    """Its m-line keeps its place with port 0, without a note: the client knows."""
    negotiation, answer = answered(recorded(f"{browser}-stopped"))
    assert [section.rejected for section in answer.sections] == [False, True, False, False]
    assert answer.bundle == ("0", "2", "3")
    assert negotiation.notes == ()


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_limits_are_explained(browser: str) -> None:
    """A person learns why something is missing."""
    notes = answered(recorded(f"{browser}-data-channel"))[0].notes
    assert [(note.mid, note.code) for note in notes] == [("2", "no-data-channels")]
    notes = answered(recorded(f"{browser}-simulcast"))[0].notes
    assert [(note.mid, note.code) for note in notes] == [("1", "one-encoding")]


def test_the_same_offer_gets_the_same_answer() -> None:
    """Nothing in it is random: a client that asks again is told the same."""
    offer = recorded("chromium-conference")
    assert answered(offer)[0] == answered(offer)[0]


def test_we_can_be_the_client_of_dtls() -> None:
    """FFmpeg's WHIP muxer offers `passive` itself."""
    offer = parse_sdp(OFFER.replace("actpass", "passive"))
    negotiation, answer = answered(offer)
    assert negotiation.setup == "active"
    assert answer.sections[0].transport.setup == "active"


OFFER = """v=0
o=- 1 1 IN IP4 0.0.0.0
s=-
t=0 0
a=group:BUNDLE a
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:a
a=sendrecv
a=rtcp-mux
a=setup:actpass
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuv
a=fingerprint:sha-256 FP
a=rtpmap:111 opus/48000/2
""".replace("FP", ":".join(["00"] * 32))


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        pytest.param(OFFER[OFFER.index("m=") :], "", "empty-offer", id="no m-lines"),
        pytest.param("a=group:BUNDLE a\n", "", "no-bundle", id="no bundle"),
        pytest.param("BUNDLE a", "BUNDLE b", "no-bundle", id="a bundle of nothing"),
        pytest.param("a=ice-ufrag:abcd\n", "", "no-ice", id="no ufrag"),
        pytest.param("t=0 0\n", "t=0 0\na=ice-lite\n", "ice-lite", id="two that wait"),
        pytest.param("a=setup:actpass", "a=setup:holdconn", "no-dtls", id="never connects"),
        pytest.param("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/AVP", "no-media", id="plain RTP"),
        pytest.param("a=rtcp-mux\n", "", "no-media", id="RTCP on a port of its own"),
        pytest.param("opus/48000/2", "speex/8000", "no-media", id="no codec of ours"),
        pytest.param("m=audio 9", "m=audio 0", "no-media", id="all switched off"),
        pytest.param(
            "sha-256 " + ":".join(["00"] * 32),
            "sha-1 " + ":".join(["00"] * 20),
            "no-fingerprint",
            id="a weak hash",
        ),
    ],
)
def test_what_nobody_could_serve_is_refused(before: str, after: str, code: str) -> None:
    """One sentence for a person, one code for a program."""
    assert before in OFFER
    with pytest.raises(Refused) as refused:
        answered(parse_sdp(OFFER.replace(before, after)))
    assert refused.value.code == code
    assert refused.value.reason.endswith(".")


@pytest.mark.parametrize(
    ("line", "protocol", "code"),
    [
        ("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x", "RTP/SAVPF", "sdes"),
        ("a=x", "RTP/AVP", "no-dtls"),
        ("a=x", "UDP/TLS/RTP/SAVPF", "no-fingerprint"),
    ],
)
def test_unsafe_media_is_refused(line: str, protocol: str, code: str) -> None:
    """Only DTLS-SRTP is served, whatever else a client would agree to."""
    start = OFFER.index("a=fingerprint")
    text = OFFER[:start] + line + OFFER[OFFER.index("\n", start) :]
    with pytest.raises(Refused) as refused:
        answered(parse_sdp(text.replace("UDP/TLS/RTP/SAVPF", protocol)))
    assert refused.value.code == code


def test_what_is_asked_for_must_be_in_the_offer() -> None:
    """A mid that is not there, and sources and publications of another kind."""
    offer, local = recorded("chromium-conference"), local_transport()
    stream = replace(send_all(offer)["2"], kind="video")
    for publish, send, code in (
        ({"9": "camera"}, {}, "unknown-mid"),
        ({}, {"9": stream}, "unknown-mid"),
        ({"0": "camera"}, {}, "wrong-kind"),
        ({"1": "screen_audio"}, {}, "wrong-kind"),
        ({}, {"2": stream}, "wrong-kind"),
    ):
        with pytest.raises(Refused) as refused:
            negotiate(offer, local, publish, send)  # type: ignore[arg-type]
        assert refused.value.code == code


def extended(*extmaps: str, mixed: bool = False) -> SessionDescription:
    """An offer with these header extensions."""
    lines = [f"a=extmap:{extmap}\n" for extmap in extmaps]
    return parse_sdp(OFFER + "".join(lines) + ("a=extmap-allow-mixed\n" if mixed else ""))


MID, LEVEL = "urn:ietf:params:rtp-hdrext:sdes:mid", "urn:ietf:params:rtp-hdrext:ssrc-audio-level"


@pytest.mark.parametrize(
    ("extmaps", "mixed", "taken"),
    [
        pytest.param(
            [f"1 {MID}", f"2 {LEVEL}"], False, {Extension.MID: 1, Extension.AUDIO_LEVEL: 2}
        ),
        pytest.param([f"1 {MID}", f"2 {MID}"], False, {Extension.MID: 1}, id="one name, two ids"),
        pytest.param([f"1 {MID}", f"1 {MID}"], False, {Extension.MID: 1}, id="twice the same"),
        pytest.param([f"15 {MID}"], True, {}, id="15 is reserved"),
        pytest.param([f"0 {MID}"], True, {}, id="0 is padding"),
        pytest.param([f"16 {MID}"], False, {}, id="too large for one byte"),
        pytest.param([f"16 {MID}"], True, {Extension.MID: 16}, id="fine with two bytes"),
        pytest.param([f"256 {MID}"], True, {}, id="too large for two bytes"),
        pytest.param(["3 urn:3gpp:video-orientation"], False, {}, id="not for us"),
        pytest.param(["3 urn:unknown"], False, {}, id="unknown"),
    ],
)
def test_extension_ids_must_fit(
    *, extmaps: list[str], mixed: bool, taken: dict[Extension, int]
) -> None:
    """An id that no header could carry is not taken; one name has one id."""
    negotiation, answer = answered(extended(*extmaps, mixed=mixed))
    assert negotiation.extensions == taken
    assert negotiation.receives[0].extensions == negotiation.sends[0].extensions == taken
    assert [extmap.ident for extmap in answer.sections[0].extmaps] == list(taken.values())


def test_one_id_has_one_meaning() -> None:
    """RFC 9143 section 10: bundled m-lines share their extension ids."""
    with pytest.raises(Refused, match=r"extmap-clash: .* 1 twice"):
        answered(extended(f"1 {MID}", f"1 {LEVEL}"))


def test_without_transport_wide_feedback_remb_is_taken() -> None:
    """An older sender still learns how much it may send."""
    lines = (
        "a=rtcp-fb:111 goog-remb\na=rtcp-fb:111 transport-cc\n"
        "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\n"
    )
    _, answer = answered(parse_sdp(OFFER + lines))
    assert [feedback.value for feedback in answer.sections[0].feedback] == ["goog-remb"]
    assert [extmap.ident for extmap in answer.sections[0].extmaps] == [2]
