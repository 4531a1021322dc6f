"""Forwards recordings in memory, with the timers of the server, while callgrind counts.

From the router of the publisher to the SRTP of the viewers; sockets are left out.
"""

import ctypes
import gc
import time
from collections.abc import Callable
from typing import Any, Final

from aiortc.rtcdtlstransport import SRTP_AEAD_AES_128_GCM

from sfu.logs import configure
from sfu.transport.srtp import SrtpKeys, SrtpSession
from sfu.visibility.observer import Observer
from sfu.visibility.testimony import Witness
from tests.support.screening import Reel, Screening

STREAMS: Final = {"VP9": "vp9-l3t3-key", "Opus": "opus"}
VIEWERS: Final = (1, 10)
WARM_SECONDS: Final = 6.0
SECONDS: Final = 18.0

_LIBC: Final = ctypes.CDLL(None)
_COMPARE: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_GCM_KEY_AND_SALT: Final = 16 + 12


class Wire(Reel):
    """Protects as a peer does, and throws away."""

    def __init__(self) -> None:
        super().__init__()
        key = bytes(_GCM_KEY_AND_SALT)
        self._srtp = SrtpSession(SrtpKeys(SRTP_AEAD_AES_128_GCM, key, key))

    def commit(self, length: int) -> None:
        """Protect it."""
        self._srtp.protect(bytes(self._slot[:length]))


def run(*, observes: bool, witnesses: bool) -> list[dict[str, Any]]:
    """Play every case, and tell how many packets it had and how many samples were judged."""
    configure("error", as_json=True)
    return [
        {"stream": stream, "viewers": viewers}
        | _play(Screening(name, [Wire() for _ in range(viewers)]), observes, witnesses)
        for stream, name in STREAMS.items()
        for viewers in VIEWERS
    ]


def _play(call: Screening, observes: bool, witnesses: bool) -> dict[str, Any]:  # noqa: FBT001
    witness = Witness(call.hall.directory, clock=time.time) if witnesses else None
    observer = Observer(call.hall.directory, witness, clock=time.time)
    ahead = call.hall.now - time.monotonic()

    def follow_up(now: float) -> None:
        time.sleep(max(0.0, now - ahead - time.monotonic()))  # as fast as the witness lives
        if observes:
            observer.follow_up(now=now)
        if witness is not None:
            witness.follow_up(now=now)

    call.on_follow_up = follow_up
    call.play(WARM_SECONDS)
    before = 0 if witness is None else witness.samples.total()
    packets = _counted(call)
    samples = 0 if witness is None else witness.samples.total() - before
    if witness is not None:
        witness.close()
    return {"packets": packets, "samples": samples}


def _counted(call: Screening) -> int:
    """Play while callgrind counts: all within `bsearch`, and the path of packets in `lfind`."""
    packets: list[int] = []

    def play() -> None:
        packets.append(call.play(SECONDS, lambda work: _within("lfind", work)))

    gc.collect()
    _within("bsearch", play)
    return packets[0]


def _within(function: str, work: Callable[[], None]) -> None:
    """Work inside of a function that callgrind knows by name: a search in an array of one."""
    failed: list[BaseException] = []

    def compare(_one: object, _other: object) -> int:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised below; C would swallow it
            failed.append(error)
        return 0

    key, count = ctypes.create_string_buffer(1), ctypes.c_size_t(1)
    given = ctypes.byref(count) if function == "lfind" else count
    getattr(_LIBC, function)(key, key, given, ctypes.c_size_t(1), _COMPARE(compare))
    if failed:
        raise failed[0]
