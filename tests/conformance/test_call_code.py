"""The page and the Python clients show the same call code: both keep to the same vectors."""

import json
from pathlib import Path
from typing import Any

import pytest

from sfu_clients.sealing.mls.code import call_code

FILE = Path(__file__).parents[1] / "data" / "vectors" / "call-code.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", [pytest.param(one, id=one["name"]) for one in VECTORS])
def test_the_code(vector: dict[str, Any]) -> None:
    """Thirty digits that follow from the devices, in any order, and the group."""
    devices = [bytes.fromhex(device) for device in vector["devices"]]
    assert call_code(devices, bytes.fromhex(vector["group"])) == vector["code"]


def test_codes_differ() -> None:
    """With another device, or in another group, the code is another one."""
    codes = {one["name"]: one["code"] for one in VECTORS}
    assert codes["two devices"] == codes["two devices, in another order"] == codes["each once"]
    names = ("one device", "two devices", "another group", "another device", "many")
    assert len({codes[name] for name in names}) == len(names)
