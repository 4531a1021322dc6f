"""A directory over a real node, and guests who write down what they are told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import TypeVar

from sfu.media.codec import Codec
from sfu.media.source import Track
from sfu.rooms.directory import Directory, Limits
from sfu.rooms.events import Event
from sfu.rooms.participant import Offered, Participant
from sfu.rooms.permissions import Permissions
from sfu.rooms.publication import Publication
from sfu.rooms.room import HOP
from sfu.rooms.subscription import Subscription, Terms
from sfu.transport.dtls import generate_certificate
from sfu.transport.node import Node
from sfu.wire.extensions import Extension
from tests.support.media import audio_track, video_track

T = TypeVar("T")

CERTIFICATE = generate_certificate()
EXTENSIONS = {Extension.AUDIO_LEVEL: 1, Extension.TRANSPORT_CC: 3, Extension.MID: 4}
ORIGINS = {"audio": "microphone", "video": "camera"}


@dataclass(eq=False)
class Guest:
    """A participant whose signalling is a list."""

    hall: "Hall"
    participant: Participant
    heard: list[Event] = field(default_factory=list)

    def told(self, kind: type[T]) -> list[T]:
        """Return the events of one kind that were heard since the last call, and forget all."""
        events: list[T] = [event for event in self.heard if isinstance(event, kind)]
        self.heard.clear()
        return events

    def connect(self, *, ready: bool = True) -> None:
        """Begin with a transport, as a first offer does; a handshake makes it `ready`."""
        peer = self.hall.node.add_peer()
        peer.connected = ready
        self.participant.connect(peer)

    def publish(self, *tracks: Track, anew: bool = False) -> list[Publication]:
        """Publish exactly these tracks."""
        offered = [Offered(ORIGINS[track.kind], track) for track in tracks]
        self.participant.publish(offered, EXTENSIONS, anew=anew)
        return list(self.participant.publications)

    def watch(self, *publications: Publication) -> list[Subscription]:
        """Watch exactly these publications, each on its own m-line."""
        self.participant.subscribe(
            [self.terms(publication) for publication in publications], now=self.hall.now
        )
        return list(self.participant.subscriptions.values())

    def terms(self, publication: Publication) -> Terms:
        """What a negotiation would choose, the same each time."""
        place = list(self.participant.room.publications).index(publication.id)
        return Terms(
            publication=publication,
            mid=f"m{place}",
            ssrc=0x7000 + 2 * place,
            rtx_ssrc=0x7001 + 2 * place,
            payload_types={
                Codec.VP8: (100, 101),
                Codec.VP9: (102, 103),
                Codec.OPUS: (110, None),
            },
            extensions=EXTENSIONS,
        )

    def send(self, packets: Sequence[bytes]) -> None:
        """Let packets of this guest's arrive."""
        for packet in packets:
            self.participant.router.receive_rtp(packet, now=self.hall.now)


class Hall:
    """Rooms without sockets, on a clock that stands still until it is told."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.now = 100.0
        self.node = Node(CERTIFICATE, random_bytes=Random(7).randbytes)  # noqa: S311
        self.directory = Directory(
            self.node,
            limits or Limits(),
            random_bytes=Random(8).randbytes,  # noqa: S311
        )
        self.mail: dict[tuple[object, ...], list[bytes]] = {}  # on its way, by address
        self._names = (f"guest {number}" for number in count(1))

    def enter(
        self,
        room: str = "hall",
        *,
        name: str | None = None,
        permissions: Permissions | None = None,
        mode: str = HOP,
    ) -> Guest:
        """Let somebody in, whose signalling is there but whose transport is not."""
        participant = self.directory.enter(
            room,
            name or next(self._names),
            permissions or Permissions(),
            mode=mode,
            hello=None if mode == HOP else "aGVsbG8",
        )
        guest = Guest(self, participant)
        participant.listen(guest.heard.append)
        return guest

    def publisher(self, *tracks: Track, room: str = "hall") -> tuple[Guest, list[Publication]]:
        """Let somebody in who publishes at once: camera and microphone, if nothing is said."""
        guest = self.enter(room)
        guest.connect()
        return guest, guest.publish(*(tracks or (video_track(), audio_track())))

    def viewer(self, *publications: Publication, room: str = "hall") -> Guest:
        """Let somebody in who watches at once."""
        guest = self.enter(room)
        guest.connect()
        guest.watch(*publications)
        guest.heard.clear()
        return guest

    def pass_time(self, seconds: float, *, step: float = 0.1) -> None:
        """Let time pass as the server's tick does."""
        for _ in range(round(seconds / step)):
            self.now += step
            self.directory.handle_timeout(now=self.now)
            self.directory.follow_up(now=self.now)
