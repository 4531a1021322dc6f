"""Keys of a group change under a call: what is sealed with which, and what opens for how long."""

from collections.abc import Iterable

import pytest

from sfu_clients.sealing.epochopening import EarlyError
from sfu_clients.sealing.epochs import Cause, EpochKeyring, EpochKeys, read_epoch
from sfu_clients.sealing.epochsealing import Progress
from sfu_clients.sealing.frames import FrameInfo, Refusal, Stream


class Member:
    """Somebody in a group, with the camera on."""

    def __init__(self, leaf: int, epoch: int = 5) -> None:
        self.ring = EpochKeyring()
        self.leaf = leaf
        assert self.install(epoch, 0, "joined")

    def install(
        self,
        epoch: int,
        now: float,
        cause: Cause = "added",
        leaves: Iterable[int] = range(3),
        group: bytes = b"g",
    ) -> bool:
        """The group is in this epoch now."""
        base_keys = {leaf: b"%16d%16d" % (epoch, leaf) for leaf in leaves}
        keys = EpochKeys(epoch, group * 16, self.leaf, base_keys, cause)
        return self.ring.install(read_epoch(keys), now=now)

    def seal(self, now: float, spatial: int = 0) -> bytes:
        """A frame of the camera."""
        sealer = self.ring.sealing.sealer(Stream.CAMERA, now=now)
        assert sealer is not None
        return sealer.seal("VP9", b"media", FrameInfo(spatial=spatial))

    def open(self, leaf: int, data: bytes, now: float) -> str:
        """`opened`, or why not."""
        opener = self.ring.opening.opener(leaf, Stream.CAMERA)
        before = opener.refused.copy()
        try:
            opened = opener.open("VP9", data, now=now)
        except EarlyError:
            return "early"
        if opened is not None:
            return "opened"
        (reason,) = opener.refused - before
        return str(reason)

    def epoch_at(self, now: float) -> int | None:
        """Under which epoch it seals."""
        progress, _ = self.ring.sealing.progress(now=now)
        return None if progress is None else progress.epoch


def forged(frame: bytes) -> bytes:
    """Almost the same."""
    return frame[:-1] + bytes((frame[-1] ^ 1,))


@pytest.mark.parametrize(
    ("cause", "lag"),
    [
        pytest.param("joined", 0.0, id="joined"),
        pytest.param("removed", 0.0, id="removed"),
        pytest.param("added", 0.5, id="added"),
        pytest.param("updated", 0.5, id="updated"),
    ],
)
def test_new_keys_seal(cause: Cause, lag: float) -> None:
    """At once if somebody was removed; else when everybody will have them."""
    ana, ben = Member(0), Member(1)
    for member in (ana, ben):
        member.install(6, 1, cause)
    assert ana.epoch_at(1 + lag) == 6
    assert ben.epoch_at(1 + lag - 0.001) == (5 if lag else 6)


def test_new_keys_seal_with_the_first_authentic_frame_of_somebody_else() -> None:
    """A forged one does not hurry anybody."""
    ana, ben = Member(0), Member(1)
    ben.install(6, 0)
    frame = ben.seal(0.6)
    ana.install(6, 0.6)
    assert ana.open(1, forged(frame), 0.6) == "not_authentic"
    assert ana.epoch_at(0.6) == 5
    assert ana.open(1, frame, 0.6) == "opened"
    assert ana.epoch_at(0.6) == 6


def test_many_changes_do_not_keep_anybody_under_old_keys() -> None:
    """However fast they come, at most one epoch behind; and at the newest after a removal."""
    ana = Member(0)
    for epoch in range(6, 20):
        ana.install(epoch, epoch / 10)
        assert ana.epoch_at(epoch / 10) in {epoch - 1, epoch}
    ana.install(20, 2, "removed")
    assert ana.epoch_at(2) == 20


@pytest.mark.parametrize("epoch", [5, 4, 5 - 256])
def test_no_epoch_comes_twice(epoch: int) -> None:
    """Adversarial test 9: so no key meets a counter twice, whoever leaves and comes back."""
    ana = Member(0)
    ana.seal(0)
    assert not ana.install(epoch, 1, "joined")
    assert ana.ring.sealing.progress(now=1) == (Progress(5, {"1.0": 1}), None)
    ana.ring.leave()
    assert not ana.install(epoch, 1, "joined")
    assert ana.ring.sealing.sealer(Stream.CAMERA, now=1) is None
    assert ana.install(1, 1, "joined", group=b"h")


def test_no_key_meets_a_counter_twice() -> None:
    """Adversarial test 9: streams, layers and epochs in whatever order."""
    ana = Member(0, epoch=0)
    heads: list[tuple[int | None, bytes]] = []
    for epoch in range(1, 12):
        for now in (0, 0.1, 0.499, 0.5, 0.7):
            if now == 0.1:
                ana.install(epoch, epoch + now, "added" if epoch % 3 else "removed")
            heads += [
                (ana.epoch_at(epoch + now), ana.seal(epoch + now, spatial)[:6])
                for spatial in (0, 1, 2, 0)
            ]
    assert len(set(heads)) == len(heads)


def test_what_was_sealed_is_told() -> None:
    """For this epoch, and as a last word for the one before."""
    ana = Member(0)
    ana.seal(0)
    ana.seal(0, 2)
    ana.install(6, 0.1)
    ana.seal(0.2, 2)
    last = Progress(5, {"1.0": 1, "1.2": 2})
    assert ana.ring.sealing.progress(now=0.3) == (last, None)
    ana.seal(0.6)
    assert ana.ring.sealing.progress(now=0.6) == (Progress(6, {"1.0": 1}), last)


@pytest.mark.parametrize(
    ("cause", "grace"),
    [
        pytest.param("added", 10.0, id="added"),
        pytest.param("updated", 10.0, id="updated"),
        pytest.param("removed", 2.0, id="removed"),
    ],
)
def test_old_keys_open_for_a_while(cause: Cause, grace: float) -> None:
    """Counted from the next epoch on."""
    ana, ben = Member(0), Member(1)
    early, late = ana.seal(0), ana.seal(0)
    ben.install(6, 1, cause)
    assert ben.open(0, early, 1 + grace - 0.001) == "opened"
    assert ben.open(0, late, 1 + grace) == "unknown_key"


def test_a_removal_ends_all_old_epochs_soon() -> None:
    """Adversarial test 20: though there is another epoch between."""
    ana, ben = Member(0), Member(1)
    frame = ana.seal(0)
    ben.install(6, 1)
    ben.install(7, 1.1, "removed")
    assert ben.open(0, frame, 3.1) == "unknown_key"


def test_old_keys_open_up_to_the_last_word_of_their_sender() -> None:
    """Adversarial test 20: who was removed knows the keys of all, and can inject nothing more."""
    ana, ben, eve = Member(0), Member(1), Member(0)
    first, second = ana.seal(0), ana.seal(0)
    *_, injected = [eve.seal(0) for _ in range(3)]
    ben.install(6, 1, "removed")
    ben.ring.opening.end(0, 5, {"1.0": 2})
    ben.ring.opening.end(0, 5, {"1.0": 99})
    assert ben.open(0, first, 1.5) == "opened"
    assert ben.open(0, injected, 1.5) == "unknown_key"
    assert ben.open(0, second, 1.5) == "opened"
    assert ben.open(0, ana.seal(0, 1), 1.5) == "unknown_key"


def test_nobody_ends_the_current_epoch() -> None:
    """A last word about it is none."""
    ana, ben = Member(0), Member(1)
    ben.ring.opening.end(0, 5, {})
    assert ben.open(0, ana.seal(0), 0) == "opened"


def test_nothing_of_the_removed_opens() -> None:
    """Adversarial test 20: from that moment on, though somebody else has their leaf."""
    ben, eve = Member(1), Member(2)
    frame = eve.seal(0)
    ben.install(6, 1, "removed", leaves=(0, 1))
    assert ben.open(2, frame, 1) == "unknown_key"
    chi, dan = Member(1), Member(2, epoch=6)
    chi.install(6, 1, "removed")
    chi.ring.opening.expel(2)
    assert chi.open(2, frame, 1) == "unknown_key"
    assert chi.open(2, dan.seal(1), 1) == "opened"


def test_the_removed_open_nothing() -> None:
    """Adversarial test 20: of what is sealed after it."""
    ana, eve = Member(0), Member(2)
    ana.install(6, 1, "removed", leaves=(0, 1))
    frame = ana.seal(1)
    assert eve.open(0, frame, 1) == "early"
    eve.ring.leave()
    assert eve.open(0, frame, 1) == "unknown_key"


def test_who_joins_opens_nothing_of_before() -> None:
    """Adversarial test 21."""
    assert Member(2, epoch=6).open(0, Member(0).seal(0), 0) == "unknown_key"


def test_a_repetition_stays_one() -> None:
    """Adversarial test 3: in the grace; and the next epoch has counters of its own."""
    ana, ben = Member(0), Member(1)
    frame = ana.seal(0)
    assert ben.open(0, frame, 0) == "opened"
    ben.install(6, 1)
    assert ben.open(0, frame, 1) == "replayed"
    assert ben.open(0, Member(0, epoch=6).seal(0), 1) == "opened"
    assert ben.open(0, frame, 20) == "unknown_key"


def test_epochs_of_the_same_low_bits_never_mix() -> None:
    """Adversarial test 4: of n and n + 256, only the new one is kept, and neither opens both."""
    ana, ben = Member(0), Member(1)
    frame = ana.seal(0)
    ben.install(5 + 256, 1)
    assert ben.open(0, frame, 1) == "not_authentic"
    ana.install(5 + 256, 1)
    assert ben.open(0, ana.seal(2), 2) == "opened"


def test_a_frame_of_the_next_epoch_is_early() -> None:
    """It is not counted, and opens when its keys have come."""
    ana, ben = Member(0, epoch=6), Member(1)
    frame = ana.seal(0)
    assert ben.open(0, frame, 0) == "early"
    assert ben.ring.opening.opener(0, Stream.CAMERA).refusals() == {}
    ben.install(6, 1)
    assert ben.open(0, frame, 1) == "opened"


@pytest.mark.parametrize(
    ("epoch", "leaf", "stream"),
    [
        pytest.param(7, 0, Stream.CAMERA, id="the epoch after that"),
        pytest.param(6, 1, Stream.CAMERA, id="another leaf"),
        pytest.param(6, 0, Stream.MICROPHONE, id="another stream"),
        pytest.param(6, 0, Stream.SCREEN, id="the next stream"),
    ],
)
def test_what_is_not_early(epoch: int, leaf: int, stream: Stream) -> None:
    """Only what the expected member would seal next."""
    opener = Member(1).ring.opening.opener(0, stream)
    assert opener.open("VP9", Member(leaf, epoch=epoch).seal(0), now=0) is None
    assert opener.refused == {Refusal.UNKNOWN_KEY: 1}


def test_garbage_switches_no_key_off() -> None:
    """Adversarial test 5: five hundred forged frames of each epoch."""
    ana, later, ben = Member(0), Member(0, epoch=6), Member(1)
    ben.install(6, 0)
    for _ in range(500):
        for member in (ana, later):
            assert ben.open(0, forged(member.seal(0)), 0) == "not_authentic"
    assert ben.open(0, ana.seal(0), 0) == ben.open(0, later.seal(0), 0) == "opened"


def test_a_great_leap_closes_nothing() -> None:
    """Adversarial test 6: unless it is authentic."""
    ana, ben = Member(0), Member(1)
    frame = ana.seal(0)
    assert frame[0] == 0xA0
    leap = bytes((0xAC,)) + frame[1:4] + (1 << 32).to_bytes(5, "big") + frame[4:]
    assert ben.open(0, leap, 0) == "not_authentic"
    assert ben.open(0, frame, 0) == "opened"


def test_leaves_that_fit_no_kid_have_no_keys() -> None:
    """There are 1024."""
    ana = Member(1024)
    ana.install(6, 0, "removed", leaves=(1023, 1024))
    assert ana.ring.sealing.sealer(Stream.CAMERA, now=0) is None
    assert ana.open(1023, Member(0).seal(0), 0) == "unknown_key"
