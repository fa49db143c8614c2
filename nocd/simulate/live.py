"""The world at the pace of a clock: three days of history up to now, then what falls due."""

from __future__ import annotations

from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.instant import DAY_MS
from nocd.errors import InputError
from nocd.simulate.events import envelope, raws, untold
from nocd.simulate.observe import WAKE
from nocd.simulate.staged import staged
from nocd.simulate.world import DAYS_MAX, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nocd.simulate.observe import Raw
    from nocd.simulate.truth import Truth

DUE_EVENTS_MAX: Final = 10_000
_HISTORY_DAYS = 3  # told anew at each start: no longer than a viewer waits
_DEMO_SITES = 8
_DEMO_PEOPLE = 60
_SPEED_MAX = 10_000.0


def demo_world(seed: int, now_ms: int) -> World:
    """Return the demo company: 8 sites, 60 guards, begun three days before `now_ms` and going on for years."""
    start_ms = now_ms - _HISTORY_DAYS * DAY_MS
    return World(seed, sites=_DEMO_SITES, people=_DEMO_PEOPLE, start_ms=start_ms, days=DAYS_MAX)


class Live:
    """A world read once, forwards: `history()` up to `now_ms`, then `due(wall_ms)` again and again.

    The world's clock stands at `now_ms` when the wall clock does and runs `speed` times as fast: at a speed other than
    1 the reader's clock must be `world_ms(wall_ms)`, or events come from its future.
    """

    def __init__(self, world: World, now_ms: int, speed: float, truth: Callable[[Truth], None] = untold) -> None:
        if not 0 < speed <= _SPEED_MAX:
            raise InputError(f"the speed is {speed}; give more than 0 and at most {_SPEED_MAX:g}")
        self._now_ms = now_ms
        self._speed = speed
        both = merge(raws(world, truth), staged(world, now_ms, speed, truth))
        self._stream = (raw for raw in both if raw.type != WAKE)
        self._next: Raw | None = next(self._stream, None)

    def world_ms(self, wall_ms: int) -> int:
        """Return what the world's clock shows when the wall clock shows `wall_ms`."""
        return self._now_ms + int((wall_ms - self._now_ms) * self._speed)

    def history(self) -> Iterator[dict[str, Any]]:
        """Yield all events before `now_ms`."""
        return self._until(self._now_ms)

    def due(self, until_ms: int) -> list[dict[str, Any]]:
        """Return what happened, not yet returned, before the wall clock shows `until_ms`.

        At most 10 000 events (what one post may carry); the rest is due at the next call.
        """
        return list(islice(self._until(self.world_ms(until_ms)), DUE_EVENTS_MAX))

    def _until(self, time: int) -> Iterator[dict[str, Any]]:
        while self._next is not None and self._next.time < time:
            raw, self._next = self._next, next(self._stream, None)
            yield envelope(raw)


def live(world: World, now_ms: int, speed: float = 1.0, *, truth: Callable[[Truth], None] = untold) -> Live:
    """Return `world` paced for a wall clock that shows `now_ms`; `truth` hears of each planted trouble."""
    return Live(world, now_ms, speed, truth)
