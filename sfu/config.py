"""Settings: defaults, then a TOML file, then the environment, then options."""

import argparse
import difflib
import ipaddress
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_type_hints

import msgspec

from sfu.errors import ConfigError

MIN_SECRET_BYTES: Final = 32

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Count = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Bytes = Annotated[int, msgspec.Meta(ge=1 << 20, le=1 << 50)]
Day = Annotated[float, msgspec.Meta(ge=1, le=86_400)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]


class Section(msgspec.Struct, frozen=True):
    """One table of the file. Below, `frozen` is repeated for type checkers."""


class Http(Section, frozen=True):
    """The page, the WebSocket, /metrics and health."""

    host: Annotated[str, "an address to listen on, or 0.0.0.0 or :: for all"] = "127.0.0.1"
    port: Annotated[Port, "a port from 1 to 65535, or 0 for any that is free"] = 8080
    certificate: Annotated[str, "the path of a PEM certificate chain for HTTPS"] = ""
    key: Annotated[str, "the path of that certificate's key, PEM, unencrypted"] = ""


class Media(Section, frozen=True):
    """The one port that carries everybody's audio and video."""

    host: Annotated[str, "an IP address to listen on, or nothing for all"] = ""
    port: Annotated[Port, "a port for UDP and TCP, from 1 to 65535, or 0 for any"] = 10_000
    announce: Annotated[tuple[str, ...], "IP addresses for clients to try, not this machine's"] = ()
    tcp: Annotated[bool, "true to take media over TCP, too, or false"] = True


class Auth(Section, frozen=True):
    """Who may come in."""

    secret: Annotated[str, "at least 32 random bytes, which sign tokens"] = ""


class Rooms(Section, frozen=True):
    """How much is taken on."""

    max_participants: Annotated[Count, "the most people in one room"] = 50
    max_rooms: Annotated[Count, "the most rooms at a time"] = 1000
    return_seconds: Annotated[Seconds, "seconds that a dropped connection keeps its place"] = 10.0
    drain_seconds: Annotated[Seconds, "seconds that people have to leave after SIGTERM"] = 10.0


class Recording(Section, frozen=True):
    """Where recordings go, and how large they may become."""

    directory: Annotated[str, "a folder for recordings, or nothing: then none are made"] = ""
    max_bytes: Annotated[Bytes, "the most bytes that a room's recordings have together"] = 4 << 30
    max_seconds: Annotated[Day, "the most seconds of one recording"] = 14_400.0


class Visibility(Section, frozen=True):
    """Whether the server tries to read what it forwards."""

    witness: Annotated[
        Literal["auto", "on", "off"], "on, off, or auto: on in the open development mode"
    ] = "auto"


class Log(Section, frozen=True):
    """What is written to standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], "debug, info, warning or error"
    ] = "info"
    json: Annotated[bool, "true for one JSON object a line, or false"] = False


class Config(msgspec.Struct, frozen=True):
    """All settings of a server."""

    http: Http = Http()
    media: Media = Media()
    auth: Auth = Auth()
    rooms: Rooms = Rooms()
    recording: Recording = Recording()
    visibility: Visibility = Visibility()
    log: Log = Log()

    @property
    def open(self) -> bool:
        """The development mode: no tokens, and nobody from outside this machine."""
        return not self.auth.secret

    def check_keylog(self, *, lan: bool) -> None:
        """Refuse to write down the keys of people who come from elsewhere; raises ConfigError."""
        if lan or not _is_loopback(self.http.host):
            raise ConfigError(
                "--keylog is for development on this machine only: leave http.host at 127.0.0.1, "
                "and --lan away."
            )


@dataclass(frozen=True, slots=True)
class _Setting:
    """One key, and its names in the three places where it can be set."""

    section: str
    name: str
    type: Any
    takes: str

    @property
    def key(self) -> str:
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        return f"SFU_{self.section}_{self.name}".upper()

    @property
    def option(self) -> str:
        return f"{self.section}_{self.name}"

    def convert(self, value: object, where: str, *, spelled: bool) -> Any:  # noqa: ANN401 - of any type
        """The value with its type; from text when it is `spelled` out; raises ConfigError."""
        if spelled and self.type == tuple[str, ...] and isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        try:
            return msgspec.convert(value, self.type, strict=not spelled)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{where} takes {self.takes} ({error}).") from error


def _settings() -> Iterator[_Setting]:
    for section, kind in get_type_hints(Config).items():
        for name, annotated in get_type_hints(kind, include_extras=True).items():
            *_, takes = annotated.__metadata__
            yield _Setting(section, name, _bare(annotated), takes)


def _bare(annotated: Any) -> Any:  # noqa: ANN401 - types have no better type
    """The type without the words about it."""
    constraints = [part for part in annotated.__metadata__ if isinstance(part, msgspec.Meta)]
    bare = annotated.__origin__
    return Annotated[bare, constraints[0]] if constraints else bare


SETTINGS: Final = tuple(_settings())


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give a command line an option for every setting."""
    group = parser.add_argument_group("settings")
    for setting in SETTINGS:
        group.add_argument(
            f"--{setting.option.replace('_', '-')}",
            dest=setting.option,
            metavar=setting.name.upper(),
            help=f"{setting.takes} ({setting.variable})",
        )


def load(
    path: Path | None, environ: Mapping[str, str], options: Mapping[str, str | None]
) -> Config:
    """Read the settings; `options` as `add_options` names them; raises ConfigError."""
    tables = {} if path is None else _read(path)
    values: dict[str, dict[str, Any]] = {}
    for setting in SETTINGS:
        section = values.setdefault(setting.section, {})
        option, variable = options.get(setting.option), environ.get(setting.variable)
        if option is not None:
            where = f"--{setting.option.replace('_', '-')}"
            section[setting.name] = setting.convert(option, where, spelled=True)
        elif variable is not None:
            section[setting.name] = setting.convert(variable, setting.variable, spelled=True)
        elif setting.name in (table := tables.get(setting.section, {})):
            where = f"{setting.key} in {path}"
            section[setting.name] = setting.convert(table[setting.name], where, spelled=False)
    config = msgspec.convert(values, Config)
    _check(config)
    return config


def _read(path: Path) -> dict[str, dict[str, object]]:
    """The tables of a TOML file, none of them unknown."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"Cannot read the settings {path} ({error.strerror}): give the path of a TOML file."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The settings {path} are not TOML: {error}.") from error
    for section, table in tables.items():
        if not isinstance(table, dict):
            known = [setting.key for setting in SETTINGS]
            raise ConfigError(f"{section} in {path} is outside of a table{_meant(section, known)}.")
        _check_names(section, table, path)
    return tables


def _check_names(section: str, table: Mapping[str, object], path: Path) -> None:
    known = [setting.name for setting in SETTINGS if setting.section == section]
    if not known:
        sections = [setting.section for setting in SETTINGS]
        raise ConfigError(f"[{section}] in {path} is no section{_meant(section, sections)}.")
    for name in table:
        if name not in known:
            raise ConfigError(f"{section}.{name} in {path} is no setting{_meant(name, known)}.")


def _meant(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _check(config: Config) -> None:
    """Refuse what cannot work together."""
    http, secret = config.http, config.auth.secret
    if bool(http.certificate) != bool(http.key):
        raise ConfigError("HTTPS needs both: set http.certificate and http.key, or neither.")
    if not _is_text(secret):
        raise ConfigError("auth.secret has bytes that are not UTF-8: use letters and digits.")
    if secret and len(secret.encode()) < MIN_SECRET_BYTES:
        raise ConfigError(
            f"auth.secret is too short: use {MIN_SECRET_BYTES} bytes or more, "
            "for instance from `openssl rand -base64 32`."
        )
    if not secret and not _is_loopback(http.host):
        raise ConfigError(
            f"Without a secret nobody else may reach this server, but http.host is "
            f"{http.host or 'empty'}: set auth.secret (SFU_AUTH_SECRET), or leave http.host at "
            "127.0.0.1."
        )
    for address in (*config.media.announce, *filter(None, [config.media.host])):
        _check_address(address)


def _is_text(value: str) -> bool:
    """False for what the environment had in no known encoding (PEP 383)."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_address(address: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError as error:
        raise ConfigError(
            f"media.host and media.announce take IP addresses, and {address} is none."
        ) from error
