"""What a load run found: one object for JSON, a table and a verdict."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sfu_clients.load.gauges import Effort, Histogram, percentile_of
from sfu_clients.load.path.incoming import IncomingStream
from sfu_clients.load.server import Work

BUSY: Final = 0.80
"""Of a core: beyond it a generator measures itself."""

SERVER_BUSY: Final = 0.90
STARVED: Final = 0.20
"""Of the time: beyond it this machine has other things to do."""

LAG_MS: Final = 20.0
LATE_PART: Final = 0.01
SLOW_MS: Final = 50.0
STALLED_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Generator:
    """How the generator fared."""

    cpu: float  # share of one core
    waited: float  # share of the time in which others had its core
    lag_ms: float  # 99 of 100 ticks were not later
    sent: int
    sent_late: int
    receive_drops: int
    send_errors: int

    @classmethod
    def of(cls, effort: Effort, *, receive_drops: int, send_errors: int) -> "Generator":
        """From its gauges as they are now."""
        cpu, waited = effort.shares()
        return cls(
            cpu=cpu,
            waited=waited,
            lag_ms=effort.lag.percentile(0.99) or 0.0,
            sent=effort.sent,
            sent_late=effort.sent_late,
            receive_drops=receive_drops,
            send_errors=send_errors,
        )


@dataclass(frozen=True, slots=True)
class Reception:
    """What all subscribers together received; pictures count for video only."""

    packets: int
    lost: int
    recovered: int
    duplicates: int
    reordered: int
    frames: int
    undecodable: int
    early: int
    pictures: int
    freezes: int
    without_picture: int
    stalled: int
    first_frames: tuple[float, ...]  # in seconds

    @property
    def loss(self) -> float:
        """What part the network lost, 0 to 1; retransmissions do not mend it."""
        expected = self.packets + self.lost
        return self.lost / expected if expected else 0.0


def reception(streams: Iterable[IncomingStream], *, replayed: int, now: float) -> Reception:
    """Sum up streams; `replayed` packets were duplicates that SRTP refused."""
    every = list(streams)
    video = [stream for stream in every if not stream.sound]
    judged = [stream.decodability for stream in video if stream.decodability is not None]
    asked = [(stream, stream.viewing) for stream in video or every]
    received = sum(stream.reception.received for stream in every)
    return Reception(
        packets=received,
        lost=sum(stream.reception.expected for stream in every) - received,
        recovered=sum(stream.missing.recovered for stream in every),
        duplicates=replayed + sum(stream.duplicates for stream in every),
        reordered=sum(stream.reordered for stream in every),
        frames=sum(one.decoded for one in judged),
        undecodable=sum(one.undecodable for one in judged),
        early=sum(one.early for one in judged),
        pictures=sum(stream.viewing.frames for stream in video),
        freezes=sum(stream.viewing.freezes for stream in video),
        without_picture=sum(viewing.first_frame_at is None for _, viewing in asked),
        stalled=sum(_stalled(stream, now=now) for stream in video),
        first_frames=tuple(
            viewing.first_frame_at - stream.asked_at
            for stream, viewing in asked
            if viewing.first_frame_at is not None
        ),
    )


def _stalled(stream: IncomingStream, *, now: float) -> bool:
    """Whether it stood still at the end: a freeze that has no end yet is counted nowhere else."""
    silent = stream.viewing.silent_since(now=now)
    return silent is not None and silent > STALLED_SECONDS


def judge(
    generator: Generator, received: Reception, slow_ms: float, server: Work
) -> tuple[str, str]:
    """Who was at the limit: generator, server or neither; and why."""
    late = generator.sent_late / generator.sent if generator.sent else 0.0
    lost = received.loss
    cpu = server.cpu_share or 0.0
    findings: Sequence[tuple[bool, str, Callable[[], str]]] = (
        (generator.cpu > BUSY, "generator", lambda: f"it used {generator.cpu:.0%} of its core"),
        (
            generator.waited > STARVED,
            "generator",
            lambda: f"others had its core {generator.waited:.0%} of the time",
        ),
        (
            generator.receive_drops > 0,
            "generator",
            lambda: f"it left {generator.receive_drops} datagrams unread",
        ),
        (
            generator.lag_ms > LAG_MS,
            "generator",
            lambda: f"its loop was {generator.lag_ms:.0f} ms late at times",
        ),
        (late > LATE_PART, "generator", lambda: f"it sent {late:.1%} of its packets too late"),
        (cpu > SERVER_BUSY, "server", lambda: f"it used {cpu:.0%} of its core"),
        (lost > 0, "server", lambda: f"{lost:.2%} of its packets did not arrive"),
        (received.stalled > 0, "server", lambda: f"{received.stalled} streams stood still"),
        (
            received.without_picture > 0,
            "server",
            lambda: f"{received.without_picture} streams had no picture",
        ),
        (slow_ms > SLOW_MS, "server", lambda: f"it kept packets for {slow_ms:.0f} ms"),
    )
    for found, who, why in findings:
        if found:
            return who, why()
    return "neither", "both had room left"


def report(
    received: Reception,
    forward: Histogram,
    generator: Generator,
    server: Work,
    **about: Any,  # noqa: ANN401 - values of JSON
) -> dict[str, Any]:
    """The JSON of `sfu-client load`; `about` says what was run."""
    slow = forward.percentile(0.99) or 0.0
    limit, reason = judge(generator, received, slow, server)
    return {
        **about,
        "packets": received.packets,
        "loss": round(received.loss, 6),
        "recovered": received.recovered,
        "duplicates": received.duplicates,
        "reordered": received.reordered,
        "frames": received.frames,
        "undecodable_frames": received.undecodable,
        "early_frames": received.early,
        "pictures": received.pictures,
        "freezes": received.freezes,
        "stalled": received.stalled,
        "without_picture": received.without_picture,
        "first_frame_ms": {
            "p50": percentile_of(received.first_frames, 0.50),
            "p95": percentile_of(received.first_frames, 0.95),
        },
        "switch_ms": None,
        "forward_ms": {
            "p50": forward.percentile(0.50),
            "p99": forward.percentile(0.99),
            "p999": forward.percentile(0.999),
        },
        "server_us_per_packet": _rounded(server.us_per_packet, 2),
        "server_cpu": _rounded(server.cpu_share, 3),
        "headroom": round(max(0.0, 1 - generator.cpu), 3),
        "generator": {
            "cpu": round(generator.cpu, 3),
            "waited": round(generator.waited, 3),
            "lag_p99_ms": round(generator.lag_ms, 2),
            "sent": generator.sent,
            "sent_late": generator.sent_late,
            "receive_drops": generator.receive_drops,
            "send_errors": generator.send_errors,
        },
        "limit": limit,
        "reason": reason,
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
