"""Payload descriptors of the codecs, turned into one codec-neutral tag."""
