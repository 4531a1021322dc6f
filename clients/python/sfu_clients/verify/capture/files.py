"""A capture file as a stream of datagrams, read once from its beginning to its end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sfu_clients.errors import ClientError
from sfu_clients.verify.capture.network import Datagram, Network, Skip
from sfu_clients.verify.capture.pcap import order_of, read_pcap
from sfu_clients.verify.capture.pcapng import SECTION, read_pcapng
from sfu_clients.verify.capture.records import MalformedCapture, Record, Unpacker
from sfu_clients.verify.capture.tcp import Framing

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator
    from typing import BinaryIO


def records(file: BinaryIO) -> Iterator[Record]:
    """The packets of a pcap or pcapng file; raises MalformedCapture."""
    unpacker = Unpacker(file)
    magic = file.read(4)
    if magic == SECTION:
        return read_pcapng(unpacker)
    if order_of(magic) is None:
        raise MalformedCapture("This is no capture: it is neither pcap nor pcapng.")
    return read_pcap(magic, unpacker)


class Capture:
    """One file; memory does not grow with it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.packets = 0
        """Read so far, whatever was in them."""
        self._network = Network()

    @property
    def skipped(self) -> Counter[Skip]:
        """What was passed over so far."""
        return self._network.skipped

    def datagrams(self) -> Iterator[Datagram]:
        """What UDP carried, and what ICE over TCP did (RFC 4571).

        Raises MalformedCapture, its sentence with the file's name, or ClientError.
        """
        framing = Framing()
        try:
            with Path(self.path).open("rb") as file:
                for record in records(file):
                    self.packets += 1
                    datagram = self._network.datagram(record)
                    if datagram is None:
                        continue
                    if datagram.flow.protocol == "udp":
                        yield datagram
                    else:
                        yield from framing.take(datagram)
        except OSError as error:
            raise ClientError(f"{self.path} cannot be read ({error.strerror}).") from error
        except MalformedCapture as error:
            words = str(error)
            raise MalformedCapture(f"{self.path}: {words[:1].lower()}{words[1:]}") from error
