"""From the bytes of a capture to the datagrams in it, one at a time."""
