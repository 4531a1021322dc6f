"""Key logs are read as they were written, and any other bytes are refused with the line."""

import stat
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.keylog import KeyLog, endpoint
from sfu_clients.errors import ClientError
from sfu_clients.sealing.frames import MLS_KIDS, Sender
from sfu_clients.sealing.keylog import write_frame_keys
from sfu_clients.verify.keys.log import (
    MAX_KEYS,
    MAX_LOG_BYTES,
    Keys,
    MalformedKeyLog,
    read_key_files,
    read_keys,
)

SRTP = "srtp 10.0.0.1:1 *:2 * SRTP_AEAD_AES_128_GCM " + "00" * 16 + " " + "01" * 12
FRAMES = "frames e2ee-passphrase 12345678 0 " + "02" * 16 + " " + "03" * 32


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Of several files and several starts, each key once."""
    path = tmp_path / "own.keys"
    passphrase = Sender(b"b" * 32, 0x12345678, b"c" * 16)
    group = Sender(b"d" * 16, 3, b"e" * 16, epoch=300, kids=MLS_KIDS)
    for _ in range(2):
        log = KeyLog(str(path))
        log.write_srtp(endpoint("::1", 1), "*:2", "SRTP_AES128_CM_SHA1_80", bytes(range(30)))
        write_frame_keys(log, "e2ee-passphrase", passphrase)
        write_frame_keys(log, "e2ee-mls", group)
        log.close()
    keys = read_key_files([str(path), str(path)])
    (srtp,) = keys.srtp
    assert (srtp.source, srtp.target, srtp.ssrc) == ("[::1]:1", "*:2", None)
    assert (srtp.profile, srtp.key_and_salt) == ("SRTP_AES128_CM_SHA1_80", bytes(range(30)))
    assert list(keys.frames) == [passphrase, group]


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    """Also if the file was there, open to all."""
    path = tmp_path / "own.keys"
    path.touch(0o644)
    KeyLog(str(path)).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "srtp 10.0.0.1:1 *:2 * SRTP_AEAD_AES_128_GCM",
        SRTP.replace("128_GCM", "512_GCM"),
        SRTP[:-2],
        SRTP.replace("00", "0g", 1),
        SRTP.replace(" * ", " ssrc "),
        FRAMES.replace("passphrase", "rot13"),
        FRAMES[:-64] + "00" * 100,
        FRAMES.replace("12345678", "123456789"),
        FRAMES.replace(" 0 ", " -1 "),
        FRAMES + " more",
        "ä",
    ],
)
def test_what_is_no_line_is_told(tmp_path: Path, line: str) -> None:
    """In a sentence, with its number and the file's name."""
    path = tmp_path / "some.keys"
    path.write_text(f"# a comment\n\n{SRTP}\n{FRAMES}\n{line}\n", encoding="utf-8")
    with pytest.raises(MalformedKeyLog, match=r"some\.keys: line 5 .*\.$"):
        read_key_files([str(path)])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"#" * (MAX_LOG_BYTES + 1), id="bytes"),
        pytest.param(
            b"\n".join(
                FRAMES.replace("12345678", f"{n:08x}").encode() for n in range(MAX_KEYS + 1)
            ),
            id="keys",
        ),
    ],
)
def test_too_much_is_refused(data: bytes) -> None:
    """Each key is tried on each stream."""
    with pytest.raises(MalformedKeyLog):
        read_keys(data, Keys())


@given(st.lists(st.sampled_from([*SRTP.split(), *FRAMES.split(), "\n", "\x00", "ff"])), st.binary())
def test_any_bytes_are_read_or_refused(words: list[str], rest: bytes) -> None:
    """MalformedKeyLog, and nothing else."""
    with suppress(MalformedKeyLog):
        read_keys(" ".join(words).encode() + rest, Keys())


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """In a sentence."""
    with pytest.raises(ClientError, match="cannot be read"):
        read_key_files([str(tmp_path / "none")])
