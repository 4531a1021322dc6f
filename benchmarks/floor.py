"""The floor of a machine: a loop that only protects packets and sends them."""

import secrets
import socket
import struct
import time
from collections.abc import Sequence
from itertools import cycle, islice
from statistics import median
from types import TracebackType
from typing import Any, Final, Self

import pylibsrtp

BATCH: Final = 32
"""Packets sent between two looks at the clock, and then read again, outside of what is counted."""

MEASURE_SECONDS: Final = 1.0
"""CPU time of one measurement."""

EXTENSION_BYTES: Final = 28
"""Of a header extension as the server writes it: MID, transport-wide number, descriptor."""

_HEADER: Final = struct.Struct("!BBHII")
_GCM_KEY_AND_SALT: Final = 16 + 12


class Floor:
    """Packets as long as those of a recording, one SSRC, AES-128-GCM, `sendto` on loopback.

    Python calls libsrtp and the kernel as the pure build of the server does; nothing is read,
    decided, counted or kept.
    """

    def __init__(self, payload_bytes: Sequence[int]) -> None:
        """`payload_bytes`: of each packet, again and again."""
        self.samples: list[float] = []
        """Microseconds of CPU per packet, one for each measurement."""
        self._sizes = cycle([size + EXTENSION_BYTES for size in payload_bytes])
        self._mean = _HEADER.size + EXTENSION_BYTES + sum(payload_bytes) / len(payload_bytes)
        self._sent = 0
        self._session = pylibsrtp.Session(
            pylibsrtp.Policy(
                key=secrets.token_bytes(_GCM_KEY_AND_SALT),
                ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND,
                srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
            )
        )

    def __enter__(self) -> Self:
        self._there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._there.bind(("127.0.0.1", 0))
        self._there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._here.close()
        self._there.close()

    def measure(self, seconds: float = MEASURE_SECONDS) -> float:
        """Send for so much CPU time; return the microseconds of it per packet."""
        protect, send, to = self._session.protect, self._here.sendto, self._there.getsockname()
        spent, packets = 0.0, 0
        while spent < seconds:
            batch = self._batch()
            began = time.process_time()
            for packet in batch:
                send(protect(packet), to)
            spent += time.process_time() - began
            packets += len(batch)
            for _ in batch:
                self._there.recv(2048)
        self.samples.append(1e6 * spent / packets)
        return self.samples[-1]

    def _batch(self) -> list[bytes]:
        sizes = list(islice(self._sizes, BATCH))
        numbers = range(self._sent, self._sent + BATCH)
        self._sent += BATCH
        return [
            _HEADER.pack(0x80, 98, number & 0xFFFF, number, 0x1111) + bytes(size)
            for number, size in zip(numbers, sizes, strict=True)
        ]

    def report(self) -> dict[str, Any]:
        """For the JSON of the benchmark."""
        return {
            "us_per_packet": round(median(self.samples), 2),
            "least": round(min(self.samples), 2),
            "most": round(max(self.samples), 2),
            "samples": len(self.samples),
            "mean_packet_bytes": round(self._mean),
            "what": "pylibsrtp AES-128-GCM protect and socket.sendto on loopback, one core",
        }
