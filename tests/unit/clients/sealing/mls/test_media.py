"""Media of a group: nothing leaves without keys, and openers follow the epochs."""

from pathlib import Path

import pytest

from sfu.keylog import KeyLog
from sfu_clients.errors import ClientError
from sfu_clients.payload import EncodedFrame
from sfu_clients.sealing.epochopening import EarlyError
from sfu_clients.sealing.epochs import Cause, EpochKeys
from sfu_clients.sealing.frames import MLS_KIDS, Sender
from sfu_clients.sealing.keylog import read_frame_keys
from sfu_clients.sealing.mls.media import GroupMedia

FRAME = EncodedFrame(b"media", 0, key_frame=True, width=160, height=96)


def keys(epoch: int, own_leaf: int, cause: Cause = "added") -> EpochKeys:
    """Of two members."""
    base_keys = {leaf: bytes([epoch, leaf]) * 16 for leaf in (0, 1)}
    return EpochKeys(epoch, bytes(16), own_leaf, base_keys, cause)


class Clock:
    """Told what time it is."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_nothing_leaves_without_keys() -> None:
    """Neither before a group, nor after it."""
    media = GroupMedia(Clock())
    seal = media.sealer("camera", "VP9")
    assert seal(FRAME) is None
    assert media.install(keys(1, own_leaf=0, cause="joined"))
    assert seal(FRAME) is not None
    media.leave()
    assert seal(FRAME) is None
    assert media.progress() == (None, None)


def test_a_key_log_gets_everybodys_keys_of_each_epoch(tmp_path: Path) -> None:
    """As `sfu-client verify` reads them again."""
    path = tmp_path / "keys"
    log = KeyLog(str(path))
    media = GroupMedia(Clock(), keylog=log)
    media.install(keys(1, own_leaf=0, cause="joined"))
    media.install(keys(2, own_leaf=0))
    log.close()
    lines = [line.split() for line in path.read_text().splitlines() if line.startswith("frames")]
    senders = [read_frame_keys(words[1:]) for words in lines]
    assert [(one.epoch, one.ident) for one in senders] == [(1, 0), (1, 1), (2, 0), (2, 1)]
    assert senders[3] == Sender(bytes([2, 1]) * 16, 1, bytes(16), 2, MLS_KIDS)


def test_the_others_open_it() -> None:
    """Each leaf's stream by itself; early frames wait, and what was replayed is counted."""
    clock = Clock()
    ana, ben = GroupMedia(clock), GroupMedia(clock)
    seal = ana.sealer("camera", "VP9")
    ana.install(keys(1, own_leaf=0, cause="joined"))
    ben.install(keys(1, own_leaf=1, cause="joined"))
    opener = ben.opener(0, "camera")
    first = seal(FRAME)
    assert first is not None
    opened = opener.open("VP9", first)
    assert opened is not None
    assert (opened[0], opened[1].width, opened[1].key_frame) == (b"media", 160, True)
    assert opener.open("VP9", first) is None
    assert ben.opener(1, "camera").open("VP9", first) is None
    assert ben.refusals() == {"replayed": 1, "unknown_key": 1}
    ana.install(keys(2, own_leaf=0, cause="removed"))
    second = seal(FRAME)
    assert second is not None
    with pytest.raises(EarlyError):
        opener.open("VP9", second)
    ben.install(keys(2, own_leaf=1, cause="removed"))
    assert opener.open("VP9", second) is not None
    now, before = ana.progress()
    assert now is not None
    assert before is not None
    assert (now.epoch, now.counters) == (2, {"1.0": 1})
    assert (before.epoch, before.counters) == (1, {"1.0": 1})


def test_last_counters_bind() -> None:
    """What comes beyond them under old keys does not open, though it is authentic."""
    clock = Clock()
    ana, ben = GroupMedia(clock), GroupMedia(clock)
    seal = ana.sealer("camera", "VP9")
    for media, leaf in ((ana, 0), (ben, 1)):
        media.install(keys(1, own_leaf=leaf, cause="joined"))
    late = [seal(FRAME), seal(FRAME)]
    ben.install(keys(2, own_leaf=1, cause="removed"))
    ben.end(0, 1, {"1.0": 1})
    opener = ben.opener(0, "camera")
    opened = [opener.open("VP9", frame) is not None for frame in late if frame is not None]
    assert opened == [True, False]


def test_what_cannot_be_sealed_is_refused() -> None:
    """Before anything of it is sent."""
    with pytest.raises(ClientError, match="cannot be sealed"):
        GroupMedia().sealer("camera", "H264")
