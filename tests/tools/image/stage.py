"""A root file system, and processes that see no other."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.tools.image.errors import CheckError

STEP_SECONDS: Final = 600
PATH: Final = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"

PACKAGES: Final = {"node": "nodejs,npm", "python": "python3,python3-venv"}
"""What Debian has in place of an image."""

IMAGE: Final = re.compile(r"(\w+):([\d.]+)-(?:slim-)?([a-z]+)(?:-slim)?")
"""Language, its version and the suite of Debian: python:3.11-slim-bookworm, node:22-trixie-slim."""

CONFINE: Final = """
set -eu
root=$1; alone=$2; folder=$3; user=$4; shift 4
PATH=$PATH:/usr/sbin:/sbin
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
[ "$alone" = no ] || ip link set lo up
if [ "$user" = 0:0 ]; then exec chroot "$root" env -C "$folder" "$@"; fi
mount -o remount,bind,ro "$root"
exec chroot "$root" setpriv --reuid "${user%:*}" --regid "${user#*:}" --clear-groups \
  --no-new-privs --bounding-set=-all env -C "$folder" "$@"
"""
"""Whoever is not root gets no capabilities, and nothing to write on."""


@dataclass
class Stage:
    """What one FROM begins: a root file system, and what was said about it."""

    root: Path
    folder: str = "/"
    user: str = "0:0"
    environment: dict[str, str] = field(default_factory=dict)
    ports: set[str] = field(default_factory=set)
    health: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    stop_signal: str = "SIGTERM"

    def path(self, inside: str) -> Path:
        """Where a path of the stage, absolute or below its folder, is on this machine."""
        return self.root / os.path.normpath(Path(self.folder, inside)).lstrip("/")

    def confined(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        alone: bool = True,
    ) -> list[str]:
        """Return the command in namespaces of its own, this root its only one; `alone`: offline."""
        values = {"PATH": PATH, "HOME": "/", **self.environment, **(environment or {})}
        spaces = ["--mount", "--pid", "--fork", "--kill-child", *(["--net"] if alone else [])]
        where = [str(self.root), "yes" if alone else "no", self.folder, self.user]
        pairs = [f"{name}={value}" for name, value in values.items()]
        return ["unshare", *spaces, "sh", "-c", CONFINE, "sh", *where, "-i", *pairs, *command]


def stand_in(image: str, root: Path) -> Stage:
    """Make a root file system that is as clean as the image, with the same language in it."""
    match = IMAGE.fullmatch(image)
    if match is None or match[1] not in PACKAGES:
        raise CheckError(f"Nothing stands in for {image}: teach this check what does.")
    language, version, suite = match.groups()
    options = ["--quiet", "--variant=minbase", f"--include={PACKAGES[language]}"]
    run(["mmdebstrap", *options, "--dpkgopt=path-exclude=/usr/share/doc/*", suite, str(root)])
    stage = Stage(root)
    if language == "python":  # the image has it in /usr/local, and lets pip install there
        run(stage.confined([f"python{version}", "-m", "venv", "/usr/local"]))
    return stage


def run(command: Sequence[str]) -> None:
    """Carry a step out; raises CheckError if it fails, or takes too long."""
    try:
        subprocess.run(command, check=True, timeout=STEP_SECONDS)  # noqa: S603 - our own steps
    except subprocess.CalledProcessError as error:
        raise CheckError(f"A step ended with {error.returncode}: {command[-1]}") from error
    except subprocess.TimeoutExpired as error:
        raise CheckError(f"A step took over {STEP_SECONDS} s: {command[-1]}") from error
