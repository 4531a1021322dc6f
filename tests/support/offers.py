"""Offers as real browsers wrote them, and what a server might want to do with them."""

from pathlib import Path

from sfu.signalling.agreement import LocalTransport, SendStream
from sfu.signalling.description import SessionDescription
from sfu.signalling.messages import MediaSource
from sfu.signalling.sdp import parse_sdp

FOLDER = Path(__file__).parents[1] / "data" / "offers"

NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.sdp")))

SOURCES: dict[str, MediaSource] = {"audio": "microphone", "video": "camera"}


def recorded(name: str) -> SessionDescription:
    """The offer of a file, like "chromium-publish"."""
    return parse_sdp((FOLDER / f"{name}.sdp").read_bytes().decode())


def local_transport() -> LocalTransport:
    """Our side, with a host candidate for UDP and one for TCP."""
    return LocalTransport(
        ufrag="srvr",
        password="p" * 24,
        fingerprint="sha-256 " + ":".join(["AB"] * 32),
        candidates=(
            "1 1 udp 2130706431 192.0.2.1 10000 typ host",
            "2 1 tcp 1671430143 192.0.2.1 10000 typ host tcptype passive",
        ),
        session_id=4711,
        version=1,
    )


def publish_all(offer: SessionDescription) -> dict[str, MediaSource]:
    """Every m-line that sends is published."""
    return {
        section.mid: SOURCES[section.kind]
        for section in offer.sections
        if section.direction in {"sendonly", "sendrecv"} and section.kind in SOURCES
    }


def send_all(offer: SessionDescription) -> dict[str, SendStream]:
    """Every m-line that receives gets a stream."""
    return {
        section.mid: SendStream(
            ssrc=1000 + index,
            rtx_ssrc=2000 + index,
            stream_id=f"s{index // 2}",
            track_id=f"t{index}",
            cname=f"c{index // 2}",
            codecs=None,
        )
        for index, section in enumerate(offer.sections)
        if section.direction in {"recvonly", "sendrecv"} and section.kind in SOURCES
    }
