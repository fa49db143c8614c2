"""Troubles of who holds the phone and where: one person at two sites, two persons on one phone, too far too soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.geo import haversine_m
from nocd.domain.instant import MINUTE_MS, SECOND_MS
from nocd.simulate.observe import Raw, Stamp, borrowed_face, punch
from nocd.simulate.roster import duty_of
from nocd.simulate.troubles.base import CrewPlan, CrewTrouble, DutyTrouble
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.roster import Crew
    from nocd.simulate.world import Guard, Place, World

_PAIR = 2
_EARLY_MS = 6 * MINUTE_MS
_TOO_FAST_MPS = 97.0  # 350 km/h
_CAR_MPS = 16.0  # 58 km/h
_AFTER_BUDDY_WINDOW_MS = 330 * SECOND_MS


def buddy_elsewhere(world: World, plan: Plan, rng: Random) -> Truth | None:
    """Let someone hold up this guard's photo at another site a minute or three after the guard came in here."""
    near = _own(world, plan.guard) or world.neighbours(plan.place)
    if not near:
        return None
    extra = elsewhere(rng, Stamp(plan.start + rng.randint(45, 230) * SECOND_MS, f"{plan.duty.id}-buddy"), plan, near[0])
    plan.extras.append(extra)
    return Truth(extra.id, "BUDDY_PUNCHING", plan.guard.id, near[0].id, plan.start, extra.time)


def elsewhere(rng: Random, stamp: Stamp, plan: Plan, place: Place) -> Raw:
    """Return the punch of a guard who is not there, by photo."""
    return punch(rng, stamp, plan.guard, place, "in", **borrowed_face(rng))


def buddy_phone(world: World, crew: Crew, rng: Random) -> CrewPlan | None:
    """Let one guard punch an absent colleague in and out on the guard's own phone."""
    if len(crew.guards) < _PAIR:
        return None
    comes, stays_away = rng.sample(crew.guards, k=_PAIR)
    time = crew.start - _EARLY_MS
    gap = rng.randint(40, 150) * SECOND_MS
    photos = [borrowed_face(rng), borrowed_face(rng)]

    def alter(plan: Plan) -> None:
        if plan.guard is comes:
            plan.start = time
            plan.changes["in"] = {"device": comes.device}
        elif plan.guard is stays_away:
            plan.start, plan.ghost = time + gap, True
            plan.changes["in"] = {"device": comes.device, **photos[0]}
            plan.changes["out"] = {"device": comes.device, **photos[1]}

    name = f"{duty_of(world, crew, stays_away).id}-in"
    return CrewPlan(Truth(name, "BUDDY_PUNCHING", stays_away.id, crew.place.id, time, crew.end), alter=alter)


def impossible_shifts(world: World, plan: Plan, rng: Random) -> Truth | None:
    """Punch out here and in at the guard's other site, sooner than any car could be there."""
    own = _own(world, plan.guard)
    if not own:
        return None
    away_ms = int(haversine_m(*plan.place.centre, *own[0].centre) / _TOO_FAST_MPS * SECOND_MS)
    arrives = plan.end + max(_AFTER_BUDDY_WINDOW_MS, away_ms)
    visit = _visit(rng, plan, own[0], arrives, "far")
    plan.extras += visit
    return Truth(visit[0].id, "IMPOSSIBLE_SHIFTS", plan.guard.id, own[0].id, plan.end, arrives)


def unauthorized_site(world: World, plan: Plan, rng: Random) -> Truth | None:
    """Drive, after the shift, to a site that is none of the guard's and punch in and out there."""
    foreign = [place for place in world.neighbours(plan.place) if place.id not in plan.guard.sites]
    if not foreign:
        return None
    metres = haversine_m(*plan.place.centre, *foreign[0].centre)
    arrives = plan.end + int(metres / _CAR_MPS * SECOND_MS) + rng.randint(5, 20) * MINUTE_MS
    visit = _visit(rng, plan, foreign[0], arrives, "foreign")
    plan.extras += visit
    return Truth(visit[0].id, "UNAUTHORIZED_SITE", plan.guard.id, foreign[0].id, arrives, visit[1].time)


def _own(world: World, guard: Guard) -> list[Place]:
    return [world.place[site] for site in guard.sites[1:]]


def _visit(rng: Random, plan: Plan, place: Place, time: int, name: str) -> list[Raw]:
    leaves = time + rng.randint(25, 50) * MINUTE_MS
    return [
        punch(rng, Stamp(time, f"{plan.duty.id}-{name}"), plan.guard, place, "in"),
        punch(rng, Stamp(leaves, f"{plan.duty.id}-{name}-out"), plan.guard, place, "out"),
    ]


DUTY = (
    DutyTrouble("buddy-elsewhere", "BUDDY_PUNCHING", buddy_elsewhere),
    DutyTrouble("impossible-shifts", "IMPOSSIBLE_SHIFTS", impossible_shifts),
    DutyTrouble("unauthorized-site", "UNAUTHORIZED_SITE", unauthorized_site),
)
CREW = (CrewTrouble("buddy-phone", "BUDDY_PUNCHING", buddy_phone),)
