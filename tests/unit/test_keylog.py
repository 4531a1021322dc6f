"""The key log of a development server: what is in it, who may read it, and where it is refused."""

import stat
from pathlib import Path

import pytest

from sfu.__main__ import main
from sfu.config import Auth, Config, Http
from sfu.errors import ConfigError
from sfu.keylog import HEADER, KeyLog, endpoint

SECRET = "s" * 32


@pytest.mark.parametrize(
    ("host", "lan", "refused"),
    [
        ("127.0.0.1", False, False),
        ("::1", False, False),
        ("localhost", False, False),
        ("0.0.0.0", False, True),  # noqa: S104 - refused
        ("192.0.2.1", False, True),
        ("", False, True),
        ("127.0.0.1", True, True),
    ],
)
def test_only_on_this_machine(host: str, *, lan: bool, refused: bool) -> None:
    """With a secret or without: nobody from elsewhere may have their keys written down."""
    config = Config(http=Http(host=host), auth=Auth(secret=SECRET))
    if not refused:
        config.check_keylog(lan=lan)
        return
    with pytest.raises(ConfigError, match="this machine only"):
        config.check_keylog(lan=lan)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--http-host", "192.0.2.1", "--auth-secret", SECRET], "this machine only"),
        (["--lan"], "this machine only"),
        ([], "Cannot write keys"),
    ],
)
def test_the_command_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    """In one sentence, and writes nothing."""
    path = tmp_path / "none" / "server.keys"
    assert main(["serve", "--keylog", str(path), *options]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert not path.exists()


def test_lines(tmp_path: Path) -> None:
    """A direction each, at once, after whatever was there; for its owner alone."""
    path = tmp_path / "server.keys"
    for _ in range(2):
        log = KeyLog(str(path))
        log.write_srtp("10.0.0.1:1", endpoint("*", 2), "SRTP_AEAD_AES_128_GCM", bytes(range(28)))
        assert path.read_text(encoding="ascii").endswith("\n")
        log.close()
    key, salt = bytes(range(16)).hex(), bytes(range(16, 28)).hex()
    line = f"srtp 10.0.0.1:1 *:2 * SRTP_AEAD_AES_128_GCM {key} {salt}"
    assert path.read_text(encoding="ascii").splitlines() == [HEADER, line] * 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("host", "written"), [("10.0.0.1", "10.0.0.1:5"), ("2001:db8::1", "[2001:db8::1]:5")]
)
def test_endpoints(host: str, written: str) -> None:
    """As in URLs."""
    assert endpoint(host, 5) == written
