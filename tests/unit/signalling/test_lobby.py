"""Who is let in, and what they are called."""

import pytest

from sfu.errors import Refused
from sfu.signalling.lobby import Lobby
from sfu.signalling.messages import Join
from sfu.signalling.tokens import Grant
from tests.support.hall import Hall


def lobby(hall: Hall, grant: Grant | None = None) -> Lobby:
    """The door of a hall; with a grant, each token is good for that."""
    verify = None if grant is None else lambda _: grant
    return Lobby(hall.directory, hall.node, candidates=tuple, verify=verify)


@pytest.mark.parametrize(
    "name",
    [
        "Ana",
        "Ana Lovelace",
        "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}",
        "\N{CJK UNIFIED IDEOGRAPH-674E}\N{CJK UNIFIED IDEOGRAPH-96F7}",
        "\N{ARABIC LETTER MEEM}\N{ARABIC LETTER HAH}",
        "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}",
        "<b>Ana</b>",
        "O'Brien-\N{LEFT-TO-RIGHT MARK}X",
    ],
)
def test_names_of_all_scripts_are_taken(name: str) -> None:
    """As they are."""
    participant, _ = lobby(Hall()).enter(Join(room="hall", name=name))
    assert participant.name == name


DISORDERLY = [
    pytest.param("  ", id="nothing but spaces"),
    pytest.param("\u200b\u2060", id="nothing to see"),
    pytest.param("Ana\nBen", id="two lines"),
    pytest.param("Ana\u2028Ben", id="two lines of Unicode"),
    pytest.param("Ana\x00", id="a control character"),
    pytest.param("Ana\x9b31m", id="a control character of 8 bits"),
    pytest.param("Ana \u202e)nimda(", id="turned around"),
    pytest.param("Ana \u2067x", id="an isolate"),
]


@pytest.mark.parametrize("name", DISORDERLY)
def test_what_is_no_name_is_refused(name: str) -> None:
    """In words, and nobody is there."""
    hall = Hall()
    with pytest.raises(Refused, match=r"bad-name: A name has .*\.$"):
        lobby(hall).enter(Join(room="hall", name=name))
    assert hall.directory.rooms == {}


@pytest.mark.parametrize("name", DISORDERLY)
def test_tokens_name_nobody_so_either(name: str) -> None:
    """Whoever made them."""
    hall = Hall()
    with pytest.raises(Refused, match="bad-name"):
        lobby(hall, Grant(name=name)).enter(Join(room="hall", name="Ana", token="any"))
    assert hall.directory.rooms == {}
