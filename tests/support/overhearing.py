"""What packets tell of somebody's sound and pictures, whether they can be opened or not."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from sfu.signalling.messages import MediaSource
from sfu.wire.extensions import Extension
from sfu.wire.packet import Packet
from sfu_clients.client import Client
from sfu_clients.sealing.sframe import read_header
from sfu_clients.subscriber import Subscriber


@contextmanager
def overhearing() -> Iterator[Mapping[str, Sequence[Packet]]]:
    """By publication, the packets that subscribers of this process get meanwhile."""
    packets: dict[str, list[Packet]] = defaultdict(list)
    receive = Subscriber.receive

    def receive_too(
        self: Subscriber, packet: Packet, *, now: float, repeated: bool = False
    ) -> None:
        packets[self.publication.id].append(packet)
        receive(self, packet, now=now, repeated=repeated)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Subscriber, "receive", receive_too)
        yield packets


@dataclass(frozen=True, slots=True)
class Room:
    """Where somebody listens, with the key of a sealed room."""

    url: str
    name: str
    key: str = ""

    def overheard(
        self, name: str, source: MediaSource, seconds: float
    ) -> tuple[Sequence[Packet], dict[str, Any]]:
        """Subscribe to somebody's source for a while; the packets, and what was made of them."""
        return asyncio.run(self._listen(name, source, seconds))

    async def _listen(
        self, name: str, source: MediaSource, seconds: float
    ) -> tuple[Sequence[Packet], dict[str, Any]]:
        async with Client(self.url, self.name, name="Spy", secret=self.key or None) as client:
            publication = await client.find(name, source)
            with overhearing() as packets:
                (subscriber,) = await client.subscribe(publication)
                await asyncio.sleep(seconds)
            return packets[publication.id], subscriber.report()


def sizes(packets: Sequence[Packet], *, sealed: bool) -> set[int]:
    """How many bytes sound has; of sealed one without its header, which counts and so grows."""
    heads = [read_header(packet.payload)[2] if sealed else 0 for packet in packets]
    return {len(packet.payload) - head for packet, head in zip(packets, heads, strict=True)}


def tells_level(packets: Sequence[Packet]) -> bool:
    """Whether any of them says how loud it is (RFC 6464)."""
    return any(Extension.AUDIO_LEVEL in packet.extensions for packet in packets)
