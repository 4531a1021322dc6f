"""Settings: who wins, and what an operator is told when something cannot be."""

import argparse
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.config import SETTINGS, Config, add_options, load
from sfu.errors import ConfigError

SECRET = "s" * 32
EXAMPLE = Path(__file__).parents[2] / "config" / "sfu.toml"


def written(tmp_path: Path, text: str) -> Path:
    """A file of settings."""
    path = tmp_path / "sfu.toml"
    path.write_text(text, encoding="utf-8")
    return path


def parsed(*words: str) -> dict[str, str | None]:
    """Options as the command line gives them."""
    parser = argparse.ArgumentParser()
    add_options(parser)
    return vars(parser.parse_args(words))


def test_nothing_set_is_the_open_development_mode() -> None:
    """The first start needs no file, and lets nobody in from outside."""
    config = load(None, {}, {})
    assert config == Config()
    assert config.open
    assert config.http.host == "127.0.0.1"


def test_the_example_is_the_defaults() -> None:
    """The commented file changes nothing, and leaves nothing out."""
    assert load(EXAMPLE, {}, {}) == Config()
    text = EXAMPLE.read_text(encoding="utf-8")
    for setting in SETTINGS:
        assert f"\n{setting.name} = " in text.partition(f"[{setting.section}]")[2]


def test_the_file_the_environment_and_options_win_in_turn(tmp_path: Path) -> None:
    """Each is above the one before, key by key."""
    path = written(tmp_path, "[http]\nport = 1\n[media]\nport = 2\n[rooms]\nmax_rooms = 3\n")
    environ = {"SFU_MEDIA_PORT": "20", "SFU_ROOMS_MAX_ROOMS": "30", "SFU_PURE": "1"}
    config = load(path, environ, parsed("--rooms-max-rooms", "300"))
    assert (config.http.port, config.media.port, config.rooms.max_rooms) == (1, 20, 300)
    assert config.log.level == "info"


@pytest.mark.parametrize(
    ("text", "variable", "value"),
    [
        ('http.host = "::1"', "::1", "::1"),
        ("http.port = 8443", "8443", 8443),
        ('media.announce = ["10.0.0.1", "2001:db8::1"]', "10.0.0.1, 2001:db8::1", None),
        ("media.announce = []", "", ()),
        ("media.tcp = false", "false", False),
        ("media.tcp = true", "1", True),
        ("rooms.return_seconds = 2.5", "2.5", 2.5),
        ("rooms.return_seconds = 3", "3", 3.0),
        ('log.level = "debug"', "debug", "debug"),
        ("log.json = true", "true", True),
    ],
)
def test_every_place_means_the_same(
    tmp_path: Path, text: str, variable: str, value: object
) -> None:
    """A value is typed in TOML, and spelled out elsewhere."""
    section, _, rest = text.partition(".")
    name = rest.partition(" ")[0]
    value = ("10.0.0.1", "2001:db8::1") if value is None else value
    from_file = load(written(tmp_path, text), {}, {})
    from_variable = load(None, {f"SFU_{section}_{name}".upper(): variable}, {})
    from_option = load(None, {}, parsed(f"--{section}-{name.replace('_', '-')}", variable))
    assert from_file == from_variable == from_option
    assert getattr(getattr(from_file, section), name) == value


def test_every_setting_has_an_option_and_a_word_about_it() -> None:
    """The help of the command line knows all of them."""
    parser = argparse.ArgumentParser()
    add_options(parser)
    words = " ".join(parser.format_help().split())
    for setting in SETTINGS:
        assert f"--{setting.option.replace('_', '-')}" in words
        assert setting.variable in words.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[http]\nprot = 1", r"http\.prot in .* is no setting \(did you mean port\?\)\."),
        ("[http]\nzzz = 1", r"http\.zzz in .* is no setting\."),
        ("[htpp]\nport = 1", r"\[htpp\] in .* is no section \(did you mean http\?\)\."),
        ("port = 1", r"port in .* is outside of a table"),
        ('[http]\nport = "8080"', r"http\.port in .* takes a port from 1 to 65535"),
        ("[http]\nport = 65536", r"takes a port from 1 to 65535"),
        ("[http]\nport = true", r"takes a port"),
        ("[media]\ntcp = 1", r"media\.tcp in .* takes true"),
        ('[media]\nannounce = "10.0.0.1"', r"takes IP addresses"),
        ('[media]\nannounce = ["sfu.example"]', r"take IP addresses, and sfu\.example is none"),
        ('[media]\nhost = "localhost"', r"take IP addresses, and localhost is none"),
        ("[rooms]\nreturn_seconds = nan", r"takes seconds"),
        ("[rooms]\nmax_rooms = 0", r"takes the most rooms"),
        ('[log]\nlevel = "loud"', r"takes debug, info, warning or error"),
        ("[http", r"are not TOML"),
        ('[http]\ncertificate = "a.pem"', r"set http\.certificate and http\.key, or neither"),
        ('[http]\nkey = "a.pem"', r"set http\.certificate and http\.key, or neither"),
        ('[auth]\nsecret = "short"', r"auth\.secret is too short: use 32 bytes"),
        ('[http]\nhost = "0.0.0.0"', r"http\.host is 0\.0\.0\.0: set auth\.secret"),
        ('[http]\nhost = ""', r"http\.host is empty: set auth\.secret"),
        ('[http]\nhost = "sfu.example"', r"set auth\.secret"),
    ],
)
def test_what_cannot_be_is_explained(tmp_path: Path, text: str, sentence: str) -> None:
    """One sentence says what is wrong, where, and what to do."""
    with pytest.raises(ConfigError, match=sentence) as refused:
        load(written(tmp_path, text), {}, {})
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("environ", "options", "sentence"),
    [
        ({"SFU_HTTP_PORT": "tcp://10.0.0.1:80"}, (), r"^SFU_HTTP_PORT takes a port"),
        ({"SFU_LOG_JSON": "perhaps"}, (), r"^SFU_LOG_JSON takes true"),
        (
            {"SFU_AUTH_SECRET": "x" * 40 + "\udcff"},
            (),
            r"^auth\.secret has bytes that are not UTF-8",
        ),
        ({"SFU_HTTP_HOST": "::"}, (), r"set auth\.secret"),
        ({}, ("--media-port", "x"), r"^--media-port takes a port"),
        ({}, ("--rooms-return-seconds", "inf"), r"^--rooms-return-seconds takes seconds"),
    ],
)
def test_other_places_are_named(
    environ: dict[str, str], options: tuple[str, ...], sentence: str
) -> None:
    """Whoever sets a variable or an option is told which one."""
    with pytest.raises(ConfigError, match=sentence):
        load(None, environ, parsed(*options))


def test_an_unreadable_file_is_explained(tmp_path: Path) -> None:
    """A wrong path, a folder, and bytes that are no text."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name in ("missing.toml", ".", "binary"):
        with pytest.raises(ConfigError, match=r"settings .*(Cannot|TOML)|Cannot .*settings"):
            load(tmp_path / name, {}, {})


def test_no_message_shows_the_secret(tmp_path: Path) -> None:
    """What is wrong with a secret can be said without it."""
    for text in ('[auth]\nsecret = "hunter2"', "[auth]\nsecret = 31337"):
        with pytest.raises(ConfigError) as refused:
            load(written(tmp_path, text), {}, {})
        assert "hunter2" not in str(refused.value)
        assert "31337" not in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_this_machine_may_be_open(host: str) -> None:
    """Loopback needs no secret."""
    assert load(None, {"SFU_HTTP_HOST": host}, {}).open


def test_a_secret_opens_the_doors() -> None:
    """With tokens any address is fine."""
    config = load(None, {"SFU_HTTP_HOST": "::", "SFU_AUTH_SECRET": SECRET}, {})
    assert not config.open


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
        max_leaves=5,
    )
)
def test_any_value_is_taken_or_explained(value: object) -> None:
    """No setting lets another error than ConfigError escape."""
    for setting in SETTINGS:
        for spelled in (False, True):
            try:
                taken = setting.convert(value, "here", spelled=spelled)
            except ConfigError:
                continue
            assert msgspec.convert(taken, setting.type) == taken
