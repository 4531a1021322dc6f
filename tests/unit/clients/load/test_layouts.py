"""Who publishes and who watches whom."""

import pytest

from sfu_clients.errors import ClientError
from sfu_clients.load.layouts import layout


@pytest.mark.parametrize(
    ("name", "publishers", "subscribers", "watched"),
    [
        pytest.param("webinar", 1, 2, [[], [0], [0]], id="one to many"),
        pytest.param("webinar", 2, 1, [[], [], [0, 1]], id="publishers only publish"),
        pytest.param("meeting", 3, 0, [[1, 2], [0, 2], [0, 1]], id="everybody watches the others"),
        pytest.param("meeting", 2, 1, [[1], [0], [0, 1]], id="with an audience"),
        pytest.param("meeting", 1, 1, [[], [0]], id="one person and an audience"),
        pytest.param("audio", 2, 0, [[1], [0]], id="without pictures"),
    ],
)
def test_who_watches_whom(
    name: str, publishers: int, subscribers: int, watched: list[list[int]]
) -> None:
    """By place: publishers first."""
    chosen = layout(name, publishers, subscribers)
    places = range(chosen.participants)
    assert [list(chosen.watched_by(place)) for place in places] == watched
    assert list(chosen.watchers) == [place for place in places if watched[place]]
    assert ("video" in chosen.kinds) == (name != "audio")


@pytest.mark.parametrize(
    ("name", "publishers", "subscribers", "reason"),
    [
        pytest.param("churn", None, None, "There is no layout 'churn' yet", id="of later"),
        pytest.param("webinar", 0, 5, "at least one publisher", id="nobody publishes"),
        pytest.param("webinar", 1, -1, "at least one publisher", id="less than nobody"),
        pytest.param("webinar", 1, 0, "Nobody would watch", id="nobody watches"),
        pytest.param("meeting", 1, None, "Nobody would watch", id="alone"),
        pytest.param("webinar", 1, 500, "at most 500", id="too many people"),
        pytest.param("meeting", 101, None, "200 streams, not 202", id="too many streams"),
    ],
)
def test_refuses_in_one_sentence(
    name: str, publishers: int | None, subscribers: int | None, reason: str
) -> None:
    """What cannot be run, or was not meant."""
    with pytest.raises(ClientError, match=reason):
        layout(name, publishers, subscribers)


@pytest.mark.parametrize(("name", "participants"), [("webinar", 11), ("meeting", 4), ("audio", 4)])
def test_has_usual_numbers(name: str, participants: int) -> None:
    """Without options a small load runs."""
    assert layout(name, None, None).participants == participants
