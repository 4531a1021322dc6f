"""SRTP comes off with the right key, wherever the capture begins, and stays on with all others."""

import pytest

from sfu_clients.verify.capture.network import Endpoint, Flow
from sfu_clients.verify.keys.srtp import PROFILES, SrtpKey, SrtpOpener
from tests.support.legs import Hop
from tests.support.packets import rtp

FLOW = Flow(Endpoint(b"\x0a\0\0\1", 40_001), Endpoint(b"\x0a\0\0\x09", 10_000))
SSRC = 7


def key(profile: str, seed: int = 1, **given: object) -> SrtpKey:
    """A line of a key log."""
    fields = {"source": "10.0.0.1:40001", "target": "10.0.0.9:10000", "ssrc": None, **given}
    secret = Hop(("", 0), ("", 0), profile, seed).key
    return SrtpKey(profile=profile, key_and_salt=secret, **fields)  # type: ignore[arg-type]


def protected(profile: str, first: int, count: int, *, skipped: int = 0) -> list[bytes]:
    """Packets of a stream; the first are sent before anybody captures."""
    session = Hop(("", 0), ("", 0), profile)._session()  # noqa: SLF001 - as a hop has it
    assert session is not None
    begins = first + skipped
    before, sent = range(first, begins, 20_000), range(begins, begins + count)
    packets = [
        session.protect(rtp(str(number).encode(), sequence_number=number & 0xFFFF, ssrc=SSRC))
        for number in (*before, *sent)
    ]
    return packets[len(before) :]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("first", "skipped"),
    [
        pytest.param(0, 0, id="from the beginning"),
        pytest.param(65_500, 0, id="just before the first wrap"),
        pytest.param(40_000, 30_000, id="after it"),
        pytest.param(100, 3 * 65_536, id="after three"),
        pytest.param(60_000, 2 * 65_536, id="late in a round"),
    ],
)
def test_comes_off_wherever_the_capture_begins(profile: str, first: int, skipped: int) -> None:
    """The rollover counter is not on the network: it is searched for."""
    opener = SrtpOpener([key(profile, seed=9), key(profile)], FLOW, SSRC)
    opened = [opener.open(packet) for packet in protected(profile, first, 80, skipped=skipped)]
    expected = [str(number).encode() for number in range(first + skipped, first + skipped + 80)]
    assert [one and one[12:] for one in opened] == expected
    assert opener.key == key(profile)


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param([], id="no key"),
        pytest.param([key("SRTP_AEAD_AES_128_GCM", seed=3)], id="another's key"),
        pytest.param([key("SRTP_AES128_CM_SHA1_80")], id="another profile"),
        pytest.param([key("SRTP_AEAD_AES_128_GCM", ssrc=8)], id="the key of another SSRC"),
    ],
)
def test_stays_on_without_the_key(keys: list[SrtpKey]) -> None:
    """Nothing is taken for media that no key authenticates."""
    opener = SrtpOpener(keys, FLOW, SSRC)
    packets = protected("SRTP_AEAD_AES_128_GCM", 0, 40)
    assert [opener.open(packet) for packet in packets] == [None] * 40
    assert opener.key is None


def test_a_damaged_packet_does_not_end_the_search() -> None:
    """The 2nd, 4th, 8th packet is another chance, and a long packet is none."""
    packets = protected("SRTP_AEAD_AES_128_GCM", 0, 20)
    opener = SrtpOpener([key("SRTP_AEAD_AES_128_GCM")], FLOW, SSRC)
    opened = [opener.open(packets[0][:-1]), opener.open(bytes(3000)), *map(opener.open, packets)]
    assert [one is None for one in opened] == [True, True, True, *[False] * 19]


@pytest.mark.parametrize(
    ("source", "fits"),
    [("10.0.0.1:40001", True), ("*:40001", True), ("10.0.0.1:40002", False), ("*", False)],
)
def test_addresses_say_which_key_to_try_first(source: str, *, fits: bool) -> None:
    """A host that the writer did not know is an asterisk."""
    assert key("SRTP_AEAD_AES_128_GCM", source=source).fits(FLOW) is fits
