"""What the server has done: packets by its metrics, CPU time by itself or the kernel."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from sfu_clients.errors import ClientError

SCRAPE_SECONDS: Final = 5.0
MAX_BYTES: Final = 4 << 20

FORWARDED: Final = "sfu_packets_total"
CPU: Final = "process_cpu_seconds_total"


@dataclass(frozen=True, slots=True)
class Standing:
    """What it had done at a moment; None is not known."""

    forwarded: float | None = None
    cpu_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What it did between two moments; None is not known."""

    us_per_packet: float | None
    cpu_share: float | None


class ServerGauge:
    """Asks the server at `url`; its process is `pid`, if it runs on this machine."""

    def __init__(self, url: str, *, token: str | None, insecure: bool, pid: int | None) -> None:
        """Raises ClientError if there is no process `pid`."""
        self._url = f"{url.rstrip('/')}/metrics"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._insecure = insecure
        self._stat = None if pid is None else Path(f"/proc/{pid}/stat")
        if self._stat is not None and _cpu_seconds(self._stat) is None:
            raise ClientError(f"There is no process {pid} here whose CPU time could be read.")

    async def read(self) -> Standing:
        """How it stands now; a server without such metrics is no mistake."""
        try:
            samples = _samples(await self._scrape())
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            samples = {}
        cpu = samples.get(CPU)
        if self._stat is not None:
            cpu = _cpu_seconds(self._stat)
        return Standing(samples.get(FORWARDED), cpu)

    async def _scrape(self) -> str:
        async with (
            asyncio.timeout(SCRAPE_SECONDS),
            aiohttp.ClientSession() as http,
            http.get(self._url, headers=self._headers, ssl=not self._insecure) as answer,
        ):
            answer.raise_for_status()
            return (await answer.content.read(MAX_BYTES)).decode()


def _samples(text: str) -> dict[str, float]:
    """The two that we need, summed up; raises ValueError.

    A counter that is only announced has counted nothing yet.
    """
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        if family.name == FORWARDED.removesuffix("_total"):
            found.setdefault(FORWARDED, 0.0)
        for sample in family.samples:
            outwards = sample.name == FORWARDED and sample.labels.get("direction") == "out"
            if outwards or sample.name == CPU:
                found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


def _cpu_seconds(stat: Path) -> float | None:
    """User and system time (proc_pid_stat(5)); the name before them may hold anything."""
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def work(before: Standing, after: Standing, *, seconds: float) -> Work:
    """What was done in between."""
    cpu = _difference(before.cpu_seconds, after.cpu_seconds)
    packets = _difference(before.forwarded, after.forwarded)
    return Work(
        us_per_packet=cpu / packets * 1e6 if cpu is not None and packets else None,
        cpu_share=cpu / seconds if cpu is not None and seconds > 0 else None,
    )


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before
