"""Whether pictures can be decoded: all their packets are there, and so is all they refer to."""

from typing import Final

from sfu.errors import MalformedPacket
from sfu.wire.extensions import FoundExtensions
from sfu.wire.rtp import RtpView
from sfu_clients.load.path.frames import ABSENT, Frame, FrameReader

REMEMBERED: Final = 256
"""Frames whose decoding is remembered: nothing refers further back."""


class Decodability:
    """Follows one stream, packet by packet, in the order of their numbers."""

    __slots__ = (
        "_decoded",
        "_frame",
        "_number",
        "_reader",
        "_whole",
        "decoded",
        "early",
        "undecodable",
    )

    def __init__(self, reader: FrameReader) -> None:
        self.decoded = 0
        self.undecodable = 0
        """Frames since the first that decoded: of several spatial layers, each counts."""
        self.early = 0
        """Those before, which nobody who has just come can decode."""
        self._reader = reader
        self._frame = Frame()
        self._decoded = [ABSENT] * REMEMBERED
        self._number = ABSENT  # of the frame that is being received
        self._whole = False  # so far nothing of it is missing

    def note(self, view: RtpView, found: FoundExtensions, *, follows: bool) -> bool:
        """Take the next packet; True when it completes a picture that can be decoded."""
        frame = self._frame
        try:
            self._reader.read(view, found, frame, follows=follows)
        except MalformedPacket:
            self._whole = False
            self._miss()
            return False
        if frame.starts:
            self._number = frame.number
            self._whole = True
        elif not follows or frame.number != self._number:
            self._whole = False
        if not frame.ends:
            return False
        if not self._whole or not self._decodes(frame):
            self._miss()
            return False
        self._whole = False
        self._decoded[frame.number % REMEMBERED] = frame.number
        self.decoded += 1
        return view.marker

    def _miss(self) -> None:
        if self.decoded:
            self.undecodable += 1
        else:
            self.early += 1

    def _decodes(self, frame: Frame) -> bool:
        decoded = self._decoded
        for reference in frame.references:
            if reference < 0 or decoded[reference % REMEMBERED] != reference:
                return False
        return True
