"""What the server says of itself."""

import os

import pytest
from aiohttp import web

from sfu_clients.errors import ClientError
from sfu_clients.load.server import ServerGauge, Standing

METRICS = """\
# TYPE sfu_packets counter
sfu_packets_total{direction="in",kind="video"} 7.0
sfu_packets_total{direction="out",kind="audio"} 100.0
sfu_packets_total{direction="out",kind="video"} 1000.0
"""
CPU = """\
# TYPE process_cpu_seconds counter
process_cpu_seconds_total 2.5
"""


@pytest.mark.parametrize(
    ("text", "status", "expected"),
    [
        pytest.param(METRICS + CPU, 200, Standing(1100.0, 2.5), id="all is told"),
        pytest.param(METRICS, 200, Standing(1100.0, None), id="no CPU time"),
        pytest.param("# TYPE sfu_packets_total counter\n", 200, Standing(0.0, None), id="fresh"),
        pytest.param(METRICS, 401, Standing(None, None), id="not for us"),
        pytest.param("<html>}", 200, Standing(None, None), id="something else"),
    ],
)
async def test_reads_metrics(text: str, status: int, expected: Standing) -> None:
    """As far as they are there: another SFU has others, or none."""

    async def metrics(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer secret"
        return web.Response(text=text, status=status)

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        assert await ServerGauge(url, token="secret", insecure=False, pid=None).read() == expected
    finally:
        await runner.cleanup()


async def test_asks_the_kernel_about_a_process() -> None:
    """CPU time rises while somebody works, also where no server answers."""
    gauge = ServerGauge("http://127.0.0.1:9", token=None, insecure=False, pid=os.getpid())
    before = await gauge.read()
    sum(range(5_000_000))
    after = await gauge.read()
    assert before.forwarded is None
    assert before.cpu_seconds is not None
    assert after.cpu_seconds is not None
    assert before.cpu_seconds < after.cpu_seconds


def test_refuses_a_process_that_is_not_there() -> None:
    """At once, not after the run."""
    with pytest.raises(ClientError, match="no process"):
        ServerGauge("http://127.0.0.1:9", token=None, insecure=False, pid=2**22 + 1)
