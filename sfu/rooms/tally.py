"""Tally: counters of the media path, summed by name and labels.

The path counts on its own objects. What ends is added to the tally of what has ended, what lives
is added when somebody asks, by the same functions: so no sum ever goes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfu.media.inbound import Drop
from sfu.media.retransmission import Answer
from sfu.media.selector import Verdict
from sfu.transport.drops import PeerDrop

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from enum import IntEnum

    from sfu.media.router import Router
    from sfu.media.selector import Switch
    from sfu.rooms.publication import Publication
    from sfu.rooms.subscription import Subscription
    from sfu.transport.peer import Peer

Tally = dict[tuple[str, ...], float]
"""By what is counted, then its labels: ("packets", "in", "video")."""

SWITCH_BUCKETS: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Seconds from wanting a layer to its first frame; the upper bounds of a histogram."""


def _add(tally: Tally, what: str, labels: tuple[str, ...], count: float) -> None:
    if count:
        tally[what, *labels] = tally.get((what, *labels), 0) + count


def _add_each(
    tally: Tally, what: str, names: Iterable[IntEnum], counts: list[int], *labels: str
) -> None:
    for name in names:
        _add(tally, what, (*labels, name.name.lower()), counts[name])


def tally_publication(tally: Tally, publication: Publication) -> None:
    """Add what came in on a publication, and the key frames asked of it."""
    inbound, key_frames = publication.source.inbound, publication.source.key_frames
    if inbound is not None:
        _add(tally, "packets", ("in", publication.kind), inbound.packets)
        _add(tally, "bytes", ("in", publication.kind), inbound.bytes)
        _add(tally, "retransmissions", ("in",), inbound.repaired)
        room = publication.owner.room
        held = "opaque" if room.sealed else "clear"
        _add(tally, "visibility_bytes", (held, room.mode, publication.kind), inbound.bytes)
    for cause, count in key_frames.asked.items():
        _add(tally, "key_frames_asked", (cause,), count)
    _add(tally, "key_frame_requests_sent", (), key_frames.sent)
    _add(tally, "key_frame_requests_unheard", (), key_frames.unheard)
    _add(tally, "key_frames", (), key_frames.seen)


def tally_subscription(tally: Tally, subscription: Subscription) -> None:
    """Add what became of one subscriber's copies."""
    outbound, kind = subscription.outbound, subscription.publication.kind
    _add(tally, "packets", ("out", kind), outbound.packets)
    _add(tally, "bytes", ("out", kind), outbound.bytes)
    _add(tally, "retransmissions", ("out",), outbound.retransmitter.packets)
    _add(tally, "retransmitted_bytes", (), outbound.retransmitter.bytes)
    _add(tally, "fillers", (), outbound.fillers)
    dropped = [verdict for verdict in Verdict if verdict is not Verdict.FORWARDED]
    _add_each(tally, "drops", dropped, outbound.counts, "copy")
    _add_each(tally, "nack_answers", Answer, outbound.retransmitter.answers)


def tally_router(tally: Tally, router: Router) -> None:
    """Add what one participant's packets and feedback came to, beside their streams."""
    _add_each(tally, "drops", Drop, router.drops, "stream")
    feedback = router.feedback
    for kind, count in feedback.received.items():
        _add(tally, "rtcp", ("in", kind), count)
    for kind, count in router.reporter.sent.items():
        _add(tally, "rtcp", ("out", kind), count)
    _add(tally, "drops", ("rtcp", "malformed"), feedback.malformed)
    _add(tally, "drops", ("rtcp", "unknown_stream"), feedback.unknown)
    _add(tally, "drops", ("rtcp", "withheld"), feedback.withheld)


def tally_peer(tally: Tally, peer: Peer) -> None:
    """Add what one transport refused."""
    _add_each(tally, "drops", PeerDrop, peer.drops, "peer")


def tally_switch(tally: Tally, switch: Switch) -> None:
    """Count a layer switch, and how long it took."""
    _add(tally, "layer_switches", (switch.direction, switch.reason), 1)
    bound = next((str(bound) for bound in SWITCH_BUCKETS if switch.delay <= bound), "+Inf")
    _add(tally, "switch_delay", (switch.direction, bound), 1)
    _add(tally, "switch_delay_sum", (switch.direction,), switch.delay)


def tally_refusals(tally: Tally, refused: Mapping[str, int]) -> None:
    """Add what a client says that it did not play, by reason."""
    for reason, count in refused.items():
        _add(tally, "refusals", (reason,), count)


def tally_chat(tally: Tally, size: int, *, sealed: bool) -> None:
    """Count a line of chat of so many bytes, once for all who get it."""
    held = "opaque" if sealed else "clear"
    _add(tally, "visibility_chat_lines", (held,), 1)
    _add(tally, "visibility_chat_bytes", (held,), size)


def tally_commit(tally: Tally, *, accepted: bool) -> None:
    """Count a commit for a group, taken or come too late."""
    _add(tally, "group_commits", ("accepted" if accepted else "stale",), 1)


def tally_group_message(tally: Tally) -> None:
    """Count a message to a group, once for all who get it."""
    _add(tally, "group_messages", (), 1)
