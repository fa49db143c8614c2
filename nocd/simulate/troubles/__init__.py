"""Troubles to plant: one file per family, one registry, at most one trouble in a shift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.simulate.plan import honest
from nocd.simulate.seeding import chance, derive
from nocd.simulate.troubles import alarm, attendance, identity, location, patrol, silence
from nocd.simulate.troubles.lookalike import flat_battery

if TYPE_CHECKING:
    from nocd.simulate.plan import Plan
    from nocd.simulate.roster import Crew, Duty
    from nocd.simulate.troubles.base import CrewPlan, CrewTrouble, DutyTrouble
    from nocd.simulate.truth import Truth
    from nocd.simulate.world import World

# Order decides where two would fall on one shift; append, so that what a seed planted before stays where it was.
DUTY_TROUBLES: Final[tuple[DutyTrouble, ...]] = (
    *attendance.DUTY,
    *identity.DUTY,
    *location.DUTY,
    *patrol.DUTY,
    *silence.DUTY,
    *alarm.DUTY,
)
CREW_TROUBLES: Final[tuple[CrewTrouble, ...]] = (*attendance.CREW, *identity.CREW, *silence.CREW, *alarm.CREW)


def crew_trouble(world: World, crew: Crew) -> CrewPlan | None:
    """Return what befalls the whole crew, if anything; the same however often it is asked."""
    for trouble in CREW_TROUBLES:
        if chance(world.seed, trouble.name, crew.key) < world.rates[trouble.kind]:
            planted = trouble.plant(world, crew, derive(world.seed, "plant", trouble.name, crew.key))
            if planted is not None:
                return planted
    return None


def planned(world: World, duty: Duty) -> tuple[Plan, Truth | None]:
    """Return a shift as it will be, and the trouble planted in it alone (not one of its whole crew)."""
    plan = honest(world, duty)
    common = crew_trouble(world, duty.crew)
    if common is not None:
        common.alter(plan)
        return plan, None
    for trouble in DUTY_TROUBLES:
        if chance(world.seed, trouble.name, duty.id) < world.rates[trouble.kind]:
            truth = trouble.plant(world, plan, derive(world.seed, "plant", trouble.name, duty.id))
            if truth is not None:
                return plan, truth
    flat_battery(world, plan)
    return plan, None
