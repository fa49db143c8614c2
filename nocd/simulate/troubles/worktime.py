"""Troubles of hours: too little rest, too much work, too late, too early home, at an hour or a site nobody planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.simulate.directory import person_entry, shift_entry, tour_entry
from nocd.simulate.observe import Stamp, punch
from nocd.simulate.roster import LEAD_MS, LONG_SHIFT_MS, least_crew
from nocd.simulate.stint import stint
from nocd.simulate.troubles.base import DutyTrouble
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.world import World

_ENTERED_MS = LEAD_MS - 10 * MINUTE_MS  # before a shift
_CANCELLED_AFTER_MS = 25 * MINUTE_MS
_LATE_MINUTES = (20, 42)  # the first tour begins 45 min into a shift
_OVERTIME_MINUTES = (310, 350)  # after twelve hours; after eight, four hours more
_SHORT_SHIFT_MORE_MS = 4 * HOUR_MS - 10 * MINUTE_MS


def short_rest(_world: World, plan: Plan, rng: Random) -> Truth:
    """Be called back, four hours after the shift, for an extra one of two hours that the roster knows."""
    crew = plan.duty.crew
    start = crew.end + rng.randint(210, 290) * MINUTE_MS
    end = start + rng.randint(90, 140) * MINUTE_MS
    name = f"{plan.duty.id}-extra"
    plan.extras.append(shift_entry(Stamp(crew.start - _ENTERED_MS, name), plan.guard, plan.place, (start, end)))
    comes = start - 4 * MINUTE_MS
    plan.extras += stint(rng, plan.guard, plan.place, (comes, end + 3 * MINUTE_MS), name)
    return Truth(f"{name}-in", "SHORT_REST", plan.guard.id, plan.place.id, comes, comes)


def overtime(_world: World, plan: Plan, rng: Random) -> Truth:
    """Work a second shift right after the first, more than sixteen hours together, the break apart."""
    more = rng.randint(*_OVERTIME_MINUTES) * MINUTE_MS
    if plan.duty.crew.end - plan.duty.crew.start < LONG_SHIFT_MS:
        more += _SHORT_SHIFT_MORE_MS
    name = stay_on(plan, rng, more)
    over = plan.start + 16 * HOUR_MS + 30 * MINUTE_MS
    return Truth(name, "OVERTIME_VIOLATION", plan.guard.id, plan.place.id, over, plan.end)


def stay_on(plan: Plan, rng: Random, more_ms: int) -> str:
    """Let a guard work a second, rostered shift of that length; return the name of the punch between the two."""
    crew, name = plan.duty.crew, f"{plan.duty.id}-more"
    hours = (crew.end, crew.end + more_ms)
    plan.extras.append(shift_entry(Stamp(crew.start - _ENTERED_MS, name), plan.guard, plan.place, hours))
    between = crew.end + MINUTE_MS
    plan.extras.append(punch(rng, Stamp(between, f"{name}-out"), plan.guard, plan.place, "out"))
    again = Stamp(between + rng.randint(60, 240) * 1_000, f"{name}-in")
    plan.extras.append(punch(rng, again, plan.guard, plan.place, "in"))
    plan.end = hours[1] + rng.randint(1, 5) * MINUTE_MS
    return again.id


def late_arrival(_world: World, plan: Plan, rng: Random) -> Truth:
    """Come twenty to forty-two minutes late."""
    due = plan.duty.crew.start
    plan.start = due + rng.randint(*_LATE_MINUTES) * MINUTE_MS
    plan.clear_jobs(due - HOUR_MS, plan.start + MINUTE_MS)
    return Truth(f"{plan.duty.id}-in", "LATE_ARRIVAL", plan.guard.id, plan.place.id, due, plan.start)


def coverage_gap(world: World, plan: Plan, rng: Random) -> Truth | None:
    """Go home about an hour early where nobody can be spared."""
    crew = plan.duty.crew
    if len(crew.guards) != least_crew(world, plan.place):
        return None
    leaves = crew.end - rng.randint(50, 68) * MINUTE_MS
    plan.clear_jobs(leaves, plan.end + HOUR_MS)
    plan.end = leaves
    return Truth(f"{plan.duty.id}-out", "COVERAGE_GAP", "", plan.place.id, leaves, crew.end)


def schedule_mismatch(_world: World, plan: Plan, rng: Random) -> Truth:
    """Come to the own site, and punch, at an hour nobody planned: half a day after the shift, for most of an hour."""
    start = plan.duty.crew.end + rng.randint(510, 550) * MINUTE_MS
    end = start + rng.randint(35, 50) * MINUTE_MS
    name = f"{plan.duty.id}-odd"
    plan.extras += stint(rng, plan.guard, plan.place, (start, end), name)
    return Truth(f"{name}-in", "SCHEDULE_MISMATCH", plan.guard.id, plan.place.id, start, start)


def wrong_site(world: World, plan: Plan, rng: Random) -> Truth | None:
    """Work the shift at the other of one's two sites; the tours at the right one are cancelled once it is plain."""
    if len(plan.guard.sites) == 1:
        return None
    other, crew = world.place[plan.guard.sites[1]], plan.duty.crew
    plan.absent = True
    cancelled = crew.start + _CANCELLED_AFTER_MS
    for walk in plan.walks:
        stamp = Stamp(cancelled, f"{walk.tour.id}-cancelled")
        plan.extras.append(tour_entry(stamp, plan.duty, walk.tour, cancelled=True))
    name = f"{plan.duty.id}-other"
    hours = (crew.start - rng.randint(2, 9) * MINUTE_MS, crew.end + rng.randint(1, 9) * MINUTE_MS)
    plan.extras += stint(rng, plan.guard, other, hours, name)
    return Truth(f"{name}-in", "WRONG_SITE", plan.guard.id, other.id, *hours)


def inactive_person(world: World, plan: Plan, _rng: Random) -> Truth:
    """Go on working, from this shift on, after one's contract ended."""
    name = plan.duty.id
    left = Stamp(plan.duty.crew.start - _ENTERED_MS, f"{name}-left")
    plan.extras.append(person_entry(left, plan.guard, active=False))
    return Truth(f"{name}-in", "INACTIVE_PERSON", plan.guard.id, plan.place.id, plan.start, world.end_ms)


DUTY = (
    DutyTrouble("short-rest", "SHORT_REST", short_rest),
    DutyTrouble("overtime", "OVERTIME_VIOLATION", overtime),
    DutyTrouble("late-arrival", "LATE_ARRIVAL", late_arrival),
    DutyTrouble("coverage-gap", "COVERAGE_GAP", coverage_gap),
    DutyTrouble("schedule-mismatch", "SCHEDULE_MISMATCH", schedule_mismatch),
    DutyTrouble("wrong-site", "WRONG_SITE", wrong_site),
    DutyTrouble("inactive-person", "INACTIVE_PERSON", inactive_person),
)
