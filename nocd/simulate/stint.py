"""What is seen of someone outside the planned shift: a stay with a phone at a site, with or without punches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import MINUTE_MS
from nocd.simulate.observe import (
    Raw,
    Stamp,
    device_health,
    location_fix,
    phone_event,
    phone_source,
    punch,
)
from nocd.simulate.space import measure, move

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.world import Guard, Place

_FIX_EVERY_MS = 9 * MINUTE_MS
_STEPS_EVERY_MS = 5 * MINUTE_MS
_HEALTH_EVERY_MS = 20 * MINUTE_MS
_BATTERY_PERCENT = 64.0
_WANDER_M = 40.0
_FULL_CIRCLE = 6.283


def stint(rng: Random, guard: Guard, place: Place, hours: tuple[int, int], name: str) -> list[Raw]:
    """Return a stay with punches at the terminal at both ends; `{name}-in` is the first."""
    start, end = hours
    return [
        punch(rng, Stamp(start, f"{name}-in"), guard, place, "in"),
        *stay(rng, guard, place, hours, name),
        punch(rng, Stamp(end, f"{name}-out"), guard, place, "out"),
    ]


def stay(rng: Random, guard: Guard, place: Place, hours: tuple[int, int], name: str) -> list[Raw]:
    """Return what a phone tells of someone who walks about near the middle of a site."""
    start, end = hours[0] + MINUTE_MS, hours[1]
    source = phone_source(guard.device)
    steps = [
        phone_event(Stamp(time, f"{name}-s{no}"), guard, "stepcount", steps=rng.randint(10, 90))
        for no, time in enumerate(range(start, end, _STEPS_EVERY_MS))
    ]
    health = [
        device_health(rng, Stamp(time, f"{name}-h{no}"), guard.device, source, _BATTERY_PERCENT)
        for no, time in enumerate(range(start + MINUTE_MS, end, _HEALTH_EVERY_MS))
    ]
    return sorted([*fixes(rng, guard, place, (start, end), name), *steps, *health])


def fixes(rng: Random, guard: Guard, place: Place, hours: tuple[int, int], name: str) -> list[Raw]:
    """Return positions near the middle of a site, one every nine minutes."""
    found = []
    for no, time in enumerate(range(*hours, _FIX_EVERY_MS)):
        here = move(place.centre, bearing=_FULL_CIRCLE * rng.random(), metres=_WANDER_M * rng.random())
        found.append(location_fix(Stamp(time, f"{name}-f{no}"), guard, measure(rng, here)))
    return found


def about_the_post(rng: Random, plan: Plan, times: Sequence[int], name: str) -> list[Raw]:
    """Return positions of the guard of a shift about the post, at given times."""
    return [
        location_fix(
            Stamp(time, f"{plan.duty.id}-{name}{no}"),
            plan.guard,
            measure(rng, move(plan.post, bearing=_FULL_CIRCLE * rng.random(), metres=_WANDER_M * rng.random())),
        )
        for no, time in enumerate(times)
    ]
