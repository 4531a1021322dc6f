"""Film: a WebM or Matroska file of one publication, in the mode `hop`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfu.errors import MalformedPacket
from sfu.media.source import CLOCK_RATES
from sfu.wire.frames import frames, unwrap
from sfu.wire.frames.headers import Shape, is_key, length_prefixed, shape_of
from sfu.wire.matroska import Muxer, Track, superframe
from sfu.wire.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfu.media.codec import Codec
    from sfu.recording.disk import File
    from sfu.recording.reel import Shot
    from sfu.rooms.publication import Publication

ENDINGS: Final = {"H264": "mkv"}
"""Of file names, where it is not webm."""


class Film:
    """Begins with a key frame, and after a gap again with one."""

    def __init__(
        self, publication: Publication, codec: Codec, open_file: Callable[[str], File]
    ) -> None:
        """`open_file` takes the ending of the name; it is called when there is something."""
        self.codec = codec
        self.waits = True  # for a key frame
        self.file: File | None = None
        self._publication = publication
        self._open_file = open_file
        self._timeline = Timeline(CLOCK_RATES[codec.kind])
        self._muxer: Muxer

    def add(self, shot: Shot, *, at: int) -> None:
        """Write a picture that came at so many milliseconds; one that makes no sense is a gap."""
        video = self._publication.kind == "video"
        self.waits = self.waits or (video and not shot.picture.follows)
        codec = self.codec.value
        payloads = [packet.payload for packet in shot.picture.packets]
        try:
            media = unwrap(codec, payloads)
            key_frame = is_key(codec, media)
            if self.waits and not key_frame:
                return
            if self.file is None and not self._begin(shape_of(codec, media)):
                return
            data = _block(codec, media, payloads)
        except MalformedPacket:
            self.waits = True
            return
        self.waits = False
        time = self._timeline.place(shot.picture.timestamp, at)
        self._append(self._muxer.add(0, time, data, key_frame=key_frame))

    def _begin(self, shape: Shape) -> bool:
        publication = self._publication
        layers = publication.layers
        sizes = [(layer.width, layer.height) for layer in layers if layer.active]
        width, height = max([shape.size, *sizes])
        name = f"{publication.owner.name}, {publication.origin.replace('_', ' ')}"
        track = Track(self.codec.value, name, width, height, shape.private)
        self._muxer = Muxer([track])
        file = self._open_file(ENDINGS.get(self.codec.value, "webm"))
        if not file.append(self._muxer.head()):
            return False
        self.file = file
        return True

    def _append(self, data: bytes) -> None:
        """Leave out a whole cluster when the disk is too slow: the file stays in order."""
        assert self.file is not None
        if data and not self.file.append(data):
            self._muxer.lose(len(data))
            self.waits = self._publication.kind == "video"

    def close(self) -> None:
        """Write the rest."""
        if self.file is None:
            return
        rest, patches = self._muxer.end()
        if self.file.append(rest):
            for position, data in patches:
                self.file.patch(position, data)
        self.file.close()


def _block(codec: str, media: bytes, payloads: list[bytes]) -> bytes:
    """Return a picture as Matroska wants it."""
    if codec == "VP9":
        return superframe(frames(codec, payloads))
    if codec == "H264":
        return length_prefixed(media)
    return media[2:] if codec == "AV1" else media  # without its temporal delimiter
