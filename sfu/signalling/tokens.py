"""Signed join tokens (RFC 7519): what their bearer may do, and until when."""

from dataclasses import dataclass
from typing import Final

import jwt
import msgspec

from sfu.errors import ConfigError, Refused
from sfu.signalling.messages import Identifier, Mode, Name, RoomName

AUDIENCE: Final = "milkglass"
ALGORITHM: Final = "HS256"
LEEWAY: Final = 5.0
"""Seconds by which the clocks of issuer and server may differ."""

MIN_SECRET_BYTES: Final = 32  # RFC 7518 section 3.2: as many as the hash has
MAX_TOKEN: Final = 4096
MAX_TTL: Final = 100 * 365 * 86_400.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the bearer of a token may do; a claim that a token leaves out has its default here."""

    room: str | None = None
    """The only room; None for any."""
    identity: str | None = None
    """Who the bearer is to the issuer (the claim `sub`)."""
    name: str | None = None
    """The name that others see; None leaves it to the bearer."""
    may_publish: bool = True
    may_subscribe: bool = True
    moderator: bool = False
    scrape: bool = False
    """May read /metrics."""
    mode: Mode | None = None
    """The only mode; None for any."""


class _Claims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The payload; claims that are not named here are passed over (RFC 7519 section 4)."""

    exp: int | float
    aud: str | tuple[str, ...]
    nbf: int | float | None = None
    sub: Identifier | None = None
    room: RoomName | None = None
    name: Name | None = None
    may_publish: bool = True
    may_subscribe: bool = True
    moderator: bool = False
    scrape: bool = False
    mode: Mode | None = None


_jws: Final = jwt.PyJWS(algorithms=[ALGORITHM])


def issue(grant: Grant, secret: str, *, ttl: float, now: float) -> str:
    """Sign a token for `ttl` seconds from `now` (Unix time); ConfigError if none would be read."""
    if not abs(ttl) <= MAX_TTL:  # NaN is not
        raise ConfigError("Such a token would be refused: nothing is valid for so long.")
    claims = _Claims(
        exp=int(now + ttl),
        aud=AUDIENCE,
        sub=grant.identity,
        room=grant.room,
        name=grant.name,
        may_publish=grant.may_publish,
        may_subscribe=grant.may_subscribe,
        moderator=grant.moderator,
        scrape=grant.scrape,
        mode=grant.mode,
    )
    payload = msgspec.json.encode(claims)
    try:
        _read(payload)
    except Refused as refusal:
        raise ConfigError(f"Such a token would be refused: {refusal.reason}") from refusal
    return _jws.encode(payload, _key(secret), algorithm=ALGORITHM)


def verify(token: str, secret: str, *, now: float) -> Grant:
    """Read a token whose signature, audience and time are right; raises Refused."""
    claims = _read(_payload(token, secret))
    audiences = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
    if AUDIENCE not in audiences:
        raise Refused("token-audience", "This token is for another service.")
    if not now < claims.exp + LEEWAY:  # so that not even NaN lasts for ever
        raise Refused("token-expired", "This token has expired; ask for a new one.")
    if claims.nbf is not None and not claims.nbf - LEEWAY <= now:
        raise Refused("token-early", "This token is not valid yet.")
    return Grant(
        room=claims.room,
        identity=claims.sub,
        name=claims.name,
        may_publish=claims.may_publish,
        may_subscribe=claims.may_subscribe,
        moderator=claims.moderator,
        scrape=claims.scrape,
        mode=claims.mode,
    )


def _key(secret: str) -> bytes:
    key = secret.encode()
    assert len(key) >= MIN_SECRET_BYTES
    return key


def _payload(token: str, secret: str) -> bytes:
    """The signed bytes of RFC 7515, if we signed them."""
    if len(token) > MAX_TOKEN or not token.isascii():
        raise Refused("token-malformed", "This is not a token: it has a wrong form.")
    try:
        decoded = _jws.decode_complete(token, _key(secret), algorithms=[ALGORITHM])
    except jwt.InvalidSignatureError as error:
        raise Refused("token-signature", "This token is not signed by this server.") from error
    except jwt.InvalidAlgorithmError as error:
        raise Refused("token-algorithm", f"Tokens must be signed with {ALGORITHM}.") from error
    except (jwt.InvalidTokenError, RecursionError) as error:
        raise Refused("token-malformed", "This is not a token: it has a wrong form.") from error
    payload: bytes = decoded["payload"]
    return payload


def _read(payload: bytes) -> _Claims:
    try:
        return msgspec.json.decode(payload, type=_Claims)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused("token-claims", f"This token says nothing usable: {error}.") from error
