"""Client and server write down the same keys of a leg, and clients those of frames besides."""

from pathlib import Path

import pytest

from sfu.keylog import KeyLog
from sfu_clients.client import Client
from sfu_clients.media.sources import ToneSource
from sfu_clients.verify.keys.log import Keys, read_key_files
from tests.support.running import running, settings
from tests.support.site import until

SECRET = "AAECAwQFBgcICQoLDA0ODw"


async def keys_of(folder: Path, secret: str | None) -> dict[str, Keys]:
    """What each of the three writes in a call of two."""
    logs = {name: KeyLog(str(folder / name)) for name in ("server", "Ana", "Ben")}
    async with (
        running(settings(), keylog=logs["server"]) as (_, url),
        Client(url, "hall", name="Ana", secret=secret, keylog=logs["Ana"]) as ana,
        Client(url, "hall", name="Ben", secret=secret, keylog=logs["Ben"]) as ben,
    ):
        await ana.publish(ToneSource())
        await until(ben.publications)
        (subscriber,) = await ben.subscribe(*(one for _, one in ben.publications()))
        await until(lambda: subscriber.viewing.frames > 5)
    for log in logs.values():
        log.close()
    return {name: read_key_files([str(folder / name)]) for name in logs}


@pytest.mark.parametrize("secret", [None, SECRET])
async def test_both_ends_of_a_leg_write_the_same(tmp_path: Path, secret: str | None) -> None:
    """Two directions each; addresses as the network has them, as far as they are known."""
    keys = await keys_of(tmp_path, secret)
    by_secret = {
        name: {key.key_and_salt: key for key in logged.srtp} for name, logged in keys.items()
    }
    assert by_secret["Ana"].keys() | by_secret["Ben"].keys() == by_secret["server"].keys()
    assert len(by_secret["Ana"]) == len(by_secret["Ben"]) == 2
    for name in ("Ana", "Ben"):
        for material, key in by_secret[name].items():
            served = by_secret["server"][material]
            assert (key.profile, key.ssrc) == (served.profile, None)
            theirs = {key.source: served.source, key.target: served.target}
            assert sum(own == other for own, other in theirs.items()) == 1
            assert {other.split(":")[0] for own, other in theirs.items() if own != other} == {"*"}


async def test_clients_write_frame_keys_and_servers_have_none(tmp_path: Path) -> None:
    """Each client its own and those of whom it met."""
    keys = await keys_of(tmp_path, SECRET)
    assert keys["server"].frames == {}
    assert len(keys["Ana"].frames) == 2
    assert keys["Ana"].frames == keys["Ben"].frames


async def test_a_clear_call_has_no_frame_keys(tmp_path: Path) -> None:
    """There is nothing to write."""
    keys = await keys_of(tmp_path, None)
    assert all(not logged.frames for logged in keys.values())
