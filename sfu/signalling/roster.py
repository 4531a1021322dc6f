"""What is told of people, tracks and layers, as messages."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, cast

from sfu.signalling import messages

if TYPE_CHECKING:
    from sfu.media.layers import Layer, Target
    from sfu.rooms.events import RecordingStarted
    from sfu.rooms.participant import Participant
    from sfu.rooms.publication import Publication
    from sfu.rooms.subscription import Subscription


def describe_layer(layer: Layer) -> messages.Layer:
    """One layer on offer."""
    return messages.Layer(
        spatial=layer.spatial,
        temporal_layers=layer.temporal_layers,
        width=layer.width,
        height=layer.height,
        active=layer.active,
    )


def describe_publication(publication: Publication) -> messages.Publication:
    """One published track."""
    codec = publication.codec
    return messages.Publication(
        id=publication.id,
        kind=cast("messages.Kind", publication.kind),
        source=cast("messages.MediaSource", publication.origin),
        codec=codec.value if codec is not None else None,
        muted=publication.muted,
        layers=tuple(map(describe_layer, publication.layers)),
    )


def describe_participant(participant: Participant) -> messages.Participant:
    """One person and all that they publish."""
    return messages.Participant(
        id=participant.id,
        name=participant.name,
        moderator=participant.permissions.moderate,
        connected=participant.connected,
        hello=participant.hello,
        publications=tuple(map(describe_publication, participant.publications)),
    )


def describe_welcome(participant: Participant, *, resumed: bool, witness: bool) -> messages.Welcome:
    """Everything that somebody has to know who enters, or returns."""
    room, permissions = participant.room, participant.permissions
    group = room.group
    running = room.recording
    return messages.Welcome(
        participant=participant.id,
        room=room.name,
        mode=cast("messages.Mode", room.mode),
        resume=participant.secret,
        resumed=resumed,
        may_publish=permissions.publish,
        may_subscribe=permissions.subscribe,
        moderator=permissions.moderate,
        participants=tuple(map(describe_participant, room.participants.values())),
        speaker=room.speaker.id if room.speaker is not None else None,
        group=messages.Group(id=group.id, number=group.number) if group is not None else None,
        recording=None if running is None else describe_recording(running.notice),
        witness=witness,
    )


def describe_recording(notice: RecordingStarted) -> messages.Recording:
    """Say what is stored, and for whom keys may be sealed."""
    key = notice.public_key
    return messages.Recording(
        id=notice.recording,
        public_key=None if key is None else urlsafe_b64encode(key).rstrip(b"=").decode(),
        by=notice.by,
    )


def describe_reception(subscription: Subscription, reason: str) -> messages.LayerChanged:
    """Which layer of a publication somebody is sent."""
    outbound, publication = subscription.outbound, subscription.publication
    current = outbound.current_layer()
    lines = {layer.spatial: min(layer.width, layer.height) for layer in publication.layers}
    return messages.LayerChanged(
        publication=publication.id,
        layer=_name(current),
        wanted=_name(outbound.wanted_layer()),
        height=lines.get(current[0], 0) if current is not None else 0,
        reason=reason,
    )


def _name(target: Target | None) -> str | None:
    return None if target is None else f"S{target[0]}T{target[1]}"
