"""What a server on the local network needs: addresses, a certificate nobody signed, a secret."""

import ipaddress
import os
import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import ifaddr
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from sfu.errors import ConfigError

VALIDITY: Final = timedelta(days=365)
RENEWAL: Final = timedelta(days=30)
"""A certificate that has less left than this is replaced."""

SECRET_BYTES: Final = 32

_SOMEWHERE: Final = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses for documentation (RFC 5737, RFC 3849): nothing is sent to them."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Lan:
    """What `sfu serve --lan` serves with; the same after a restart."""

    certificate: Path
    key: Path
    fingerprint: str
    """SHA-256 of the certificate, as browsers show it: pairs of digits with colons."""
    addresses: tuple[str, ...]
    """Where others reach this machine, the likeliest first."""
    secret: str


def local_addresses(*, loopback: bool) -> tuple[str, ...]:
    """Return this machine's addresses but link-local ones, likeliest first, `loopback` last."""
    found = dict.fromkeys(_towards_others())
    found.update(dict.fromkeys(_configured()))
    ordered = sorted(found, key=lambda address: address.is_loopback)
    return tuple(
        str(address)
        for address in ordered
        if not (address.is_link_local or address.is_unspecified)
        and (loopback or not address.is_loopback)
    )


def _towards_others() -> Iterator[Address]:
    """The addresses from which the routing table would send."""
    for family, somewhere in _SOMEWHERE.items():
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((somewhere, 9))
                yield ipaddress.ip_address(probe.getsockname()[0].partition("%")[0])
        except OSError:  # no route, or no such family
            continue


def _configured() -> Iterator[Address]:
    """The addresses of all interfaces, IPv4 first."""
    ips = [ip for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    for ip in sorted(ips, key=lambda ip: ip.is_IPv6):
        yield ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0].partition("%")[0])


def prepare() -> Lan:
    """Return what is kept for this user, made or renewed if need be; raises ConfigError."""
    addresses = local_addresses(loopback=False)
    return prepare_in(state_folder(os.environ), addresses, now=datetime.now(UTC))


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return where the XDG Base Directory Specification wants the state of a program."""
    state, home = environ.get("XDG_STATE_HOME", ""), environ.get("HOME", "")
    if Path(state).is_absolute():
        return Path(state) / "milkglass"
    if Path(home).is_absolute():
        return Path(home) / ".local" / "state" / "milkglass"
    raise ConfigError("There is no folder for a certificate: set HOME or XDG_STATE_HOME.")


def prepare_in(folder: Path, addresses: Sequence[str], *, now: datetime) -> Lan:
    """Return what `folder` keeps for these addresses, made or renewed; raises ConfigError."""
    if not addresses:
        raise ConfigError(
            "This machine has no address that others could reach: connect it to a network, "
            "or leave --lan out."
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        certificate = _certificate(folder / "lan.pem", addresses, now=now)
        secret = _secret(folder / "secret")
    except OSError as error:
        raise ConfigError(
            f"Cannot keep a certificate in {folder} ({error.strerror}): "
            "set XDG_STATE_HOME to a folder that you may write to."
        ) from error
    return Lan(
        certificate=folder / "lan.pem",
        key=folder / "lan.pem",
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        addresses=tuple(addresses),
        secret=secret,
    )


def _secret(path: Path) -> str:
    try:
        kept = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        kept = ""
    if len(kept) < SECRET_BYTES:
        kept = secrets.token_urlsafe(SECRET_BYTES)
        _write(path, f"{kept}\n".encode())
    return kept


def _write(path: Path, data: bytes) -> None:
    """Replace a file at once by one that only its owner may read."""
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    beside.replace(path)


def _certificate(path: Path, addresses: Sequence[str], *, now: datetime) -> x509.Certificate:
    """The certificate in a file with its key, a new one if that does not serve any more."""
    names = {ipaddress.ip_address(text) for text in ("127.0.0.1", "::1", *addresses)}
    try:
        pem = path.read_bytes()
        serialization.load_pem_private_key(pem, password=None)
        kept = x509.load_pem_x509_certificate(pem)
    except (FileNotFoundError, ValueError, TypeError):  # missing, malformed, encrypted
        pass
    else:
        if names <= _names(kept) and now + RENEWAL < kept.not_valid_after_utc:
            return kept
    key = ec.generate_private_key(ec.SECP256R1())
    made = _self_signed(key, names, now=now)
    _write(path, _pem(key) + made.public_bytes(serialization.Encoding.PEM))
    return made


def _names(certificate: x509.Certificate) -> set[Address]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return set()
    found = extension.value.get_values_for_type(x509.IPAddress)
    return {name for name in found if isinstance(name, Address)}


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _self_signed(
    key: ec.EllipticCurvePrivateKey, names: set[Address], *, now: datetime
) -> x509.Certificate:
    """A certificate as CA/Browser Forum rules shape it, but for who signed it."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Milkglass")])
    alternatives = [x509.DNSName("localhost"), *map(x509.IPAddress, sorted(names, key=str))]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
