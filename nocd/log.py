"""What the daemon says about itself: one JSON object a line, or text on a terminal; no secrets."""

from __future__ import annotations

import errno
import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Final, TextIO

import orjson

from nocd.domain.instant import rfc3339

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

LOGGER: Final = logging.getLogger("nocd")
_SECRET: Final = re.compile(r"noc_[A-Za-z0-9_-]{43}|(?i:bearer)[ .][A-Za-z0-9._~+/=-]{8,}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_VALUE_CHARS_MAX: Final = 2_000
_SAID_AGAIN_S: Final = 10.0


def set_up(*, level: str = "info", form: str = "auto", stream: TextIO | None = None) -> None:
    """Send everything that is logged to `stream` (standard error), in place of what was set up before.

    `form` is `json`, `text`, or `auto`: text where the stream is a terminal.
    """
    stream = stream or sys.stderr
    text = form == "text" or (form == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Text() if text else _Json())
    root = logging.getLogger()
    for former in root.handlers[:]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # Libraries speak at WARNING and above only: their INFO is per request, and their DEBUG may quote headers.
    for library in ("aiohttp", "apscheduler", "asyncio", "websockets"):
        logging.getLogger(library).setLevel(max(logging.WARNING, root.level))


def event(name: str, /, *, level: int = logging.INFO, error: BaseException | None = None, **fields: object) -> None:
    """Log that `name` happened, with `fields`; `error` adds its traceback."""
    if LOGGER.isEnabledFor(level):
        LOGGER.log(level, name, extra={"fields": fields}, exc_info=error)


def loop_faults(monotonic_s: Callable[[], float]) -> Callable[[asyncio.AbstractEventLoop, dict[str, Any]], None]:
    """Return what logs the faults an event loop meets; that descriptors ran out, which it says at each try, rarely."""
    said_s = -_SAID_AGAIN_S

    def fault(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        nonlocal said_s
        error = context.get("exception")
        if not (isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)):
            loop.default_exception_handler(context)
        elif monotonic_s() - said_s >= _SAID_AGAIN_S:
            said_s = monotonic_s()
            event("no_descriptors", level=logging.ERROR, detail="callers wait until others hang up; see LimitNOFILE")

    return fault


def without_secrets(text: str) -> str:
    """Return `text` with everything that looks like a bearer token replaced, and no longer than 2 000 characters."""
    shorter = text if len(text) <= _VALUE_CHARS_MAX else f"{text[:_VALUE_CHARS_MAX]}…"
    return _SECRET.sub("[secret]", shorter)


class _Json(logging.Formatter):
    """One JSON object: time, level, event, logger where it is not ours, fields, and trace where there is an error."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": rfc3339(int(record.created * 1_000)),
            "level": record.levelname.lower(),
            "event": without_secrets(record.getMessage()),
        }
        if record.name != LOGGER.name:
            line["logger"] = record.name
        line |= {key: _plain(value) for key, value in _fields(record).items() if key not in line}
        if trace := _trace(self, record):
            line["trace"] = trace
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


class _Text(logging.Formatter):
    """`HH:MM:SS LEVEL event key=value …`, on one line but for a traceback; control characters are shown as dots."""

    def format(self, record: logging.LogRecord) -> str:
        told = "".join(f" {key}={_plain(value)}" for key, value in _fields(record).items())
        clock = rfc3339(int(record.created * 1_000))[11:19]
        line = _CONTROL.sub("·", f"{clock} {record.levelname:<7} {without_secrets(record.getMessage())}{told}")
        return f"{line}\n{trace}" if (trace := _trace(self, record)) else line


def _fields(record: logging.LogRecord) -> Mapping[str, object]:
    return getattr(record, "fields", {})


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | bool | None) else without_secrets(str(value))


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    return _SECRET.sub("[secret]", formatter.formatException(record.exc_info))
