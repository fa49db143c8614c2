"""Troubles of who that was: a face hardly known, a colleague's phone, someone who punched and was seen no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import MINUTE_MS
from nocd.simulate.roster import duty_of
from nocd.simulate.troubles.base import CrewPlan, CrewTrouble, DutyTrouble
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.roster import Crew
    from nocd.simulate.world import World

_PAIR = 2
_FIRST_EARLY_MS = 18 * MINUTE_MS
_LATER_MINUTES = (10, 24)


def biometric_low(_world: World, plan: Plan, rng: Random) -> Truth:
    """Punch in with a face the terminal hardly knows, or hardly takes for alive."""
    unsure = {"confidence": round(rng.uniform(0.42, 0.66), 3), "match_distance": round(rng.uniform(0.34, 0.39), 3)}
    lifeless = {"liveness": round(rng.uniform(0.18, 0.46), 3)}
    plan.changes["in"] |= rng.choice((unsure, lifeless))
    return Truth(f"{plan.duty.id}-in", "BIOMETRIC_LOW", plan.guard.id, plan.place.id, plan.start, plan.start)


def ghost_shift(_world: World, plan: Plan, _rng: Random) -> Truth:
    """Punch in, be nowhere to be seen, and come back to punch out."""
    plan.ghost = True
    return Truth(f"{plan.duty.id}-in", "GHOST_SHIFT", plan.guard.id, plan.place.id, plan.start, plan.end)


def device_sharing(world: World, crew: Crew, rng: Random) -> CrewPlan | None:
    """Let one guard punch in on a colleague's phone, some minutes after its owner; both are there."""
    if len(crew.guards) < _PAIR:
        return None
    owner, borrows = rng.sample(crew.guards, k=_PAIR)
    first = crew.start - _FIRST_EARLY_MS
    second = first + rng.randint(*_LATER_MINUTES) * MINUTE_MS

    def alter(plan: Plan) -> None:
        if plan.guard is owner:
            plan.start = first
            plan.changes["in"] = {"device": owner.device}
        elif plan.guard is borrows:
            plan.start = second
            plan.changes["in"] = {"device": owner.device}

    name = f"{duty_of(world, crew, borrows).id}-in"
    return CrewPlan(Truth(name, "DEVICE_SHARING", borrows.id, crew.place.id, first, second), alter=alter)


DUTY = (
    DutyTrouble("biometric-low", "BIOMETRIC_LOW", biometric_low),
    DutyTrouble("ghost-shift", "GHOST_SHIFT", ghost_shift),
)
CREW = (CrewTrouble("device-sharing", "DEVICE_SHARING", device_sharing),)
