"""Troubles of many checks of one face: a photo held up all shift, a script that punches by the clock for weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.domain.instant import DAY_MS, MINUTE_MS, SECOND_MS
from nocd.simulate.observe import Raw, Stamp, face_check
from nocd.simulate.seeding import derive
from nocd.simulate.troubles.base import DutyTrouble, span
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.roster import Duty
    from nocd.simulate.world import World

SCRIPTED_DAYS: Final = 20  # thirteen shifts of four punches, some of which other troubles may alter
_CHECKS = (12, 14)
_PHOTO = (0.30, 0.48)
_COMES_MS, _LEAVES_MS = -4 * MINUTE_MS, 3 * MINUTE_MS


def photo_checks(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Have the phone check now and then who carries it, and hold up a photo each time."""
    if plan.scripted:
        return None
    raws = checks(rng, plan)
    for raw in raws:
        raw.data["confidence"] = round(rng.uniform(*_PHOTO), 3)
    plan.extras += raws
    last = raws[-1]
    return Truth(last.id, "BIOMETRIC_PATTERN", plan.guard.id, plan.place.id, raws[0].time, last.time)


def checks(rng: Random, plan: Plan) -> list[Raw]:
    """Return checks of the guard's face by the phone, a dozen or so in equal steps over the shift."""
    first, last = span(plan)
    total = rng.randint(*_CHECKS)
    times = (first + number * (last - first) // total for number in range(total))
    return [
        face_check(rng, Stamp(time, f"{plan.duty.id}-face{number}"), plan.guard, plan.place)
        for number, time in enumerate(times)
    ]


def scripted_punches(world: World, plan: Plan, _rng: Random) -> Truth | None:
    """Let a script punch from this shift on for weeks, at the same minutes each day."""
    if plan.scripted or not worth_a_script(world, plan.duty):
        return None
    by_the_clock(world, plan)
    end = plan.duty.crew.start + SCRIPTED_DAYS * DAY_MS
    return Truth("", "BIOMETRIC_PATTERN", plan.guard.id, plan.place.id, plan.start, end)


def worth_a_script(world: World, duty: Duty) -> bool:
    """Tell whether a script that begins at a shift may go on for its time before the world ends."""
    return duty.crew.start + SCRIPTED_DAYS * DAY_MS <= world.end_ms


def by_the_clock(world: World, plan: Plan) -> None:
    """Let a script punch at this shift: at the usual minutes, the seconds apart."""
    rng, crew = derive(world.seed, "script", plan.duty.id), plan.duty.crew
    plan.scripted = True
    plan.start = crew.start + _COMES_MS + rng.randrange(60) * SECOND_MS
    plan.end = crew.end + _LEAVES_MS + rng.randrange(60) * SECOND_MS
    begin = crew.start + (crew.end - crew.start) // 2 - 45 * MINUTE_MS + rng.randrange(60) * SECOND_MS
    plan.pause = (begin, begin + 30 * MINUTE_MS)


SCRIPT: Final = DutyTrouble("scripted-punches", "BIOMETRIC_PATTERN", scripted_punches)
DUTY = (DutyTrouble("photo-checks", "BIOMETRIC_PATTERN", photo_checks),)
