"""Who speaks: the loudest for a while, by the levels that microphones report (RFC 6464)."""

from collections.abc import Hashable
from math import exp
from typing import Final

SMOOTHING: Final = 0.3
"""Seconds in which the memory of a level fades to a third."""

QUIET: Final = 55
"""Levels are -dBov: at this one and above, nobody is speaking."""

HOLD: Final = 1.0
"""Seconds that somebody must stay the loudest, and the last change must be ago, to take over."""

MARGIN: Final = 1.2
"""How much louder than the present speaker one has to be."""

FRESH: Final = 0.5
"""Seconds after which a level that is not repeated counts as silence."""


class _Voice:
    __slots__ = ("at", "loudness")

    def __init__(self, now: float) -> None:
        self.at = now
        self.loudness = 0.0  # 0 (quiet) to 127 - smoothed

    def hear(self, loudness: float, *, now: float) -> None:
        self.loudness += (loudness - self.loudness) * (1 - exp((self.at - now) / SMOOTHING))
        self.at = now


class ActiveSpeaker:
    """Chooses one participant of a room; silence keeps the last one.

    One's own pauses are bridged by the smoothing, coughs and echoes by `HOLD` and `MARGIN`.
    """

    def __init__(self) -> None:
        self._voices: dict[Hashable, _Voice] = {}
        self._speaker: Hashable | None = None
        self._rival: Hashable | None = None
        self._rival_since = 0.0

    def note(self, participant: Hashable, level: int, *, voice: bool, now: float) -> None:
        """Hear a level of 0 (loudest) to 127 (silence), in -dBov, and the sender's opinion of it.

        Meant to be called some times per second and participant. Senders that never set the
        voice bit exist, so it only lowers the bar.
        """
        quiet = QUIET + 10 if voice else QUIET
        heard = self._voices.get(participant)
        if heard is None:
            heard = self._voices[participant] = _Voice(now - SMOOTHING)
        heard.hear(max(0, quiet - level), now=now)

    def forget(self, participant: Hashable) -> None:
        """Somebody left."""
        self._voices.pop(participant, None)
        if self._speaker == participant:
            self._speaker = None
        if self._rival == participant:
            self._rival = None

    def current(self, *, now: float) -> Hashable | None:
        """Who speaks, or spoke last; None before anybody did."""
        loudest = max(self._voices, key=lambda one: self._loudness(one, now), default=None)
        if loudest is None or loudest == self._speaker:
            self._rival = None
        elif self._loudness(loudest, now) > MARGIN * self._loudness(self._speaker, now):
            self._challenge(loudest, now)
        else:
            self._rival = None
        return self._speaker

    def _challenge(self, rival: Hashable, now: float) -> None:
        """The first one to speak is taken at once, later ones must last."""
        if rival != self._rival:
            self._rival, self._rival_since = rival, now
        if self._speaker is None or now - self._rival_since >= HOLD:
            self._speaker, self._rival = rival, None

    def _loudness(self, participant: Hashable | None, now: float) -> float:
        voice = self._voices.get(participant)
        return voice.loudness if voice is not None and now - voice.at <= FRESH else 0.0
