"""A decoder without pictures at the end of a call: what it shows, and when it is stuck."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sfu.wire.rtcp import PictureLoss
from tests.support.call import COPY, Call

if TYPE_CHECKING:
    from tests.support.packets import Frame

INTERVAL = 0.05
PATIENCE = 1.0
"""Seconds without a picture after which it asks for a key frame, as browsers do."""

Ident = tuple[int, int]
"""SSRC of the camera, and number of the frame."""


class Decoder:
    """Shows each frame as soon as it is whole and what it refers to was shown."""

    def __init__(self, call: Call) -> None:
        self.shown: list[tuple[float, Frame]] = []  # with the moment
        self.longest_freeze = 0.0  # seconds, while something was wished for
        self.watching = True
        self._call = call
        self._seen = 0
        self._parts: Counter[Ident] = Counter()
        self._waiting: dict[Ident, Frame] = {}
        self._decoded: set[Ident] = set()
        self._frozen_since = self._asked_at = 0.0
        call.clock.every(INTERVAL, self._work)

    def _work(self) -> None:
        now = self._call.clock.now
        received = list(self._call.screen.received.values())
        for payload in received[self._seen :]:
            if payload:
                self._take(payload)
        self._seen = len(received)
        while self._show(now):
            pass
        if not self.watching:
            self._frozen_since = now
        self.longest_freeze = max(self.longest_freeze, now - self._frozen_since)
        if now - max(self._frozen_since, self._asked_at) > PATIENCE:
            self._asked_at = now
            self._call.down_back.carry(PictureLoss(1, COPY).encode())

    def _take(self, payload: bytes) -> None:
        """Find the frame that a payload is of; no part of it may come twice."""
        camera = next(camera for camera in self._call.cameras if payload in camera.published)
        frame = camera.published[payload]
        ident = camera.ssrc, frame.frame_number
        parts = 2 if frame.spatial == 2 else 1
        self._parts[ident] += 1
        assert self._parts[ident] <= parts, "the same packet under two numbers"
        if self._parts[ident] == parts:
            self._waiting[ident] = frame

    def _show(self, now: float) -> bool:
        """Show what can be shown now; tell whether there was any."""
        ready = [
            ident
            for ident, frame in self._waiting.items()
            if self._decoded.issuperset((ident[0], number) for number in frame.references)
        ]
        for ident in ready:
            self.shown.append((now, self._waiting.pop(ident)))
            self._decoded.add(ident)
            self._frozen_since = now
        return bool(ready)
