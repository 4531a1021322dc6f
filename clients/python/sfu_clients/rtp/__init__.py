"""Streams of RTP packets, sent and received, without a socket."""
