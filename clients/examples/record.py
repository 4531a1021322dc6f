"""Records one layer of somebody's camera, as it comes, until it ends.

python clients/examples/record.py http://localhost:8080 ROOM NAME FILE.mkv [base|sd|hd]
"""

import asyncio
import sys
from fractions import Fraction

import av

from sfu.signalling.messages import PublicationRemoved
from sfu_clients.client import Client
from sfu_clients.payload import EncodedFrame
from sfu_clients.wishes import read_height


async def record(url: str, room: str, person: str, path: str, wish: str = "hd") -> None:
    async with Client(url, room, name="Recorder") as client:
        camera = await client.find(person, "camera")
        (subscriber,) = await client.subscribe(camera, height=read_height(wish))
        with av.open(path, "w") as file:

            def write(frame: EncodedFrame) -> None:
                if not file.streams:
                    size = {"width": frame.width, "height": frame.height}
                    file.add_mux_stream(str(subscriber.codec).lower(), **size)
                packet = av.Packet(frame.data)
                packet.stream, packet.is_keyframe = file.streams[0], frame.key_frame
                packet.pts = packet.dts = frame.timestamp
                packet.time_base = Fraction(1, 90_000)
                file.mux(packet)

            subscriber.on_encoded(write)  # from the first key frame on
            async for message in client.messages():
                if isinstance(message, PublicationRemoved) and message.publication == camera.id:
                    return


asyncio.run(record(*sys.argv[1:6]))
