"""The command `sfu`: serve, token, version."""

import argparse
import asyncio
import os
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from sfu import __version__
from sfu.config import add_options, load
from sfu.errors import ConfigError
from sfu.server import serve
from sfu.signalling.tokens import Grant, issue


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 2 after saying in one sentence what was asked wrongly."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except ConfigError as error:
        sys.stderr.write(f"sfu: {error}\n")
        return 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sfu", description="A selective forwarding unit.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("serve", help="serve the page, signalling and media")
    command.add_argument("--config", metavar="FILE", help="settings, as in config/sfu.toml")
    command.add_argument(
        "--lan", action="store_true", help="over HTTPS for devices nearby, with a link to share"
    )
    command.add_argument(
        "--keylog", metavar="FILE", help="write SRTP keys there; on this machine only"
    )
    add_options(command)
    command.set_defaults(run=_serve)

    command = commands.add_parser("token", help="print a token that lets somebody in")
    command.add_argument("--config", metavar="FILE", help="settings, for auth.secret")
    command.add_argument("--room", help="the only room that it opens; without: any")
    command.add_argument("--name", help="what its bearer is called; without: what they say")
    command.add_argument("--moderator", action="store_true", help="may mute and remove others")
    command.add_argument("--no-publish", action="store_true", help="may watch only")
    command.add_argument("--scrape", action="store_true", help="may read /metrics, and only that")
    command.add_argument("--hours", type=float, default=24.0, help="how long it is valid")
    command.set_defaults(run=_token)

    command = commands.add_parser("version", help="say which version and build this is")
    command.set_defaults(run=_version)
    return parser


def _serve(options: argparse.Namespace) -> int:
    config = load(_path(options), os.environ, vars(options))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(config, lan=options.lan, keylog=options.keylog))
    return 0


def _token(options: argparse.Namespace) -> int:
    config = load(_path(options), os.environ, {})
    if not config.auth.secret:
        raise ConfigError(
            "Set auth.secret (or SFU_AUTH_SECRET) first, to the same value as the server's; "
            f"for instance to {secrets.token_urlsafe(32)}."
        )
    grant = Grant(
        room=options.room,
        name=options.name,
        may_publish=not (options.no_publish or options.scrape),
        may_subscribe=not options.scrape,
        moderator=options.moderator,
        scrape=options.scrape,
    )
    token = issue(grant, config.auth.secret, ttl=options.hours * 3600, now=time.time())
    sys.stdout.write(token + "\n")
    return 0


def _version(_options: argparse.Namespace) -> int:
    sys.stdout.write(f"Milkglass {__version__}, pure Python build\n")
    return 0


def _path(options: argparse.Namespace) -> Path | None:
    return Path(options.config) if options.config else None


if __name__ == "__main__":
    sys.exit(main())
