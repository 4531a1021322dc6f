"""Whether pictures can be decoded, told without a decoder."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu.wire.extensions import Extension, ExtensionIds, FoundExtensions, find_extensions
from sfu.wire.rtp import RtpView, parse_rtp
from sfu_clients.load.path.decodability import Decodability
from sfu_clients.load.path.frames import frame_reader
from tests.support.encoders import DESCRIPTOR_ID, MEDIA_BYTES, Encoded, Publisher, one_two_three
from tests.support.streams import VIDEO, publisher

IDS = ExtensionIds({Extension.DEPENDENCY_DESCRIPTOR: DESCRIPTOR_ID})
EXACT = [name for name in VIDEO if "described" in name]
"""Streams that tell what each frame refers to."""


class Receiver:
    """Reads what arrives, and knows from the encoder what can be decoded of it."""

    def __init__(self, sender: Publisher) -> None:
        self.sender = sender
        encoder = sender.encoder
        reader = frame_reader(encoder.codec.value, described=encoder.described)
        self.decodability = Decodability(reader)
        self.shown: list[bytes] = []  # the packets that completed a picture
        self._view, self._found = RtpView(), FoundExtensions()
        self._next: int | None = None
        self._arrived: dict[int, set[int]] = {}  # parts by frame

    def receive(self, packets: Iterable[tuple[int, bytes]]) -> None:
        """Take packets in order, some may be missing."""
        for number, data in packets:
            frame, part = self.sender.sent[data[-MEDIA_BYTES:]]
            self._arrived.setdefault(frame.ident, set()).add(part)
            parse_rtp(data, len(data), self._view)
            find_extensions(self._view, IDS, self._found)
            follows = number == self._next
            self._next = number + 1
            if self.decodability.note(self._view, self._found, follows=follows):
                self.shown.append(data)

    def decodes(self, frame: Encoded) -> bool:
        """Whether all of the frame arrived, and of all that it builds upon."""
        if len(self._arrived.get(frame.ident, ())) < len(frame.packets):
            return False
        frames = self.sender.encoder.frames
        return all(self.decodes(frames[reference]) for reference in frame.references)


@pytest.mark.parametrize("name", VIDEO)
def test_all_pictures_decode_when_nothing_is_lost(name: str) -> None:
    """Each picture is complete at its last packet, key pictures in the middle included."""
    sender = publisher(name, split=one_two_three)
    receiver = Receiver(sender)
    for picture in range(40):
        receiver.receive(sender.next_picture(key=picture % 15 == 0))
        assert len(receiver.shown) == picture + 1
    assert receiver.decodability.undecodable == 0
    assert receiver.decodability.decoded == len(sender.encoder.frames)


@pytest.mark.parametrize("name", VIDEO)
@settings(max_examples=20)
@given(lost=st.sets(st.integers(0, 150), max_size=12))
def test_never_takes_a_broken_picture_for_whole(name: str, lost: set[int]) -> None:
    """What is shown can be decoded; where descriptors tell all, nothing else is left out."""
    sender = publisher(name, split=one_two_three)
    receiver = Receiver(sender)
    place = 0
    for picture in range(30):
        packets = sender.next_picture(key=picture in {0, 20})
        kept = [one for at, one in enumerate(packets, place) if at not in lost]
        place += len(packets)
        before = len(receiver.shown)
        receiver.receive(kept)
        last = sender.encoder.picture[-1]
        shown = len(receiver.shown) > before
        assert not shown or receiver.decodes(last)
        if name in EXACT and not lost.intersection(range(5)):
            assert shown == receiver.decodes(last)


def test_tells_apart_what_came_too_early() -> None:
    """Whoever enters in the middle of a stream cannot decode before the next key frame."""
    sender = publisher("VP9 L3T3, described", split=one_two_three)
    receiver = Receiver(sender)
    sender.next_picture()
    receiver.receive(sender.next_picture())
    early = receiver.decodability.early
    assert early > 0
    receiver.receive(sender.next_picture(key=True))
    assert receiver.decodability.decoded == 3
    assert (receiver.decodability.early, receiver.decodability.undecodable) == (early, 0)


def test_recovers_at_a_key_frame() -> None:
    """After a loss in the lowest layer nothing decodes, until all begins anew."""
    sender = publisher("VP9 L3T3, described", split=one_two_three)
    receiver = Receiver(sender)
    receiver.receive(sender.next_picture())
    for _ in range(3):
        receiver.receive(sender.next_picture())
    receiver.receive(sender.next_picture()[1:])  # the second base frame is lost
    for _ in range(4):
        receiver.receive(sender.next_picture())
    assert len(receiver.shown) == 4
    receiver.receive(sender.next_picture(key=True))
    assert len(receiver.shown) == 5


@settings(max_examples=200)
@given(
    codec=st.sampled_from(["VP8", "VP9", "H264", "AV1"]),
    packets=st.lists(st.tuples(st.binary(max_size=60), st.booleans()), max_size=20),
)
def test_any_payload_is_survived(codec: str, packets: list[tuple[bytes, bool]]) -> None:
    """Whatever comes, it is a picture or it is not."""
    decodability = Decodability(frame_reader(codec, described=False))
    view, found = RtpView(), FoundExtensions()
    for payload, follows in packets:
        data = bytes((0x80, 96)) + bytes(10) + payload
        parse_rtp(data, len(data), view)
        decodability.note(view, found, follows=follows)


@settings(max_examples=200)
@given(packets=st.lists(st.binary(min_size=1, max_size=16), max_size=20))
def test_any_descriptor_is_survived(packets: list[bytes]) -> None:
    """The same for dependency descriptors, whose structures may be missing or absurd."""
    decodability = Decodability(frame_reader("VP9", described=True))
    view, found = RtpView(), FoundExtensions()
    for told in packets:
        body = bytes((DESCRIPTOR_ID << 4 | len(told) - 1,)) + told
        body += bytes(-len(body) % 4)
        words = (len(body) // 4).to_bytes(2, "big")
        data = bytes((0x90, 96)) + bytes(10) + b"\xbe\xde" + words + body + b"media"
        parse_rtp(data, len(data), view)
        find_extensions(view, IDS, found)
        decodability.note(view, found, follows=True)
