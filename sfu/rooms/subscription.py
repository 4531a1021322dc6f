"""Subscription: one participant is sent a copy of one publication."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfu.rooms.tally import tally_switch
from sfu.rooms.trace import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfu.media.codec import Codec
    from sfu.media.outbound import Outbound
    from sfu.media.selector import Switch
    from sfu.rooms.participant import Participant
    from sfu.rooms.publication import Publication
    from sfu.wire.extensions import Extension


@dataclass(frozen=True, slots=True)
class Terms:
    """What was negotiated for the m-line that carries the copy."""

    publication: Publication
    mid: str
    ssrc: int
    rtx_ssrc: int  # used if any of the payload types has an RTX type
    payload_types: Mapping[Codec, tuple[int, int | None]]  # the type, and that of its RTX
    extensions: Mapping[Extension, int]


@dataclass(frozen=True, slots=True)
class Subscription:
    """Terms in force; other terms are another subscription."""

    viewer: Participant
    terms: Terms
    outbound: Outbound

    @property
    def publication(self) -> Publication:
        """What is watched."""
        return self.terms.publication

    def take_switches(self) -> list[Switch]:
        """Count the switches since the last call, write them into the trace, and return them."""
        room, outbound = self.viewer.room, self.outbound
        switches = outbound.take_switches()
        for switch in switches:
            tally_switch(room.ended, switch)
        if switches or outbound.requests:
            place = Place(self.viewer.id, self.publication.id)
            room.trace.note(place, [*outbound.requests, *switches])
            outbound.requests.clear()
        return switches
