"""The benchmark of sealing: CPU is that of the right threads, and figures are whole."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from benchmarks.sealing.python import FRAMES, told
from benchmarks.sealing.threads import cpu_us, renderers
from sfu_clients.sealing.replay import WINDOW


def test_the_cpu_of_a_thread_is_told_by_its_name() -> None:
    """In microseconds; a thread that sleeps costs nothing."""
    over = threading.Event()

    def burn() -> None:
        while not over.is_set():
            sum(range(100))

    thread = threading.Thread(target=burn)
    thread.start()
    name = Path(f"/proc/self/task/{thread.native_id}/comm").read_text().strip()
    before = cpu_us([os.getpid()])
    began = time.process_time()
    time.sleep(0.2)
    spent = cpu_us([os.getpid()]) - before
    burnt = 1e6 * (time.process_time() - began)
    over.set()
    thread.join()
    assert 0.5 * burnt < spent[name] < 1.5 * burnt


def test_renderers_are_found_below_their_browser() -> None:
    """Children and grandchildren that say so; nobody else's."""
    sleeper = "import sys, time; time.sleep(30)"
    child = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-c", sleeper, "--type=renderer"]
    )
    try:
        assert child.pid in renderers(os.getpid())
        assert child.pid not in renderers(child.pid)
    finally:
        child.kill()
        child.wait()


def test_the_spread_is_told() -> None:
    """Beside the middle."""
    assert told([3.0, 1.0, 2.0]) == {"median": 2.0, "least": 1.0, "most": 3.0}


def test_no_frame_is_opened_twice() -> None:
    """Nor too late: what is measured is opening, not refusing."""
    assert FRAMES < WINDOW
