"""What is generated from messages.py is what would be generated now."""

from pathlib import Path

import pytest

from clients.web.tools.generate_messages import ROOT, outputs


@pytest.mark.parametrize(
    ("path", "generated"),
    [pytest.param(p, t, id=p.relative_to(ROOT).as_posix()) for p, t in outputs().items()],
)
def test_is_up_to_date(path: Path, generated: str) -> None:
    """Page and documentation speak the server's protocol: if not, run generate_messages.py."""
    assert path.read_text(encoding="utf-8") == generated
