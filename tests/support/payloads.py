"""How codecs wrap media in RTP payloads, as their senders do (libwebrtc, for most)."""

from collections.abc import Sequence

from sfu.media.codec import Codec
from tests.support.encoders import Encoded, Encoder
from tests.support.packets import (
    DdStructure,
    DdTemplate,
    vp8,
    vp9,
    vp9_scalability_structure,
)

VP8_L1T3 = DdStructure(
    templates=(
        DdTemplate(0, 0, "SSS"),
        DdTemplate(0, 0, "SSS", frame_diffs=(4,)),
        DdTemplate(0, 1, "-DS", frame_diffs=(2,)),
        DdTemplate(0, 1, "-DR", frame_diffs=(2, 4)),
        DdTemplate(0, 2, "--D", frame_diffs=(1,)),
        DdTemplate(0, 2, "--D", frame_diffs=(3, 1)),
        DdTemplate(0, 2, "--D", frame_diffs=(1, 3)),
    ),
    protected_by=(),
    cycle=((0,), (4,), (2,), (5,), (1,), (6,), (3,), (5,), (1,)),
)
"""Three temporal layers whose references cross T0 frames in the second half of the cycle."""

_GROUPS: dict[int, Sequence[tuple[int, bool, Sequence[int]]]] = {
    1: [(0, False, [1])],
    2: [(0, False, [2]), (1, True, [1])],
    3: [(0, False, [4]), (2, True, [1]), (1, True, [2]), (2, True, [1])],
}


class Vp9Payloads:
    """VP9 payload descriptors that say what the structure says."""

    codec = Codec.VP9

    def __init__(  # noqa: PLR0913 - what can be configured
        self,
        *,
        flexible: bool = True,
        picture_id: int | None = 0x7FF0,
        wide: bool = True,
        layered: bool = True,
        group: bool = False,
        sizes: bool = True,
    ) -> None:
        self.flexible = flexible
        self.picture_id = picture_id  # of the first picture
        self.wide = wide
        self.layered = layered
        self.group = group
        self.sizes = sizes

    def wrap(
        self, encoder: Encoder, frame: Encoded, media: bytes, *, starts: bool, ends: bool
    ) -> tuple[bytes, bytes]:
        """Wrap the media."""
        references = [encoder.frames[ident] for ident in frame.references]
        before = [r for r in references if r.picture < frame.picture]
        # A layer that is silent counts: it may come back without a key picture.
        needed = any(frame.ident in other.references for other in encoder.whole)
        payload = vp9(
            media,
            picture_id=_picture_id(self.picture_id, frame, wide=self.wide),
            wide=self.wide,
            inter_predicted=bool(before),
            flexible=self.flexible,
            starts=starts,
            ends=ends,
            not_inter_layer_reference=not needed,
            layers=(frame.spatial, frame.temporal) if self.layered else None,
            switching_up=frame.temporal > 0 and all(r.temporal < frame.temporal for r in before),
            inter_layer_dependent=len(before) < len(references),
            tl0picidx=frame.bases & 0xFF,
            picture_diffs=[frame.picture - r.picture for r in before] if self.flexible else [],
            scalability_structure=self._structure(encoder, frame) if starts else b"",
        )
        return payload, media

    def _structure(self, encoder: Encoder, frame: Encoded) -> bytes:
        """Describe the layers at the beginning of a key picture."""
        if not frame.key_picture or frame.spatial:
            return b""
        templates = encoder.structure.templates
        layers = templates[-1].spatial + 1
        temporal_layers = 1 + max(template.temporal for template in templates)
        sizes = encoder.structure.resolutions if self.sizes else ()
        return vp9_scalability_structure(
            layers, sizes, _GROUPS[temporal_layers] if self.group else ()
        )


class Vp8Payloads:
    """VP8 payload descriptors that say what the structure says."""

    codec = Codec.VP8

    def __init__(
        self, *, layered: bool = True, picture_id: int | None = 0x7FF0, wide: bool = True
    ) -> None:
        self.layered = layered
        self.picture_id = picture_id
        self.wide = wide

    def wrap(
        self, encoder: Encoder, frame: Encoded, media: bytes, *, starts: bool, ends: bool
    ) -> tuple[bytes, bytes]:
        """Wrap the media, behind the first byte of a frame tag."""
        del ends
        media = bytes([0x10 | (not frame.key_picture)]) + media
        references = [encoder.frames[ident] for ident in frame.references]
        payload = vp8(
            media,
            picture_id=_picture_id(self.picture_id, frame, wide=self.wide),
            wide=self.wide,
            tl0picidx=frame.bases & 0xFF if self.layered else None,
            temporal=frame.temporal if self.layered else None,
            layer_sync=frame.temporal > 0 and all(r.temporal == 0 for r in references),
            starts_frame=starts,
        )
        return payload, media


class H264Payloads:
    """Single NAL units, or FU-A where a frame has several packets (RFC 6184)."""

    codec = Codec.H264

    def wrap(
        self, encoder: Encoder, frame: Encoded, media: bytes, *, starts: bool, ends: bool
    ) -> tuple[bytes, bytes]:
        """Wrap the media."""
        del encoder
        kind = 5 if frame.key_picture else 1
        if starts and ends:
            return bytes([0x60 | kind]) + media, media
        return bytes([0x60 | 28, starts << 7 | ends << 6 | kind]) + media, media


class Av1Payloads:
    """An aggregation header, and one OBU without layers."""

    codec = Codec.AV1

    def wrap(
        self, encoder: Encoder, frame: Encoded, media: bytes, *, starts: bool, ends: bool
    ) -> tuple[bytes, bytes]:
        """Wrap the media."""
        begins = starts and frame.key_picture and frame is encoder.picture[0]
        head = (not starts) << 7 | (not ends) << 6 | 1 << 4 | begins << 3
        return bytes([head, 0x30]) + media, media


class OpusPayloads:
    """The media itself."""

    codec = Codec.OPUS

    def wrap(
        self, encoder: Encoder, frame: Encoded, media: bytes, *, starts: bool, ends: bool
    ) -> tuple[bytes, bytes]:
        """Wrap nothing."""
        del encoder, frame, starts, ends
        return media, media


def _picture_id(first: int | None, frame: Encoded, *, wide: bool) -> int | None:
    return None if first is None else first + frame.picture & (0x7FFF if wide else 0x7F)
