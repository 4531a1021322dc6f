"""A probe that alarms when a room freezes: exit code 1 and a sentence, 0 after SECONDS without.

python clients/examples/probe.py http://localhost:8080 ROOM SECONDS
"""

import asyncio
import sys
import time

from sfu_clients.client import Client
from sfu_clients.errors import ClientError
from sfu_clients.follower import Follower

FREEZE_SECONDS = 3.0


async def probe(url: str, room: str, seconds: float) -> str | None:
    """Watch every camera's base layer; return what froze."""
    until = time.time() + seconds
    async with Client(url, room, name="Probe") as client, Follower(client, height=180):
        while time.time() < until:
            await asyncio.sleep(0.5)
            for person, publication in client.publications():
                subscriber = client.subscribers.get(publication.id)
                if subscriber is None or publication.kind == "audio" or publication.muted:
                    continue
                silent = subscriber.viewing.silent_since(now=time.time())
                if silent is not None and silent > FREEZE_SECONDS:
                    return f"{person.name}'s {publication.source} froze {silent:.0f} s ago."
    return None


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(probe(sys.argv[1], sys.argv[2], float(sys.argv[3]))))
    except ClientError as error:
        sys.exit(f"probe: {error}")
