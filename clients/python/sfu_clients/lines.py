"""The m-lines of one connection: which publisher or subscriber has which, offer after offer."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sfu.signalling.messages import PublishedSection, ReceivedSection
from sfu_clients.publisher import Publisher
from sfu_clients.sdp import Kind, OfferedSection
from sfu_clients.subscriber import Subscriber

VIDEO_CODECS: Final = ("VP8", "VP9", "H264", "AV1")
"""What we can decode."""


@dataclass(slots=True)
class Line:
    """One m-line; without a user it is inactive, and waits for another of its kind."""

    mid: str
    kind: Kind
    publisher: Publisher | None = None
    subscriber: Subscriber | None = None
    ssrc: int = 0
    rtx_ssrc: int = 0

    def offered(self) -> OfferedSection:
        """What the next offer says of it."""
        video = self.kind == "video"
        if self.publisher is not None:
            return OfferedSection(
                mid=self.mid,
                kind=self.kind,
                direction="sendonly",
                codecs=(self.publisher.source.codec,),
                ssrc=self.ssrc,
                rtx_ssrc=self.rtx_ssrc if video else None,
                levels=not self.publisher.concealment.hide_level,
            )
        return OfferedSection(
            mid=self.mid,
            kind=self.kind,
            direction="recvonly" if self.subscriber is not None else "inactive",
            codecs=VIDEO_CODECS if video else ("opus",),
        )


class Lines:
    """In the order of the offers, which never changes (RFC 3264 section 8)."""

    def __init__(self) -> None:
        self.session_id = secrets.randbits(62)
        self.version = 0
        self._lines: list[Line] = []

    def __iter__(self) -> Iterator[Line]:
        return iter(self._lines)

    @property
    def active(self) -> bool:
        """Whether there is anything to offer."""
        return any(line.publisher or line.subscriber for line in self._lines)

    def update(self, publishers: list[Publisher], subscribers: list[Subscriber]) -> None:
        """Give each of these a line, and take it from all others."""
        for line in self._lines:
            if line.publisher not in publishers:
                line.publisher = None
            if line.subscriber not in subscribers:
                line.subscriber = None
        for publisher in publishers:
            if not any(line.publisher is publisher for line in self._lines):
                self._place("audio" if publisher.kind == "audio" else "video").publisher = publisher
        for subscriber in subscribers:
            if not any(line.subscriber is subscriber for line in self._lines):
                self._place(subscriber.publication.kind).subscriber = subscriber

    def _place(self, kind: Kind) -> Line:
        """A free line, or a new one, with SSRCs of its own."""
        for line in self._lines:
            if line.kind == kind and not (line.publisher or line.subscriber):
                break
        else:
            line = Line(str(len(self._lines)), kind)
            self._lines.append(line)
        line.ssrc, line.rtx_ssrc = secrets.randbits(32) | 1, secrets.randbits(32) & ~1 | 2
        return line

    def published(self) -> tuple[PublishedSection, ...]:
        """What the lines carry to the server."""
        return tuple(
            PublishedSection(mid=line.mid, source=line.publisher.source.name)
            for line in self._lines
            if line.publisher is not None
        )

    def received(self) -> tuple[ReceivedSection, ...]:
        """What the lines are to play."""
        return tuple(
            ReceivedSection(mid=line.mid, publication=line.subscriber.publication.id)
            for line in self._lines
            if line.subscriber is not None
        )
