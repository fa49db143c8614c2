"""Troubles to plant: one file per family, one registry, at most one trouble in a shift."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nocd.simulate.plan import honest
from nocd.simulate.roster import crew_of, duty_of, shifts_before
from nocd.simulate.seeding import chance, derive
from nocd.simulate.troubles import (
    alarm,
    attendance,
    checks,
    faces,
    habits,
    halves,
    identity,
    lapses,
    location,
    overload,
    patrol,
    phone,
    position,
    premises,
    rounds,
    silence,
    worktime,
)
from nocd.simulate.troubles.lookalike import LATER_ALIKE, befall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nocd.simulate.plan import Plan, Wear
    from nocd.simulate.roster import Crew, Duty
    from nocd.simulate.troubles.base import CrewPlan, CrewTrouble, DutyTrouble
    from nocd.simulate.truth import Truth
    from nocd.simulate.world import World

# Order decides where two would fall on one shift; append, so that what a seed planted before stays where it was. Only a
# script is first: it goes on at later shifts, which only look whether it was to begin.
DUTY_TROUBLES: Final[tuple[DutyTrouble, ...]] = (
    checks.SCRIPT,
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
    *lapses.DUTY,
    *checks.DUTY,
    *habits.DUTY,
)
CREW_TROUBLES: Final[tuple[CrewTrouble, ...]] = (
    *attendance.CREW,
    *identity.CREW,
    *silence.CREW,
    *alarm.CREW,
    *faces.CREW,
    *halves.CREW,
    *overload.CREW,
    *habits.CREW,
)
SITE_TROUBLES: Final = premises.SITE
LATER: Final = (
    *identity.DUTY,
    *worktime.DUTY,
    *premises.DUTY,
    *habits.DUTY,
)  # those that show after the shift or at another site, too
_HUSHED: Final = frozenset({"SILENT_SITE", *(trouble.kind for trouble in halves.CREW)})
# Those after which a shift is not taken up for a while or ever: who comes unplanned then, comes in a colleague's place.
_MISSING: Final = frozenset({"BUDDY_PUNCHING", "LATE_ARRIVAL", "NO_SHOW", "WRONG_PERSON", "WRONG_SITE"})


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
            if truth is not None and (trouble not in LATER or _shows(world, plan, truth)):
                return plan, truth
    plan = _unplanned(world, duty)
    befall(world, plan)
    fits = plan.likeness not in LATER_ALIKE or _heard(world, plan, duty.place.id)
    return plan if fits else _unplanned(world, duty), None


def _unplanned(world: World, duty: Duty) -> Plan:
    """Return a shift as an honest guard works it, but for a worn phone, or a script that punches, since days ago."""
    plan = honest(world, duty)
    plan.wear = _wearing(world, duty)
    if _scripted(world, duty):
        checks.by_the_clock(world, plan)
    return plan


def _chosen(world: World, trouble: DutyTrouble, duty: Duty) -> bool:
    return chance(world.seed, trouble.name, duty.id) < world.rates[trouble.kind]


def _wearing(world: World, duty: Duty) -> Wear | None:
    """Return how worn the guard's phone is, if it began to wear out in a shift some days ago."""
    for before in shifts_before(world, duty, phone.WEAR_DAYS):
        if any(_chosen(world, trouble, before) for trouble in phone.WEARING):
            plan, truth = planned(world, before)
            if truth is not None and truth.kind in phone.WORN:
                return plan.wear
    return None


def _scripted(world: World, duty: Duty) -> bool:
    """Tell whether a script began to punch for the guard in a shift some days ago."""
    return any(
        _chosen(world, checks.SCRIPT, before)
        and checks.worth_a_script(world, before)
        and crew_trouble(world, before.crew) is None
        for before in shifts_before(world, duty, checks.SCRIPTED_DAYS)
    )


def _shows(world: World, plan: Plan, truth: Truth) -> bool:
    """Tell whether a trouble that shows later shows as what it is."""
    taken_up = truth.kind != "SCHEDULE_MISMATCH" or _taken_up(world, plan, truth)
    return taken_up and _heard(world, plan, truth.site)


def _heard(world: World, plan: Plan, site: str) -> bool:
    """Tell whether what a shift leaves at a site after its crew falls on no crew whose phones are all silent."""
    last = max([plan.end, *(raw.time for raw in plan.extras)])
    common = (crew_trouble(world, crew) for crew in _others(world, plan, site, plan.start, last))
    return not any(each is not None and each.truth.kind in _HUSHED for each in common)


def _taken_up(world: World, plan: Plan, truth: Truth) -> bool:
    """Tell whether all who are due at a site as a trouble shows there have come."""
    for crew in _others(world, plan, truth.site, truth.from_ms, truth.to_ms + 1):
        common = crew_trouble(world, crew)
        kinds = {
            trouble.kind
            for trouble in DUTY_TROUBLES
            for guard in crew.guards
            if _chosen(world, trouble, duty_of(world, crew, guard))
        }
        if not _MISSING.isdisjoint(kinds if common is None else {common.truth.kind}):
            return False
    return True


def _others(world: World, plan: Plan, site: str, start: int, end: int) -> Iterator[Crew]:
    """Yield the crews of a site, but for a shift's own, that are on between two instants."""
    place, today = world.place[site], plan.duty.crew.day
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
        for number in range(len(place.changes)):
            crew = crew_of(world, place, day, number)
            if crew.key != plan.duty.crew.key and crew.start < end and start < crew.end:
                yield crew
