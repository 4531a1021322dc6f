"""SFrame: the official vectors of RFC 9605, and any bytes."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu_clients.sealing.sframe import (
    MAX_HEADER_BYTES,
    SUITES,
    AesCtrHmac,
    NotAuthenticError,
    NotSFrameError,
    SFrameKey,
    derive,
    read_header,
    write_header,
)

VECTORS = json.loads(
    (Path(__file__).parents[3] / "data" / "vectors" / "sframe-rfc9605.json").read_text()
)
NUMBERS = st.integers(0, (1 << 64) - 1)


def test_the_headers_of_the_vectors() -> None:
    """Appendix C.1: each header is written and read as printed."""
    assert len(VECTORS["header"]) > 200
    for vector in VECTORS["header"]:
        encoded = bytes.fromhex(vector["encoded"])
        assert write_header(vector["kid"], vector["ctr"]) == encoded
        assert read_header(encoded) == (vector["kid"], vector["ctr"], len(encoded))


@pytest.mark.parametrize("vector", VECTORS["aes_ctr_hmac"], ids=lambda v: str(v["cipher_suite"]))
def test_the_vectors_of_the_aead(vector: dict[str, Any]) -> None:
    """Appendix C.2."""
    aead = AesCtrHmac(bytes.fromhex(vector["key"]), SUITES[vector["cipher_suite"]])
    nonce, aad = bytes.fromhex(vector["nonce"]), bytes.fromhex(vector["aad"])
    sealed = aead.encrypt(nonce, bytes.fromhex(vector["pt"]), aad)
    assert sealed.hex() == vector["ct"]
    assert aead.decrypt(nonce, sealed, aad).hex() == vector["pt"]


@pytest.mark.parametrize("vector", VECTORS["sframe"], ids=lambda v: str(v["cipher_suite"]))
def test_the_vectors_of_whole_frames(vector: dict[str, Any]) -> None:
    """Appendix C.3: keys, salts and ciphertexts of all suites."""
    suite, base = SUITES[vector["cipher_suite"]], bytes.fromhex(vector["base_key"])
    key, salt = derive(base, vector["kid"], suite)
    assert (key.hex(), salt.hex()) == (vector["sframe_key"], vector["sframe_salt"])
    sframe = SFrameKey(base, vector["kid"], suite)
    metadata = bytes.fromhex(vector["metadata"])
    sealed = sframe.seal(vector["ctr"], metadata, bytes.fromhex(vector["pt"]))
    assert sealed.hex() == vector["ct"]
    _, counter, end = read_header(sealed)
    assert sframe.open(counter, sealed[:end], metadata, sealed[end:]).hex() == vector["pt"]


@given(NUMBERS, NUMBERS)
def test_headers_come_back(kid: int, counter: int) -> None:
    """Whatever the numbers, and whatever follows."""
    header = write_header(kid, counter)
    assert len(header) <= MAX_HEADER_BYTES
    assert read_header(header + b"\xff" * 20) == (kid, counter, len(header))


@given(st.binary(max_size=40))
def test_any_bytes_are_a_header_or_refused(data: bytes) -> None:
    """And whatever is read is in the only form that it has."""
    try:
        kid, counter, end = read_header(data)
    except NotSFrameError:
        return
    assert write_header(kid, counter) == data[:end]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("", id="nothing"),
        pytest.param("80", id="a KID that is cut off"),
        pytest.param("08", id="a counter that is cut off"),
        pytest.param("8007", id="a KID that fits the first byte"),
        pytest.param("0803", id="a counter that fits the first byte"),
        pytest.param("900001", id="a KID with a leading zero"),
    ],
)
def test_other_forms_are_refused(header: str) -> None:
    """One frame has one form, so that nobody can alter it unnoticed."""
    with pytest.raises(NotSFrameError):
        read_header(bytes.fromhex(header))


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: f"{suite.number:#06x}")
def test_every_changed_bit_is_noticed(suite: Any) -> None:  # noqa: ANN401 - of the table
    """In the header, the metadata, the ciphertext and the tag."""
    key = SFrameKey(b"k" * 16, 0x123, suite)
    sealed = key.seal(77, b"meta", b"plain")
    _, counter, end = read_header(sealed)
    for place in range(end, len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[place] ^= 1 << bit
            with pytest.raises(NotAuthenticError):
                key.open(counter, sealed[:end], b"meta", bytes(changed[end:]))
    for arguments in ((counter + 1, sealed[:end], b"meta"), (counter, b"\x00", b"meta"),
                      (counter, sealed[:end], b"Meta")):  # fmt: skip
        with pytest.raises(NotAuthenticError):
            key.open(*arguments, sealed[end:])


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: f"{suite.number:#06x}")
def test_what_is_too_short_is_not_authentic(suite: Any) -> None:  # noqa: ANN401 - as above
    """Down to nothing at all."""
    key = SFrameKey(b"k" * 16, 5, suite)
    for length in range(suite.tag_bytes + 1):
        with pytest.raises(NotAuthenticError):
            key.open(0, b"\x50", b"", bytes(length))
