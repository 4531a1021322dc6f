"""Key-frame requests to one publisher: who asks, how often it is told, and when it has answered."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sfu.media.alarm import NEVER, Alarm

MIN_INTERVAL: Final = 0.5
"""Seconds between two requests, whoever asks: a key frame costs everybody who watches."""

MAX_INTERVAL: Final = 4.0
"""Seconds between repetitions to a publisher that does not answer: muted, or unable to."""

PATIENT_AFTER: Final = 4
"""Repetitions at the shortest interval; after them it doubles."""


class KeyFrameCause(StrEnum):
    """Why a key frame was asked for; also the metric label."""

    SUBSCRIBED = "subscribed"  # somebody new watches
    WISH = "wish"  # a subscriber wants another layer
    LAYER_SILENT = "layer_silent"  # the layer somebody watched is no longer sent
    RECEIVER_PLI = "receiver_pli"  # a subscriber cannot go on decoding, and says so
    RECEIVER_FIR = "receiver_fir"  # the same, said in the older way
    LOSS = "loss"  # more was lost than retransmissions can mend
    WITNESS = "witness"  # nobody else made one come, and the witness wants to look
    RESTARTED = "restarted"  # the publisher's stream began anew while somebody watched


@dataclass(frozen=True, slots=True)
class KeyFrameRequest:
    """Somebody wanted a key frame, whether or not another request had to leave for it."""

    at: float  # seconds of `now`
    cause: KeyFrameCause


class KeyFrames:
    """The only one who asks a published track for key frames.

    Requests are coalesced, throttled, and repeated until a key frame is seen. One that nobody can
    hear (`send` returns False: the stream has not begun, or its publisher understands neither
    PLI nor FIR) waits for the publisher's next key frame and is tried again.
    """

    __slots__ = (
        "_alarm",
        "_interval",
        "_next_at",
        "_round_trip",
        "_send",
        "_tries",
        "asked",
        "last",
        "seen",
        "sent",
        "unheard",
        "waiting",
    )

    def __init__(self, send: Callable[[], bool], alarm: Alarm) -> None:
        self._send = send
        self._alarm = alarm
        self._tries = 0
        self._interval = MIN_INTERVAL
        self._round_trip = 0.0
        self._next_at = -NEVER  # no request leaves before
        self.asked = dict.fromkeys(KeyFrameCause, 0)  # by cause, before coalescing
        self.sent = 0  # requests that left
        self.unheard = 0  # and those that could not
        self.seen = 0  # key frames that came
        self.last = -1  # 64-bit sequence number with which the last of them began
        self.waiting = False

    def ask(self, cause: KeyFrameCause, *, now: float) -> None:
        """Want a key frame; the request leaves at once, unless the last was just before."""
        self.asked[cause] += 1
        if not self.waiting:
            self.waiting = True
            self._tries = 0
            self._interval = MIN_INTERVAL
        self._send_if_due(now=now)

    def note_key_frame(self, sequence: int) -> None:
        """A key frame begins with this packet: nobody waits any more."""
        self.seen += 1
        self.last = sequence
        self.waiting = False

    def handle_timeout(self, *, now: float, round_trip: float = 0.0) -> None:
        """Ask, or ask again, if somebody waits and it is time to; `round_trip` in seconds."""
        self._round_trip = round_trip
        self._send_if_due(now=now)

    def _send_if_due(self, *, now: float) -> None:
        if not self.waiting:
            return
        if now >= self._next_at:
            heard = self._send()
            self.sent += heard
            self.unheard += not heard
            self._tries += 1
            if self._tries > PATIENT_AFTER:
                self._interval = min(MAX_INTERVAL, 2 * self._interval)
            # A repetition that crosses its answer would cost a second key frame.
            self._next_at = now + max(self._interval, 1.5 * self._round_trip)
        self._alarm.by(self._next_at)


class Allowance:
    """How many key frames one receiver may ask for: some at once, then one per `refill` seconds.

    Keeps a broken or hostile receiver from spoiling the picture of the others.
    """

    __slots__ = ("_at", "_left", "_most", "_refill")

    def __init__(self, *, most: int = 4, refill: float = 2.5) -> None:
        self._most = most
        self._refill = refill
        self._left = float(most)
        self._at = -NEVER

    def take(self, *, now: float) -> bool:
        """Take one of them; False if there is none left."""
        self._left = min(self._most, self._left + (now - self._at) / self._refill)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
