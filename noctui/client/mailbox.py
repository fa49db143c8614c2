"""Between the client's thread and the console's: bounded, lossless; when it is full, the socket is not read."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from typing import TYPE_CHECKING

from noctui.client.tidings import Frame, Tiding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

CHANGES_MAX = 20_000


class Mailbox:
    """Holds at most about `changes_max` changes; past that `put` waits, the daemon calls us lagged, and we resume.

    `wake` is called, in the client's thread, whenever something was left.
    """

    def __init__(self, changes_max: int = CHANGES_MAX) -> None:
        self._changes_max = changes_max
        self._held = 0
        self._tidings: deque[tuple[Tiding, int]] = deque()
        self._lock = threading.Lock()
        self._room: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.wake: Callable[[], object] = _nobody

    def post(self, tiding: Tiding) -> None:
        """Leave a tiding that must not wait: there are few of these, and all are small."""
        with self._lock:
            self._tidings.append((tiding, 0))
        self.wake()

    async def put(self, frame: Mapping[str, Any], at: int) -> None:
        """Leave a frame, once there is room for it."""
        weight = max(len(frame.get("changes") or ()), 1)
        self._loop, self._room = asyncio.get_running_loop(), self._room or asyncio.Event()
        while not self._fits(Frame(frame, at), weight):
            self._room.clear()
            if self._held >= self._changes_max:
                await self._room.wait()

    def _fits(self, frame: Frame, weight: int) -> bool:
        with self._lock:
            if self._held >= self._changes_max:
                return False
            self._held += weight
            self._tidings.append((frame, weight))
        self.wake()
        return True

    def drain(self, changes_max: int = CHANGES_MAX) -> list[Tiding]:
        """Take what has come, in order, up to about so many changes."""
        taken: list[Tiding] = []
        freed = 0
        with self._lock:
            while self._tidings and freed < changes_max:
                tiding, weight = self._tidings.popleft()
                taken.append(tiding)
                freed += weight
            self._held -= freed
        if freed and self._loop is not None and self._room is not None:
            with contextlib.suppress(RuntimeError):  # the client's loop has closed: nobody waits
                self._loop.call_soon_threadsafe(self._room.set)
        return taken


def _nobody() -> None:
    """Wake nobody."""
