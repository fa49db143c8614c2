"""From the plan of a shift to what its devices report, an hour at a time so that a long shift is never held whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nocd.domain.instant import HOUR_MS, MINUTE_MS, SECOND_MS, rfc3339
from nocd.simulate.observe import (
    Raw,
    Stamp,
    device_health,
    location_fix,
    phone_event,
    phone_source,
    punch,
    signal,
    tour_scan,
    walking_fix,
)
from nocd.simulate.rhythm import activity, count, in_shift, pace
from nocd.simulate.roster import LEAD_MS
from nocd.simulate.seeding import derive
from nocd.simulate.space import Point, measure, move

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from nocd.simulate.plan import Job, Plan, Walk
    from nocd.simulate.world import World

_BATTERY_PERCENT_PER_HOUR = 3.8
_FIXES_PER_HOUR = 6.0
_STEPCOUNTS_PER_HOUR = 24.0
_LOGS_PER_HOUR = 2.0
_HEALTH_PER_HOUR = 3
_WANDER_M = 25.0


class _Beat(NamedTuple):
    """A moment at which a phone reports: f fix, s step count, l device log, h health."""

    time: int
    sort: str


def render(world: World, plan: Plan) -> Iterator[Raw]:
    """Yield the events of one shift in order of time."""
    fixed = sorted([*plan.extras, *_fixed(derive(world.seed, "steps", plan.duty.id), plan)])
    done = 0
    if not (plan.absent or plan.ghost):
        rng = derive(world.seed, "phone", plan.duty.id)
        own = _pace(world, plan)
        for start in range(plan.start, plan.end, HOUR_MS):
            batch = [_report(rng, plan, beat) for beat in _beats(rng, plan, start, own)]
            until = start + HOUR_MS
            while done < len(fixed) and fixed[done].time < until:
                batch.append(fixed[done])
                done += 1
            batch.sort()
            yield from batch
    yield from fixed[done:]


def _pace(world: World, plan: Plan) -> float:
    crew = plan.duty.crew
    return pace(world.seed, site_day=f"{crew.place.id}-{crew.day}", guard=plan.guard.id, shift=plan.duty.id)


def _beats(rng: Random, plan: Plan, start: int, own: float) -> Iterator[_Beat]:
    """Yield when a phone reports in the hour from `start`: steps, logs and fixes by the rhythm, health by its timer."""
    for sort, wanted in _wanted(rng, plan, start, own):
        step = HOUR_MS / max(1, wanted)
        for number in range(wanted):
            time = start + int((number + 0.2 + 0.6 * rng.random()) * step)
            if time < plan.end and not (plan.mutes and plan.muted(time, "p" if sort in "sl" else sort)):
                yield _Beat(time, sort)


def _wanted(rng: Random, plan: Plan, start: int, own: float) -> Iterator[tuple[str, int]]:
    middle = start + HOUR_MS // 2
    busy = own * activity(plan.place, middle) * in_shift(middle, plan.start, plan.end, plan.pause)
    means = (("f", _FIXES_PER_HOUR * busy), ("s", _STEPCOUNTS_PER_HOUR * busy), ("l", _LOGS_PER_HOUR * busy))
    slack = plan.slack if plan.slacks(middle) else None
    for sort, mean in means:
        yield sort, round(mean * slack.share) if slack else count(rng, mean)
    yield "h", _HEALTH_PER_HOUR


def _report(rng: Random, plan: Plan, beat: _Beat) -> Raw:
    guard = plan.guard
    stamp = Stamp(beat.time, f"{plan.duty.id}-{beat.sort}{(beat.time - plan.duty.crew.start + LEAD_MS) // SECOND_MS}")
    if beat.sort == "f":
        return location_fix(stamp, guard, measure(rng, _whereabouts(rng, plan, beat.time)))
    battery = round(plan.battery_percent - (beat.time - plan.start) / HOUR_MS * _BATTERY_PERCENT_PER_HOUR, 1)
    if beat.sort == "h":
        return device_health(rng, stamp, guard.device, phone_source(guard.device), battery)
    if beat.sort == "l":
        return phone_event(stamp, guard, "device_log", battery_percent=battery, signal_percent=signal(rng))
    return phone_event(stamp, guard, "stepcount", steps=rng.randint(4, 60))


def _whereabouts(rng: Random, plan: Plan, time: int) -> Point:
    """Return where the guard is: on a tour at the last checkpoint passed, else about the post."""
    if plan.duty.static or plan.slacks(time):
        return plan.post
    for walk in plan.walks:
        if walk.start <= time <= walk.end:
            return [scan.checkpoint.point for scan in walk.scans if scan.time <= time][-1]
    return move(plan.post, bearing=rng.uniform(0, 6.28), metres=rng.random() * _WANDER_M)


def _fixed(rng: Random, plan: Plan) -> Iterator[Raw]:
    if plan.absent:
        return
    yield from _punches(rng, plan)
    if plan.ghost:
        return
    name = plan.duty.id
    yield phone_event(Stamp(plan.start + rng.randint(5, 40) * SECOND_MS, f"{name}-login"), plan.guard, "login")
    yield phone_event(Stamp(plan.end - rng.randint(20, 50) * SECOND_MS, f"{name}-logout"), plan.guard, "logout")
    for walk in plan.walks:
        yield from _tour(rng, plan, walk)
    for job in plan.jobs:
        yield from _task(plan, job)


def _punches(rng: Random, plan: Plan) -> Iterator[Raw]:
    moments = [("in", plan.start)]
    if plan.pause is not None and not plan.ghost:
        moments += [("break_start", plan.pause[0]), ("break_end", plan.pause[1])]
    if plan.punches_out:
        moments.append(("out", plan.end))
    for direction, time in moments:
        stamp = Stamp(time, f"{plan.duty.id}-{direction}")
        yield punch(rng, stamp, plan.guard, plan.place, direction, **plan.changes[direction])


def _tour(rng: Random, plan: Plan, walk: Walk) -> Iterator[Raw]:
    """Yield the scans of a walk and, half-way between two, a fix."""
    before = None
    for number, scan in enumerate(walk.scans, start=1):
        name = f"{walk.tour.id}-{number}"
        half_way = scan.time if before is None else (before.time + scan.time) // 2
        if before is not None and scan.time - before.time > MINUTE_MS and not plan.muted(half_way, "f"):
            a, b = before.checkpoint.point, scan.checkpoint.point
            middle = Point((a.lat + b.lat) / 2, (a.lon + b.lon) / 2)
            yield walking_fix(rng, Stamp(half_way, f"{name}w"), plan.guard, middle)
        yield tour_scan(rng, Stamp(scan.time, name), plan.guard, plan.place, walk.tour.id, scan.checkpoint)
        before = scan


def _task(plan: Plan, job: Job) -> Iterator[Raw]:
    data = {
        "id": job.id,
        "site": plan.place.id,
        "person": plan.guard.id,
        "priority": job.priority,
        "created_at": rfc3339(job.created),
        "due_at": rfc3339(job.due),
    }
    yield Raw(job.created, job.id, "noc.task", "/work-orders", data)
    done = {"task": job.id, "person": plan.guard.id, "site": plan.place.id}
    yield Raw(job.done, f"{job.id}-done", "noc.task.done", phone_source(plan.guard.device), done)
