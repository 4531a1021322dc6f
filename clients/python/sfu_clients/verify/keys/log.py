"""Reads key logs: lines of SRTP keys and frame keys, as docs/verify.md describes them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sfu.keylog import ANY
from sfu_clients.errors import ClientError
from sfu_clients.sealing.frames import Sender
from sfu_clients.sealing.keylog import read_frame_keys
from sfu_clients.verify.keys.srtp import PROFILES, SrtpKey

MAX_LOG_BYTES: Final = 1 << 22
MAX_KEYS: Final = 4096
"""Of each kind: every key is tried on every stream."""


class MalformedKeyLog(ClientError):  # noqa: N818 - named for what was read
    """A file that is no key log."""


@dataclass(slots=True)
class Keys:
    """All that was written down, each key once."""

    srtp: dict[SrtpKey, None] = field(default_factory=dict)
    frames: dict[Sender, None] = field(default_factory=dict)


def read_key_files(paths: list[str]) -> Keys:
    """The keys of several files; raises ClientError."""
    keys = Keys()
    for path in paths:
        try:
            with Path(path).open("rb") as file:
                data = file.read(MAX_LOG_BYTES + 1)
            read_keys(data, keys)
        except OSError as error:
            raise ClientError(f"{path} cannot be read ({error.strerror}).") from error
        except MalformedKeyLog as error:
            raise MalformedKeyLog(f"{path}: {error}") from error
    return keys


def read_keys(data: bytes, keys: Keys) -> None:
    """Add what a key log tells; raises MalformedKeyLog."""
    if len(data) > MAX_LOG_BYTES:
        raise MalformedKeyLog("this is too long for a key log.")
    for number, line in enumerate(data.split(b"\n"), 1):
        try:
            words = line.decode("ascii").split()
            if words and not words[0].startswith("#"):
                _read_line(words, keys)
        except ValueError as error:
            raise MalformedKeyLog(f"line {number} is none of a key log ({error}).") from error
        if max(len(keys.srtp), len(keys.frames)) > MAX_KEYS:
            raise MalformedKeyLog("there are more keys than can be tried.")


def _read_line(words: list[str], keys: Keys) -> None:
    match words:
        case ["srtp", source, target, ssrc, profile, key, salt]:
            keys.srtp[_srtp_key(source, target, ssrc, profile, (key, salt))] = None
        case ["frames", *rest]:
            keys.frames[read_frame_keys(rest)] = None
        case _:
            raise ValueError("it begins with neither srtp nor frames, or is incomplete")


def _srtp_key(
    source: str, target: str, ssrc: str, profile: str, secrets: tuple[str, str]
) -> SrtpKey:
    if profile not in PROFILES:
        raise ValueError(f"the profile {profile!r} is unknown")
    key, salt = map(bytes.fromhex, secrets)
    if (len(key), len(salt)) != PROFILES[profile][1:3]:
        raise ValueError("the key is not as long as those of its profile")
    number = None if ssrc == ANY else int(ssrc, 16)
    return SrtpKey(source, target, number, profile, key + salt)
