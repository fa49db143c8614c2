"""Troubles of position: a mocked, jumping or frozen phone, and a punch from outside the fence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import MINUTE_MS
from nocd.simulate.observe import Raw, Stamp, location_fix, phone_event
from nocd.simulate.plan import Mute
from nocd.simulate.space import Fix, measure, move
from nocd.simulate.troubles.base import DutyTrouble, quiet_window
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.world import World

_STEP_MS = 5 * MINUTE_MS
_MOCKED_MS = 45 * MINUTE_MS
_FROZEN_MS = 61 * MINUTE_MS
_JUMP_MS = 6 * MINUTE_MS
_FULL_CIRCLE = 6.283


def mocked_fix(rng: Random, stamp: Stamp, plan: Plan) -> Raw:
    """Return a fix the phone itself marks as mocked, neatly at the post."""
    return location_fix(stamp, plan.guard, measure(rng, plan.post), location_mocked=True)


def _mocked(plan: Plan, rng: Random) -> list[Raw]:
    window = quiet_window(plan, rng, _MOCKED_MS)
    if window is None:
        return []
    plan.mutes.append(Mute(*window, "f"))
    times = range(window[0], window[1], _STEP_MS)
    return [mocked_fix(rng, Stamp(time, f"{plan.duty.id}-mock{no}"), plan) for no, time in enumerate(times)]


def _jump(plan: Plan, rng: Random) -> list[Raw]:
    window = quiet_window(plan, rng, _JUMP_MS)
    if window is None:
        return []
    plan.mutes.append(Mute(*window, "f"))
    far = move(plan.place.centre, bearing=rng.random() * _FULL_CIRCLE, metres=rng.uniform(600_000, 800_000))
    stamp = Stamp((window[0] + window[1]) // 2, f"{plan.duty.id}-jump")
    return [location_fix(stamp, plan.guard, measure(rng, far))]


def _frozen(plan: Plan, rng: Random) -> list[Raw]:
    window = quiet_window(plan, rng, _FROZEN_MS)
    if window is None:
        return []
    plan.mutes.append(Mute(*window, "f"))
    name, guard = plan.duty.id, plan.guard
    seen = measure(rng, plan.post)
    same = Fix(seen.lat, seen.lon, 8.0)
    times = range(window[0], window[1], _STEP_MS)
    fixes = [location_fix(Stamp(time, f"{name}-frozen{no}"), guard, same) for no, time in enumerate(times)]
    steps = [
        phone_event(Stamp(time + MINUTE_MS, f"{name}-stepping{no}"), guard, "stepcount", steps=rng.randint(80, 300))
        for no, time in enumerate(times[1::3])
    ]
    return fixes + steps


def gps_spoofing(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Fake the position in one of three ways; the truth names the first false fix."""
    raws = rng.choice((_mocked, _jump, _frozen))(plan, rng)
    if not raws:
        return None
    plan.extras += raws
    last = max(raw.time for raw in raws)
    return Truth(raws[0].id, "GPS_SPOOFING", plan.guard.id, plan.place.id, raws[0].time, last)


def outside_fence(rng: Random, plan: Plan) -> dict[str, object]:
    """Return the fields of a punch by phone, 300 to 800 m outside the fence."""
    away = move(
        plan.place.centre, bearing=rng.random() * _FULL_CIRCLE, metres=plan.place.radius_m + rng.uniform(300, 800)
    )
    return {**measure(rng, away).fields(), "device": plan.guard.device}


def geofence_violation(_world: World, plan: Plan, rng: Random) -> Truth:
    """Punch in on the way to the site."""
    plan.changes["in"] = outside_fence(rng, plan)
    name = f"{plan.duty.id}-in"
    return Truth(name, "GEOFENCE_VIOLATION", plan.guard.id, plan.place.id, plan.start, plan.start)


DUTY = (
    DutyTrouble("gps-spoofing", "GPS_SPOOFING", gps_spoofing),
    DutyTrouble("geofence-violation", "GEOFENCE_VIOLATION", geofence_violation),
)
