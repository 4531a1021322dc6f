"""Replays a recorded stream for ever, so that nobody can tell it from a live encoder."""

from bisect import bisect_left

from sfu.wire.extensions import Extension
from sfu_clients.recordings.counters import Shift, rewrite_descriptor, rewrite_payload
from sfu_clients.recordings.recording import RecordedPacket, RecordedStream
from sfu_clients.rtp.outgoing import MediaPacket

_DESCRIPTOR = Extension.DEPENDENCY_DESCRIPTOR


class Replay:
    """One stream, over and over; all that an encoder counts goes on from lap to lap.

    A picture that takes the place of another, because the recording is over or a key frame was
    asked for, leaves when that one would have left and has its timestamp.
    """

    __slots__ = ("_asked", "_lag", "_packets", "_place", "_shift", "_stream", "_timestamp")

    def __init__(self, stream: RecordedStream) -> None:
        self._stream = stream
        self._packets = stream.packets
        self._place = 0  # of the next packet
        self._asked = False  # for a key frame
        self._shift = Shift()
        self._timestamp = 0  # to be added to those of the recording
        self._lag = 0.0  # the same in seconds

    def due(self) -> float:
        """When the next packet leaves, in seconds since the replay began."""
        return self._packets[self._place].at + self._lag

    def take(self, now: float) -> list[MediaPacket]:
        """Return all packets that leave by `now`, in seconds since the replay began."""
        taken: list[MediaPacket] = []
        packets = self._packets
        packet = packets[self._place]
        while packet.at + self._lag <= now:
            taken.append(self._written(packet))
            self._place += 1
            if self._asked or self._place == len(packets):
                self._turn()
            packet = packets[self._place]
        return taken

    def ask_key_frame(self) -> None:
        """Go on with the recording's next key picture; the one that is being sent is finished."""
        self._asked = True
        self._turn()

    def _turn(self) -> None:
        """Go on elsewhere, if it is time to."""
        packets, place = self._packets, self._place
        over = place == len(packets)
        if not over:
            timestamp = packets[place].timestamp
            if place and packets[place - 1].timestamp == timestamp:
                return  # inside a picture
        else:
            timestamp = self._stream.duration
        self._asked = False
        self._place = key_frame = self._next_key_frame(place)
        if key_frame == place:
            return
        first = packets[key_frame]
        self._shift = self._shift.following(
            packets[place - 1].counters, first.counters, frames=self._stream.sharing
        )
        self._timestamp += timestamp - first.timestamp
        self._lag = self._timestamp / self._stream.clock_rate

    def _next_key_frame(self, place: int) -> int:
        key_frames = self._stream.key_frames
        index = bisect_left(key_frames, place)
        return key_frames[index] if index < len(key_frames) else key_frames[0]

    def _written(self, packet: RecordedPacket) -> MediaPacket:
        counters, extensions = packet.counters, packet.extensions
        if _DESCRIPTOR in extensions:
            descriptor = rewrite_descriptor(extensions[_DESCRIPTOR], counters, self._shift)
            extensions = {**extensions, _DESCRIPTOR: descriptor}
        return MediaPacket(
            rewrite_payload(packet.payload, counters, self._shift),
            packet.timestamp + self._timestamp,
            packet.marker,
            extensions,
        )
