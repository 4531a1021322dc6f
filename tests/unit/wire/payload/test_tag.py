"""LayerTag: what every codec says in the same words."""

from sfu.wire.payload.tag import SPATIAL_LAYERS, TEMPORAL_LAYERS, LayerTag, target_bit


def test_every_layer_has_a_bit_of_its_own() -> None:
    """All layers that a stream may have fit one mask, in the order of their quality."""
    bits = [target_bit(s, t) for s in range(SPATIAL_LAYERS) for t in range(TEMPORAL_LAYERS)]
    assert bits == [1 << place for place in range(32)]


def test_a_new_tag_says_nothing() -> None:
    """Until it is filled, a tag belongs to no target and starts no frame."""
    tag = LayerTag()
    assert (tag.needed_by, tag.switch_to, tag.references) == (0, 0, ())
    assert (tag.starts_frame, tag.ends_frame, tag.key_frame) == (False, False, False)
