"""SDP: offers that the server understands, answers that say what is needed or are refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.signalling.sdp import parse_sdp
from sfu.wire.extensions import URIS, Extension
from sfu_clients.errors import ClientError
from sfu_clients.sdp import LocalTransport, OfferedSection, read_answer, write_offer

LOCAL = LocalTransport(
    "user", "p" * 24, (f"sha-256 {':'.join(['AB'] * 32)}",), ("1 1 udp 1 10.0.0.1 5 typ host",)
)

ANSWER = """v=0\r
o=- 1 1 IN IP4 127.0.0.1\r
a=group:BUNDLE 0 1 2\r
m=video 9 UDP/TLS/RTP/SAVPF 98 99\r
a=mid:0\r
a=ice-ufrag:abcd\r
a=ice-pwd:secret\r
a=fingerprint:sha-256 AA:BB\r
a=setup:passive\r
a=candidate:1 1 udp 1 10.0.0.2 6 typ host\r
a=rtpmap:98 VP9/90000\r
a=rtpmap:99 rtx/90000\r
a=fmtp:99 apt=98\r
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r
a=extmap:14/sendonly urn:ietf:params:rtp-hdrext:sdes:mid\r
a=ssrc-group:FID 11 12\r
a=ssrc:11 cname:x\r
a=ssrc:12 cname:x\r
m=audio 9 UDP/TLS/RTP/SAVPF 111\r
a=mid:1\r
a=rtpmap:111 OPUS/48000/2\r
m=video 0 UDP/TLS/RTP/SAVPF 98\r
a=mid:2\r
"""


def test_offers_are_understood_by_the_server() -> None:
    """Every m-line, with its codecs, SSRCs and direction."""
    sections = [
        OfferedSection("0", "video", "sendonly", ("VP8",), ssrc=5, rtx_ssrc=6),
        OfferedSection("1", "audio", "sendonly", ("opus",), ssrc=7),
        OfferedSection("2", "video", "recvonly", ("VP8", "VP9", "H264", "AV1")),
        OfferedSection("3", "audio", "inactive", ("opus",)),
    ]
    description = parse_sdp(write_offer(sections, LOCAL, session_id=9, version=2, cname="c"))
    assert [media.mid for media in description.sections] == ["0", "1", "2", "3"]
    assert [media.kind for media in description.sections] == ["video", "audio", "video", "audio"]
    text = write_offer(sections, LOCAL, session_id=9, version=2, cname="c")
    assert text.count("a=ssrc-group:FID 5 6") == 1
    assert text.endswith("\r\n")


def test_loudness_is_offered_unless_it_is_hidden() -> None:
    """RFC 6464's extension, of the m-line that it is hidden in alone."""
    sections = [
        OfferedSection("0", "audio", "sendonly", ("opus",), ssrc=7, levels=False),
        OfferedSection("1", "audio", "sendonly", ("opus",), ssrc=8),
    ]
    hidden, told = parse_sdp(
        write_offer(sections, LOCAL, session_id=9, version=2, cname="c")
    ).sections
    level = URIS[Extension.AUDIO_LEVEL]
    assert level not in {one.uri for one in hidden.extmaps}
    assert {one.uri for one in told.extmaps} == {one.uri for one in hidden.extmaps} | {level}


def test_reads_an_answer() -> None:
    """Transport, payload types in any case, retransmissions, extensions, SSRCs, refusals."""
    answer = read_answer(ANSWER)
    assert (answer.ufrag, answer.password, answer.setup) == ("abcd", "secret", "passive")
    assert answer.fingerprints == (("sha-256", "AA:BB"),)
    assert answer.candidates == ("1 1 udp 1 10.0.0.2 6 typ host",)
    video, audio, refused = (answer.sections[mid] for mid in "012")
    assert (video.payload_types, video.rtx) == ({"VP9": 98}, {99: 98})
    assert video.extensions == {Extension.TRANSPORT_CC: 3, Extension.MID: 14}
    assert (video.ssrc, video.rtx_ssrc) == (11, 12)
    assert (audio.payload_types, audio.ssrc, audio.accepted) == ({"opus": 111}, None, True)
    assert not refused.accepted


@pytest.mark.parametrize(
    "line", ["a=setup:passive", "a=ice-ufrag:abcd", "a=ice-pwd:secret", "a=fingerprint:", "a=mid:0"]
)
def test_what_is_missing_is_named(line: str) -> None:
    """Without it no call can be."""
    cut = "\r\n".join(one for one in ANSWER.splitlines() if not one.startswith(line))
    with pytest.raises(ClientError, match="answer"):
        read_answer(cut)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    """ClientError, and nothing else."""
    with contextlib.suppress(ClientError):
        read_answer(text)


@given(
    st.lists(st.sampled_from(ANSWER.splitlines()), max_size=40),
    st.integers(0, 10**30),
    st.sampled_from(["98", "11", "12", "3", "9", "0"]),
)
def test_any_lines_are_read_or_refused(lines: list[str], number: int, instead: str) -> None:
    """Numbers of any length among them."""
    with contextlib.suppress(ClientError):
        read_answer("\r\n".join(lines).replace(instead, str(number)))


def test_huge_numbers_are_passed_over() -> None:
    """They are no payload types, SSRCs or ids."""
    answer = read_answer(
        ANSWER.replace(":98 VP9", f":{'9' * 5000} VP9").replace("FID 11", "FID 1" * 9)
    )
    assert answer.sections["0"].payload_types == {}
