"""Tokens: what was granted is read again, and whatever is wrong has one sentence."""

import base64
import contextlib
import hashlib
import hmac
import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import ConfigError, Refused
from sfu.signalling.messages import Mode
from sfu.signalling.tokens import LEEWAY, Grant, issue, verify

SECRET = "correct horse battery staple, 32"
NOW = 1_800_000_000.25
names = st.text("abcXYZ019_-", min_size=1, max_size=64)
modes: st.SearchStrategy[Mode] = st.sampled_from(["hop", "e2ee-passphrase", "e2ee-mls"])


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def signed(claims: object, **header: object) -> str:
    """A token with any claims and any header, signed with our secret as RFC 7515 says."""
    head = json.dumps({"typ": "JWT", "alg": "HS256", **header}).encode()
    text = f"{base64url(head)}.{base64url(json.dumps(claims).encode())}"
    return f"{text}.{base64url(hmac.digest(SECRET.encode(), text.encode(), hashlib.sha256))}"


def claims(**others: object) -> dict[str, object]:
    """The least that a token must say."""
    return {"aud": "milkglass", "exp": NOW + 60, **others}


def refusal(token: str, *, secret: str = SECRET, now: float = NOW) -> str:
    """The code of the refusal of a token; its reason is a sentence."""
    with pytest.raises(Refused) as refused:
        verify(token, secret, now=now)
    assert refused.value.reason.endswith(".")
    return refused.value.code


@given(
    st.builds(
        Grant,
        room=st.none() | names,
        identity=st.none() | names,
        name=st.none() | st.text(min_size=1, max_size=64),
        may_publish=st.booleans(),
        may_subscribe=st.booleans(),
        moderator=st.booleans(),
        scrape=st.booleans(),
        mode=st.none() | modes,
    )
)
def test_what_was_granted_is_read_again(grant: Grant) -> None:
    """A grant survives the way through a token."""
    assert verify(issue(grant, SECRET, ttl=60, now=NOW), SECRET, now=NOW) == grant


def test_other_libraries_understand_the_token() -> None:
    """It is a JWT like any other."""
    token = issue(Grant(room="standup", moderator=True), SECRET, ttl=60, now=NOW)
    options = {"verify_exp": False}
    read = jwt.decode(token, SECRET, algorithms=["HS256"], audience="milkglass", options=options)  # type: ignore[arg-type]
    assert read == claims(exp=int(NOW) + 60, room="standup", moderator=True)


def test_a_token_of_another_library_is_read() -> None:
    """Services that invite people sign for themselves, with claims of their own beside ours."""
    mine = claims(room="standup", sub="u-17", aud=["other", "milkglass"], exp=int(NOW) + 9, iss="x")
    token = jwt.encode(mine, SECRET, algorithm="HS256")
    assert verify(token, SECRET, now=NOW) == Grant(room="standup", identity="u-17")


@pytest.mark.parametrize(
    ("token", "code"),
    [
        pytest.param("", "token-malformed", id="empty"),
        pytest.param("abc", "token-malformed", id="one part"),
        pytest.param("a.b.c", "token-malformed", id="three parts of nothing"),
        pytest.param("é.b.c", "token-malformed", id="not ASCII"),
        pytest.param("\ud800.b.c", "token-malformed", id="a surrogate"),
        pytest.param("a" * 5000, "token-malformed", id="too long"),
        pytest.param(f"{base64url(b'[' * 3000)}.e30.AA", "token-malformed", id="a deep header"),
        pytest.param(f"{base64url(b'{}')}.e30.AA", "token-algorithm", id="no algorithm"),
        pytest.param(signed(claims(), alg="none"), "token-algorithm", id="none"),
        pytest.param(signed(claims(), alg="HS512"), "token-algorithm", id="another algorithm"),
        pytest.param(signed(claims(), alg="RS256"), "token-algorithm", id="confusion"),
        pytest.param(signed(claims())[:-4] + "AAAA", "token-signature", id="a wrong signature"),
        pytest.param(signed(claims()).rpartition(".")[0] + ".", "token-signature", id="unsigned"),
        pytest.param(signed([]), "token-claims", id="no object"),
        pytest.param(signed({"aud": "milkglass"}), "token-claims", id="no end"),
        pytest.param(signed({"exp": NOW + 9}), "token-claims", id="no audience"),
        pytest.param(signed(claims(exp="never")), "token-claims", id="an end that is no time"),
        pytest.param(signed(claims(exp=float("nan"))), "token-claims", id="an end that is NaN"),
        pytest.param(signed(claims(room="a b")), "token-claims", id="no room of ours"),
        pytest.param(signed(claims(moderator="yes")), "token-claims", id="a word for true"),
        pytest.param(signed(claims(mode="open")), "token-claims", id="no mode of ours"),
        pytest.param(signed(claims(aud="other")), "token-audience", id="another service"),
        pytest.param(signed(claims(aud=[])), "token-audience", id="no service"),
        pytest.param(signed(claims(exp=NOW - LEEWAY)), "token-expired", id="expired"),
        pytest.param(signed(claims(nbf=NOW + LEEWAY + 1)), "token-early", id="not yet"),
    ],
)
def test_each_fault_has_its_code(token: str, code: str) -> None:
    """Programs read the code, people the sentence."""
    assert refusal(token) == code


def test_clocks_may_differ_a_little() -> None:
    """Five seconds, at both ends."""
    token = signed(claims(nbf=NOW + LEEWAY, exp=NOW + LEEWAY))
    assert verify(token, SECRET, now=NOW) == Grant()
    assert verify(token, SECRET, now=NOW + 2 * LEEWAY - 0.5) == Grant()
    assert refusal(token, now=NOW + 2 * LEEWAY) == "token-expired"


def test_another_secret_is_not_ours() -> None:
    """Whoever does not know the secret cannot let anybody in."""
    token = issue(Grant(), SECRET, ttl=60, now=NOW)
    assert refusal(token, secret=SECRET[::-1]) == "token-signature"


@pytest.mark.parametrize("ttl", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_no_token_lasts_for_ever(ttl: float) -> None:
    """Hours that are no number of hours are explained to the operator."""
    with pytest.raises(ConfigError, match=r"for so long\.$"):
        issue(Grant(), SECRET, ttl=ttl, now=NOW)


@pytest.mark.parametrize("grant", [Grant(room="a b"), Grant(name=""), Grant(identity="é")])
def test_no_token_is_issued_that_nobody_would_read(grant: Grant) -> None:
    """The operator learns of it, not the guest."""
    with pytest.raises(ConfigError, match=r"would be refused: .*\$\.(room|name|sub)"):
        issue(grant, SECRET, ttl=60, now=NOW)


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_changed_character_never_passes(place: int, change: int) -> None:
    """Each bit of the token is covered by its signature."""
    token = issue(Grant(room="standup"), SECRET, ttl=60, now=NOW)
    place %= len(token)
    changed = token[:place] + chr(ord(token[place]) ^ change) + token[place + 1 :]
    with contextlib.suppress(Refused):
        # Only the last character has bits that base64url passes over.
        assert verify(changed, SECRET, now=NOW) == Grant(room="standup")
        assert place == len(token) - 1


@given(st.text() | st.text("abcA0-_=.{}[]", max_size=300))
def test_any_text_is_refused(text: str) -> None:
    """Nobody guesses a signature; nothing else than Refused is raised."""
    refusal(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_any_signed_payload_is_read_or_refused(payload: object) -> None:
    """Even who knows the secret breaks nothing."""
    with contextlib.suppress(Refused):
        verify(signed(payload), SECRET, now=NOW)
