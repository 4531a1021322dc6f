"""Publication: one track that somebody publishes, and who watches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfu.media.depth import Depth
from sfu.rooms.trace import Place

if TYPE_CHECKING:
    from sfu.media.codec import Codec
    from sfu.media.layers import Layer
    from sfu.media.source import Source
    from sfu.rooms.participant import Participant
    from sfu.rooms.subscription import Subscription


class Publication:
    """It outlives the transport of its owner: whoever watches goes on when they return."""

    def __init__(self, ident: str, owner: Participant, origin: str, source: Source) -> None:
        """`origin` says what is shown or heard: "camera", "microphone", "screen", ..."""
        self.id = ident
        self.owner = owner
        self.origin = origin
        self.source = source
        self.muted = False
        self.subscriptions: list[Subscription] = []
        self._announced: tuple[object, ...] = (None, ())

    @property
    def kind(self) -> str:
        """Return "audio" or "video"."""
        return self.source.track.kind

    @property
    def codec(self) -> Codec | None:
        """What the last packet was encoded with; None before the first."""
        inbound = self.source.inbound
        return inbound.codec if inbound is not None else None

    @property
    def bytes(self) -> int:
        """How many came, RTP headers included."""
        inbound = self.source.inbound
        return 0 if inbound is None else inbound.bytes

    @property
    def packets(self) -> int:
        """How many came."""
        inbound = self.source.inbound
        return 0 if inbound is None else inbound.packets

    @property
    def depth(self) -> Depth:
        """How deep it was read; where nothing is sealed, the bytes of a shim are media."""
        inbound = self.source.inbound
        depth = Depth.NOTHING if inbound is None else inbound.depth
        return Depth.MEDIA if depth is Depth.SHIM and not self.owner.room.sealed else depth

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers on offer, lowest first; empty before the first packet, and for audio."""
        return self.source.ladder.layers() if self.kind == "video" else ()

    def take_change(self) -> bool:
        """Whether codec or layers are others than when this was asked last."""
        now = (self.codec, self.layers)
        changed = now != self._announced
        self._announced = now
        return changed

    def write_requests(self) -> None:
        """Write the key frames that nobody asked for on their own into the trace."""
        requests = self.source.requests
        if requests:
            self.owner.room.trace.note(Place(None, self.id), list(requests))
            requests.clear()
