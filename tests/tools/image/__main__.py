"""Carries out the Dockerfile in clean root file systems, for machines without a container engine.

    make test-image

Each stage starts from a Debian of the suite that its image's tag names, with that Debian's Python
or Node.js in it. Then the server runs there as the image says: as its user, without capabilities,
alone in its network, on a file system that cannot be written to. Its health, page, ports and end
are looked at. Needs root, mmdebstrap and the registries; nothing stays behind.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.tools.image.build import Build
from tests.tools.image.container import Container, refusal
from tests.tools.image.errors import CheckError
from tests.tools.image.stage import Stage

REPOSITORY: Final = Path(__file__).parents[3]
ROOM: Final = "/var/tmp"  # noqa: S108 - /tmp may be too small, or in memory
SECRET: Final = "only for this check, and longer than 32 bytes"
NOT_NEEDED: Final = ("mypy", "pytest", "ruff", "selenium")
"""What is locked for development, and has no place in the image."""


def check_run(stage: Stage) -> None:
    """Raise CheckError unless the server does all that the image promises."""
    code, said = refusal(stage)
    expect(code == 2 and "auth.secret" in said, f"without a secret it said: {said}")
    container = Container(stage, secret=SECRET)
    try:
        container.wait_until_healthy()
        check_inside(container, stage)
    finally:
        code, said = container.end()
    expect(code == 0 and "Traceback" not in said, f"it ended with {code}: {said}")


def check_inside(container: Container, stage: Stage) -> None:
    """Raise CheckError unless it serves what it should, and holds no more than it needs."""
    expect(container.ports() == stage.ports, f"it listens on {container.ports()}")
    expect("<script" in container.get("/", 8080), "the page is not there")
    expect(container.get("/metrics", 8080).startswith("401"), "metrics are open to everybody")
    expect(container.inside(["touch", "sfu/x"]).returncode != 0, "it can write to its own code")
    for package in NOT_NEEDED:
        found = container.inside(["python", "-c", f"import {package}"]).returncode == 0
        expect(not found, f"{package} is in it")


def expect(holds: bool, sentence: str) -> None:  # noqa: FBT001 - it reads as a sentence
    """Raise CheckError with the sentence unless it holds."""
    if not holds:
        raise CheckError(f"The container is not as it should be: {sentence}")


def say(words: str) -> None:
    """Tell whoever waits how far it is."""
    sys.stdout.write(f"{' '.join(words.split())[:99]}\n")
    sys.stdout.flush()


def main() -> int:
    """Return 0, or 1 after a sentence about what is wrong."""
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        sys.stderr.write("Checking the image needs root, and `apt-get install mmdebstrap`.\n")
        return 1
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="milkglass-image-", dir=ROOM) as folder:
        try:
            check_run(Build(REPOSITORY, Path(folder), say).carry_out(text))
        except (CheckError, subprocess.SubprocessError) as error:
            sys.stderr.write(f"{error}\n")
            return 1
    say("The Dockerfile's steps work, and so does what they make.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
