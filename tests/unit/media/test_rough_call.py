"""Everything at once: heavy loss, overtaking packets, changing wishes, and other cameras."""

from random import Random

import pytest

from sfu.media.inbound import Drop
from sfu.wire.rtcp import PictureLoss
from tests.support.call import Call
from tests.support.decoder import Decoder

SECONDS = 120
WISHES = (720, 360, 180, 720, 0)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((1, 0.1, 0.006), id="one packet in ten is lost"),
        pytest.param((2, 0.2, 0.006), id="one in five"),
        pytest.param((3, 0.1, 0.04), id="and they overtake each other all the time"),
    ],
)
def call(request: pytest.FixtureRequest) -> tuple[Call, Decoder]:
    """Two minutes of it, then ten seconds of peace in HD."""
    seed, loss, jitter = request.param
    chance = Random(seed)  # noqa: S311 - whims, not secrets
    call = Call(delay=0.03, jitter=jitter, loss=loss, seed=seed)
    decoder = Decoder(call)
    call.wish(720)
    for second in range(1, SECONDS):
        if second % 3 == 0:
            lines = chance.choice(WISHES)
            decoder.watching = lines > 0
            call.wish(lines)
        if second % 15 == 0:
            call.replace_camera(0x7000 + 2 * second)
        call.run(1)
    for link in call.links:
        link.loss = link.jitter = 0
    decoder.watching = True
    call.wish(720)
    call.run(10)
    return call, decoder


def test_pictures_never_stop_for_long(call: tuple[Call, Decoder]) -> None:
    """Nobody begins at a key frame whose first packet is lost or late: another is asked for."""
    assert 0.2 < call[1].longest_freeze < 3.5


def test_peace_heals_everything(call: tuple[Call, Decoder]) -> None:
    """Within five seconds every picture is shown in HD again, and nothing else is sent."""
    since = call[0].clock.now - 5
    shown = [frame for moment, frame in call[1].shown if moment > since]
    assert {frame.spatial for frame in shown} == {2}
    assert len(shown) == pytest.approx(50, abs=2)
    assert call[0].outbound.current_layer() == call[0].outbound.wanted_layer() == (2, 2)


def test_requests_for_key_frames_are_no_storm(call: tuple[Call, Decoder]) -> None:
    """Some for each wish and each camera."""
    occasions = SECONDS / 3 + SECONDS / 15
    asked = [packet for packet in call[0].ana.said() if isinstance(packet, PictureLoss)]
    assert len(asked) < 2 * occasions


def test_a_camera_that_is_gone_leaves_little_behind(call: tuple[Call, Decoder]) -> None:
    """What is still on its way from it is refused, and counted as what it is."""
    drops = call[0].ana.router.drops
    assert 0 < drops[Drop.RTX_UNPAIRED] + drops[Drop.RETIRED_STREAM] < 50
    assert drops[Drop.JUMPED] == drops[Drop.UNKNOWN_STREAM] == 0
    assert len(call[0].ana.router.streams.by_ssrc) <= 2
