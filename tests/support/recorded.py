"""What the server reads in recorded packets, or in replayed ones."""

from collections.abc import Iterable

from sfu.media.codec import Codec
from sfu.wire.extensions import Extension
from sfu_clients.recordings.recording import RecordedPacket, Recording
from sfu_clients.rtp.outgoing import MediaPacket
from tests.support.tagging import Feed, Tagged


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
                found.append(
                    f"{name} has only {sorted(there)} from {start / stream.clock_rate} s on"
                )
    return found
