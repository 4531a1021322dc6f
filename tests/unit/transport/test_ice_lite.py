"""The ICE-lite agent: whom it believes, where it sends, and when it gives up."""

from random import Random

import pytest

from sfu.transport.address import Address
from sfu.transport.ice_lite import CONSENT_SECONDS, MAX_ADDRESSES, Credentials, IceLite
from sfu.wire.stun import Attribute, StunClass, StunError, StunMessage, build_stun, parse_stun

HOME: Address = ("192.0.2.1", 40_000)
AWAY: Address = ("198.51.100.7", 50_000)
TRANSACTION = bytes(range(12))
USE_CANDIDATE = (Attribute.USE_CANDIDATE, b"")
CONTROLLING = (Attribute.ICE_CONTROLLING, bytes(8))


def agent() -> IceLite:
    """An agent whose secrets are the same every time."""
    return IceLite("tagtagta", random_bytes=Random(1).randbytes)  # noqa: S311 - that is why


def check(
    credentials: Credentials, *more: tuple[int, bytes], password: str | None = None
) -> StunMessage:
    """A check for these credentials, as it arrives; `password` overrides theirs."""
    attributes = ((Attribute.USERNAME, f"{credentials.ufrag}:peer".encode()), *more)
    return parse_stun(
        build_stun(
            StunClass.REQUEST,
            TRANSACTION,
            attributes,
            password=credentials.password if password is None else password,
        )
    )


def passes(
    ice: IceLite, source: Address, *more: tuple[int, bytes], now: float = 0.0
) -> StunMessage:
    """Let a good check arrive, and return the answer."""
    answer, refusal = ice.check(check(ice.credentials, CONTROLLING, *more), source, now=now)
    assert refusal is None
    return parse_stun(answer)


def test_credentials_are_long_enough() -> None:
    """RFC 8445 section 5.3: 24 random bits of ufrag and 128 of password, all ice-chars."""
    credentials = agent().credentials
    assert credentials.ufrag.startswith("tagtagta")
    assert (len(credentials.ufrag), len(credentials.password)) == (12, 24)
    assert (credentials.ufrag + credentials.password).replace("+", "").replace("/", "").isalnum()


@pytest.mark.parametrize(
    "source", [HOME, ("2001:db8::1", 5), ("192.0.2.1", 9, "tcp")], ids=["IPv4", "IPv6", "TCP"]
)
def test_tells_a_good_check_where_it_came_from(source: Address) -> None:
    """The answer is signed and carries the source; the source may talk from then on."""
    ice = agent()
    answer = passes(ice, source)
    assert answer.kind is StunClass.RESPONSE
    assert answer.mapped_address() == source[:2]
    assert answer.has_integrity(ice.credentials.password)
    assert ice.addresses == (source,)


def without_fingerprint(message: StunMessage) -> StunMessage:
    """The same message without its last attribute; the integrity stays right."""
    data = message.data[:-8]
    return parse_stun(data[:2] + (len(data) - 20).to_bytes(2, "big") + data[4:])


def test_refuses_what_proves_nothing() -> None:
    """Whatever is wrong is named, and the address stays unknown (RFC 8489 section 9.1.3)."""
    ice = agent()
    ours = ice.credentials
    unsigned = build_stun(StunClass.REQUEST, TRANSACTION, [(Attribute.USERNAME, b"tagtagta:x")])
    nameless = build_stun(StunClass.REQUEST, TRANSACTION, password=ours.password)
    cases = [
        (parse_stun(unsigned), StunError.BAD_REQUEST),
        (parse_stun(nameless), StunError.BAD_REQUEST),
        (without_fingerprint(check(ours)), StunError.BAD_REQUEST),
        (check(ours, password="guess"), StunError.UNAUTHENTICATED),
        (check(Credentials(ours.ufrag + "x", ours.password)), StunError.UNAUTHENTICATED),
        (check(ours, (0x7777, b"")), StunError.UNKNOWN_ATTRIBUTE),
        (check(ours, (Attribute.ICE_CONTROLLED, bytes(8))), StunError.ROLE_CONFLICT),
    ]
    for message, expected in cases:
        answer, refusal = ice.check(message, HOME, now=0.0)
        assert refusal is expected
        error = parse_stun(answer)
        assert (error.kind, error.error_code()) == (StunClass.ERROR, expected)
        signed = expected in (StunError.UNKNOWN_ATTRIBUTE, StunError.ROLE_CONFLICT)
        assert error.has_integrity(ours.password) is signed
        assert len(answer) <= len(message.data) + 40  # no amplifier
    assert (ice.addresses, ice.selected, ice.next_timeout()) == ((), None, None)


def test_sends_to_the_first_address_until_one_is_nominated() -> None:
    """A check without nomination does not move anything but the very first time."""
    ice = agent()
    passes(ice, HOME)
    passes(ice, AWAY)
    assert ice.selected == HOME
    passes(ice, AWAY, USE_CANDIDATE)
    assert ice.selected == AWAY


def test_a_new_nomination_moves_the_peer() -> None:
    """Whoever changes network nominates from there, and may come back."""
    ice = agent()
    for source in (HOME, AWAY, HOME):
        passes(ice, source, USE_CANDIDATE)
        assert ice.selected == source


def test_consent_expires() -> None:
    """Thirty seconds after its last check an address is not sent to any more."""
    ice = agent()
    passes(ice, HOME, USE_CANDIDATE, now=100.0)
    passes(ice, HOME, now=110.0)
    assert ice.next_timeout() == ice.consent_expires_at == 110.0 + CONSENT_SECONDS
    ice.handle_timeout(now=109.0 + CONSENT_SECONDS)
    assert ice.selected == HOME
    ice.handle_timeout(now=110.0 + CONSENT_SECONDS)
    assert not ice.addresses
    assert not ice.selected


def test_falls_back_to_an_address_that_still_has_consent() -> None:
    """When the nominated address falls silent, the one heard last takes over."""
    ice = agent()
    passes(ice, HOME, USE_CANDIDATE, now=0.0)
    passes(ice, AWAY, now=20.0)
    ice.handle_timeout(now=CONSENT_SECONDS)
    assert (ice.selected, ice.addresses) == (AWAY, (AWAY,))
    assert ice.consent_expires_at == 20.0 + CONSENT_SECONDS


def test_forgets_an_address_on_request() -> None:
    """A connection that is gone takes its address along, but not the peer's time to return."""
    ice = agent()
    passes(ice, HOME, now=5.0)
    assert ice.checked_at(HOME) == 5.0
    ice.forget(HOME)
    assert (ice.selected, ice.addresses) == (None, ())
    assert ice.checked_at(HOME) == float("-inf")
    assert ice.next_timeout() == 5.0 + CONSENT_SECONDS


def test_keeps_a_bounded_number_of_addresses() -> None:
    """The address that was checked longest ago makes room for a new one."""
    ice = agent()
    sources = [("192.0.2.1", port) for port in range(MAX_ADDRESSES + 1)]
    for source in sources[:-1]:
        passes(ice, source)
    passes(ice, sources[0])
    passes(ice, sources[-1])
    assert ice.addresses == (*sources[2:-1], sources[0], sources[-1])


def test_a_restart_keeps_what_works_until_the_new_works() -> None:
    """Old credentials pass until the first check with the new ones, and then no more."""
    ice = agent()
    before = ice.credentials
    passes(ice, HOME, USE_CANDIDATE)
    ice.restart()
    after = ice.credentials
    assert (before.ufrag[:8], before.ufrag) != (after.ufrag, after.ufrag)
    assert before.ufrag[:8] == after.ufrag[:8]
    assert before.password != after.password
    assert ice.check(check(before), HOME, now=1.0)[1] is None
    assert ice.selected == HOME
    assert ice.check(check(after, USE_CANDIDATE), AWAY, now=2.0)[1] is None
    assert ice.selected == AWAY
    assert ice.check(check(before), HOME, now=3.0)[1] is StunError.UNAUTHENTICATED


def test_restarts_that_nobody_used_are_forgotten() -> None:
    """Of three generations the one that worked and the last one count."""
    ice = agent()
    worked = ice.credentials
    passes(ice, HOME)
    ice.restart()
    unused = ice.credentials
    ice.restart()
    assert ice.check(check(unused), HOME, now=1.0)[1] is StunError.UNAUTHENTICATED
    assert ice.check(check(worked), HOME, now=1.0)[1] is None
    assert ice.check(check(ice.credentials), HOME, now=1.0)[1] is None
