"""Troubles of where someone is: away from the site on duty, nowhere on earth, or nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import MINUTE_MS
from nocd.simulate.observe import Stamp, location_fix
from nocd.simulate.plan import Mute
from nocd.simulate.space import Fix, Point, measure, move
from nocd.simulate.troubles.base import DutyTrouble, quiet_window
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.observe import Raw
    from nocd.simulate.plan import Plan
    from nocd.simulate.world import World

_EVERY_MS = 3 * MINUTE_MS
_FULL_CIRCLE = 6.283
_AWAY_M = (430.0, 560.0)  # beyond the fence
_NOWHERE_MS = 13 * MINUTE_MS
_VAGUE_M = (150.0, 400.0)
_ONE_OF_TWO = 0.5


def left_site(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Walk half a kilometre away for twenty to forty minutes, with the phone in the pocket."""
    window = quiet_window(plan, rng, rng.randint(22, 40) * MINUTE_MS)
    if window is None:
        return None
    plan.mutes.append(Mute(*window, "f"))
    plan.clear_jobs(*window)
    raws = away(rng, plan, range(*window, _EVERY_MS), "away")
    plan.extras += raws
    return Truth(raws[0].id, "LEFT_SITE", plan.guard.id, plan.place.id, raws[0].time, raws[-1].time)


def away(rng: Random, plan: Plan, times: range, name: str) -> list[Raw]:
    """Return fixes outside the fence: just beyond it at first and last, well away between."""
    bearing, far_m = rng.random() * _FULL_CIRCLE, rng.uniform(*_AWAY_M)
    last = len(times) - 1
    raws = []
    for no, time in enumerate(times):
        beyond_m = far_m / 2 if no in (0, last) else far_m
        here = move(plan.place.centre, bearing=bearing, metres=plan.place.radius_m + beyond_m + rng.uniform(-20, 20))
        raws.append(location_fix(Stamp(time, f"{plan.duty.id}-{name}{no}"), plan.guard, measure(rng, here)))
    return raws


def null_island(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Report no real position: zero, or whole degrees, with a punch or in a few fixes."""
    zero, whole = Point(0.0, 0.0), Point(*(float(round(degrees)) for degrees in plan.place.centre))
    where = Fix(*rng.choice((zero, whole)), 10.0)
    name, guard = plan.duty.id, plan.guard
    if rng.random() < _ONE_OF_TWO:
        plan.changes["in"] = {**where.fields(), "device": guard.device}
        return Truth(f"{name}-in", "NULL_ISLAND", guard.id, plan.place.id, plan.start, plan.start)
    window = quiet_window(plan, rng, _NOWHERE_MS)
    if window is None:
        return None
    plan.mutes.append(Mute(*window, "f"))
    times = range(window[0] + MINUTE_MS, window[1], 4 * MINUTE_MS)
    plan.extras += [location_fix(Stamp(time, f"{name}-null{no}"), guard, where) for no, time in enumerate(times)]
    return Truth(f"{name}-null0", "NULL_ISLAND", guard.id, plan.place.id, times[0], times[-1])


def gps_low_accuracy(_world: World, plan: Plan, rng: Random) -> Truth:
    """Punch in by a phone that hardly knows where it is."""
    accuracy_m = round(rng.uniform(*_VAGUE_M), 1)
    plan.changes["in"] = {**measure(rng, plan.place.centre).fields(), "accuracy_m": accuracy_m}
    plan.changes["in"]["device"] = plan.guard.device
    return Truth(f"{plan.duty.id}-in", "GPS_LOW_ACCURACY", plan.guard.id, plan.place.id, plan.start, plan.start)


DUTY = (
    DutyTrouble("left-site", "LEFT_SITE", left_site),
    DutyTrouble("null-island", "NULL_ISLAND", null_island),
    DutyTrouble("gps-low-accuracy", "GPS_LOW_ACCURACY", gps_low_accuracy),
)
