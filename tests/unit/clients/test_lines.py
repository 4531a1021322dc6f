"""Lines: m-lines keep their places, and are used again."""

from sfu.signalling.messages import Publication
from sfu_clients.lines import Lines
from sfu_clients.media.sources import ToneSource
from sfu_clients.publisher import Publisher
from sfu_clients.subscriber import Subscriber


def subscriber(ident: str, kind: str = "audio") -> Subscriber:
    """Of a publication."""
    publication = Publication(
        id=ident,
        kind="audio" if kind == "audio" else "video",
        source="microphone",
        codec=None,
        muted=False,
        layers=(),
    )
    return Subscriber(publication)


async def test_lines_are_never_removed_and_used_again() -> None:
    """RFC 3264 section 8: who goes leaves an inactive line to the next of its kind."""
    lines = Lines()
    assert not lines.active
    publisher, one, other = Publisher(ToneSource()), subscriber("a"), subscriber("b", "video")
    lines.update([publisher], [one, other])
    assert [line.mid for line in lines] == ["0", "1", "2"]
    assert [line.offered().direction for line in lines] == ["sendonly", "recvonly", "recvonly"]
    ssrcs = [line.ssrc for line in lines]
    lines.update([], [other])
    assert [line.offered().direction for line in lines] == ["inactive", "inactive", "recvonly"]
    assert lines.active
    third = subscriber("c")
    lines.update([], [other, third])
    assert [line.offered().direction for line in lines] == ["recvonly", "inactive", "recvonly"]
    assert next(iter(lines)).ssrc != ssrcs[0]
    assert [(one.mid, one.publication) for one in lines.received()] == [("0", "c"), ("2", "b")]
    assert lines.published() == ()


async def test_ssrcs_are_all_different() -> None:
    """Media and retransmissions, of every line."""
    lines = Lines()
    lines.update([], [subscriber(str(number), "video") for number in range(100)])
    ssrcs = [ssrc for line in lines for ssrc in (line.ssrc, line.rtx_ssrc)]
    assert len(set(ssrcs)) == len(ssrcs)
    assert 0 not in ssrcs
