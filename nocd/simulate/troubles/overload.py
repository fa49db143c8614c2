"""Troubles of too much at once: more is asked of a crew than it can do, and all of it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import MINUTE_MS, SECOND_MS
from nocd.simulate.alarms import CAMERA, REPEAT_MS, Trouble, reports
from nocd.simulate.directory import tour_entry
from nocd.simulate.observe import Stamp
from nocd.simulate.plan import SLA_MINUTES, Job
from nocd.simulate.roster import PlannedTour
from nocd.simulate.troubles.base import CrewPlan, CrewTrouble
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.roster import Crew
    from nocd.simulate.world import World

_AFTER_BEGIN_MINUTES = (90, 240)
_LASTS_MINUTES = (90, 110)  # less than until a tour is missed
_URGENT = ("CRITICAL", "HIGH")
_FIRST_CAMERA = 31  # none that also fails by itself


def sla_storm(_world: World, crew: Crew, rng: Random) -> CrewPlan:
    """Let half a dozen cameras fail, and order tasks and tours of the crew's first guard that are not begun in time.

    When it is over the tours are called off, and the tasks done.
    """
    start = crew.start + rng.randint(*_AFTER_BEGIN_MINUTES) * MINUTE_MS
    end = start + rng.randint(*_LASTS_MINUTES) * MINUTE_MS
    jobs = [_job(rng, f"{crew.key}-u{number}", start, end) for number in range(rng.randint(6, 8))]
    tours = [_tour(rng, crew, f"{crew.key}-o{number}", start) for number in range(rng.randint(3, 4))]

    def alter(plan: Plan) -> None:
        plan.clear(start, end)
        if plan.guard is crew.guards[0]:
            plan.jobs += jobs
            for tour in tours:
                called_off = Stamp(end, f"{tour.id}-cancelled")
                plan.extras.append(tour_entry(Stamp(start, tour.id), plan.duty, tour))
                plan.extras.append(tour_entry(called_off, plan.duty, tour, cancelled=True))

    cameras = [
        Trouble(
            f"{crew.key}-c{number}",
            CAMERA,
            _FIRST_CAMERA + number,
            start + rng.randrange(180) * SECOND_MS,
            (end - start) // REPEAT_MS,
        )
        for number in range(rng.randint(6, 8))
    ]
    raws = sorted(raw for camera in cameras for raw in reports(crew.place, camera))
    return CrewPlan(Truth("", "SLA_STORM", "", crew.place.id, start, end), raws=tuple(raws), alter=alter)


def _job(rng: Random, name: str, start: int, end: int) -> Job:
    priority = rng.choice(_URGENT)
    created = start + rng.randrange(8 * 60) * SECOND_MS
    due = created + SLA_MINUTES[priority] * MINUTE_MS
    return Job(name, priority, created, due, end + rng.randrange(300) * SECOND_MS)


def _tour(rng: Random, crew: Crew, name: str, start: int) -> PlannedTour:
    planned = start + rng.randint(5, 12) * MINUTE_MS
    return PlannedTour(name, "CRITICAL", planned, crew.place.checkpoints, ordered=False)


CREW = (CrewTrouble("sla-storm", "SLA_STORM", sla_storm),)
