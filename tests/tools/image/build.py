"""Carries out the steps of a Dockerfile: `docker build`, as far as ours goes."""

import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.tools.image.dockerfile import Ignored, instructions
from tests.tools.image.errors import CheckError
from tests.tools.image.stage import Stage, run, stand_in

AUTHORITIES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
LENT: Final = "/run/authorities.pem"
OF_THIS_MACHINE: Final = ("http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL")
"""How the registries are reached; nothing else of the environment gets into a step."""


class Build:
    """Stages, made one after the other below a folder of this machine."""

    def __init__(self, context: Path, folder: Path, say: Callable[[str], object]) -> None:
        self._context = context
        self._folder = folder
        self._say = say
        self._ignored = Ignored((context / ".dockerignore").read_text(encoding="utf-8"))
        self._stages: dict[str, Stage] = {}
        self._words: dict[str, Callable[[str], object]] = {
            "FROM": self._from,
            "WORKDIR": self._workdir,
            "COPY": self._copy,
            "RUN": self._run,
            "ENV": lambda rest: self.stage.environment.update(_pairs(rest)),
            "EXPOSE": lambda rest: self.stage.ports.update(rest.split()),
            "USER": lambda rest: setattr(self.stage, "user", rest),
            "STOPSIGNAL": lambda rest: setattr(self.stage, "stop_signal", rest),
            "HEALTHCHECK": lambda rest: self.stage.health.extend(_words(rest.partition("CMD ")[2])),
            "ENTRYPOINT": lambda rest: self.stage.entrypoint.extend(_words(rest)),
            "CMD": lambda rest: self.stage.command.extend(_words(rest)),
            "LABEL": _pairs,
        }

    @property
    def stage(self) -> Stage:
        """The last one, to which the next step applies."""
        return list(self._stages.values())[-1]

    def carry_out(self, text: str) -> Stage:
        """Carry out a whole Dockerfile, and return its last stage; raises CheckError."""
        for word, rest in instructions(text):
            self._say(f"{word} {rest}")
            if word not in self._words:
                raise CheckError(f"{word} is not known to this check: teach it.")
            self._words[word](rest)
        return self.stage

    def _from(self, rest: str) -> None:
        image, _, name = rest.partition(" AS ")
        self._stages[name] = stand_in(image, self._folder / f"root-{len(self._stages)}")

    def _workdir(self, rest: str) -> None:
        self.stage.path(rest).mkdir(parents=True, exist_ok=True)
        self.stage.folder = rest

    def _copy(self, rest: str) -> None:
        *sources, target = rest.split()
        stage = None
        if sources[0].startswith("--from="):
            stage = self._stages[sources.pop(0).removeprefix("--from=")]
        for source in sources:
            self._copy_one(stage, source, target)

    def _copy_one(self, stage: Stage | None, source: str, target: str) -> None:
        origin = self._context / source if stage is None else stage.path(source)
        place = self.stage.path(target)
        if stage is None and source in self._ignored:
            raise CheckError(f".dockerignore keeps {source} out, but it is copied.")
        if origin.is_dir():
            ignore = self._names_ignored if stage is None else None
            shutil.copytree(origin, place, ignore=ignore, dirs_exist_ok=True)
        else:
            shutil.copy(origin, place / origin.name if target.endswith("/") else place)

    def _names_ignored(self, folder: str, names: list[str]) -> set[str]:
        base = Path(folder).relative_to(self._context)
        return {name for name in names if (base / name).as_posix() in self._ignored}

    def _run(self, rest: str) -> None:
        certificates, resolver = self.stage.path(LENT), self.stage.path("/etc/resolv.conf")
        shutil.copy(AUTHORITIES, certificates)
        shutil.copy("/etc/resolv.conf", resolver)
        lent = {name: os.environ[name] for name in OF_THIS_MACHINE if name in os.environ}
        lent |= dict.fromkeys(("PIP_CERT", "NODE_EXTRA_CA_CERTS"), LENT)
        run(self.stage.confined(["/bin/sh", "-c", rest], lent, alone=False))
        certificates.unlink()
        resolver.unlink()


def _pairs(rest: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in shlex.split(rest)]
    return {name: value for name, _, value in pairs}


def _words(rest: str) -> list[str]:
    """A command in the exec form, the only one without a shell that would keep signals."""
    try:
        return [str(word) for word in json.loads(rest)]
    except ValueError as error:
        raise CheckError(f"Not a list of words: {rest}") from error
