"""A recording of a browser's stream as a source: layered, though nothing is encoded."""

from sfu.signalling.messages import MediaSource
from sfu_clients.recordings.recording import RecordedStream, Recording
from sfu_clients.recordings.replay import Replay
from sfu_clients.rtp.outgoing import MediaPacket


class RecordedSource:
    """Replays a recording for ever; of several streams, the largest alone."""

    name: MediaSource

    def __init__(self, recording: Recording) -> None:
        self.name = "microphone" if recording.kind == "audio" else "camera"
        self.codec = recording.codec
        self._replay = Replay(max(recording.streams, key=_octets))

    def due(self) -> float:
        """When the next packet leaves."""
        return self._replay.due()

    def produce(self, *, now: float) -> list[MediaPacket]:
        """What is due."""
        del now
        return self._replay.take(self._replay.due())

    def ask_key_frame(self) -> None:
        """The recording goes on with its next one."""
        self._replay.ask_key_frame()

    def set_bitrate(self, bitrate: int) -> None:
        """It is as it was recorded."""


def _octets(stream: RecordedStream) -> int:
    return sum(len(packet.payload) for packet in stream.packets)
