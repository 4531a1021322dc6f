"""SDP: read with its bounds, written as it was read, and never another error than Refused."""

import contextlib
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import Refused
from sfu.signalling import sdp
from sfu.signalling.description import ExtMap, Feedback, RtpMap, SsrcGroup, parameters
from sfu.signalling.negotiation import negotiate
from sfu.signalling.sdp import format_sdp, parse_sdp
from tests.support.offers import FOLDER, NAMES, local_transport, publish_all, recorded, send_all

SPELLED_OUT = """v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:LS b
a=group:BUNDLE a b
a=group:BUNDLE c
a=extmap-allow-mixed
a=fingerprint:SHA-256 {fingerprint}
a=setup:actpass
a=sendonly
a=extmap:1/sendonly urn:ietf:params:rtp-hdrext:sdes:mid
m=audio 9/2 UDP/TLS/RTP/SAVPF 111 0
c=IN IP4 0.0.0.0
a=mid:a
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuv
a=rtcp-mux
a=recvonly
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10; useinbandfec=1
a=candidate:1 1 udp 1 192.0.2.1 9 typ host
m=video 0 UDP/TLS/RTP/SAVPF 96 97
a=mid:b
a=bundle-only
a=setup:active
a=rtcp-rsize
a=rtpmap:96 VP9/90000
a=rtcp-fb:96 nack pli
a=rtcp-fb:* transport-cc
a=extmap:2 urn:x some attributes
a=ssrc:1 cname:c one
a=ssrc:1 msid:s t
a=ssrc:2 msid:s t
a=ssrc-group:FID 1 2
a=msid:s t
a=rid:h send
a=simulcast:send h
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
a=mid:c
a=inactive
""".replace("{fingerprint}", ":".join(["ab"] * 32))


def refused(text: str) -> str:
    """The sentence with which a text is refused."""
    with pytest.raises(Refused) as error:
        parse_sdp(text)
    assert error.value.code == "bad-sdp"
    assert error.value.reason.endswith(".")
    return error.value.reason


def test_reads_every_field() -> None:
    """Each attribute that we use, where RFC 8866 and its relatives put it."""
    offer = parse_sdp(SPELLED_OUT)
    assert (offer.session_id, offer.version) == (4611731400430051336, 2)
    assert (offer.bundle, offer.ice_lite, offer.extmap_allow_mixed) == (("a", "b"), False, True)
    audio, video, data = offer.sections
    assert (audio.kind, audio.port, audio.protocol) == ("audio", 9, "UDP/TLS/RTP/SAVPF")
    assert (audio.formats, audio.mid, audio.direction) == (("111", "0"), "a", "recvonly")
    assert audio.transport.ufrag == "abcd"
    assert audio.transport.password == "abcdefghijklmnopqrstuv"
    assert audio.rtpmaps == {111: RtpMap("opus", 48000, 2)}
    assert audio.fmtp == {111: "minptime=10; useinbandfec=1"}
    assert (audio.rtcp_mux, audio.rtcp_rsize, audio.rejected) == (True, False, False)
    assert (video.rtcp_mux, video.rtcp_rsize, video.rejected) == (False, True, False)
    assert video.feedback == (Feedback(96, "nack pli"), Feedback(None, "transport-cc"))
    assert video.ssrcs == {1: "c one", 2: ""}
    assert video.ssrc_groups == (SsrcGroup("FID", (1, 2)),)
    assert (video.msid, video.simulcast, audio.simulcast) == ("s t", True, False)
    assert (data.kind, data.formats) == ("application", ("webrtc-datachannel",))


def test_the_session_level_fills_in() -> None:
    """RFC 8866 section 6: what the m-line does not say, the session says."""
    audio, video, data = parse_sdp(SPELLED_OUT).sections
    fingerprint = ("sha-256 " + ":".join(["AB"] * 32),)
    assert {s.transport.fingerprints for s in (audio, video, data)} == {fingerprint}
    assert [s.transport.setup for s in (audio, video, data)] == ["actpass", "active", "actpass"]
    assert [s.direction for s in (audio, video, data)] == ["recvonly", "sendonly", "inactive"]
    mid = ExtMap(1, "urn:ietf:params:rtp-hdrext:sdes:mid", "sendonly")
    assert audio.extmaps == (mid,)
    assert video.extmaps == (mid, ExtMap(2, "urn:x"))
    assert video.extmap_allow_mixed


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_read_again(name: str) -> None:
    """Writing loses nothing that we use, but what the session level had said once."""
    offer = recorded(name)
    sections = [replace(section, simulcast=False) for section in offer.sections]
    offer = replace(offer, sections=tuple(sections))
    assert parse_sdp(format_sdp(offer)) == offer
    assert format_sdp(parse_sdp(format_sdp(offer))) == format_sdp(offer)


def test_lines_end_as_the_rfc_demands() -> None:
    """CRLF, each line; and both kinds of end are read."""
    text = format_sdp(parse_sdp(SPELLED_OUT))
    assert text.endswith("\r\n")
    assert text.count("\n") == text.count("\r\n")
    assert parse_sdp(SPELLED_OUT) == parse_sdp(SPELLED_OUT.replace("\n", "\r\n"))


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("v=0\n", "", "does not begin with v=0"),
        ("o=- ", "o=", "o= line is missing or incomplete"),
        ("4611731400430051336", "x", "session id of o= is not a number"),
        ("4611731400430051336", "9" * 20, "session id of o= is too large"),
        ("s=-", "nonsense", "line 3 is not of the form x=value"),
        ("s=-", "s=\x00", "line 3 is not of the form x=value"),
        ("s=-", "s=a\rb", "line 3 is not of the form x=value"),
        ("s=-", "s=" + "-" * 4096, "line 3 is longer than 4096 characters"),
        ("audio 9/2 UDP/TLS/RTP/SAVPF 111 0", "audio 9 x", "an m-line is incomplete"),
        ("audio 9/2 ", "audio 65536 ", "a port is too large"),
        ("audio 9/2 ", "audio \uff19 ", "a port is not a number"),
        ("SAVPF 111 0", "SAVPF 111 128", "a payload type of an m-line is too large"),
        ("SAVPF 111 0", "SAVPF 111 x", "a payload type of an m-line is not a number"),
        ("SAVPF 111 0", "SAVPF 111 111", "lists a format twice"),
        ("m=audio 9/2 UDP", "m=audio 9/2 U(P", "no transport protocol"),
        ("a=mid:b", "a=mid:a", "two m-lines have the same a=mid"),
        ("a=mid:b", "a=mid:b c", "a=mid has forbidden characters"),
        ("a=mid:b", "a=mid:" + "b" * 17, "a=mid has forbidden characters or a wrong length"),
        ("a=ice-ufrag:abcd", "a=ice-ufrag:abc", "a=ice-ufrag has forbidden"),
        ("a=ice-pwd:abcd", "a=ice-pwd:<br>", "a=ice-pwd has forbidden"),
        ("a=setup:actpass", "a=setup:maybe", "a=setup is none of"),
        ("a=fingerprint:SHA-256 ab:", "a=fingerprint:SHA-256 ", "wrong length"),
        ("a=fingerprint:SHA-256 ab:", "a=fingerprint:SHA-256 xy:", "pairs of digits"),
        ("a=rtpmap:96 VP9/90000", "a=rtpmap:96 VP9", "not of the form name/rate"),
        ("a=rtpmap:96 VP9/90000", "a=rtpmap:96 VP9/x", "the clock rate of a=rtpmap"),
        ("a=rtpmap:96 ", "a=rtpmap:960 ", "the payload type of a=rtpmap is too large"),
        ("a=rtcp-fb:96 ", "a=rtcp-fb:x ", "the payload type of a=rtcp-fb is not a number"),
        ("a=extmap:2 urn:x some attributes", "a=extmap:2", "not of the form id/direction uri"),
        ("a=extmap:2 urn", "a=extmap:2/upwards urn", "not of the form id/direction uri"),
        ("a=extmap:2 urn", "a=extmap:5000 urn", "the id of a=extmap is too large"),
        ("a=ssrc:2 ", "a=ssrc:4294967296 ", "an SSRC is too large"),
        ("FID 1 2", "FID 1 -2", "an SSRC is not a number"),
    ],
)
def test_what_is_malformed_is_explained(before: str, after: str, sentence: str) -> None:
    """The sentence names the line or the attribute, and repeats nothing of it."""
    assert before in SPELLED_OUT
    assert sentence in refused(SPELLED_OUT.replace(before, after, 1))


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        ("a=x\n" * 60_000, "longer than 200000 characters"),
        ("a=x\n" * 12_000, "more than 12000 lines"),
        ("m=audio 9 RTP/AVP 0\n" * 200, "more than 200 m-lines"),
        (f"m=audio 9 x {' '.join(map(str, range(129)))}\n", "more than 128 formats"),
        ("".join(f"a=ssrc:{n} x\n" for n in range(33)), "more than 32 SSRCs"),
        ("a=extmap:1 urn:x\n" * 65, "more than 64 header extensions"),
        ("a=fingerprint:sha-1 " + ":".join(["00"] * 20) + "\n", None),
        (("a=fingerprint:sha-1 " + ":".join(["00"] * 20) + "\n") * 9, "more than 8 fingerprints"),
    ],
)
def test_everything_is_bounded(extra: str, sentence: str | None) -> None:
    """No offer makes us keep more than a real one would."""
    text = SPELLED_OUT + extra
    assert sentence is None or sentence in refused(text)
    assert sentence is not None or parse_sdp(text)


def test_a_bundle_is_bounded() -> None:
    """So are the mids of the session level."""
    text = SPELLED_OUT.replace("a=group:BUNDLE a b", "a=group:BUNDLE" + " a" * 201)
    assert "names more than 200 m-lines" in refused(text)


def test_the_worst_that_fits_is_answered_in_time() -> None:
    """An offer that uses every bound costs less than anybody else in the room would notice."""
    extmaps = "".join(f"a=extmap:{i} urn:{i}\n" for i in range(2, 60))
    formats = " ".join(map(str, range(128)))
    section = f"m=audio 9 UDP/TLS/RTP/SAVPF {formats}\na=mid:%d\na=rtcp-mux\n"
    section += "a=rtpmap:111 opus/48000/2\na=rtcp-fb:* nack\n"
    sections = "".join(section % number for number in range(200))
    text = SPELLED_OUT[: SPELLED_OUT.index("m=")] + extmaps + "a=ice-ufrag:abcd\n"
    text = text.replace("BUNDLE a b", f"BUNDLE {' '.join(map(str, range(200)))}")
    text += "a=ice-pwd:abcdefghijklmnopqrstuv\n" + sections
    assert len(text) < sdp.MAX_TEXT
    started = time.process_time()
    offer = parse_sdp(text)
    negotiate(offer, local_transport(), publish_all(offer), send_all(offer))
    assert time.process_time() - started < 1


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever a client sends: a description, or one error."""
    with contextlib.suppress(Refused):
        parse_sdp(text)
    with contextlib.suppress(Refused):
        parse_sdp(SPELLED_OUT + text)


_offers = [(FOLDER / f"{name}.sdp").read_text().splitlines() for name in NAMES]
_lines = st.sampled_from([line for lines in _offers for line in lines])
_words = st.sampled_from(["0", "1", "127", "128", "65535", "4294967296", "-1", "*", "", "/", ":"])


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A real offer in which some lines are lost, doubled, foreign or changed."""
    lines = list(draw(st.sampled_from(_offers)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(1, len(lines) - 1))
        words = lines[place].split(" ")
        words[draw(st.integers(0, len(words) - 1))] = draw(_words | st.text(max_size=5))
        lines[place : place + 1] = draw(
            st.sampled_from([[], [lines[place]] * 2, [draw(_lines)], [" ".join(words)]])
        )
    return "\n".join(lines)


@given(damaged())
def test_any_offer_is_answered_or_refused(text: str) -> None:
    """What can be read gets an answer that can be read, or one error."""
    with contextlib.suppress(Refused):
        offer = parse_sdp(text)
        negotiation = negotiate(offer, local_transport(), publish_all(offer), send_all(offer))
        answer = parse_sdp(negotiation.answer)
        assert [s.mid for s in answer.sections] == [s.mid for s in offer.sections]
        assert format_sdp(answer) == negotiation.answer.replace(CANDIDATES, "")
        negotiation.answer.encode()


CANDIDATES = "".join(f"a=candidate:{value}\r\n" for value in local_transport().candidates)
CANDIDATES += "a=end-of-candidates\r\n"


def test_parameters_are_read_as_browsers_write_them() -> None:
    """Spaces and cases vary; what has no name is nothing."""
    assert parameters("a=1;B=x=y; c ;;=3") == {"a": "1", "b": "x=y", "c": ""}
    assert parameters("") == {}
