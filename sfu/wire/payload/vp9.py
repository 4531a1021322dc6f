"""VP9 payload descriptor (RFC 9628 section 4.2): layers, switching points, scalability structure.

Everything read here lies in front of the media, and stays readable when frames are sealed.
"""

from typing import Final, NamedTuple

from sfu.errors import MalformedPacket
from sfu.wire.payload.tag import SPATIAL_LAYERS
from sfu.wire.rtp import Buffer

MAX_PICTURE_DIFFS: Final = 3
"""Most reference pictures that one picture can name (section 4.2, P_DIFF; section 4.2.1, R)."""


class GroupPicture(NamedTuple):
    """One picture of the picture group that repeats in non-flexible mode (section 4.2.1)."""

    temporal: int
    switching_up: bool
    picture_diffs: tuple[int, ...]


class ScalabilityStructure(NamedTuple):
    """The spatial layers and picture group of the stream (section 4.2.1)."""

    spatial_layers: int
    sizes: tuple[tuple[int, int], ...]  # (width, height) of each spatial layer, or empty
    group: tuple[GroupPicture, ...]


class Vp9Descriptor:
    """The payload descriptor of one packet; filled again for every packet."""

    __slots__ = (
        "ends",
        "flexible",
        "inter_layer_dependent",
        "inter_predicted",
        "layered",
        "length",
        "not_inter_layer_reference",
        "picture_diffs",
        "picture_id",
        "picture_id_bits",
        "scalability_structure",
        "spatial",
        "starts",
        "switching_up",
        "temporal",
        "tl0picidx",
    )

    def __init__(self) -> None:
        self.length = 0  # bytes of the descriptor: the media begins after them
        self.picture_id = -1  # 7 or 15 bits, as received; -1: none
        self.picture_id_bits = 0
        self.inter_predicted = False  # P: refers to an earlier picture
        self.layered = False  # L: the layer indices below were sent, else they are 0
        self.flexible = False  # F: references are in picture_diffs, not in a picture group
        self.starts = False  # B: first packet of a layer frame
        self.ends = False  # E: last packet of a layer frame
        self.not_inter_layer_reference = False  # Z: no higher layer of this picture refers to it
        self.temporal = 0
        self.switching_up = False  # U: higher temporal layers can be entered after this picture
        self.spatial = 0
        self.inter_layer_dependent = False  # D: refers to the next lower layer of this picture
        self.tl0picidx = -1  # 8 bits; -1: none
        self.picture_diffs: tuple[int, ...] = ()  # picture ids back to what it refers to
        self.scalability_structure: ScalabilityStructure | None = None


def parse_vp9(data: Buffer, offset: int, end: int, into: Vp9Descriptor) -> None:
    """Fill `into` from the payload `data[offset:end]`.

    Raises MalformedPacket, also for more spatial layers than SPATIAL_LAYERS (VP9 could have 8).
    """
    try:
        position = _parse(data, offset, into)
    except IndexError:
        position = end
    # What lies between `end` and the end of `data` may have been read, and is refused here.
    if position >= end:
        raise MalformedPacket("VP9 payload ends inside its descriptor")
    into.length = position - offset


def _parse(data: Buffer, position: int, into: Vp9Descriptor) -> int:
    first = data[position]
    position += 1
    into.inter_predicted = inter_predicted = first & 0x40 != 0
    into.layered = layered = first & 0x20 != 0
    into.flexible = flexible = first & 0x10 != 0
    into.starts = first & 0x08 != 0
    into.ends = first & 0x04 != 0
    into.not_inter_layer_reference = first & 0x01 != 0
    into.picture_id, into.picture_id_bits, into.tl0picidx = -1, 0, -1
    if first & 0x80:
        position = _parse_picture_id(data, position, into)
    if layered:
        position = _parse_layer_indices(data, position, into)
    else:
        into.temporal = into.spatial = 0
        into.switching_up = into.inter_layer_dependent = False
    into.picture_diffs = ()
    if flexible and inter_predicted:
        position = _parse_picture_diffs(data, position, into)
    into.scalability_structure = None
    if first & 0x02:
        position = _parse_scalability_structure(data, position, into)
    return position


def _parse_picture_id(data: Buffer, position: int, into: Vp9Descriptor) -> int:
    picture_id = data[position]
    if picture_id & 0x80:
        into.picture_id = (picture_id & 0x7F) << 8 | data[position + 1]
        into.picture_id_bits = 15
        return position + 2
    into.picture_id = picture_id
    into.picture_id_bits = 7
    return position + 1


def _parse_layer_indices(data: Buffer, position: int, into: Vp9Descriptor) -> int:
    indices = data[position]
    into.temporal = indices >> 5
    into.switching_up = indices & 0x10 != 0
    into.spatial = indices >> 1 & 0x07
    into.inter_layer_dependent = indices & 0x01 != 0
    if into.spatial >= SPATIAL_LAYERS:
        raise MalformedPacket("VP9 layer is above those that we route")
    if into.flexible:
        return position + 1
    into.tl0picidx = data[position + 1]
    return position + 2


def _parse_picture_diffs(data: Buffer, position: int, into: Vp9Descriptor) -> int:
    diffs: list[int] = []
    more = 1
    while more:
        if len(diffs) == MAX_PICTURE_DIFFS:
            raise MalformedPacket("VP9 picture refers to more than three pictures")
        more = data[position] & 1
        diffs.append(_picture_diff(data[position] >> 1))
        position += 1
    into.picture_diffs = tuple(diffs)
    return position


def _picture_diff(diff: int) -> int:
    if diff == 0:
        raise MalformedPacket("VP9 picture refers to itself")
    return diff


def _parse_scalability_structure(data: Buffer, position: int, into: Vp9Descriptor) -> int:
    head = data[position]
    position += 1
    spatial_layers = (head >> 5) + 1
    if spatial_layers > SPATIAL_LAYERS:
        raise MalformedPacket("VP9 stream has more spatial layers than we route")
    sizes = []
    if head & 0x10:
        for _ in range(spatial_layers):
            width = data[position] << 8 | data[position + 1]
            height = data[position + 2] << 8 | data[position + 3]
            sizes.append((width, height))
            position += 4
    group = []
    if head & 0x08:
        pictures = data[position]
        position += 1
        for _ in range(pictures):
            picture = data[position]
            start = position + 1
            position = start + (picture >> 2 & 0x03)
            diffs = tuple(_picture_diff(data[index]) for index in range(start, position))
            group.append(GroupPicture(picture >> 5, picture & 0x10 != 0, diffs))
    into.scalability_structure = ScalabilityStructure(spatial_layers, tuple(sizes), tuple(group))
    return position
