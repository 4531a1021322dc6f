"""What sealing costs in a browser: the page's own worker, fed with frames of every size."""

import http.server
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.sealing.python import told
from benchmarks.sealing.threads import cpu_us, of_workers, renderers
from tests.support.browsers import Driver, Kind, start_chromium, start_firefox

ASSETS: Final = Path(__file__).resolve().parents[2] / "clients" / "web" / "dist" / "assets"
HERE: Final = Path(__file__).resolve().parent

CASES: Final = (("opus", 100), ("VP9", 1_000), ("VP9", 5_000), ("VP9", 20_000))
TREATMENTS: Final = ("pass", "seal", "open")
"""`pass`: the same streams around a transform that does nothing."""

FRAMES: Final = 1000
"""At once: fewer than a replay window holds."""

ROUNDS: Final = 7
PACED: Final = 200
PAUSE_MS: Final = 4


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a page that may have a clock of microseconds, and the page's worker."""

    def translate_path(self, path: str) -> str:
        name = Path(path.partition("?")[0]).name
        return str((ASSETS if path.startswith("/assets/") else HERE) / name)

    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing that anybody would read."""


@contextmanager
def _served() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def measure(kind: Kind) -> list[dict[str, Any]]:
    """Per frame: CPU of the renderer, and how long it takes; treatments take turns."""
    (script,) = ASSETS.glob("worker-*.js")
    with tempfile.TemporaryDirectory() as folder, _served() as url:
        start = start_chromium if kind == "chromium" else start_firefox
        driver = start(Path(folder))
        try:
            driver.set_script_timeout(60)
            driver.get(f"{url}/frames.html")
            _ask(driver, "prepare", url=f"/assets/{script.name}")
            root = driver.service.process.pid
            return [_case(driver, root, codec, size) for codec, size in CASES]
        finally:
            driver.quit()


def _ask(driver: Driver, name: str, **options: object) -> dict[str, Any]:
    answer: dict[str, Any] = driver.execute_script("return ask(...arguments)", name, options)
    if "failed" in answer:
        raise RuntimeError(f"The worker of the benchmark failed: {answer['failed']}")
    return answer


def _case(driver: Driver, root: int, codec: str, size: int) -> dict[str, Any]:
    cpu: dict[str, list[float]] = {what: [] for what in TREATMENTS}
    worker: dict[str, list[float]] = {what: [] for what in TREATMENTS}
    for _ in range(ROUNDS):
        for what in TREATMENTS:
            spent = _round(driver, root, what, codec=codec, size=size)
            cpu[what].append(sum(spent.values()) / FRAMES)
            worker[what].append(of_workers(spent) / FRAMES)
    found: dict[str, Any] = {"codec": codec, "bytes": size}
    for what in TREATMENTS:
        found[what] = {
            "cpu_us": told(cpu[what]),
            "worker_us": told(worker[what]),
            "latency_us": _latency(driver, what, codec, size),
        }
    return found


def _round(driver: Driver, root: int, what: str, *, codec: str, size: int) -> Counter[str]:
    """The CPU by thread of so many frames, one after the other."""
    _ask(driver, "make", what=what, codec=codec, bytes=size, count=FRAMES)
    pids = renderers(root)
    before = cpu_us(pids)
    passed = _ask(driver, "run", what=what)
    spent = cpu_us(pids) - before
    if passed["octets"] < size * FRAMES:
        raise RuntimeError("Not every frame passed.")
    return spent


def _latency(driver: Driver, what: str, codec: str, size: int) -> dict[str, float]:
    """How much later a frame comes for having been treated, when there is a pause before each."""
    _ask(driver, "make", what=what, codec=codec, bytes=size, count=PACED)
    times = sorted(1000 * ms for ms in _ask(driver, "pace", what=what, pause=PAUSE_MS)["times"])
    return {"p50": round(median(times), 1), "p95": round(times[int(0.95 * len(times))], 1)}
