"""Recordings made by hand, and what the server reads in recorded packets or in replayed ones."""

import json
from collections.abc import Iterable

from sfu.media.codec import Codec
from sfu.wire.extensions import URIS, Extension
from sfu_clients.recordings.recording import RecordedPacket, Recording, parse_recording
from sfu_clients.recordings.rtpdump import write_rtpdump
from sfu_clients.rtp.outgoing import MediaPacket
from tests.support.encoders import DESCRIPTOR_ID, TYPES, Publisher
from tests.support.tagging import Feed, Tagged

FRAME_SECONDS = 1 / 30


def description(codec: Codec, ssrcs: Iterable[int] = (0x1111,), /, **fields: object) -> bytes:
    """The JSON file of a recording; `fields` replace what it would say."""
    told: dict[str, object] = {
        "codec": codec.value,
        "kind": codec.kind,
        "payload_types": {str(TYPES[codec]): codec.value},
        "extensions": {str(DESCRIPTOR_ID): URIS[Extension.DEPENDENCY_DESCRIPTOR]},
        "streams": [{"ssrc": ssrc, "rid": None} for ssrc in ssrcs],
    }
    return json.dumps(told | fields).encode()


def filmed(publisher: Publisher, pictures: int, *, keys: Iterable[int] = ()) -> Recording:
    """Record some pictures; `keys`: which of them are key pictures, besides the first."""
    packets = [
        (place * FRAME_SECONDS, data)
        for place in range(pictures)
        for _, data in publisher.next_picture(key=place in set(keys))
    ]
    told = description(publisher.encoder.codec, [publisher.ssrc])
    return parse_recording("hand-made", told, write_rtpdump(packets))


def tagged(codec: str, packets: Iterable[RecordedPacket | MediaPacket]) -> list[Tagged]:
    """The tags of packets that arrive in order, none lost."""
    feed = Feed(Codec(codec))
    return [
        feed.send(
            packet.payload,
            picture=packet.timestamp,
            marker=packet.marker,
            descriptor=packet.extensions.get(Extension.DEPENDENCY_DESCRIPTOR),
        )
        for packet in packets
    ]


def flaws(recording: Recording, layers: tuple[int, int]) -> list[str]:
    """Why it would make a bad example: packets missing, or layers absent for half a second.

    `layers` are how many spatial and temporal ones each stream is to have.
    """
    found = []
    spatial, temporal = layers
    every = {(s, t) for s in range(spatial) for t in range(temporal)}
    for stream in recording.streams:
        name = f"stream {stream.rid or stream.ssrc}"
        if lost := sum(packet.gap for packet in stream.packets):
            found.append(f"{name} lacks {lost} packets")
        tags = tagged(recording.codec, stream.packets)
        half = stream.clock_rate // 2
        for start in range(0, stream.duration - half, half):
            there = {
                tag.layer
                for packet, tag in zip(stream.packets, tags, strict=True)
                if 0 <= packet.timestamp - start < half
            }
            if there != every:
                found.append(f"{name} has only {sorted(there)} at {start / stream.clock_rate} s")
    return found
