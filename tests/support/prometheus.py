"""Debian's Prometheus, scraping one server as config/prometheus.yml says."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from tests.support.patience import wait_until
from tests.support.processes import ChildProcess
from tests.support.promql import CONFIG
from tests.support.server import Server, fetch, free_port

START_SECONDS: Final = 30.0

ADAPTED: Final = {"15s": "1s", '"milkglass:8080"': '"localhost:{port}"'}
"""What is different in a test: nobody waits long, and the server has a port of its own."""


def configure(folder: Path, *, port: int, token: str) -> Path:
    """Put copies of the configuration, the alert rules and a token there; return the first."""
    text = (CONFIG / "prometheus.yml").read_text(encoding="utf-8")
    for ours, instead in ADAPTED.items():
        assert ours in text
        text = text.replace(ours, instead.format(port=port))
    shutil.copy(CONFIG / "alerts.yml", folder)
    (folder / "token").mkdir()
    (folder / "token" / "scrape").write_text(token, encoding="utf-8")
    configuration = folder / "prometheus.yml"
    configuration.write_text(text, encoding="utf-8")
    return configuration


def promtool(*arguments: str) -> str:
    """What promtool says, if it has no complaint; raises AssertionError with it if it has."""
    done = subprocess.run(  # noqa: S603 - the tests' own arguments
        [shutil.which("promtool") or "promtool", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Prometheus:
    """A Prometheus of one's own, with its data in a folder of the test."""

    def __init__(self, folder: Path, server: Server) -> None:
        token = server.bearer or "not asked for"
        configuration = configure(folder, port=server.http_port, token=token)
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

    def ask(self, path: str) -> Any:  # noqa: ANN401 - of any shape
        """The data that the API answers with."""
        status, text = fetch(f"{self.url}/api/v1/{path}")
        assert status == 200, text
        return json.loads(text)["data"]

    def series(self, expression: str) -> list[float]:
        """The values of an expression, one for each series."""
        result = self.ask(f"query?query={quote(expression)}")["result"]
        return [float(series["value"][1]) for series in result]

    def query(self, expression: str) -> float | None:
        """The value of an expression that yields one series; None while there is none."""
        return next(iter(self.series(expression)), None)

    def stop(self) -> None:
        """End it, and wait until it has."""
        self.process.stop()
