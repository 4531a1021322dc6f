"""The real server as a process of its own."""

import random
import re
import socket
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from prometheus_client.parser import text_string_to_metric_families

from tests.support.patience import wait_until
from tests.support.processes import ChildProcess

START_SECONDS: Final = 30.0
PORTS: Final = (20_000, 30_000)
"""Below those that Linux gives to outgoing connections."""
URL: Final = re.compile(r"https?://[^\s\"'<>]+")

Labels = Mapping[str, str]


def free_port(*, besides: int = 0) -> int:
    """A port that nobody uses, for UDP and TCP, and that no outgoing connection will take."""
    while True:
        port = random.randrange(*PORTS)  # noqa: S311 - nobody guesses against us
        if port == besides:
            continue
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("", port))
                udp.bind(("", port))
            except OSError:
                continue
            return port


def fetch(url: str, headers: Labels | None = None) -> tuple[int, str]:
    """Status and text of an address, whoever signed its certificate; 0 while nobody answers."""
    request = urllib.request.Request(url, headers=dict(headers or {}))  # noqa: S310 - ours
    trust = ssl._create_unverified_context()  # noqa: S323, SLF001 - signed by itself
    try:
        with urllib.request.urlopen(request, timeout=5, context=trust) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


class Server:
    """`python -m sfu serve` on ports of its own."""

    def __init__(
        self, folder: Path, *options: str, environment: Mapping[str, str] | None = None
    ) -> None:
        given = environment or {}
        self.http_port = int(given.get("SFU_HTTP_PORT") or free_port())
        self.media_port = int(given.get("SFU_MEDIA_PORT") or free_port(besides=self.http_port))
        self.process = ChildProcess(
            [sys.executable, "-m", "sfu", "serve", *options],
            folder / f"server-{self.http_port}.log",
            {
                "SFU_HTTP_PORT": str(self.http_port),
                "SFU_MEDIA_PORT": str(self.media_port),
                "SFU_ROOMS_DRAIN_SECONDS": "1",
                "SFU_VISIBILITY_WITNESS": "off",  # it costs CPU that real browsers want
                "XDG_STATE_HOME": str(folder),  # where a certificate and a secret are kept
                **given,
            },
        )
        scheme = "https" if "--lan" in options else "http"
        self.bearer = ""
        """The token for /metrics, where it takes one."""
        self.url = f"{scheme}://localhost:{self.http_port}"
        try:
            wait_until(self._is_ready, START_SECONDS, "the server is ready")
        except AssertionError as error:
            self.process.stop()
            error.add_note(self.process.said)
            raise

    def _is_ready(self) -> bool:
        assert self.process.alive, self.process.said
        return fetch(f"{self.url}/readyz")[0] == 200

    @property
    def announced_urls(self) -> list[str]:
        """The addresses that it prints for people."""
        return URL.findall(self.process.said)

    def metric(self, name: str, **labels: str) -> float:
        """The sum of all samples of this name that have these labels."""
        authorization = {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}
        status, text = fetch(f"{self.url}/metrics", authorization)
        assert status == 200, text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def stop(self) -> None:
        """End it as an operator does; it must leave at once, without complaint."""
        code = self.process.stop()
        assert code == 0, self.process.said
        assert "Traceback" not in self.process.said, self.process.said


class Serve(Protocol):
    """Starts a server with options of the command and variables of the environment."""

    def __call__(self, *options: str, **environment: str) -> Server:
        """Return it when it is ready."""
