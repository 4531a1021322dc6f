"""Logs: one event per line, with context and without addresses, names or tokens."""

import logging
import sys
import traceback
from typing import Final

import structlog

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def configure(level: str, *, as_json: bool) -> None:
    """Write logs to stderr from `level` on, as JSON or for people."""
    # Exceptions are told without local variables, which may be anybody's secrets.
    renderer: structlog.typing.Processor = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(last if as_json else [renderer]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Wordless())
    logging.basicConfig(level=logging.ERROR, handlers=[handler])


class _Wordless(logging.Formatter):
    """Libraries quote addresses and requests: only who complains, of what kind, and where."""

    def format(self, record: logging.LogRecord) -> str:
        kind, _, where = record.exc_info or (None, None, None)
        what = f": {kind.__name__}\n" if kind is not None else ""
        lines = "".join(traceback.format_tb(where)).rstrip()
        return f"{record.levelname} {record.name}{what}{lines}"
