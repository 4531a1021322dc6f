"""SRTP: both ends agree, and every complaint of libsrtp's is one error with a counter."""

import pytest
from aiortc.rtcdtlstransport import SRTPProtectionProfile
from hypothesis import given
from hypothesis import strategies as st

from sfu.transport import srtp
from sfu.transport.drops import PeerDrop
from sfu.transport.dtls import SRTP_PROFILES
from sfu.transport.srtp import REPLAY_WINDOW, SrtpKeys, SrtpRefused, SrtpSession
from tests.support.packets import rtp

RECEIVER_REPORT = bytes.fromhex("80c90001 11223344")


def pair(profile: SRTPProtectionProfile = SRTP_PROFILES[0]) -> tuple[SrtpSession, SrtpSession]:
    """Two sessions that share keys."""
    length = profile.key_length + profile.salt_length
    ours, theirs = bytes(range(length)), bytes(range(100, 100 + length))
    return SrtpSession(SrtpKeys(profile, ours, theirs)), SrtpSession(
        SrtpKeys(profile, theirs, ours)
    )


@pytest.mark.parametrize("profile", SRTP_PROFILES, ids=lambda p: p.openssl_profile.decode())
def test_both_ends_agree(profile: SRTPProtectionProfile) -> None:
    """What one protects is unreadable between, and the other reads it, in both directions."""
    for one, other in (pair(profile), pair(profile)[::-1]):
        packet = rtp(b"payload")
        assert b"payload" not in one.protect(packet)
        packet = rtp(b"payload", sequence_number=2)
        assert other.unprotect(one.protect(packet)) == packet
        assert other.unprotect_rtcp(one.protect_rtcp(RECEIVER_REPORT)) == RECEIVER_REPORT


def test_keys_are_not_shown() -> None:
    """Keys do not get into logs by accident."""
    assert "secret" not in repr(SrtpKeys(SRTP_PROFILES[0], b"our secret", b"their secret"))


def refusal(session: SrtpSession, packet: bytes) -> PeerDrop:
    """The counter under which a packet is refused."""
    with pytest.raises(SrtpRefused) as caught:
        session.unprotect(packet)
    return caught.value.drop


def test_names_what_it_refuses() -> None:
    """Forged, replayed, old and oversized packets count apart."""
    one, other = pair()
    first = one.protect(rtp(sequence_number=1))
    other.unprotect(first)
    assert refusal(other, first) is PeerDrop.SRTP_REPLAYED
    forged = one.protect(rtp(sequence_number=2))
    assert refusal(other, forged[:-1] + bytes((forged[-1] ^ 1,))) is PeerDrop.SRTP_UNAUTHENTIC
    assert refusal(other, rtp(bytes(1500))) is PeerDrop.SRTP_TOO_LONG
    assert refusal(other, b"\x80") is PeerDrop.SRTP_UNAUTHENTIC
    with pytest.raises(SrtpRefused):
        one.protect(rtp(bytes(1400)))
    with pytest.raises(SrtpRefused):
        one.protect_rtcp(bytes(1400))


def test_takes_late_packets_within_the_window() -> None:
    """As late as the replay window is long, and no later."""
    one, other = pair()
    late, too_late = (one.protect(rtp(sequence_number=number)) for number in (2, 1))
    other.unprotect(one.protect(rtp(sequence_number=1 + REPLAY_WINDOW)))
    other.unprotect(late)
    assert refusal(other, too_late) is PeerDrop.SRTP_REPLAYED


def test_survives_a_wrap_of_sequence_numbers() -> None:
    """The rollover counter follows, with a hole at the wrap."""
    one, other = pair()
    for number in (65_530, 65_534, 3, 4):
        packet = rtp(sequence_number=number)
        assert other.unprotect(one.protect(packet)) == packet


def test_bounds_the_streams_of_a_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    """SSRCs beyond the bound are refused, known ones go on; forgeries use up nothing."""
    monkeypatch.setattr(srtp, "MAX_STREAMS", 2)
    one, other = pair()
    for ssrc in range(3, 9):
        assert refusal(other, rtp(bytes(40), ssrc=ssrc)) is PeerDrop.SRTP_UNAUTHENTIC
    for ssrc in (1, 2):
        other.unprotect(one.protect(rtp(ssrc=ssrc)))
        other.unprotect_rtcp(one.protect_rtcp(RECEIVER_REPORT[:4] + ssrc.to_bytes(4, "big")))
    assert refusal(other, one.protect(rtp(ssrc=3))) is PeerDrop.SRTP_TOO_MANY_STREAMS
    other.unprotect(one.protect(rtp(ssrc=1, sequence_number=2)))
    with pytest.raises(SrtpRefused) as caught:
        other.unprotect_rtcp(one.protect_rtcp(RECEIVER_REPORT))
    assert caught.value.drop is PeerDrop.SRTP_TOO_MANY_STREAMS


@given(st.binary(max_size=2100))
def test_any_bytes_are_refused(data: bytes) -> None:
    """What was not protected with the keys raises SrtpRefused, nothing else."""
    _, session = pair()
    with pytest.raises(SrtpRefused):
        session.unprotect(data)
    with pytest.raises(SrtpRefused):
        session.unprotect_rtcp(data)


@given(st.binary(max_size=2100))
def test_any_bytes_are_protected_or_refused(data: bytes) -> None:
    """A bug above cannot break out of here as another error."""
    session, _ = pair()
    for protect in (session.protect, session.protect_rtcp):
        try:
            protect(data)
        except SrtpRefused:
            continue
