"""A client that says it seals, and sends in clear: `tests.support.liar URL ROOM SECRET`."""

import asyncio
import sys
from collections.abc import Iterable

from sfu_clients.client import Client
from sfu_clients.media.sources import PatternSource, Source, ToneSource


def seal_nothing(sources: Iterable[Source]) -> None:
    """Leave them as they are."""
    del sources


async def lie(url: str, room: str, secret: str) -> None:
    """Until somebody ends us."""
    async with Client(url, room, name="Liar", secret=secret, mode="e2ee-passphrase") as client:
        client.mode.seal = seal_nothing  # type: ignore[method-assign]
        await client.publish(PatternSource("VP8", size=(320, 180)), ToneSource())
        await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(lie(*sys.argv[1:4]))
