"""Troubles of coming and going: not at all, twice, without leaving, or someone else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import HOUR_MS, MINUTE_MS, SECOND_MS
from nocd.simulate.directory import tour_entry
from nocd.simulate.observe import Stamp, punch
from nocd.simulate.roster import duty_of, relief
from nocd.simulate.troubles.base import CrewPlan, CrewTrouble, DutyTrouble
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.roster import Crew
    from nocd.simulate.world import World

_CANCELLED_AFTER_MS = 25 * MINUTE_MS


def no_show(_world: World, plan: Plan, _rng: Random) -> Truth:
    """Nobody comes; the control room cancels the tours of the shift once it is plain."""
    plan.absent = True
    time = plan.duty.crew.start + _CANCELLED_AFTER_MS
    plan.extras += [
        tour_entry(Stamp(time, f"{walk.tour.id}-cancelled"), plan.duty, walk.tour, cancelled=True)
        for walk in plan.walks
    ]
    return Truth("", "NO_SHOW", plan.guard.id, plan.place.id, plan.duty.crew.start, plan.duty.crew.end)


def double_punch(_world: World, plan: Plan, rng: Random) -> Truth:
    """Come in, and come in again a few minutes later."""
    stamp = Stamp(plan.start + rng.randint(100, 300) * SECOND_MS, f"{plan.duty.id}-in-again")
    plan.extras.append(punch(rng, stamp, plan.guard, plan.place, "in", **plan.changes["in"]))
    return Truth(stamp.id, "DOUBLE_PUNCH", plan.guard.id, plan.place.id, plan.start, stamp.time)


def open_punch(_world: World, plan: Plan, _rng: Random) -> Truth:
    """Go home without punching out."""
    plan.punches_out = False
    return Truth("", "OPEN_PUNCH", plan.guard.id, plan.place.id, plan.start, plan.duty.crew.end + HOUR_MS)


def wrong_person(world: World, crew: Crew, rng: Random) -> CrewPlan | None:
    """Let a colleague who has the day off work someone else's shift, unknown to the roster."""
    free = relief(world, crew)
    if not free:
        return None
    missing, comes = rng.choice(crew.guards), rng.choice(free)

    def alter(plan: Plan) -> None:
        if plan.guard is missing:
            plan.guard = comes
            for changes in plan.changes.values():
                changes.clear()

    name = f"{duty_of(world, crew, missing).id}-in"
    return CrewPlan(Truth(name, "WRONG_PERSON", comes.id, crew.place.id, crew.start, crew.end), alter=alter)


DUTY = (
    DutyTrouble("no-show", "NO_SHOW", no_show),
    DutyTrouble("double-punch", "DOUBLE_PUNCH", double_punch),
    DutyTrouble("open-punch", "OPEN_PUNCH", open_punch),
)
CREW = (CrewTrouble("wrong-person", "WRONG_PERSON", wrong_person),)
