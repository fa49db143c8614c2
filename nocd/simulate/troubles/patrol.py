"""Troubles of walking about: a tour left out, a tour nobody can have walked, a guard asleep, a slack night."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import HOUR_MS, MINUTE_MS, SECOND_MS, local
from nocd.simulate.observe import Stamp, location_fix
from nocd.simulate.plan import Job, Mute, Scan, Slack
from nocd.simulate.space import measure
from nocd.simulate.troubles.base import DutyTrouble
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.world import World

_MISSED_AFTER_MS = 2 * HOUR_MS
_EVENING, _MORNING = 20, 7
_ASLEEP_FIX_EVERY_MS = 12 * MINUTE_MS
_NIGHT_SHIFT_FROM = 18  # on the site's clock
_SLACK_HOURS = (4, 8)
_SLACK_SHARE = (0.10, 0.22)
_FEW_SCANS = 2
_BEGUN_SHARE = 0.4  # of slack nights have one tour begun in them, none walked to its end


def tour_missed(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Leave out one tour that is missed well before the shift ends."""
    known_in_time = [walk for walk in plan.walks if walk.tour.planned_start + _MISSED_AFTER_MS < plan.duty.crew.end]
    if not known_in_time:
        return None
    walk = rng.choice(known_in_time)
    plan.walks.remove(walk)
    start = walk.tour.planned_start
    return Truth("", "TOUR_MISSED", plan.guard.id, plan.place.id, start, start + _MISSED_AFTER_MS)


def tour_too_fast(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Scan all checkpoints of a tour within seconds, from copies of their tags; the second scan shows it."""
    if not plan.walks:
        return None
    walk = rng.choice(plan.walks)
    time = walk.start
    for number, scan in enumerate(walk.scans):
        walk.scans[number] = Scan(time, scan.checkpoint)
        time += rng.randint(1_000, 3_000)
    return Truth(f"{walk.tour.id}-2", "TOUR_TOO_FAST", plan.guard.id, plan.place.id, walk.start, walk.end)


def guard_inactivity(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Sleep through three hours of the night: the phone lies still and counts nothing, tours and tasks wait."""
    start = plan.duty.crew.start + rng.randint(125, 150) * MINUTE_MS
    end = start + rng.randint(180, 220) * MINUTE_MS
    if not (_night(plan, start) and _night(plan, end) and end + HOUR_MS < plan.end):
        return None
    plan.walks = [walk for walk in plan.walks if not walk.overlaps(start, end)]
    plan.clear(start, end)
    created = start + 10 * MINUTE_MS
    done = end + rng.randint(60, 600) * SECOND_MS
    plan.jobs.append(Job(f"{plan.duty.id}-k0", "MEDIUM", created, created + HOUR_MS, done))
    plan.mutes.append(Mute(start, end, "fp"))
    plan.extras += [
        location_fix(Stamp(time, f"{plan.duty.id}-asleep{no}"), plan.guard, measure(rng, plan.post))
        for no, time in enumerate(range(start, end, _ASLEEP_FIX_EVERY_MS))
    ]
    return Truth("", "GUARD_INACTIVITY", plan.guard.id, plan.place.id, start, end)


def slack_night(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Be alone at night and do little for most of it: hardly a step, tours and tasks skipped, punches as ever."""
    crew = plan.duty.crew
    if len(crew.guards) > 1 or local(crew.start, plan.place.timezone).hour < _NIGHT_SHIFT_FROM:
        return None
    hours = (plan.end - plan.start) // HOUR_MS
    longest = min(_SLACK_HOURS[1], hours - 2)
    length = rng.randint(_SLACK_HOURS[0], longest)
    start = plan.start + rng.randint(1, hours - 1 - length) * HOUR_MS
    slack = Slack(start, start + length * HOUR_MS, rng.uniform(*_SLACK_SHARE))
    plan.slack = slack
    plan.clear_jobs(slack.start, slack.end)
    begun = rng.random() < _BEGUN_SHARE
    for walk in plan.walks:
        if walk.overlaps(slack.start, slack.end):
            early = [scan for scan in walk.scans if scan.time < slack.start]
            walk.scans = early or walk.scans[: _FEW_SCANS if begun else 0]
            begun = False
    plan.walks = [walk for walk in plan.walks if walk.scans]
    return Truth("", "SLACK_NIGHT", plan.guard.id, plan.place.id, slack.start, slack.end)


def _night(plan: Plan, instant: int) -> bool:
    hour = local(instant, plan.place.timezone).hour
    return hour >= _EVENING or hour < _MORNING


DUTY = (
    DutyTrouble("tour-missed", "TOUR_MISSED", tour_missed),
    DutyTrouble("tour-too-fast", "TOUR_TOO_FAST", tour_too_fast),
    DutyTrouble("guard-inactivity", "GUARD_INACTIVITY", guard_inactivity),
    DutyTrouble("slack-night", "SLACK_NIGHT", slack_night),
)
