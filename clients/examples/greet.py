"""A bot that greets by chat whoever joins a room, until ctrl-C.

python clients/examples/greet.py http://localhost:8080 ROOM
"""

import asyncio
import sys

from sfu.signalling.messages import ParticipantJoined
from sfu_clients.client import Client
from sfu_clients.errors import ClientError


async def greet(url: str, room: str) -> None:
    """Greet until the call ends, which raises ClientError."""
    async with Client(url, room, name="Greeter") as client:
        async for message in client.messages():
            if isinstance(message, ParticipantJoined):
                await client.say(f"Hello, {message.participant.name}!")


if __name__ == "__main__":
    try:
        asyncio.run(greet(*sys.argv[1:3]))
    except (ClientError, KeyboardInterrupt) as error:
        sys.exit(f"greet: {error or 'good-bye'}")
