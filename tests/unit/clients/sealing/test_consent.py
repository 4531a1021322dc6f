"""Keys for a recording: sealed for its key alone, by the page and by Python alike."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.errors import ClientError
from sfu_clients.sealing import base64url
from sfu_clients.sealing.consent import RecordingKey, load_key, make_key, seal_keys
from sfu_clients.sealing.frames import Sender
from sfu_clients.sealing.sframe import SealError

FILE = Path(__file__).parents[3] / "data" / "vectors" / "recording-keys.json"
VECTORS = json.loads(FILE.read_text(encoding="utf-8"))
KEY = RecordingKey(bytes.fromhex(VECTORS["private_key"]))
SENDER = Sender(
    bytes.fromhex(VECTORS["base_key"]),
    VECTORS["ident"],
    bytes.fromhex(VECTORS["context"]),
    VECTORS["epoch"],
)


@pytest.mark.parametrize("whose", ["python", "page"])
def test_keys_are_opened(whose: str) -> None:
    """Whoever sealed them."""
    sealed = base64url.decode(VECTORS["sealed"][whose])
    assert KEY.public.hex() == VECTORS["public_key"]
    assert KEY.open_keys(sealed, VECTORS["recording"]) == ("e2ee-passphrase", SENDER)


@pytest.mark.parametrize(
    ("key", "recording"),
    [
        pytest.param(RecordingKey(os.urandom(32)), "r1", id="another key"),
        pytest.param(KEY, "r2", id="another recording"),
    ],
)
def test_keys_are_for_one_recording(key: RecordingKey, recording: str) -> None:
    """Nobody else opens them, and they open in no other one."""
    sealed = seal_keys(SENDER, "e2ee-passphrase", base64url.encode(KEY.public), "r1")
    assert KEY.open_keys(base64url.decode(sealed), "r1") == ("e2ee-passphrase", SENDER)
    with pytest.raises(SealError):
        key.open_keys(base64url.decode(sealed), recording)


@pytest.mark.parametrize("public", ["", "A" * 42, base64url.encode(bytes(32))])
def test_no_keys_for_what_is_no_key(public: str) -> None:
    """Also not for the point of order one, which would share a secret with everybody."""
    with pytest.raises(SealError):
        seal_keys(SENDER, "e2ee-passphrase", public, "r1")


@given(st.binary(max_size=200))
def test_any_bytes_open_or_are_refused(data: bytes) -> None:
    """What a stranger sends as keys raises SealError, nothing else."""
    with pytest.raises(SealError):
        KEY.open_keys(data, "r1")


def test_key_files(tmp_path: Path) -> None:
    """Only the owner reads one; it is never written over."""
    path = tmp_path / "key"
    public = make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert base64url.encode(load_key(path).public) == public
    with pytest.raises(ClientError, match="Cannot write"):
        make_key(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"AAAA\n", b"*" * 43])
def test_files_that_are_no_keys(tmp_path: Path, content: bytes) -> None:
    """They are refused with a sentence."""
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(ClientError, match="no key"):
        load_key(path)
    with pytest.raises(ClientError, match="Cannot read"):
        load_key(tmp_path / "absent")
