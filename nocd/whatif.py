"""What-if in a process of its own, at the lowest priority: it may be slow, starve or die, and intake never notices.

`python -m nocd.whatif` reads one request as a line of JSON, answers with one, and ends when its input does: with
whoever asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.clock import monotonic_s
from nocd.errors import Conflict, InputError, NocdError, UnavailableError
from nocd.history import whatif
from nocd.settings import load
from nocd.store.backup import read_only
from nocd.store.sqlite import sqlite3
from nocd.supposed import supposed

if TYPE_CHECKING:
    from nocd.settings import Settings

SECONDS_MAX: Final = 600
MEMORY_MAX_BYTES: Final = 536_870_912
GRACE_S: Final = 30.0
ANSWER_MAX_BYTES: Final = 4_194_304
NICENESS: Final = 19


@dataclass(slots=True)
class WhatIf:
    """Runs what-ifs for a daemon, one at a time; `close` ends one that runs."""

    settings: Settings
    seconds_max: float = SECONDS_MAX
    _running: asyncio.subprocess.Process | None = field(default=None, init=False)
    _busy: bool = field(default=False, init=False)

    async def ask(self, database: Path, asked: dict[str, Any]) -> dict[str, Any]:
        """Return the difference that what is asked (`set`, `silence`, `days`, `now`) would make to a tenant's past.

        Raises Conflict while another runs, InputError for what cannot be set, UnavailableError where it did not end.
        """
        if self._busy:
            raise Conflict("another what-if is running; ask again when it has ended", code="whatif_running")
        self._busy = True
        try:
            return await self._run(request(self.settings, database, asked, seconds_max=self.seconds_max))
        finally:
            self._busy = False

    async def close(self) -> None:
        """End one that runs."""
        if self._running is not None:
            _kill(self._running)

    async def _run(self, line: bytes) -> dict[str, Any]:
        child = self._running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", __name__),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=ANSWER_MAX_BYTES,
        )
        try:
            with contextlib.suppress(OSError):  # gone already
                os.setpriority(os.PRIO_PROCESS, child.pid, NICENESS)  # from here: its imports alone take a second
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(line + b"\n")
            async with asyncio.timeout(self.seconds_max + GRACE_S):
                await child.stdin.drain()
                answer = await child.stdout.readline()
        except (TimeoutError, ValueError, ConnectionError) as error:
            raise UnavailableError(
                f"the what-if did not end well: {type(error).__name__}", code="whatif_ended"
            ) from None
        finally:
            _kill(child)
            self._running = None
            await child.wait()
        return _read(answer)


def request(settings: Settings, database: Path, asked: dict[str, Any], *, seconds_max: float) -> bytes:
    """Return a request as the line that the child reads."""
    told = {"settings": settings.model_dump(mode="json"), "database": str(database), "seconds_max": seconds_max}
    return orjson.dumps({**told, **asked})


def answered(line: bytes) -> dict[str, Any]:
    """Return the difference that a request's line asks for, made in this process."""
    asked = orjson.loads(line)
    to_try = supposed(load(asked["settings"]).settings, asked["set"], asked["silence"])
    window = whatif.Asked(now=asked["now"], days=asked["days"])
    started_s, held_bytes = monotonic_s(), _resident_bytes()

    def spent() -> str:
        if monotonic_s() - started_s > asked["seconds_max"]:
            return "time"
        return "memory" if _resident_bytes() - held_bytes > MEMORY_MAX_BYTES else ""

    try:
        with contextlib.closing(read_only(Path(asked["database"]))) as base:
            told = whatif.run(base, to_try, window, spent=spent)
        return {**told, "seconds": round(monotonic_s() - started_s, 3)}
    except sqlite3.Error as error:
        raise UnavailableError(f"the database cannot be read: {error}", code="store_failing") from error


def _resident_bytes() -> int:
    """Return how much memory this process has now; the kernel's maximum would count what its parent had."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()


def main() -> None:
    """Answer the request on standard input; where memory is short, this process goes first."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    line = sys.stdin.buffer.readline()
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        told = {"answer": answered(line)}
    except NocdError as error:
        told = {"refused": {"code": error.code, "detail": error.detail, "status": error.status}}
    sys.stdout.buffer.write(orjson.dumps(told) + b"\n")
    sys.stdout.buffer.flush()


def _end_with_input() -> None:
    """End this process once whoever asked is gone."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(0)  # no clean-up is wanted: nothing was written, and the main thread may be deep in work


def _read(answer: bytes) -> dict[str, Any]:
    if not answer:
        raise UnavailableError("the what-if was ended before it had an answer", code="whatif_ended")
    told: dict[str, Any] = orjson.loads(answer)
    if (refused := told.get("refused")) is None:
        return dict(told["answer"])
    kind = InputError if refused["status"] < 500 else UnavailableError  # noqa: PLR2004 - HTTP's own border
    raise kind(refused["detail"], code=refused["code"])


def _kill(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.kill()


if __name__ == "__main__":
    main()
