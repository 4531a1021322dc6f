"""Tokens, made as operators make them: by the command."""

import os
import subprocess
import sys
from functools import cache
from typing import Final

SECRET: Final = "a secret of the tests, long enough for anybody"


@cache
def token(*options: str, secret: str = SECRET) -> str:
    """What `sfu token` prints."""
    made = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "sfu", "token", *options],
        env={**os.environ, "SFU_AUTH_SECRET": secret},
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.strip()
