"""A whole client without a browser or socket: signalling, negotiation and transport in memory."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from sfu.signalling.session import Session
from sfu.wire.extensions import URIS, Extension
from tests.support.endpoint import Endpoint
from tests.support.hall import Hall

OPUS, VP8, VP8_RTX, VP9, VP9_RTX = 111, 96, 97, 98, 99
EXTENSION_IDS = {
    Extension.AUDIO_LEVEL: 1,
    Extension.TRANSPORT_CC: 3,
    Extension.MID: 4,
    Extension.DEPENDENCY_DESCRIPTOR: 13,
}
SOURCES = {"audio": "microphone", "video": "camera"}

_AUDIO = f"""\
a=rtpmap:{OPUS} opus/48000/2
a=fmtp:{OPUS} minptime=10;useinbandfec=1
a=rtcp-fb:{OPUS} transport-cc
"""
_VIDEO = "".join(
    f"""\
a=rtpmap:{payload_type} {name}/90000
a=rtcp-fb:{payload_type} transport-cc
a=rtcp-fb:{payload_type} nack
a=rtcp-fb:{payload_type} nack pli
a=rtpmap:{payload_type + 1} rtx/90000
a=fmtp:{payload_type + 1} apt={payload_type}
"""
    for payload_type, name in ((VP8, "VP8"), (VP9, "VP9"))
)
_FORMATS = {"audio": (f"{OPUS}", _AUDIO), "video": (f"{VP8} {VP8_RTX} {VP9} {VP9_RTX}", _VIDEO)}


class Visitor:
    """Joins a room of a hall; publishes and watches what it is told to."""

    def __init__(self, hall: Hall, session: Session, *, address: tuple[str, int]) -> None:
        self.hall = hall
        self.session = session
        self.address = address
        self.heard: list[dict[str, Any]] = []
        self.ident = ""
        self.secret = ""
        self.endpoint: Endpoint | None = None
        self.ssrcs: dict[str, int] = {}  # of what is received, by publication
        self.sdp_session = 1
        self.ufrag, self.password = "Vufr", "v" * 22
        self._requests = 0

    # Signalling

    def say(self, kind: str, **fields: object) -> list[dict[str, Any]]:
        """Send a message; return what is answered at once."""
        text = msgspec.json.encode({"type": kind, **fields}).decode()
        self.session.receive(text, now=self.hall.now)
        answers = [msgspec.json.decode(text) for text in self.session.take()]
        self.heard += answers
        return answers

    def join(self, room: str = "hall", name: str = "Ana", **fields: object) -> dict[str, Any]:
        """Enter a room; return the welcome."""
        (welcome, *_) = self.say("join", room=room, name=name, **fields)
        self.ident, self.secret = welcome["participant"], welcome["resume"]
        return welcome

    def offer(
        self, publish: Sequence[str] = (), receive: Sequence[tuple[str, str]] = ()
    ) -> dict[str, Any]:
        """Offer m-lines: kinds to publish, then (kind, publication) to watch; return the answer."""
        self._requests += 1
        mids = [str(place) for place in range(len(publish) + len(receive))]
        kinds = [*publish, *(kind for kind, _ in receive)]
        watched = dict(zip(mids[len(publish) :], (ident for _, ident in receive), strict=True))
        answers = self.say(
            "offer",
            id=self._requests,
            sdp=self._sdp(mids, kinds, sending=len(publish)),
            publish=[
                {"mid": mid, "source": SOURCES[kind]}
                for mid, kind in zip(mids, publish, strict=False)
            ],
            receive=[{"mid": mid, "publication": ident} for mid, ident in watched.items()],
        )
        (answer,) = (a for a in answers if a.get("id") == self._requests)
        if answer["type"] == "answer":
            self._take(answer["sdp"], watched)
        return answer

    def _sdp(self, mids: Sequence[str], kinds: Sequence[str], *, sending: int) -> str:
        lines = [
            "v=0",
            f"o=- {self.sdp_session} {self._requests} IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            f"a=group:BUNDLE {' '.join(mids)}",
        ]
        for place, (mid, kind) in enumerate(zip(mids, kinds, strict=True)):
            formats, attributes = _FORMATS[kind]
            lines += [
                f"m={kind} 9 UDP/TLS/RTP/SAVPF {formats}",
                "c=IN IP4 0.0.0.0",
                f"a=ice-ufrag:{self.ufrag}",
                f"a=ice-pwd:{self.password}",
                f"a=fingerprint:{self._fingerprint()}",
                "a=setup:actpass",
                f"a=mid:{mid}",
                *(f"a=extmap:{ident} {URIS[kind_of]}" for kind_of, ident in EXTENSION_IDS.items()),
                "a=sendonly" if place < sending else "a=recvonly",
                "a=rtcp-mux",
                "a=rtcp-rsize",
                *attributes.splitlines(),
            ]
            if place < sending:
                lines.append(f"a=ssrc:{self.ssrc_of(place)} cname:visitor")
        return "\r\n".join(lines) + "\r\n"

    def ssrc_of(self, place: int) -> int:
        """The SSRC of the track on that m-line."""
        return 0x1000 * self.sdp_session + place

    # Transport

    def renew(self) -> None:
        """Go on with another RTCPeerConnection, as a reloaded page does."""
        self.sdp_session += 1
        self.endpoint = None

    def restart_ice(self) -> None:
        """Have the next offer ask for an ICE restart."""
        self.ufrag = f"{self.ufrag[:4]}{self._requests}"

    def _fingerprint(self) -> str:
        if self.endpoint is None:
            self.endpoint = Endpoint(ufrag="", password="", fingerprint=self.hall.node.fingerprint)
            self.endpoint.ufrag = self.ufrag
        return self.endpoint.fingerprint

    def _take(self, sdp: str, watched: dict[str, str]) -> None:
        assert self.endpoint is not None
        self.endpoint.restart(ufrag=_find("ice-ufrag", sdp), password=_find("ice-pwd", sdp))
        self.endpoint.ufrag = self.ufrag
        self.ssrcs.clear()
        for section in sdp.split("\r\nm=")[1:]:
            mid, ssrc = _find("mid", section), re.search(r"a=ssrc:(\d+) ", section)
            if mid in watched and ssrc is not None:
                self.ssrcs[watched[mid]] = int(ssrc[1])

    def exchange(self) -> None:
        """Carry datagrams both ways until nobody has anything to say."""
        endpoint, node, now = self.endpoint, self.hall.node, self.hall.now
        assert endpoint is not None
        endpoint.handle_timeout(now=now)
        for _ in range(20):
            sent = endpoint.to_send()
            for data, _server in sent:
                node.receive(data, self.address, now=now)
            if not (self._deliver() or sent):
                return

    def _deliver(self) -> bool:
        """Take what the server sends; what is for others waits for them."""
        delivered = False
        for peer in self.hall.node.take_ready():
            for data, address in peer.to_send():
                self.hall.mail.setdefault(address, []).append(data)
        assert self.endpoint is not None
        for data in self.hall.mail.pop(self.address, []):
            self.endpoint.receive(data, self.endpoint.server, now=self.hall.now)
            delivered = True
        return delivered

    def send(self, packets: Sequence[bytes]) -> None:
        """Send RTP packets of ours, and take what comes back."""
        assert self.endpoint is not None
        for packet in packets:
            self.endpoint.send_rtp(packet)
        self.exchange()

    @property
    def received(self) -> list[bytes]:
        """The RTP packets in clear that have come so far."""
        assert self.endpoint is not None
        return self.endpoint.rtp


def _find(name: str, sdp: str) -> str:
    found = re.search(rf"a={name}:(\S+)", sdp)
    assert found is not None, f"the answer has no {name}"
    return found[1]
