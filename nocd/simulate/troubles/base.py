"""What a trouble is: it alters one shift's plan, or a whole crew's, and says so in a truth row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nocd.domain.instant import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from nocd.simulate.observe import Raw
    from nocd.simulate.plan import Plan
    from nocd.simulate.roster import Crew
    from nocd.simulate.truth import Truth
    from nocd.simulate.world import World

_TRIES = 30
_MARGIN_MS = 6 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class DutyTrouble:
    """A trouble of one shift; `plant` returns None, with the plan untouched, where it does not fit."""

    name: str
    kind: str
    plant: Callable[[World, Plan, Random], Truth | None]


def untouched(_plan: Plan) -> None:
    """Leave a shift as it is."""


@dataclass(frozen=True, slots=True)
class CrewPlan:
    """A trouble of a crew worked out: its truth, its own events in order of time, and what it does to each shift."""

    truth: Truth
    raws: tuple[Raw, ...] = ()
    alter: Callable[[Plan], None] = untouched


@dataclass(frozen=True, slots=True)
class CrewTrouble:
    """A trouble of a site during one crew's hours; it takes the place of any trouble of that crew's shifts."""

    name: str
    kind: str
    plant: Callable[[World, Crew, Random], CrewPlan | None]


def span(plan: Plan) -> tuple[int, int]:
    """Return the middle of the shift, an hour and a half after its begin to an hour before its end."""
    return plan.start + 90 * MINUTE_MS, plan.end - HOUR_MS


def quiet_window(plan: Plan, rng: Random, length_ms: int) -> tuple[int, int] | None:
    """Return a stretch of that length without tours and breaks, or None where the shift has none to offer."""
    first, last = span(plan)
    for _ in range(_TRIES if last - length_ms > first else 0):
        start = rng.randrange(first, last - length_ms)
        end = start + length_ms
        busy = any(walk.overlaps(start - _MARGIN_MS, end + _MARGIN_MS) for walk in plan.walks)
        paused = plan.pause is not None and plan.pause[0] <= end and start <= plan.pause[1]
        if not (busy or paused):
            return start, end
    return None
