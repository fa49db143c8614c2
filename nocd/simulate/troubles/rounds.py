"""Troubles of rounds: half a tour, one given up, one in the wrong order or from copied tags, work left lying."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from nocd.domain.geo import haversine_m
from nocd.domain.instant import HOUR_MS, MINUTE_MS, SECOND_MS
from nocd.simulate.plan import Job, Mute, Scan, stroll
from nocd.simulate.roster import duties, tours_of
from nocd.simulate.space import measure, move
from nocd.simulate.stint import about_the_post
from nocd.simulate.troubles.base import DutyTrouble
from nocd.simulate.troubles.position import away
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.plan import Plan, Walk
    from nocd.simulate.world import World

_FULL_CIRCLE = 6.283
_GIVEN_UP_AFTER = 2  # scans
_GIVEN_UP_MS = 56 * MINUTE_MS
_LATE_MIN_MS = 26 * MINUTE_MS
_SLOWEST_MPS, _LONGEST_DWELL_S = 1.1, 50.0
_FIX_EVERY_MS = 8 * MINUTE_MS
_CLOSED_AFTER_MS = 150 * MINUTE_MS
_OWN_TOURS_MIN = 8  # a few more than tell what is usual: one may have gone wrong
_OVER_MS = 24 * HOUR_MS


def tour_incomplete(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Scan half of a tour's checkpoints."""
    if not plan.walks:
        return None
    walk = rng.choice(plan.walks)
    kept = sorted(rng.sample(range(len(walk.scans)), k=len(walk.scans) // 2))
    walk.scans = [walk.scans[number] for number in kept]
    end = walk.tour.planned_start + _CLOSED_AFTER_MS
    return Truth(f"{walk.tour.id}-1", "TOUR_INCOMPLETE", plan.guard.id, plan.place.id, walk.start, end)


def tour_abandonment(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Begin a tour, and after two checkpoints walk off the site for three quarters of an hour."""
    free = [walk for walk in plan.walks if not _busy(plan, walk)]
    if not free:
        return None
    walk = rng.choice(free)
    walk.scans = walk.scans[:_GIVEN_UP_AFTER]
    left = walk.end
    plan.mutes.append(Mute(left, left + _GIVEN_UP_MS, "f"))
    plan.clear_jobs(left, left + _GIVEN_UP_MS)
    raws = away(rng, plan, range(left + 4 * MINUTE_MS, left + _GIVEN_UP_MS - 4 * MINUTE_MS, 4 * MINUTE_MS), "gone")
    plan.extras += raws
    return Truth(raws[0].id, "TOUR_ABANDONMENT", plan.guard.id, plan.place.id, left, left + _GIVEN_UP_MS)


def _busy(plan: Plan, walk: Walk) -> bool:
    """Tell whether another tour, the break or the end of the shift comes soon after a tour's second checkpoint."""
    return taken(plan, walk, walk.scans[_GIVEN_UP_AFTER - 1].time, walk.end + _GIVEN_UP_MS)


def taken(plan: Plan, walk: Walk, start: int, end: int) -> bool:
    """Tell whether another tour, the break or the end of the shift falls between two instants."""
    others = any(other is not walk and other.overlaps(start, end) for other in plan.walks)
    paused = plan.pause is not None and plan.pause[0] <= end and start <= plan.pause[1]
    return others or paused or end > plan.end - 10 * MINUTE_MS


def tour_out_of_order(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Walk an ordered tour the other way round."""
    ordered = [walk for walk in plan.walks if walk.tour.ordered]
    if not ordered:
        return None
    walk = rng.choice(ordered)
    first, *rest = walk.tour.checkpoints
    walk.scans = stroll(rng, walk.start, [first, *reversed(rest)])
    return Truth(f"{walk.tour.id}-2", "TOUR_OUT_OF_ORDER", plan.guard.id, plan.place.id, walk.start, walk.end)


def task_overdue(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Do one task long after it was due."""
    latest = plan.end - 10 * MINUTE_MS
    possible = [job for job in plan.jobs if job.due + _LATE_MIN_MS < latest]
    if not possible:
        return None
    job = rng.choice(possible)
    sla = job.due - job.created
    done = min(latest, job.due + _LATE_MIN_MS + int(sla * rng.uniform(0.1, 1.6)))
    plan.jobs[plan.jobs.index(job)] = job._replace(done=done)
    return Truth(job.id, "TASK_OVERDUE", plan.guard.id, plan.place.id, job.due, done)


def tag_cloned(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Scan copies of the last tags of a tour half a kilometre from where they hang."""
    if not plan.walks:
        return None
    walk = rng.choice(plan.walks)
    cafe = move(plan.place.centre, bearing=rng.random() * _FULL_CIRCLE, metres=plan.place.radius_m + 500)
    first = len(walk.scans) // 2 + 1
    for number in range(first, len(walk.scans) + 1):
        plan.edits[f"{walk.tour.id}-{number}"] = dict(measure(rng, cafe).fields())
        plan.edits[f"{walk.tour.id}-{number}w"] = dict(measure(rng, cafe).fields())
    shown = walk.scans[first - 1].time
    return Truth(f"{walk.tour.id}-{first}", "TAG_CLONED", plan.guard.id, plan.place.id, shown, walk.end)


def scans_too_regular(world: World, plan: Plan, rng: Random) -> Truth | None:
    """Scan every tour of the shift by the stopwatch, when it is known how the guard's own differ."""
    if not plan.walks or _tours_before(world, plan) < _OWN_TOURS_MIN:
        return None
    for walk in plan.walks:
        longest_m = max(haversine_m(*a.checkpoint.point, *b.checkpoint.point) for a, b in pairwise(walk.scans))
        step = int((longest_m / _SLOWEST_MPS + _LONGEST_DWELL_S) * SECOND_MS)
        start = walk.start
        walk.scans = [
            Scan(start + number * step + rng.randrange(1_000), scan.checkpoint)
            for number, scan in enumerate(walk.scans)
        ]
    first, last = plan.walks[0], plan.walks[-1]
    return Truth(
        f"{first.tour.id}-2", "SCANS_TOO_REGULAR", plan.guard.id, plan.place.id, first.start, last.end + HOUR_MS
    )


def _tours_before(world: World, plan: Plan) -> int:
    """Return how many tours the guard of a shift had that were over for a day."""
    over = (duty for duty in duties(world, plan.guard) if duty.crew.end < plan.start - _OVER_MS)
    return sum(len(tours_of(world, duty)) for duty in over)


def phantom_guard(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Be about for two hours and a half, and do neither the tour nor the task that is due."""
    if not plan.walks:
        return None
    planned = rng.choice(plan.walks).tour.planned_start
    start = max(planned - 30 * MINUTE_MS, plan.start + 15 * MINUTE_MS)
    end = start + rng.randint(145, 165) * MINUTE_MS
    if end > plan.end - 15 * MINUTE_MS:
        return None
    plan.walks = [walk for walk in plan.walks if not walk.overlaps(start, end)]
    plan.clear_jobs(start, end)
    created = start + 5 * MINUTE_MS
    done = end + rng.randint(60, 300) * SECOND_MS
    plan.jobs.append(Job(f"{plan.duty.id}-k0", "LOW", created, created + 2 * HOUR_MS, done))
    plan.mutes.append(Mute(start, end, "f"))
    plan.extras += about_the_post(rng, plan, range(start, end, _FIX_EVERY_MS), "idle")
    return Truth("", "PHANTOM_GUARD", plan.guard.id, plan.place.id, start, end)


DUTY = (
    DutyTrouble("tour-incomplete", "TOUR_INCOMPLETE", tour_incomplete),
    DutyTrouble("tour-abandonment", "TOUR_ABANDONMENT", tour_abandonment),
    DutyTrouble("tour-out-of-order", "TOUR_OUT_OF_ORDER", tour_out_of_order),
    DutyTrouble("task-overdue", "TASK_OVERDUE", task_overdue),
    DutyTrouble("tag-cloned", "TAG_CLONED", tag_cloned),
    DutyTrouble("scans-too-regular", "SCANS_TOO_REGULAR", scans_too_regular),
    DutyTrouble("phantom-guard", "PHANTOM_GUARD", phantom_guard),
)
