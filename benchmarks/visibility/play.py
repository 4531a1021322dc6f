"""Forwards recordings in memory, with the timers of the server, while callgrind counts.

From the router of the publisher to the SRTP of the viewers; sockets are left out.
"""

import ctypes
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
WARM_SECONDS: Final = 4.0
SECONDS: Final = 6.0

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


def run(counting: str, *, observes: bool, witnesses: bool) -> list[dict[str, Any]]:
    """Play every case, and tell how many packets it had and how many samples were judged.

    Of each case `counting`, the library made of counting.c, dumps two counts: of the path of
    packets, and of everything, in the same time afterwards.
    """
    configure("error", as_json=True)
    counter = ctypes.CDLL(counting)
    return [
        {"stream": stream, "viewers": viewers}
        | _play(Screening(name, [Wire() for _ in range(viewers)]), counter, observes, witnesses)
        for stream, name in STREAMS.items()
        for viewers in VIEWERS
    ]


def _play(
    call: Screening,
    counter: ctypes.CDLL,
    observes: bool,  # noqa: FBT001
    witnesses: bool,  # noqa: FBT001
) -> dict[str, Any]:
    witness = Witness(call.hall.directory, clock=time.time) if witnesses else None
    observer = Observer(call.hall.directory, witness, clock=time.time)
    ahead = call.hall.now - time.monotonic()

    def follow_up(now: float) -> None:
        # As fast as the witness lives, whom nothing else tells what the time is.
        time.sleep(max(0.0, now - ahead - time.monotonic()) if witnesses else 0.0)
        if observes:
            observer.follow_up(now=now)
        if witness is not None:
            witness.follow_up(now=now)

    def count(work: Callable[[], object]) -> None:
        counter.toggle()
        work()
        counter.toggle()

    call.on_follow_up = follow_up
    call.play(WARM_SECONDS)
    packets = [call.play(SECONDS, count)]
    counter.dump()
    before = 0 if witness is None else witness.samples.total()
    count(lambda: packets.append(call.play(SECONDS)))
    counter.dump()
    samples = 0 if witness is None else witness.samples.total() - before
    if witness is not None:
        witness.close()
    return {"packets": packets, "samples": samples}
