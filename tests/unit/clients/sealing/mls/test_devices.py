"""Devices: kept for their owner only, and a person's because the person says so."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.errors import ClientError
from sfu_clients.sealing.mls.devices import Device, DeviceFile, load_device


def test_it_signs_with_its_key() -> None:
    """As anybody can check who has the public one."""
    device = Device.new()
    Ed25519PublicKey.from_public_bytes(device.key).verify(device.sign(b"data"), b"data")
    assert (device.person, device.endorsement) == (device.key, bytes(64))


def test_a_person_has_several() -> None:
    """The first one endorses further ones; nobody else can, and no further one does."""
    first, second, stranger = Device.new(), Device.new(), Device.new()
    phone = second.endorsed(first.key, first.endorse(second.key))
    assert (phone.key, phone.person) == (second.key, first.key)
    for person, endorsement in (
        (first.key, stranger.endorse(second.key)),
        (first.key, first.endorse(stranger.key)),
        (first.key, bytes(64)),
        (second.key, first.endorse(second.key)),
        (b"no key", bytes(64)),
    ):
        with pytest.raises(ClientError, match="not endorsed"):
            second.endorsed(person, endorsement)
    with pytest.raises(ClientError, match="first device"):
        phone.endorse(stranger.key)


def test_it_is_kept_for_its_owner(tmp_path: Path) -> None:
    """The same the next time; nobody else may read the file at any moment."""
    file = DeviceFile(tmp_path / "device")
    device = file.open()
    assert (tmp_path / "device").stat().st_mode & 0o777 == 0o600
    assert file.open().key == device.key
    first = Device.new()
    file.save(device.endorsed(first.key, first.endorse(device.key)))
    assert (file.open().key, file.open().person) == (device.key, first.key)
    assert [path.name for path in tmp_path.iterdir()] == ["device"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    """With a sentence that says what to do."""
    file = DeviceFile(tmp_path / "device")
    file.open()
    (tmp_path / "device").chmod(mode)
    with pytest.raises(ClientError, match="chmod 600"):
        file.open()


def test_a_place_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """In one sentence."""
    with pytest.raises(ClientError, match="Cannot write"):
        DeviceFile(tmp_path / "no" / "device").open()
    with pytest.raises(ClientError, match="Cannot read"):
        DeviceFile(tmp_path).open()
    (tmp_path / "device").touch(0o600)
    with pytest.raises(ClientError, match="no device key"):
        DeviceFile(tmp_path / "device").open()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_device_or_refused(data: bytes) -> None:
    """By one error."""
    with pytest.raises(ClientError):
        load_device(data)


@given(st.data())
def test_a_changed_device_is_refused(data: st.DataObject) -> None:
    """Or it is a whole one still."""
    kept = bytearray(Device.new().dump())
    kept[data.draw(st.integers(0, len(kept) - 1))] = data.draw(st.integers(0, 255))
    try:
        device = load_device(bytes(kept))
    except ClientError:
        return
    assert load_device(device.dump()).key == device.key
