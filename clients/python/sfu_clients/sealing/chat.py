"""Lines of chat, sealed and padded, as text that a server relays."""

from typing import Final

from sfu_clients.sealing import base64url
from sfu_clients.sealing.frames import MAX_COUNTER, Sender, Stream
from sfu_clients.sealing.replay import ReplayWindow
from sfu_clients.sealing.sframe import NotSFrameError, SealError, SFrameKey, read_header

BUCKET_BYTES: Final = 256
"""Lines are padded to multiples of this, so that their length tells little."""


class ReplayedError(SealError):
    """This line was opened before."""


class ChatSealer:
    """Seals what one sender writes."""

    def __init__(self, sender: Sender) -> None:
        self._key = SFrameKey(sender.base_key, sender.kid(Stream.CHAT, 0))
        self._metadata = sender.metadata("chat", b"")
        self._lines = 0

    def seal(self, text: str) -> str:
        """Return the line as base64url without padding."""
        data = text.encode()
        plain = len(data).to_bytes(2, "big") + data
        plain += bytes(-len(plain) % BUCKET_BYTES)
        sealed = self._key.seal(self._lines, self._metadata, plain)
        self._lines += 1
        return base64url.encode(sealed)


class ChatOpener:
    """Opens what one sender wrote."""

    def __init__(self, sender: Sender) -> None:
        self._kid = sender.kid(Stream.CHAT, 0)
        self._key = SFrameKey(sender.base_key, self._kid)
        self._metadata = sender.metadata("chat", b"")
        self._window = ReplayWindow()

    def open(self, line: str) -> str:
        """Return the text; raises SealError for anything that this sender did not write, once."""
        try:
            sealed = base64url.decode(line)
        except ValueError as error:
            raise NotSFrameError("not base64url") from error
        kid, counter, end = read_header(sealed)
        if kid != self._kid or counter > MAX_COUNTER:
            raise NotSFrameError("not a line of this sender")
        if not self._window.is_fresh(counter):
            raise ReplayedError
        plain = self._key.open(counter, sealed[:end], self._metadata, sealed[end:])
        self._window.accept(counter)
        length = int.from_bytes(plain[:2], "big")
        try:
            return plain[2 : 2 + length].decode()
        except UnicodeDecodeError as error:
            raise SealError("the line is no text") from error
