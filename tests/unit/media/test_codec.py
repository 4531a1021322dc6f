"""The codecs by their names in SDP."""

import pytest

from sfu.media.codec import Codec


@pytest.mark.parametrize("codec", Codec)
def test_audio_and_video_differ_in_kind_and_clock(codec: Codec) -> None:
    """RFC 7587 and the RFCs of the video codecs: 48 kHz and 90 kHz."""
    expected = ("audio", 48_000) if codec.value == "opus" else ("video", 90_000)
    assert (codec.kind, codec.clock_rate) == expected
