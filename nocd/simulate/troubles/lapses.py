"""Lapses on rounds: too many checkpoints skipped, a tour begun when it was overdue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import MINUTE_MS
from nocd.simulate.troubles.base import DutyTrouble
from nocd.simulate.troubles.rounds import taken
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.plan import Plan, Walk
    from nocd.simulate.world import World

_SKIPPED = {"scan": "SKIP", "lat": None, "lon": None, "accuracy_m": None}
_SKIPPED_MAX_PERCENT = 20
_GRACE_MS = 30 * MINUTE_MS
_LATE_MINUTES = range(38, 101)  # past its grace, and not missed yet
_BETWEEN_MS = 5 * MINUTE_MS


def checkpoints_skipped(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Walk a tour to its end, and answer for more than a fifth of its checkpoints that they were skipped."""
    if not plan.walks:
        return None
    walk = rng.choice(plan.walks)
    total = len(walk.scans)
    skip(plan, walk, rng.sample(range(1, total + 1), k=rng.randint(skips_max(total) + 1, total // 2)))
    last = f"{walk.tour.id}-{total}"
    return Truth(last, "CHECKPOINT_COVERAGE_LOW", plan.guard.id, plan.place.id, walk.start, walk.end)


def skips_max(checkpoints: int) -> int:
    """Return how many of so many checkpoints may be skipped."""
    return checkpoints * _SKIPPED_MAX_PERCENT // 100


def skip(plan: Plan, walk: Walk, numbers: list[int]) -> None:
    """Let scans of a walk, by their numbers from 1 on, be skips."""
    plan.edits |= {f"{walk.tour.id}-{number}": dict(_SKIPPED) for number in numbers}


def tour_overdue(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Begin a tour late, past its grace, and walk all of it."""
    possible = [(walk, late) for walk in plan.walks for late in _LATE_MINUTES if _fits(plan, walk, late)]
    if not possible:
        return None
    walk, late = rng.choice(possible)
    put_off(walk, late)
    overdue = walk.tour.planned_start + _GRACE_MS
    return Truth(f"{walk.tour.id}-1", "TOUR_OVERDUE", plan.guard.id, plan.place.id, overdue, walk.start)


def put_off(walk: Walk, late_minutes: int) -> None:
    """Let a walk begin so much later than planned."""
    delay = walk.tour.planned_start + late_minutes * MINUTE_MS - walk.start
    walk.scans = [scan._replace(time=scan.time + delay) for scan in walk.scans]


def _fits(plan: Plan, walk: Walk, late_minutes: int) -> bool:
    """Tell whether a tour that begins so late meets no other, no break and not the end of the shift."""
    start = walk.tour.planned_start + late_minutes * MINUTE_MS - _BETWEEN_MS
    return not taken(plan, walk, start, start + walk.end - walk.start + 2 * _BETWEEN_MS)


DUTY = (
    DutyTrouble("checkpoints-skipped", "CHECKPOINT_COVERAGE_LOW", checkpoints_skipped),
    DutyTrouble("tour-overdue", "TOUR_OVERDUE", tour_overdue),
)
