"""What one participant needs of a sealed room: own keys, the others' keys, and the chat."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from sfu.keylog import KeyLog
from sfu.signalling.messages import MediaSource, Participant
from sfu_clients.errors import ClientError
from sfu_clients.payload import EncodedFrame
from sfu_clients.sealing import base64url, shims
from sfu_clients.sealing.chat import ChatOpener, ChatSealer
from sfu_clients.sealing.consent import seal_keys
from sfu_clients.sealing.frames import FrameInfo, Opener, Sealer, Sender, Stream
from sfu_clients.sealing.keylog import write_frame_keys
from sfu_clients.sealing.passphrase import Hello, RoomKeys, read_secret
from sfu_clients.sealing.sframe import SealError

STREAMS: Final[dict[MediaSource, Stream]] = {
    "microphone": Stream.MICROPHONE,
    "camera": Stream.CAMERA,
    "screen": Stream.SCREEN,
    "screen_audio": Stream.SCREEN_AUDIO,
}
"""Which of a sender's streams a source is: a server that relabels it gets nothing opened."""


def check_codec(codec: str) -> None:
    """Raise ClientError if frames of this cannot be sealed."""
    if codec not in shims.CODEC_NUMBERS:
        raise ClientError(f"Frames of {codec} cannot be sealed: take vp8 or vp9.")


def frame_info(frame: EncodedFrame) -> FrameInfo:
    """What is sealed with a frame of now."""
    return FrameInfo(
        key_frame=frame.key_frame,
        spatial=frame.spatial,
        temporal=frame.temporal,
        width=frame.width,
        height=frame.height,
        time=round(time.time() * 1000),
    )


class SealedRoom:
    """Knows who is who by their hellos; nothing that the server says makes it take less."""

    def __init__(self, secret: str, room: str, name: str, keylog: KeyLog | None = None) -> None:
        """`secret` as `read_secret` takes it; raises ClientError if it is none.

        A `keylog` gets the keys of everybody who is met, and our own.
        """
        self._keylog = keylog
        try:
            self._keys = RoomKeys(read_secret(secret), room)
        except SealError as error:
            raise ClientError(f"This secret opens no room: {error}.") from error
        self._own, hello = self._keys.introduce(name)
        self._log(self._own)
        self.hello = base64url.encode(hello)
        """For the others, by the server."""
        self._met: dict[str, tuple[str | None, Hello | None]] = {}  # by participant
        self._sealers: dict[Stream, Sealer] = {}
        # Kept for as long as the call, so that nothing opens twice in it, whoever leaves and comes
        # back; only who has the secret can add to them.
        self._openers: dict[tuple[Sender, Stream], Opener] = {}
        self._chats: dict[Sender, ChatOpener] = {}
        self._chat = ChatSealer(self._own)

    def meet(self, people: dict[str, Participant], own: str) -> None:
        """Read the hellos of everybody who is here; forget who is not."""
        met = {}
        for ident, person in people.items():
            known = self._met.get(ident)
            if known is None or known[0] != person.hello:
                known = person.hello, self._read(person.hello)
            met[ident] = known
        met.pop(own, None)
        self._met = met

    def _read(self, hello: str | None) -> Hello | None:
        try:
            met = self._keys.meet(base64url.decode(hello or ""))
        except (SealError, ValueError):
            return None
        self._log(met.sender)
        return met

    def _log(self, sender: Sender) -> None:
        if self._keylog is not None:
            write_frame_keys(self._keylog, "e2ee-passphrase", sender)

    def sender(self, participant: str) -> Sender | None:
        """Whose frames a participant's are; None without a hello of their own under our secret."""
        _, hello = self._met.get(participant, (None, None))
        if hello is None:
            return None
        idents = [met.sender.ident for _, met in self._met.values() if met is not None]
        if hello.sender.ident == self._own.ident or idents.count(hello.sender.ident) > 1:
            return None  # copied by somebody
        return hello.sender

    def name(self, participant: str) -> str | None:
        """What somebody calls themselves, under the seal."""
        _, hello = self._met.get(participant, (None, None))
        return None if hello is None else hello.name

    # Media

    def sealer(self, source: MediaSource, codec: str) -> Callable[[EncodedFrame], bytes]:
        """What seals the frames of a source; raises ClientError for a codec that cannot be."""
        check_codec(codec)
        stream = STREAMS[source]
        sealer = self._sealers.setdefault(stream, Sealer(self._own, stream))
        return lambda frame: sealer.seal(codec, frame.data, frame_info(frame))

    def opener(self, participant: str, source: MediaSource) -> Opener | None:
        """What opens somebody's source; None as long as nothing of theirs can be opened."""
        sender = self.sender(participant)
        if sender is None:
            return None
        key = sender, STREAMS[source]
        if key not in self._openers:  # its keys take some deriving
            self._openers[key] = Opener(*key)
        return self._openers[key]

    def refusals(self) -> Counter[str]:
        """What has been refused in this room so far, by reason."""
        return sum((Counter(one.refusals()) for one in self._openers.values()), Counter())

    # Recording

    def seal_keys(self, public_key: str, recording: str) -> str:
        """What lets the holder of this key open what we send; raises SealError if it is none."""
        return seal_keys(self._own, "e2ee-passphrase", public_key, recording)

    # Chat

    def seal_line(self, text: str) -> str:
        """A line of ours, for the server to relay."""
        return self._chat.seal(text)

    def open_line(self, participant: str, line: str) -> str | None:
        """Somebody's line; None if they did not write it, or it was heard before."""
        sender = self.sender(participant)
        if sender is None:
            return None
        chat = self._chats.setdefault(sender, ChatOpener(sender))
        try:
            return chat.open(line)
        except SealError:
            return None
