"""The RTP streams of a capture, found without being told of ports."""
