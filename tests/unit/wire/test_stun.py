"""STUN: checks and their answers, spelled out, with their integrity, and as anybody sends them."""

import contextlib
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import MalformedPacket
from sfu.wire.stun import (
    BINDING,
    MAGIC_COOKIE,
    MAX_ATTRIBUTES,
    Attribute,
    StunClass,
    StunError,
    StunMessage,
    build_stun,
    error_response,
    parse_stun,
    success_response,
)

# RFC 5769 section 2.1: a request with every attribute of a check, signed with PASSWORD.
RFC5769_REQUEST = bytes.fromhex(
    "00 01 00 58 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae"
    "80 22 00 10 53 54 55 4e 20 74 65 73 74 20 63 6c 69 65 6e 74"
    "00 24 00 04 6e 00 01 ff 80 29 00 08 93 2f f9 b1 51 26 3b 36"
    "00 06 00 09 65 76 74 6a 3a 68 36 76 59 20 20 20"
    "00 08 00 14 9a ea a7 0c bf d8 cb 56 78 1e f2 b5 b2 d3 f2 49 c1 b5 71 a2"
    "80 28 00 04 e5 7a 3b cf"
)
# RFC 5769 sections 2.2 and 2.3: the answers over IPv4 and IPv6.
RFC5769_RESPONSE_IPV4 = bytes.fromhex(
    "01 01 00 3c 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae"
    "80 22 00 0b 74 65 73 74 20 76 65 63 74 6f 72 20"
    "00 20 00 08 00 01 a1 47 e1 12 a6 43"
    "00 08 00 14 2b 91 f5 99 fd 9e 90 c3 8c 74 89 f9 2a f9 ba 53 f0 6b e7 d7"
    "80 28 00 04 c0 7d 4c 96"
)
RFC5769_RESPONSE_IPV6 = bytes.fromhex(
    "01 01 00 48 21 12 a4 42 b7 e7 a7 01 bc 34 d6 86 fa 87 df ae"
    "80 22 00 0b 74 65 73 74 20 76 65 63 74 6f 72 20"
    "00 20 00 14 00 02 a1 47 01 13 a9 fa a5 d3 f1 79 bc 25 f4 b5 be d2 b9 d9"
    "00 08 00 14 a3 82 95 4e 4b e6 7b f1 17 84 c9 7c 82 92 c2 75 bf e3 ed 41"
    "80 28 00 04 c8 fb 0b 4c"
)
PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt"
TRANSACTION = bytes(range(12))


def request(*attributes: tuple[int, bytes], password: str | None = None) -> StunMessage:
    """A Binding request that has been built and parsed."""
    return parse_stun(build_stun(StunClass.REQUEST, TRANSACTION, attributes, password=password))


def unsigned(body: bytes) -> bytes:
    """A Binding request with this body and nothing more."""
    return pack("!HHI", StunClass.REQUEST | BINDING, len(body), MAGIC_COOKIE) + TRANSACTION + body


def test_reads_the_request_of_rfc_5769() -> None:
    """Fields, names, priority and integrity are those of the published vector."""
    message = parse_stun(RFC5769_REQUEST)
    assert (message.kind, message.method) == (StunClass.REQUEST, BINDING)
    assert message.transaction.hex() == "b7e7a701bc34d686fa87dfae"
    assert message.username() == ("evtj", "h6vY")
    assert message.priority() == 0x6E0001FF
    assert Attribute.ICE_CONTROLLED in message.attributes
    assert Attribute.FINGERPRINT in message.attributes
    assert message.has_integrity(PASSWORD)
    assert not message.has_integrity(PASSWORD + "x")
    assert message.unknown == ()


@pytest.mark.parametrize(
    ("data", "address"),
    [
        pytest.param(RFC5769_RESPONSE_IPV4, ("192.0.2.1", 32853), id="IPv4"),
        pytest.param(
            RFC5769_RESPONSE_IPV6, ("2001:db8:1234:5678:11:2233:4455:6677", 32853), id="IPv6"
        ),
    ],
)
def test_reads_the_responses_of_rfc_5769(data: bytes, address: tuple[str, int]) -> None:
    """The mapped address of the published vectors comes out of its mask."""
    message = parse_stun(data)
    assert message.kind is StunClass.RESPONSE
    assert message.mapped_address() == address
    assert message.has_integrity(PASSWORD)


@pytest.mark.parametrize("host", ["192.0.2.7", "2001:db8::7"])
def test_answers_with_the_address_it_saw(host: str) -> None:
    """A response has the request's transaction, the address, integrity and a fingerprint."""
    answer = parse_stun(success_response(request(), host, 4711, password="secret"))
    assert (answer.kind, answer.transaction) == (StunClass.RESPONSE, TRANSACTION)
    assert answer.mapped_address() == (host, 4711)
    assert answer.has_integrity("secret")
    assert Attribute.FINGERPRINT in answer.attributes


@pytest.mark.parametrize("error", list(StunError))
def test_refuses_with_a_code(error: StunError) -> None:
    """An error response carries its code, and integrity when there is a password."""
    asked = request((0x0002, b""), (0x0003, b"1234"))
    plain = parse_stun(error_response(asked, error))
    signed = parse_stun(error_response(asked, error, password="secret"))
    assert (plain.kind, plain.error_code()) == (StunClass.ERROR, error)
    assert not plain.integrity_offset
    assert signed.has_integrity("secret")


def test_lists_what_it_does_not_know() -> None:
    """Error 420 names the attributes that have to be understood and are not."""
    asked = request((0x0002, b""), (0x0003, b"1234"), (0x8001, b"optional"))
    assert asked.unknown == (0x0002, 0x0003)
    answer = parse_stun(error_response(asked, StunError.UNKNOWN_ATTRIBUTE))
    assert answer.attributes[Attribute.UNKNOWN_ATTRIBUTES] == bytes.fromhex("0002 0003")


def test_takes_no_attribute_from_behind_the_integrity() -> None:
    """What follows MESSAGE-INTEGRITY is not authenticated (RFC 8489 section 14.5)."""
    signed = build_stun(StunClass.REQUEST, TRANSACTION, (), password="secret")[:-8]
    longer = signed + pack("!HH", Attribute.USE_CANDIDATE, 0)
    message = parse_stun(longer[:2] + pack("!H", len(longer) - 20) + longer[4:])
    assert Attribute.USE_CANDIDATE not in message.attributes
    assert message.has_integrity("secret")


def test_the_first_of_two_attributes_counts() -> None:
    """A second username is no second chance (RFC 8489 section 14)."""
    message = request((Attribute.USERNAME, b"a:b"), (Attribute.USERNAME, b"c:d"))
    assert message.username() == ("a", "b")


def test_no_integrity_is_no_integrity() -> None:
    """A message without the attribute never passes."""
    assert not request().has_integrity("secret")


@pytest.mark.parametrize("bit", range(8))
def test_every_byte_is_covered_by_integrity_or_fingerprint(bit: int) -> None:
    """Flipping a bit anywhere gets a message refused, or takes one of the two away."""
    for index in range(len(RFC5769_REQUEST)):
        data = bytearray(RFC5769_REQUEST)
        data[index] ^= 1 << bit
        with contextlib.suppress(MalformedPacket):
            message = parse_stun(bytes(data))
            has_fingerprint = Attribute.FINGERPRINT in message.attributes
            assert not (has_fingerprint and message.has_integrity(PASSWORD))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(RFC5769_REQUEST[:19], id="a header that is cut off"),
        pytest.param(RFC5769_REQUEST[:-4], id="a length beyond the end"),
        pytest.param(RFC5769_REQUEST + bytes(4), id="bytes behind the end"),
        pytest.param(b"\x40" + RFC5769_REQUEST[1:], id="not STUN"),
        pytest.param(RFC5769_REQUEST[:4] + bytes(4) + RFC5769_REQUEST[8:], id="no cookie"),
        pytest.param(RFC5769_REQUEST[:-1] + b"\x00", id="a wrong fingerprint"),
        pytest.param(unsigned(b"\x00\x06\x00\x08user"), id="an attribute beyond the end"),
        pytest.param(unsigned(b"\x00\x08\x00\x04abcd"), id="a short integrity"),
        pytest.param(unsigned(b"\x00\x24\x00\x02ab\x00\x00"), id="a short priority"),
        pytest.param(unsigned(b"\x00\x09\x00\x02ab\x00\x00"), id="an error without a code"),
        pytest.param(unsigned(b"\x00\x20\x00\x08\x00\x03abcdef"), id="no such address family"),
        pytest.param(unsigned(b"\x00\x20\x00\x08\x00\x02abcdef"), id="a short IPv6 address"),
        pytest.param(unsigned(bytes.fromhex("80010000") * (MAX_ATTRIBUTES + 1)), id="too many"),
    ],
)
def test_refuses_what_is_malformed(data: bytes) -> None:
    """Each of these raises the one error."""
    with pytest.raises(MalformedPacket):
        parse_stun(data)


def read_everything(message: StunMessage) -> None:
    """Call whatever looks into a message."""
    message.has_integrity("secret")
    message.username()
    message.priority()
    message.mapped_address()
    message.error_code()


@given(st.binary(max_size=200))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    """A datagram either becomes a message or raises MalformedPacket, nothing else."""
    with contextlib.suppress(MalformedPacket):
        read_everything(parse_stun(data))


@given(
    st.lists(
        st.tuples(
            st.one_of(st.sampled_from([int(each) for each in Attribute]), st.integers(0, 0xFFFF)),
            st.binary(max_size=24),
        ),
        max_size=6,
    ),
    st.integers(0, 0x3FFF),
)
def test_any_attributes_parse_or_are_refused(
    attributes: list[tuple[int, bytes]], kind: int
) -> None:
    """The same for messages that are well formed outside and anything inside."""
    data = build_stun(StunClass.REQUEST, TRANSACTION, attributes)
    with contextlib.suppress(MalformedPacket):
        read_everything(parse_stun(pack("!H", kind) + data[2:]))
    body = b"".join(
        pack("!HH", each, len(value)) + value + bytes(-len(value) % 4) for each, value in attributes
    )
    with contextlib.suppress(MalformedPacket):
        read_everything(parse_stun(unsigned(body)))
