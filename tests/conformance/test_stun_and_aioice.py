"""STUN and ICE mean the same to aioice as to us."""

import secrets
import time

import aioice
import aioice.ice
import pytest
from aioice import stun as theirs

from sfu.transport.candidates import candidates
from sfu.transport.dtls import generate_certificate
from sfu.transport.events import AddressChanged
from sfu.transport.node import Node
from sfu.transport.udp import UdpShell
from sfu.wire import stun as ours

TRANSACTION = bytes(range(12))
PASSWORD = "a password"
ADDRESSES = [("192.0.2.1", 4711), ("2001:db8::1", 4711)]


def test_they_read_our_requests() -> None:
    """Every attribute of a check arrives."""
    data = ours.build_stun(
        ours.StunClass.REQUEST,
        TRANSACTION,
        (
            (ours.Attribute.USERNAME, b"one:two"),
            (ours.Attribute.PRIORITY, (12345).to_bytes(4, "big")),
            (ours.Attribute.USE_CANDIDATE, b""),
            (ours.Attribute.ICE_CONTROLLING, (67890).to_bytes(8, "big")),
        ),
        password=PASSWORD,
    )
    message = theirs.parse_message(data)
    assert message.check_message_integrity(PASSWORD.encode())
    assert message.message_class == theirs.Class.REQUEST
    assert message.transaction_id == TRANSACTION
    assert message.attributes["USERNAME"] == "one:two"
    assert message.attributes["PRIORITY"] == 12345
    assert message.attributes["ICE-CONTROLLING"] == 67890
    assert "USE-CANDIDATE" in message.attributes


def their_request() -> bytes:
    """A check as aioice sends it."""
    message = theirs.Message(
        message_method=theirs.Method.BINDING,
        message_class=theirs.Class.REQUEST,
        transaction_id=TRANSACTION,
    )
    message.attributes["USERNAME"] = "one:two"
    message.attributes["PRIORITY"] = 12345
    message.attributes["ICE-CONTROLLED"] = 67890
    message.add_message_integrity(PASSWORD.encode())
    message.add_fingerprint()
    return bytes(message)


def test_we_read_their_requests() -> None:
    """The same the other way round."""
    message = ours.parse_stun(their_request())
    assert (message.kind, message.transaction) == (ours.StunClass.REQUEST, TRANSACTION)
    assert message.username() == ("one", "two")
    assert message.priority() == 12345
    assert message.attributes[ours.Attribute.ICE_CONTROLLED] == (67890).to_bytes(8, "big")
    assert message.has_integrity(PASSWORD)


@pytest.mark.parametrize("address", ADDRESSES)
def test_they_read_our_answers(address: tuple[str, int]) -> None:
    """The mapped address arrives."""
    request = ours.parse_stun(their_request())
    answer = theirs.parse_message(ours.success_response(request, *address, password=PASSWORD))
    assert answer.message_class == theirs.Class.RESPONSE
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == address
    assert answer.check_message_integrity(PASSWORD.encode())


@pytest.mark.parametrize("error", list(ours.StunError))
def test_they_read_our_refusals(error: ours.StunError) -> None:
    """The code and a phrase arrive."""
    request = ours.parse_stun(their_request())
    answer = theirs.parse_message(ours.error_response(request, error, password=PASSWORD))
    assert answer.message_class == theirs.Class.ERROR
    assert answer.attributes["ERROR-CODE"][0] == error
    assert answer.check_message_integrity(PASSWORD.encode())


async def test_their_agent_connects_to_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full, controlling agent finds us by our candidates, nominates, and stays."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda **_: ["127.0.0.1"])
    node = Node(generate_certificate(), random_bytes=secrets.token_bytes)
    shell = UdpShell(node, host="", port=0)
    await shell.open()
    peer = node.add_peer()
    agent = aioice.Connection(ice_controlling=True)
    agent.remote_is_lite = True
    agent.remote_username, agent.remote_password = peer.ufrag, peer.password
    await agent.gather_candidates()
    for value in candidates(["127.0.0.1"], shell.port, tcp=True):
        await agent.add_remote_candidate(aioice.Candidate.from_sdp(value))
    await agent.add_remote_candidate(None)
    peer.set_remote(
        ufrag=agent.local_username,
        password=agent.local_password,
        fingerprints=("sha-256 00",),
        setup="passive",
        now=time.monotonic(),
    )
    await agent.connect()
    port = next(candidate.port for candidate in agent.local_candidates)
    assert peer.address == ("127.0.0.1", port, "127.0.0.1")
    assert AddressChanged() not in peer.take_events()
    assert sum(node.drops) == 0
    await agent.close()
    shell.close()
