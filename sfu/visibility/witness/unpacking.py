"""Unpacking: from packets as the forwarder keeps them to what they carry."""

from sfu.errors import MalformedPacket
from sfu.visibility.samples import Excerpt, Piece, Sample
from sfu.wire.rtp import RtpView, parse_rtp


def unpack(excerpt: Excerpt) -> Sample:
    """Take off the headers; leave out what is of another stream or codec than the first."""
    view, pieces, whose = RtpView(), [], None
    for sequence, packet in enumerate(excerpt.packets, excerpt.first):
        if packet is None:
            continue
        try:
            parse_rtp(packet, len(packet), view)
        except MalformedPacket:
            continue
        whose = whose or (view.ssrc, view.payload_type)
        if (view.ssrc, view.payload_type) == whose:
            payload = packet[view.payload_offset : view.payload_end]
            pieces.append(Piece(sequence, view.timestamp, payload))
    return Sample(excerpt.number, excerpt.codec, tuple(pieces))
