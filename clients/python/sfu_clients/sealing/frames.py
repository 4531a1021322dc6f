"""Seals and opens frames: SFrame under keys per stream and layer, with layer and time inside."""

from collections import Counter
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from sfu_clients.sealing import shims
from sfu_clients.sealing.replay import ReplayWindow
from sfu_clients.sealing.sframe import (
    NotAuthenticError,
    NotSFrameError,
    SFrameKey,
    read_header,
)

MAX_COUNTER: Final = 1 << 32
SPATIAL_LAYERS: Final = 4
_VERSION: Final = b"milkglass/1"
_KEY_FRAME: Final = 0x01
_SOUND_BYTES: Final = 2
_PICTURE_BYTES: Final = 8
_KEY_PICTURE_BYTES: Final = 12


class Stream(IntEnum):
    """What a sender's key is for; sources by their names in the signalling."""

    MICROPHONE = 0
    CAMERA = 1
    SCREEN = 2
    SCREEN_AUDIO = 3
    CHAT = 15


class Refusal(StrEnum):
    """Why a frame was dropped; also what is reported, as counts."""

    EMPTY = "empty"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown_key"
    REPLAYED = "replayed"
    NOT_AUTHENTIC = "not_authentic"
    MISLABELLED = "mislabelled"


@dataclass(frozen=True, slots=True)
class KidLayout:
    """How many bits of a KID say who the sender is, and how many of which epoch (section 5.2)."""

    sender: int
    epoch: int


PASSPHRASE_KIDS: Final = KidLayout(sender=32, epoch=0)
MLS_KIDS: Final = KidLayout(sender=10, epoch=8)


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose frames these are: what is authenticated with each."""

    base_key: bytes
    ident: int
    """Of as many bits as `kids` has for it."""
    context: bytes
    """16 bytes that no other room has."""
    epoch: int = 0
    kids: KidLayout = PASSPHRASE_KIDS

    def kid(self, stream: Stream, spatial: int) -> int:
        """The KID of a stream's layer."""
        context = (stream << 2 | spatial) << self.kids.sender + self.kids.epoch
        epoch = self.epoch & (1 << self.kids.epoch) - 1
        return context | self.ident << self.kids.epoch | epoch

    def metadata(self, codec: str, shim: bytes) -> bytes:
        """What is authenticated besides the SFrame header."""
        return b"".join(
            (
                _VERSION,
                self.context,
                self.epoch.to_bytes(8, "big"),
                self.ident.to_bytes(4, "big"),
                bytes((shims.CODEC_NUMBERS[codec],)),
                shim,
            )
        )


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """What a sender says of a frame, under the seal."""

    key_frame: bool = False
    spatial: int = 0
    temporal: int = 0
    width: int = 0
    height: int = 0
    """Sizes are told with key frames of pictures only."""
    time: int = 0
    """Milliseconds, modulo 2**32; of sound only tenths of a second, modulo 256."""
    count: int = 0
    """Frames of this layer before it, modulo 2**16; 0 for sound."""


class Sealer:
    """Seals the frames of one stream; each of its layers has a key and a counter.

    A sender must never have two of these for one stream: they would count alike.
    """

    def __init__(self, sender: Sender, stream: Stream) -> None:
        self._sender = sender
        self._stream = stream
        self._keys: dict[int, SFrameKey] = {}
        self._counters: Counter[int] = Counter()
        self._layer_counts: Counter[tuple[int, int]] = Counter()

    def seal(self, codec: str, media: bytes, info: FrameInfo) -> bytes:
        """Seal one frame; raises OverflowError when the keys are used up.

        `codec` is an encoding name of `CODEC_NUMBERS`; `info.count` is counted here.
        """
        spatial = info.spatial
        counter = self._counters[spatial]
        if counter > MAX_COUNTER:
            raise OverflowError("this sender has sealed too much under one key: join again")
        self._counters[spatial] += 1
        if spatial not in self._keys:
            kid = self._sender.kid(self._stream, spatial)
            self._keys[spatial] = SFrameKey(self._sender.base_key, kid)
        shim = shims.shim_for(codec, key_frame=info.key_frame)
        metadata = self._sender.metadata(codec, shim)
        return shim + self._keys[spatial].seal(counter, metadata, self._inner(codec, info) + media)

    def _inner(self, codec: str, info: FrameInfo) -> bytes:
        flags = _KEY_FRAME if info.key_frame else 0
        if codec == "opus":
            return bytes((flags, info.time // 100 & 0xFF))
        layer = info.spatial, info.temporal
        count = self._layer_counts[layer] & 0xFFFF
        self._layer_counts[layer] += 1
        inner = bytes((flags, info.spatial << 4 | info.temporal)) + count.to_bytes(2, "big")
        inner += (info.time & 0xFFFFFFFF).to_bytes(4, "big")
        if info.key_frame:
            inner += info.width.to_bytes(2, "big") + info.height.to_bytes(2, "big")
        return inner

    @property
    def counters(self) -> dict[int, int]:
        """How many frames of each spatial layer were sealed."""
        return dict(self._counters)


class RefusedError(Exception):
    """A frame that must not be shown."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ReadFrame:
    """A frame that came, up to its header; nothing of it is authentic yet."""

    codec: str
    shim: bytes
    sealed: bytes
    kid: int
    counter: int
    header_bytes: int


def read_frame(codec: str, data: bytes) -> ReadFrame:
    """Read shim and header; raises RefusedError."""
    shim, sealed = _split(codec, data)
    return ReadFrame(codec, shim, sealed, *_read_header(sealed))


class StreamOpener:
    """Opens the frames of one stream of one sender, each once."""

    def __init__(self, sender: Sender, stream: Stream) -> None:
        self.sender = sender
        self._keys = {
            kid: (spatial, SFrameKey(sender.base_key, kid), ReplayWindow())
            for spatial in range(SPATIAL_LAYERS)
            for kid in [sender.kid(stream, spatial)]
        }

    def spatial_of(self, kid: int) -> int | None:
        """Which of the stream's layers a KID is of; None for a stranger's."""
        return self._keys[kid][0] if kid in self._keys else None

    def open(self, read: ReadFrame) -> tuple[bytes, FrameInfo]:
        """Return the media and what its sender says of it; raises RefusedError."""
        if read.kid not in self._keys:
            raise RefusedError(Refusal.UNKNOWN_KEY)
        spatial, key, window = self._keys[read.kid]
        if not window.is_fresh(read.counter):
            raise RefusedError(Refusal.REPLAYED)
        head, body = read.sealed[: read.header_bytes], read.sealed[read.header_bytes :]
        try:
            plain = key.open(read.counter, head, self.sender.metadata(read.codec, read.shim), body)
        except NotAuthenticError as error:
            raise RefusedError(Refusal.NOT_AUTHENTIC) from error
        window.accept(read.counter)
        return _read_inner(read.codec, plain, spatial)


class Opener:
    """The same for a sender whose keys stay; counts what it opens and refuses."""

    def __init__(self, sender: Sender, stream: Stream) -> None:
        self.refused: Counter[Refusal] = Counter()
        self.opened = 0
        self.sender = sender
        self._opener = StreamOpener(sender, stream)

    def open(self, codec: str, data: bytes) -> tuple[bytes, FrameInfo] | None:
        """Return the media and what its sender says of it; None if it was refused, and counted."""
        try:
            opened = self._opener.open(read_frame(codec, data))
        except RefusedError as error:
            self.refused[error.reason] += 1
            return None
        self.opened += 1
        return opened

    def refusals(self) -> dict[str, int]:
        """What was refused so far, by reason; frames without a byte are usual, and left out."""
        return {why.value: n for why, n in self.refused.items() if why is not Refusal.EMPTY}


def _split(codec: str, data: bytes) -> tuple[bytes, bytes]:
    if not data:
        raise RefusedError(Refusal.EMPTY)
    if codec not in shims.CODEC_NUMBERS:
        raise RefusedError(Refusal.MALFORMED)
    try:
        return shims.split(codec, data)
    except NotSFrameError as error:
        raise RefusedError(Refusal.MALFORMED) from error


def _read_header(sealed: bytes) -> tuple[int, int, int]:
    try:
        kid, counter, end = read_header(sealed)
    except NotSFrameError as error:
        raise RefusedError(Refusal.MALFORMED) from error
    if counter > MAX_COUNTER:
        raise RefusedError(Refusal.MALFORMED)
    return kid, counter, end


def _read_inner(codec: str, plain: bytes, spatial: int) -> tuple[bytes, FrameInfo]:
    """Split what was authenticated; a sender who writes it wrongly is refused like any other."""
    key_frame = bool(plain[:1]) and bool(plain[0] & _KEY_FRAME)
    size = _SOUND_BYTES if codec == "opus" else _PICTURE_BYTES
    if size == _PICTURE_BYTES and key_frame:
        size = _KEY_PICTURE_BYTES
    if len(plain) < size:
        raise RefusedError(Refusal.MALFORMED)
    if codec == "opus":
        return plain[size:], FrameInfo(key_frame=key_frame, time=plain[1] * 100)
    if plain[1] >> 4 != spatial:
        raise RefusedError(Refusal.MISLABELLED)
    info = FrameInfo(
        key_frame=key_frame,
        spatial=spatial,
        temporal=plain[1] & 0xF,
        width=int.from_bytes(plain[8:10], "big") if key_frame else 0,
        height=int.from_bytes(plain[10:12], "big") if key_frame else 0,
        time=int.from_bytes(plain[4:8], "big"),
        count=int.from_bytes(plain[2:4], "big"),
    )
    return plain[size:], info
