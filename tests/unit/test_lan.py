"""LAN mode: a certificate and a secret that last, and that nobody else can read."""

import asyncio
import ipaddress
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sfu.errors import ConfigError
from sfu.lan import RENEWAL, VALIDITY, Lan, local_addresses, prepare, prepare_in, state_folder
from sfu.signalling.http import load_tls

NOW = datetime(2026, 11, 24, tzinfo=UTC)
HERE = ("192.168.1.5", "2001:db8::5")


def certificate_of(lan: Lan) -> x509.Certificate:
    return x509.load_pem_x509_certificate(lan.certificate.read_bytes())


def names_of(lan: Lan) -> set[str]:
    extension = certificate_of(lan).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    names = extension.value
    return {
        *names.get_values_for_type(x509.DNSName),
        *map(str, names.get_values_for_type(x509.IPAddress)),
    }


def test_everything_lasts(tmp_path: Path) -> None:
    """A restart changes nothing: browsers keep their exception, invitations stay good."""
    first = prepare_in(tmp_path / "state", HERE, now=NOW)
    assert prepare_in(tmp_path / "state", HERE, now=NOW + timedelta(days=300)) == first
    assert prepare_in(tmp_path / "state", HERE[:1], now=NOW).fingerprint == first.fingerprint


def test_the_certificate_names_every_address(tmp_path: Path) -> None:
    """Browsers compare the address that was typed with the certificate."""
    lan = prepare_in(tmp_path, HERE, now=NOW)
    assert names_of(lan) == {"localhost", "127.0.0.1", "::1", *HERE}
    assert certificate_of(lan).fingerprint(hashes.SHA256()).hex(":").upper() == lan.fingerprint
    assert lan.addresses == HERE


@pytest.mark.parametrize(
    ("addresses", "later"),
    [
        pytest.param((*HERE, "10.0.0.7"), timedelta(), id="another address"),
        pytest.param(HERE, VALIDITY - RENEWAL, id="nearly expired"),
        pytest.param(HERE, 2 * VALIDITY, id="expired"),
    ],
)
def test_the_certificate_is_renewed(
    tmp_path: Path, addresses: tuple[str, ...], later: timedelta
) -> None:
    """It is replaced when it does not serve any more; the secret stays."""
    first = prepare_in(tmp_path, HERE, now=NOW)
    second = prepare_in(tmp_path, addresses, now=NOW + later)
    assert second.fingerprint != first.fingerprint
    assert second.secret == first.secret
    assert names_of(second) >= set(addresses)
    assert certificate_of(second).not_valid_after_utc == NOW + later + VALIDITY


def test_secrets_are_their_owners(tmp_path: Path) -> None:
    """Nobody else on the machine may read the key or sign tokens."""
    folder = tmp_path / "a" / "milkglass"
    prepare_in(folder, HERE, now=NOW)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {file.name for file in folder.iterdir()} == {"lan.pem", "secret"}
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_secrets_differ(tmp_path: Path) -> None:
    """Two machines never share a secret, which has 32 bytes of randomness."""
    one, other = (prepare_in(tmp_path / name, HERE, now=NOW) for name in ("one", "other"))
    assert one.secret != other.secret
    assert len(one.secret) >= 43
    assert one.fingerprint != other.fingerprint


@pytest.mark.parametrize("rubbish", [b"", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_broken_files_are_made_again(tmp_path: Path, rubbish: bytes) -> None:
    """A crash or an editor costs a new certificate and a new secret, no more."""
    (tmp_path / "lan.pem").write_bytes(rubbish)
    (tmp_path / "secret").write_bytes(rubbish[:20])
    (tmp_path / "secret.new").write_bytes(b"left over")
    lan = prepare_in(tmp_path, HERE, now=NOW)
    load_tls(lan.certificate, lan.key)
    assert len(lan.secret) >= 43


async def test_the_certificate_works(tmp_path: Path) -> None:
    """A client that trusts exactly this certificate connects to an address in it."""
    lan = prepare_in(tmp_path, HERE, now=datetime.now(UTC))
    done = asyncio.Event()

    def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()
        done.set()

    server = await asyncio.start_server(
        greet, "127.0.0.1", 0, ssl=load_tls(lan.certificate, lan.key)
    )
    async with server:
        port = server.sockets[0].getsockname()[1]
        trusting = ssl.create_default_context(cadata=certificate_of_text(lan))
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
        assert await reader.read() == b"hello"
        writer.close()
        await done.wait()


def certificate_of_text(lan: Lan) -> str:
    text = lan.certificate.read_text()
    return text[text.index("-----BEGIN CERTIFICATE-----") :]


def test_a_foreign_certificate_is_replaced(tmp_path: Path) -> None:
    """One that names no address serves nobody here."""
    lan = prepare_in(tmp_path, HERE, now=NOW)
    key = serialization.load_pem_private_key(lan.key.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + VALIDITY)
    foreign = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    lan.certificate.write_bytes(
        lan.certificate.read_bytes().partition(b"-----BEGIN C")[0] + foreign
    )
    assert names_of(prepare_in(tmp_path, HERE, now=NOW)) >= set(HERE)


def test_no_network_is_explained(tmp_path: Path) -> None:
    """Nobody could be invited."""
    with pytest.raises(ConfigError, match="connect it to a network"):
        prepare_in(tmp_path, (), now=NOW)


def test_no_place_to_write_is_explained(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="set XDG_STATE_HOME"):
        prepare_in(tmp_path / "file" / "milkglass", HERE, now=NOW)


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"HOME": "/home/ana"}, "/home/ana/.local/state/milkglass"),
        ({"HOME": "/home/ana", "XDG_STATE_HOME": "/s"}, "/s/milkglass"),
        ({"HOME": "/home/ana", "XDG_STATE_HOME": "s"}, "/home/ana/.local/state/milkglass"),
    ],
)
def test_the_folder_is_where_users_expect_it(environ: dict[str, str], folder: str) -> None:
    """As the XDG Base Directory Specification says; relative paths do not count."""
    assert state_folder(environ) == Path(folder)


def test_no_home_is_explained() -> None:
    """Services without a home get a setting to make."""
    with pytest.raises(ConfigError, match="set HOME or XDG_STATE_HOME"):
        state_folder({})


def test_addresses_are_those_of_this_machine() -> None:
    """Each can be bound; loopback comes last or not at all, link-local never."""
    addresses = [ipaddress.ip_address(text) for text in local_addresses(loopback=True)]
    assert len(set(addresses)) == len(addresses)
    assert not any(address.is_link_local for address in addresses)
    assert [a.is_loopback for a in addresses] == sorted(a.is_loopback for a in addresses)
    assert ipaddress.ip_address("127.0.0.1") in addresses
    others = [str(address) for address in addresses if not address.is_loopback]
    assert list(local_addresses(loopback=False)) == others


def test_prepares_in_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `sfu serve --lan` calls needs no arguments."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("sfu.lan.local_addresses", lambda *, loopback: () if loopback else HERE)
    assert prepare().certificate == tmp_path / "milkglass" / "lan.pem"
