"""One published stream: a recording sent again, at the pace at which a browser sent it."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from sfu.signalling.messages import MediaSource
from sfu.wire.rtcp import FullIntraRequest, GenericNack, PictureLoss
from sfu_clients.errors import ClientError
from sfu_clients.load.gauges import LATE_SECONDS, Effort
from sfu_clients.load.path.incoming import TAIL_BYTES
from sfu_clients.media.cutter import FrameSeal
from sfu_clients.recordings.recording import Recording
from sfu_clients.recordings.replay import Replay
from sfu_clients.recordings.resealing import Resealer, can_be_sealed
from sfu_clients.rtp.bandwidth import Departures
from sfu_clients.rtp.outgoing import OutgoingStream, StreamTerms

BEHIND_SECONDS: Final = 0.5
"""Who is this late goes on from now instead of hurrying."""

REMEMBERED: Final = 20_000
"""Packets whose leaving is known: more than a recording has, or a minute sends."""


class Material:
    """A recording, prepared to be sent by many."""

    def __init__(self, recording: Recording) -> None:
        """Of simulcast the last stream is sent, which is the largest."""
        self.kind = recording.kind
        self.codec = recording.codec
        self.stream = recording.streams[-1]
        tails = Counter(packet.payload[-TAIL_BYTES:] for packet in self.stream.packets)
        self.tails = frozenset(
            tail for tail, count in tails.items() if count == 1 and len(tail) == TAIL_BYTES
        )
        """Ends of payloads by which a packet is known again; silence is always the same."""
        if not self.tails:
            raise ClientError(f"The packets of the recording {recording.name} are all alike.")

    @property
    def source(self) -> MediaSource:
        """What it passes for."""
        return "microphone" if self.kind == "audio" else "camera"


class Replayer:
    """Sends a recording for ever, once it is connected."""

    def __init__(self, material: Material, effort: Effort) -> None:
        self.material = material
        self.sent_at: dict[bytes, float] = {}
        """When each packet left last, by the end of its payload."""
        self.key_frames_asked = 0
        self.stream: OutgoingStream | None = None
        self._effort = effort
        self._replay = Replay(material.stream)
        self._began_at = 0.0
        self._transmit: Callable[[bytes], None] = lambda _: None
        self._resealer: Resealer | None = None
        self._payload_type = -1

    def start(
        self,
        terms: StreamTerms,
        departures: Departures,
        transmit: Callable[[bytes], None],
        *,
        now: float,
    ) -> None:
        """The server takes it, and the connection stands."""
        self._transmit = transmit
        self._began_at = now
        self._payload_type = terms.payload_type
        self.stream = OutgoingStream(terms, departures, self._send)

    def seal(self, seal: FrameSeal) -> None:
        """Seal each frame from now on; raises ClientError if that cannot be."""
        codec = self.material.codec
        if not can_be_sealed(codec, self.material.stream):
            raise ClientError(f"This recording of {codec} cannot be sealed.")
        self._resealer = Resealer(codec, seal)

    def send_due(self, *, now: float) -> None:
        """Send what should have left by now."""
        stream = self.stream
        if stream is None:
            return
        due_at = self._began_at + self._replay.due()
        late = now - due_at
        if late < 0:
            return
        if late > BEHIND_SECONDS:
            self._began_at += late
        packets = self._replay.take(now - self._began_at)
        if self._resealer is not None:
            packets = self._resealer.put(packets)
        self._effort.sent += len(packets)
        if late > LATE_SECONDS:
            self._effort.sent_late += len(packets)
        stream.send(packets, now=now, due_at=due_at)

    def receive(self, request: GenericNack | PictureLoss | FullIntraRequest, *, now: float) -> None:
        """The server misses packets, or wants a key frame."""
        if isinstance(request, GenericNack):
            if self.stream is not None:
                self.stream.resend(request.lost, now=now)
        else:
            self.key_frames_asked += 1
            self._replay.ask_key_frame()

    def _send(self, packet: bytes) -> None:
        """Note when it leaves, unless it is a repetition, which ends alike.

        What follows until the kernel has it, SRTP and the call, counts as the server's delay.
        """
        tail = packet[-TAIL_BYTES:]
        known = self._resealer is not None or tail in self.material.tails
        if known and packet[1] & 0x7F == self._payload_type:
            self.sent_at[tail] = time.time()
            if len(self.sent_at) > REMEMBERED:  # what is sealed never ends alike
                del self.sent_at[next(iter(self.sent_at))]
        self._transmit(packet)
