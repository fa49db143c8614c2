"""Troubles to plant: one file per family, one registry, at most one trouble in a shift."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nocd.simulate.plan import honest
from nocd.simulate.roster import crew_of
from nocd.simulate.seeding import chance, derive
from nocd.simulate.troubles import (
    alarm,
    attendance,
    faces,
    identity,
    location,
    patrol,
    phone,
    position,
    premises,
    rounds,
    silence,
    worktime,
)
from nocd.simulate.troubles.lookalike import befall

if TYPE_CHECKING:
    from nocd.simulate.plan import Plan, Wear
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
    *worktime.DUTY,
    *faces.DUTY,
    *position.DUTY,
    *rounds.DUTY,
    *phone.DUTY,
    *premises.DUTY,
)
CREW_TROUBLES: Final[tuple[CrewTrouble, ...]] = (
    *attendance.CREW,
    *identity.CREW,
    *silence.CREW,
    *alarm.CREW,
    *faces.CREW,
)
SITE_TROUBLES: Final = premises.SITE
LATER: Final = (*worktime.DUTY, *premises.DUTY)  # those that show after the shift or at another site, too


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
    common = crew_trouble(world, duty.crew)
    if common is not None:
        plan = _unplanned(world, duty)
        common.alter(plan)
        return plan, None
    for trouble in DUTY_TROUBLES:
        if _chosen(world, trouble, duty):
            plan = _unplanned(world, duty)
            truth = trouble.plant(world, plan, derive(world.seed, "plant", trouble.name, duty.id))
            if truth is not None and (trouble not in LATER or _heard(world, plan, truth.site)):
                return plan, truth
    plan = _unplanned(world, duty)
    befall(world, plan)
    fits = plan.likeness != "double-shift" or _heard(world, plan, duty.place.id)
    return plan if fits else _unplanned(world, duty), None


def _unplanned(world: World, duty: Duty) -> Plan:
    """Return a shift as an honest guard works it, with a phone that may have begun to wear out days ago."""
    plan = honest(world, duty)
    plan.wear = _wearing(world, duty)
    return plan


def _chosen(world: World, trouble: DutyTrouble, duty: Duty) -> bool:
    return chance(world.seed, trouble.name, duty.id) < world.rates[trouble.kind]


def _wearing(world: World, duty: Duty) -> Wear | None:
    """Return how worn the guard's phone is, if it began to wear out in a shift some days ago."""
    for before in phone.shifts_before(world, duty):
        if any(_chosen(world, trouble, before) for trouble in phone.WEARING):
            plan, truth = planned(world, before)
            if truth is not None and truth.kind in phone.WORN:
                return plan.wear
    return None


def _heard(world: World, plan: Plan, site: str) -> bool:
    """Tell whether what a shift leaves at a site after its crew falls on no crew whose phones are all silent."""
    last = max([plan.end, *(raw.time for raw in plan.extras)])
    place, today = world.place[site], plan.duty.crew.day
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
        for number in range(len(place.changes)):
            crew = crew_of(world, place, day, number)
            if crew.key == plan.duty.crew.key or not (crew.start < last and plan.start < crew.end):
                continue
            common = crew_trouble(world, crew)
            if common is not None and common.truth.kind == "SILENT_SITE":
                return False
    return True
