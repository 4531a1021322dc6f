"""Metrics: the counters of everything, pulled when Prometheus asks."""

from __future__ import annotations

from collections import Counter
from statistics import fmean
from typing import TYPE_CHECKING, Final, NamedTuple

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from sfu.rooms.tally import SWITCH_BUCKETS, Tally
from sfu.transport.drops import DatagramDrop
from sfu.visibility.guesses import HEARD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sfu.rooms.directory import Directory
    from sfu.transport.latency import Histogram
    from sfu.transport.node import Node
    from sfu.visibility.guesses import Guesses
    from sfu.visibility.testimony import Witness


class _Family(NamedTuple):
    name: str
    text: str
    labels: tuple[str, ...]


_COUNTERS: Final = {
    "packets": _Family(
        "sfu_packets",
        "RTP packets taken from publishers (in) and sent to subscribers (out).",
        ("direction", "kind"),
    ),
    "bytes": _Family(
        "sfu_bytes", "Bytes of those packets, RTP headers included.", ("direction", "kind")
    ),
    "drops": _Family(
        "sfu_drops",
        "What was not forwarded: datagrams, what a peer sent, packets of a stream, copies for one "
        "subscriber, and RTCP.",
        ("stage", "reason"),
    ),
    "retransmissions": _Family(
        "sfu_retransmissions",
        "Packets that publishers (in) or we (out) sent again on RTX streams.",
        ("direction",),
    ),
    "retransmitted_bytes": _Family(
        "sfu_retransmitted_bytes", "Bytes that we sent again, RTP headers included.", ()
    ),
    "fillers": _Family(
        "sfu_fillers", "Empty packets sent so that subscribers do not ask for a dropped one.", ()
    ),
    "nack_answers": _Family(
        "sfu_nacked_packets", "Packets that subscribers asked for again, by answer.", ("answer",)
    ),
    "rtcp": _Family("sfu_rtcp_packets", "RTCP packets.", ("direction", "type")),
    "key_frames_asked": _Family(
        "sfu_key_frame_requests", "Wishes for a key frame, before coalescing.", ("cause",)
    ),
    "key_frame_requests_sent": _Family(
        "sfu_key_frame_requests_sent", "PLI and FIR sent to publishers.", ()
    ),
    "key_frame_requests_unheard": _Family(
        "sfu_key_frame_requests_unheard",
        "Those that could not be sent: the publisher takes neither PLI nor FIR, or sends nothing.",
        (),
    ),
    "key_frames": _Family("sfu_key_frames", "Key frames seen.", ()),
    "refusals": _Family(
        "sfu_client_refused_frames",
        "Sealed frames that clients say they did not play, by reason.",
        ("reason",),
    ),
    "group_commits": _Family(
        "sfu_group_commits",
        "Commits for the groups of rooms: accepted, or stale because another came first.",
        ("outcome",),
    ),
    "group_messages": _Family(
        "sfu_group_messages",
        "Messages of members to the others of their group, beacons included.",
        (),
    ),
    "websockets": _Family(
        "sfu_websockets_closed", "Ended WebSockets, by what ended them.", ("by",)
    ),
    "visibility_bytes": _Family(
        "sfu_visibility_bytes",
        "Bytes of media that we took, in clear or opaque to us as the room's mode has it.",
        ("held", "mode", "kind"),
    ),
    "visibility_chat_lines": _Family(
        "sfu_visibility_chat_lines", "Lines of chat, in clear or opaque to us.", ("held",)
    ),
    "visibility_chat_bytes": _Family(
        "sfu_visibility_chat_bytes", "Bytes of those lines.", ("held",)
    ),
    "layer_switches": _Family(
        "sfu_layer_switches", "Switches of a subscriber's layer.", ("direction", "reason")
    ),
}
"""By the name in the tally."""


FRAME_KEYS: Final = 0
"""Of end-to-end encryption: nothing in the server could hold one, as `make check` makes sure."""


class Sources(NamedTuple):
    """Where the numbers are."""

    directory: Directory
    node: Node
    forwarding: Histogram  # seconds from reading a datagram to the last of its copies
    loop_lag: Histogram  # seconds that the tick came late
    socket_drops: Callable[[], Mapping[str, int]]  # datagrams lost in the sockets, by reason
    websockets: Callable[[], Mapping[str, int]]  # that were closed, by what ended them
    recorded_bytes: Callable[[], int]  # that were written to the disk
    guesses: Guesses
    witness: Witness | None = None


class _Collector(Collector):
    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        directory = self._sources.directory
        tally = directory.tally()
        self._add_node(tally)
        yield from _counters(tally)
        yield _switch_delays(tally)
        yield from _populations(directory)
        yield CounterMetricFamily(
            "sfu_recorded_bytes", "Bytes of recordings.", self._sources.recorded_bytes()
        )
        yield from _qualities(directory)
        yield from _visibility(directory)
        yield from _witnessed(directory, self._sources.witness)
        yield _inferred(self._sources.guesses)
        yield _histogram(
            "sfu_forwarding_seconds",
            "From reading a datagram to the last of its copies having left.",
            self._sources.forwarding,
        )
        yield _histogram("sfu_loop_lag_seconds", "How late timers ran.", self._sources.loop_lag)
        yield self._handshakes()

    def _add_node(self, tally: Tally) -> None:
        for drop in DatagramDrop:
            tally["drops", "datagram", drop.name.lower()] = self._sources.node.drops[drop]
        for reason, count in self._sources.socket_drops().items():
            tally["drops", "socket", reason] = count
        for ending, count in self._sources.websockets().items():
            tally["websockets", ending] = count

    def _handshakes(self) -> Metric:
        family = CounterMetricFamily(
            "sfu_handshakes",
            "DTLS handshakes, by result and SRTP profile.",
            labels=("result", "profile"),
        )
        for (result, profile), count in self._sources.node.handshakes.items():
            family.add_metric((result, profile), count)
        return family


def _counters(tally: Tally) -> Iterator[Metric]:
    families = {
        what: CounterMetricFamily(family.name, family.text, labels=family.labels)
        for what, family in _COUNTERS.items()
    }
    for (what, *labels), count in sorted(tally.items()):
        if what in families:
            families[what].add_metric(labels, count)
    for what, family in families.items():
        if not family.samples and not _COUNTERS[what].labels:
            family.add_metric((), 0)
        yield family


def _switch_delays(tally: Tally) -> Metric:
    family = HistogramMetricFamily(
        "sfu_layer_switch_seconds",
        "From wanting another layer to its first frame.",
        labels=("direction",),
    )
    bounds = (*map(str, SWITCH_BUCKETS), "+Inf")
    for direction in sorted({key[1] for key in tally if key[0] == "switch_delay"}):
        counts = [tally.get(("switch_delay", direction, bound), 0) for bound in bounds]
        total = tally.get(("switch_delay_sum", direction), 0)
        family.add_metric((direction,), _cumulative(bounds, counts), total)
    return family


def _histogram(name: str, text: str, histogram: Histogram) -> Metric:
    family = HistogramMetricFamily(name, text)
    bounds = (*map(str, histogram.bounds), "+Inf")
    family.add_metric((), _cumulative(bounds, histogram.counts), histogram.total)
    return family


def _cumulative(bounds: Iterable[str], counts: Iterable[float]) -> list[tuple[str, float]]:
    buckets, below = [], 0.0
    for bound, count in zip(bounds, counts, strict=True):
        below += count
        buckets.append((bound, below))
    return buckets


def _populations(directory: Directory) -> Iterator[Metric]:
    yield GaugeMetricFamily("sfu_rooms", "Rooms with somebody in them.", len(directory.rooms))
    recorded = sum(room.recording is not None for room in directory.rooms.values())
    yield GaugeMetricFamily("sfu_recordings_active", "Rooms that are being recorded.", recorded)
    yield CounterMetricFamily("sfu_joins", "Participants that entered.", directory.entered)
    yield CounterMetricFamily(
        "sfu_returns", "Connections that returned to their participant.", directory.returned
    )
    people = Counter({"present": 0, "absent": 0})
    publications = Counter({"audio": 0, "video": 0})
    subscriptions: Counter[tuple[str, str]] = Counter()
    for participant in directory.participants():
        people["present" if participant.connected else "absent"] += 1
        publications.update(publication.kind for publication in participant.publications)
        for subscription in participant.subscriptions.values():
            target = subscription.outbound.current_layer()
            layer = "none" if target is None else f"S{target[0]}T{target[1]}"
            subscriptions[subscription.publication.kind, layer] += 1
    yield _gauge("sfu_participants", "People, by state of their signalling.", "state", people)
    yield _gauge("sfu_publications", "Published tracks.", "kind", publications)
    family = GaugeMetricFamily(
        "sfu_subscriptions",
        "Copies that are sent, by the layer that is forwarded now.",
        labels=("kind", "layer"),
    )
    for labels, count in sorted(subscriptions.items()):
        family.add_metric(labels, count)
    yield family


def _gauge(name: str, text: str, label: str, counts: Counter[str]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for value, count in sorted(counts.items()):
        family.add_metric((value,), count)
    return family


def _visibility(directory: Directory) -> Iterator[Metric]:
    """What we read and hold now; docs/visibility.md has the proof of each."""
    depths: Counter[tuple[str, str]] = Counter()
    keys = Counter({"srtp": 0, "frame": FRAME_KEYS})
    for participant in directory.participants():
        keys["srtp"] += participant.srtp_sessions
        for publication in participant.publications:
            place = participant.room.mode, publication.kind
            depths[place] = max(depths[place], publication.depth)
    family = GaugeMetricFamily(
        "sfu_visibility_depth",
        "The deepest that the forwarder read: 1 header, 2 descriptor, 3 shim, 4 media.",
        labels=("mode", "kind"),
    )
    for labels, depth in sorted(depths.items()):
        family.add_metric(labels, depth)
    yield family
    yield _gauge("sfu_visibility_keys", "Keys that we hold, by what they open.", "kind", keys)
    recorded = Counter({"clear": 0, "opaque": 0})
    recorded.update(
        "opaque" if room.sealed else "clear"
        for room in directory.rooms.values()
        if room.recording is not None
    )
    yield _gauge(
        "sfu_visibility_recordings", "Recordings that run, by what we write.", "held", recorded
    )


def _witnessed(directory: Directory, witness: Witness | None) -> Iterator[Metric]:
    """What the witness says; nothing was tried where there is none."""
    family = GaugeMetricFamily(
        "sfu_visibility_witness_streams",
        "Streams that are there, by what the witness made of their last sample.",
        labels=("mode", "kind", "verdict"),
    )
    streams: Counter[tuple[str, str, str]] = Counter()
    for participant in directory.participants():
        for publication in participant.publications:
            seen = None if witness is None else witness.of_stream(publication)
            verdict = "untried" if seen is None else seen.seen
            streams[participant.room.mode, publication.kind, verdict] += 1
    for labels, streams_count in sorted(streams.items()):
        family.add_metric(labels, streams_count)
    yield family
    samples = CounterMetricFamily(
        "sfu_visibility_witness_samples",
        "Samples that the witness tried to decode, by what it made of them.",
        labels=("verdict",),
    )
    for verdict in ("readable", "opaque", "undecided"):
        count = witness.samples[verdict] if witness is not None else 0
        samples.add_metric((verdict,), count)
    yield samples
    deaths = witness.channel.deaths if witness is not None else 0
    yield CounterMetricFamily(
        "sfu_visibility_witness_deaths", "Witness processes that ended or hung.", deaths
    )


def _inferred(guesses: Guesses) -> Metric:
    """What sizes and times alone told; docs/inference.md says how well."""
    family = CounterMetricFamily(
        "sfu_visibility_inferred_windows",
        "Tenths of a second of what looks like sound, by whether it looks like speech.",
        labels=("mode", "heard"),
    )
    for mode in sorted({"hop"} | {mode for mode, _ in guesses.heard}):
        for heard in HEARD.values():
            family.add_metric((mode, heard), guesses.heard[mode, heard])
    return family


def _qualities(directory: Directory) -> Iterator[Metric]:
    """Loss, jitter and round trips as they are now: mean and worst of all streams."""
    loss: dict[str, list[float]] = {"publisher": [], "subscriber": []}
    jitter: dict[str, list[float]] = {"publisher": [], "subscriber": []}
    round_trips = []
    for participant in directory.participants():
        if participant.router.round_trip is not None:
            round_trips.append(participant.router.round_trip)
        for publication in participant.publications:
            inbound = publication.source.inbound
            if inbound is not None:
                loss["publisher"].append(inbound.reception.fraction_lost)
                jitter["publisher"].append(inbound.reception.jitter_seconds)
        for subscription in participant.subscriptions.values():
            loss["subscriber"].append(subscription.outbound.fraction_lost)
            jitter["subscriber"].append(subscription.outbound.jitter)
    yield _summary("sfu_loss_ratio", "Share of packets lost, by leg.", loss)
    yield _summary("sfu_jitter_seconds", "Interarrival jitter (RFC 3550), by leg.", jitter)
    family = GaugeMetricFamily(
        "sfu_round_trip_seconds", "Round trip to participants, by their reports.", labels=("of",)
    )
    if round_trips:
        family.add_metric(("mean",), fmean(round_trips))
        family.add_metric(("worst",), max(round_trips))
    yield family


def _summary(name: str, text: str, values: dict[str, list[float]]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=("leg", "of"))
    for leg, numbers in values.items():
        if numbers:
            family.add_metric((leg, "mean"), fmean(numbers))
            family.add_metric((leg, "worst"), max(numbers))
    return family


def registry_of(sources: Sources) -> CollectorRegistry:
    """Return a registry whose text (`render`) is made of the numbers of that moment."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(sources))
    ProcessCollector(registry=registry)
    return registry


def render(registry: CollectorRegistry) -> tuple[bytes, str]:
    """Return the text exposition format, and its content type."""
    return generate_latest(registry), CONTENT_TYPE_LATEST
