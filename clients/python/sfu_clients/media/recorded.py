"""A recording of a browser's stream as a source: layered, though nothing is encoded."""

from sfu.signalling.messages import MediaSource
from sfu_clients.errors import ClientError
from sfu_clients.media.concealment import Concealment
from sfu_clients.media.cutter import FrameSeal
from sfu_clients.recordings.recording import RecordedStream, Recording
from sfu_clients.recordings.replay import Replay
from sfu_clients.recordings.resealing import Resealer, can_be_sealed
from sfu_clients.rtp.outgoing import MediaPacket


class RecordedSource:
    """Replays a recording for ever; of several streams, the largest alone."""

    name: MediaSource

    def __init__(self, recording: Recording) -> None:
        self.name = "microphone" if recording.kind == "audio" else "camera"
        self.codec = recording.codec
        self._stream = max(recording.streams, key=_octets)
        self._replay = Replay(self._stream)
        self._resealer: Resealer | None = None

    def due(self) -> float:
        """When the next packet leaves."""
        return self._replay.due()

    def produce(self, *, now: float) -> list[MediaPacket]:
        """What is due; if it is sealed, the rest of its frame, too."""
        del now
        resealer = self._resealer
        packets = self._replay.take(self._replay.due())
        if resealer is None:
            return packets
        sealed = resealer.put(packets)
        while resealer.inside_frame:
            sealed += resealer.put(self._replay.take(self._replay.due()))
        return sealed

    def ask_key_frame(self) -> None:
        """The recording goes on with its next one."""
        self._replay.ask_key_frame()

    def set_bitrate(self, bitrate: int) -> None:
        """It is as it was recorded."""

    def seal(self, seal: FrameSeal) -> None:
        """Seal each frame, and put it into the packets that it was recorded in."""
        if not can_be_sealed(self.codec, self._stream):
            raise ClientError(f"This recording of {self.codec} cannot be sealed.")
        self._resealer = Resealer(self.codec, seal)

    def conceal(self, concealment: Concealment) -> None:
        """Raise ClientError for what would change its frames."""
        if concealment.constant_rate or concealment.padding:
            raise ClientError("A recording is sent as it was recorded: its sizes cannot be hidden.")


def _octets(stream: RecordedStream) -> int:
    return sum(len(packet.payload) for packet in stream.packets)
