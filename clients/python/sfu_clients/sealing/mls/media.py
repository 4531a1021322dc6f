"""Media under the keys of a group: sealed in the threads of publishers, opened on the loop."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from sfu_clients.sealing.consent import seal_keys
from sfu_clients.sealing.epochs import EpochKeyring, read_epoch
from sfu_clients.sealing.keylog import write_frame_keys
from sfu_clients.sealing.room import STREAMS, check_codec, frame_info
from sfu_clients.sealing.sframe import SealError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfu.keylog import KeyLog
    from sfu.signalling.messages import MediaSource
    from sfu_clients.media.cutter import FrameSeal
    from sfu_clients.payload import EncodedFrame
    from sfu_clients.sealing.epochopening import EpochOpener
    from sfu_clients.sealing.epochs import EpochKeys
    from sfu_clients.sealing.epochsealing import Progress
    from sfu_clients.sealing.frames import FrameInfo, Sender


class GroupMedia:
    """A keyring that several threads use."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, keylog: KeyLog | None = None
    ) -> None:
        self._clock = clock
        self._keylog = keylog
        self._lock = threading.Lock()
        self._ring = EpochKeyring()
        self._openers: dict[EpochOpener, GroupOpener] = {}
        self._own: Sender | None = None

    def install(self, keys: EpochKeys) -> bool:
        """The group is in this epoch now; False if that was refused."""
        epoch = read_epoch(keys)
        self._own = epoch.senders.get(epoch.own_leaf)
        if self._keylog is not None:
            for sender in epoch.senders.values():
                write_frame_keys(self._keylog, "e2ee-mls", sender)
        with self._lock:
            return self._ring.install(epoch, now=self._clock())

    def leave(self) -> None:
        """Nothing is sealed or opened until the next epoch."""
        self._own = None
        with self._lock:
            self._ring.leave()

    def end(self, leaf: int, epoch: int, counters: Mapping[str, int]) -> None:
        """Somebody's last counters of an epoch that is over."""
        with self._lock:
            self._ring.opening.end(leaf, epoch, counters)

    def expel(self, leaf: int) -> None:
        """Whoever had this leaf before is gone: nothing of theirs opens any more."""
        with self._lock:
            self._ring.opening.expel(leaf)

    def progress(self) -> tuple[Progress | None, Progress | None]:
        """How far we have come in the epoch that seals, and in the one before."""
        with self._lock:
            return self._ring.sealing.progress(now=self._clock())

    def sealer(self, source: MediaSource, codec: str) -> FrameSeal:
        """What seals the frames of a source; raises ClientError for a codec that cannot be."""
        check_codec(codec)
        stream = STREAMS[source]

        def seal(frame: EncodedFrame) -> bytes | None:
            with self._lock:  # no last counters are told while one is in use
                sealer = self._ring.sealing.sealer(stream, now=self._clock())
                if sealer is None:
                    return None
                return sealer.seal(codec, frame.data, frame_info(frame))

        return seal

    def seal_keys(self, public_key: str, recording: str) -> str:
        """What lets the holder of this key open what we seal in this epoch; raises SealError."""
        if self._own is None:
            raise SealError("we are in no group")
        return seal_keys(self._own, "e2ee-mls", public_key, recording)

    def opener(self, leaf: int, source: MediaSource) -> GroupOpener:
        """What opens a source of whoever has this leaf."""
        with self._lock:
            inner = self._ring.opening.opener(leaf, STREAMS[source])
        return self._openers.setdefault(inner, GroupOpener(inner, self._lock, self._clock))

    def refusals(self) -> Counter[str]:
        """What has been refused so far, by reason."""
        return sum((Counter(one.refusals()) for one in self._openers), Counter())


class GroupOpener:
    """Opens one stream of one leaf."""

    def __init__(
        self, inner: EpochOpener, lock: threading.Lock, clock: Callable[[], float]
    ) -> None:
        self._inner = inner
        self._lock = lock
        self._clock = clock

    def open(self, codec: str, data: bytes) -> tuple[bytes, FrameInfo] | None:
        """None if it was refused; raises EarlyError if its keys may come yet."""
        with self._lock:
            return self._inner.open(codec, data, now=self._clock())

    def refusals(self) -> dict[str, int]:
        """What was refused so far, by reason."""
        return self._inner.refusals()
