"""ICE-lite agent: answers checks, learns the peer's addresses, notices when consent expires.

RFC 8445 as a lite, always controlled agent: it never sends a check of its own. Its ufrag is a
tag that stays the same as long as the agent lives, then letters of one ICE generation, so
whoever demultiplexes by ufrag need not hear of ICE restarts.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sfu.transport.address import Address
from sfu.wire.stun import (
    Attribute,
    StunError,
    StunMessage,
    error_response,
    success_response,
)

CONSENT_SECONDS: Final = 30.0
"""An address that has not passed a check for so long may not be sent to (RFC 7675)."""

MAX_ADDRESSES: Final = 32
"""Most addresses of one peer that may talk to us; the one checked longest ago makes way."""

TAG_CHARACTERS: Final = 8
_GENERATION_CHARACTERS: Final = 4  # 24 random bits (RFC 8445 section 5.3)
_PASSWORD_CHARACTERS: Final = 24  # 144 random bits; RFC 8445 section 5.3 wants 128

RandomBytes = Callable[[int], bytes]


def ice_characters(count: int, random_bytes: RandomBytes) -> str:
    """A multiple of four ice-chars (RFC 8839 section 5.4), with six random bits in each."""
    return b64encode(random_bytes(count // 4 * 3)).decode("ascii")


@dataclass(frozen=True, slots=True)
class Credentials:
    """The local half of one ICE generation."""

    ufrag: str
    password: str


class IceLite:
    """The ICE of one peer; sends nothing by itself, so answers are returned."""

    def __init__(self, tag: str, *, random_bytes: RandomBytes) -> None:
        self.selected: Address | None = None
        """Where to send: the address nominated last, or, until then, the first to pass."""
        self._tag = tag
        self._random_bytes = random_bytes
        self._credentials = self._generate()
        self._former: Credentials | None = None  # valid until the next generation has proved itself
        self._proven = False
        self._last_check: float | None = None
        self._checked: dict[Address, float] = {}  # when each last passed, the longest ago first

    @property
    def credentials(self) -> Credentials:
        """What the peer has to use from now on."""
        return self._credentials

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Those that have passed a check, and may talk to us."""
        return tuple(self._checked)

    @property
    def consent_expires_at(self) -> float | None:
        """When the peer is gone unless another check passes; None before the first one."""
        return None if self._last_check is None else self._last_check + CONSENT_SECONDS

    def restart(self) -> None:
        """Begin another ICE generation (RFC 8445 section 9); what works goes on working."""
        if self._proven:
            self._former = self._credentials
        self._credentials = self._generate()
        self._proven = False

    def check(
        self, message: StunMessage, source: Address, *, now: float
    ) -> tuple[bytes, StunError | None]:
        """The answer to a Binding request, and why it was refused, if it was."""
        credentials, refusal = self._judge(message)
        if credentials is None:
            return error_response(message, refusal or StunError.UNAUTHENTICATED), refusal
        if refusal is not None:
            return error_response(message, refusal, password=credentials.password), refusal
        self._passed(credentials, source, now=now)
        if Attribute.USE_CANDIDATE in message.attributes:
            self.selected = source
        host, port = source[0], source[1]
        return success_response(message, host, port, password=credentials.password), None

    def checked_at(self, address: Address) -> float:
        """When this address last passed a check; long ago if it never did."""
        return self._checked.get(address, float("-inf"))

    def forget(self, address: Address) -> None:
        """This address is another peer's now, or gone: send to the one checked last instead."""
        self._checked.pop(address, None)
        if address == self.selected:
            self.selected = next(reversed(self._checked), None)

    def next_timeout(self) -> float | None:
        """When the next address, or the last, loses its consent."""
        oldest = next(iter(self._checked.values()), None)
        return self.consent_expires_at if oldest is None else oldest + CONSENT_SECONDS

    def handle_timeout(self, *, now: float) -> None:
        """Forget the addresses whose consent has expired."""
        for address in [a for a, at in self._checked.items() if at + CONSENT_SECONDS <= now]:
            self.forget(address)

    def _judge(self, message: StunMessage) -> tuple[Credentials | None, StunError | None]:
        """Whose request this is and what is wrong with it (RFC 8489 section 9.1.3)."""
        attributes = message.attributes
        names = message.username()
        if names is None or not message.integrity_offset or Attribute.FINGERPRINT not in attributes:
            return None, StunError.BAD_REQUEST
        credentials = self._find(names[0])
        if credentials is None or not message.has_integrity(credentials.password):
            return None, StunError.UNAUTHENTICATED
        if message.unknown:
            return credentials, StunError.UNKNOWN_ATTRIBUTE
        if Attribute.ICE_CONTROLLED in attributes:
            return credentials, StunError.ROLE_CONFLICT  # a lite agent cannot take the other role
        return credentials, None

    def _find(self, ufrag: str) -> Credentials | None:
        if ufrag == self._credentials.ufrag:
            return self._credentials
        if self._former is not None and ufrag == self._former.ufrag:
            return self._former
        return None

    def _passed(self, credentials: Credentials, source: Address, *, now: float) -> None:
        if credentials is self._credentials:
            self._proven, self._former = True, None
        self._checked.pop(source, None)
        self._checked[source] = self._last_check = now
        if self.selected is None:
            self.selected = source
        if len(self._checked) > MAX_ADDRESSES:
            self.forget(next(iter(self._checked)))

    def _generate(self) -> Credentials:
        ufrag = self._tag + ice_characters(_GENERATION_CHARACTERS, self._random_bytes)
        return Credentials(ufrag, ice_characters(_PASSWORD_CHARACTERS, self._random_bytes))
