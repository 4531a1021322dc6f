"""A sealed room from one participant's side: whose frames are opened, and under which name."""

import pytest

from sfu.signalling.messages import Participant
from sfu_clients.errors import ClientError
from sfu_clients.payload import EncodedFrame
from sfu_clients.sealing.room import SealedRoom
from tests.support.secrets import OTHER_SECRET, SECRET


def person(ident: str, hello: str | None) -> Participant:
    return Participant(
        id=ident, name="what the server says", moderator=False, connected=True, hello=hello,
        publications=(),
    )  # fmt: skip


def room(name: str, *, secret: str = SECRET) -> SealedRoom:
    return SealedRoom(secret, "standup", name)


def meet(me: SealedRoom, **others: str | None) -> None:
    """The server shows these hellos."""
    people = {ident: person(ident, hello) for ident, hello in others.items()}
    me.meet(people | {"me": person("me", me.hello)}, "me")


FRAME = EncodedFrame(b"media", 90_000, key_frame=True, width=640, height=360)


def test_who_shares_the_secret_is_understood() -> None:
    """Frames, lines, and the name that is under the seal instead of the server's."""
    ana, ben = room("Ana"), room("Ben")
    meet(ben, a=ana.hello)
    opener = ben.opener("a", "camera")
    assert opener is not None
    opened = opener.open("VP8", ana.sealer("camera", "VP8")(FRAME))
    assert opened is not None
    assert (opened[0], opened[1].width, opened[1].height) == (b"media", 640, 360)
    assert ben.name("a") == "Ana"
    assert ben.open_line("a", ana.seal_line("hello")) == "hello"


@pytest.mark.parametrize(
    "hello",
    [
        pytest.param(None, id="no hello"),
        pytest.param("QW5h", id="no sense"),
        pytest.param("???", id="no base64url"),
        pytest.param(room("Eve", secret=OTHER_SECRET).hello, id="another secret"),
        pytest.param(SealedRoom(SECRET, "office", "Eve").hello, id="another room"),
    ],
)
def test_who_does_not_is_not_played(hello: str | None) -> None:
    """There is nothing that a server could say to have them played."""
    ben = room("Ben")
    meet(ben, e=hello)
    assert ben.opener("e", "camera") is None
    assert ben.name("e") is None
    assert ben.open_line("e", room("Ben").seal_line("hello")) is None


def test_a_copied_hello_is_nobodys() -> None:
    """A server that lets a ghost wear Ana's hello, or our own, gets neither of them played."""
    ana, ben = room("Ana"), room("Ben")
    meet(ben, a=ana.hello, ghost=ana.hello, mirror=ben.hello)
    assert [ben.opener(ident, "camera") for ident in ("a", "ghost", "mirror")] == [None] * 3
    meet(ben, a=ana.hello)
    assert ben.opener("a", "camera") is not None


def test_a_relabelled_source_opens_nothing() -> None:
    """Adversarial test 4: the microphone is not played as the screen's sound."""
    ana, ben = room("Ana"), room("Ben")
    meet(ben, a=ana.hello)
    opener = ben.opener("a", "screen_audio")
    assert opener is not None
    assert opener.open("opus", ana.sealer("microphone", "opus")(EncodedFrame(b"x", 0))) is None


def test_frames_of_one_are_not_played_as_anothers() -> None:
    """Adversarial test 4: a server that swaps two people's streams gets neither played."""
    ana, ben, chi = room("Ana"), room("Ben"), room("Chi")
    meet(chi, a=ana.hello, b=ben.hello)
    opener = chi.opener("b", "camera")
    assert opener is not None
    assert opener.open("VP8", ana.sealer("camera", "VP8")(FRAME)) is None


def test_publishing_again_goes_on_counting() -> None:
    """Adversarial test 9: a stream that ends and begins again never meets a counter twice."""
    ana, ben = room("Ana"), room("Ben")
    meet(ben, a=ana.hello)
    first, second = ana.sealer("camera", "VP8"), ana.sealer("camera", "VP9")
    opener = ben.opener("a", "camera")
    assert opener is not None
    assert opener.open("VP8", first(FRAME)) is not None
    assert opener.open("VP9", second(FRAME)) is not None
    assert ben.opener("a", "camera") is opener


def test_nobody_comes_back_to_say_it_again() -> None:
    """Adversarial test 3: a server lets Ana leave, and a ghost with her hello replay her."""
    ana, ben = room("Ana"), room("Ben")
    meet(ben, a=ana.hello)
    frame, line = ana.sealer("camera", "VP8")(FRAME), ana.seal_line("hello")
    opener = ben.opener("a", "camera")
    assert opener is not None
    assert opener.open("VP8", frame) is not None
    assert ben.open_line("a", line) == "hello"
    meet(ben)
    meet(ben, ghost=ana.hello)
    again = ben.opener("ghost", "camera")
    assert again is not None
    assert again.open("VP8", frame) is None
    assert ben.open_line("ghost", line) is None
    assert ben.refusals() == {"replayed": 1}


def test_another_hello_brings_other_keys() -> None:
    """Somebody reloaded: the old keys open nothing any more, the new ones do."""
    before, after, ben = room("Ana"), room("Ana"), room("Ben")
    meet(ben, a=before.hello)
    meet(ben, a=after.hello)
    opener = ben.opener("a", "camera")
    assert opener is not None
    assert opener.open("VP8", before.sealer("camera", "VP8")(FRAME)) is None
    assert opener.open("VP8", after.sealer("camera", "VP8")(FRAME)) is not None


def test_what_cannot_be_sealed_is_refused() -> None:
    """In words; never sent in clear."""
    with pytest.raises(ClientError, match="cannot be sealed"):
        room("Ana").sealer("camera", "H264")


def test_what_is_no_secret_is_refused() -> None:
    """In words."""
    with pytest.raises(ClientError, match="opens no room"):
        room("Ana", secret="sesame")
