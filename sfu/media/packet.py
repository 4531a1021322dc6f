"""Packet: a received RTP packet with all that was read from it, before anybody selects it."""

from sfu.media.codec import Codec
from sfu.wire.extensions import FoundExtensions
from sfu.wire.payload.tag import LayerTag
from sfu.wire.rtp import Buffer, RtpView


class Packet:
    """One instance per publisher, filled again for every packet: it is only lent.

    The router fills `view` and `found`, the inbound stream what follows, the tagger the rest.
    """

    __slots__ = (
        "arrival",
        "codec",
        "follows",
        "found",
        "in_order",
        "payload",
        "picture_id",
        "picture_id_bits",
        "picture_id_offset",
        "retransmitted",
        "sequence",
        "shape",
        "tag",
        "view",
    )

    def __init__(self) -> None:
        self.view = RtpView()
        self.found = FoundExtensions()
        self.tag = LayerTag()
        self.codec = Codec.OPUS
        self.sequence = 0  # 64 bits
        self.in_order = False  # newer than all before; False: fills a hole
        self.retransmitted = False  # came on the RTX stream
        self.arrival = 0.0  # seconds
        self.follows = False  # in order, and nothing is missing right before it
        # Where a VP8 picture id is, the one thing in a payload that is rewritten.
        self.picture_id = -1  # as received
        self.picture_id_bits = 0  # 7 or 15; 0: this packet has none
        self.picture_id_offset = -1  # into the payload
        # What all copies have in common, made once for all of them.
        self.payload: Buffer = b""
        self.shape = b""  # the lengths of its extensions, as a key for tables

    def prepare(self) -> None:
        """Set `payload` and `shape`, as everybody who copies the packet needs them."""
        view = self.view
        self.payload = view.data[view.payload_offset : view.payload_end]
        self.shape = bytes(self.found.length)
        self.picture_id_bits = 0
