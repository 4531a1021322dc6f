"""Debian's Prometheus, scraping one server."""

import json
import shutil
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tests.support.patience import wait_until
from tests.support.processes import ChildProcess
from tests.support.server import Server, fetch, free_port

START_SECONDS: Final = 30.0

CONFIGURATION: Final = """
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: milkglass
    static_configs:
      - targets: ["localhost:{port}"]
"""


class Prometheus:
    """A Prometheus of one's own, with its data in a folder of the test."""

    def __init__(self, folder: Path, server: Server) -> None:
        configuration = folder / "prometheus.yml"
        configuration.write_text(CONFIGURATION.format(port=server.http_port), encoding="utf-8")
        self.url = f"http://localhost:{free_port()}"
        self.process = ChildProcess(
            [
                shutil.which("prometheus") or "prometheus",
                f"--config.file={configuration}",
                f"--storage.tsdb.path={folder / 'prometheus'}",
                f"--web.listen-address={self.url.removeprefix('http://')}",
            ],
            folder / "prometheus.log",
        )
        try:
            wait_until(self._is_ready, START_SECONDS, "Prometheus is ready")
        except AssertionError as error:
            self.process.stop()
            error.add_note(self.process.said)
            raise

    def _is_ready(self) -> bool:
        assert self.process.alive, self.process.said
        return fetch(f"{self.url}/-/ready")[0] == 200

    def query(self, expression: str) -> float | None:
        """The value of an expression that yields one series; None while there is none."""
        _, text = fetch(f"{self.url}/api/v1/query?query={quote(expression)}")
        result = json.loads(text)["data"]["result"]
        return float(result[0]["value"][1]) if result else None

    def stop(self) -> None:
        """End it, and wait until it has."""
        self.process.stop()
