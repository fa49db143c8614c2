"""Troubles of hearing nothing: one phone, or a whole site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import MINUTE_MS
from nocd.simulate.directory import tour_entry
from nocd.simulate.observe import Stamp
from nocd.simulate.plan import Mute
from nocd.simulate.troubles.base import CrewPlan, CrewTrouble, DutyTrouble, quiet_window
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.roster import Crew
    from nocd.simulate.world import World

_AFTER_BEGIN_MS = 90 * MINUTE_MS
_BEFORE_END_MS = 150 * MINUTE_MS
_SILENT_MINUTES = (120, 300)
_CALLED_OFF_AFTER_MS = 20 * MINUTE_MS


def device_offline(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Let the phone fall silent for most of an hour between two tours, while its guard is on duty."""
    window = quiet_window(plan, rng, rng.randint(42, 55) * MINUTE_MS)
    if window is None:
        return None
    plan.mutes.append(Mute(*window))
    plan.clear(*window)
    return Truth("", "DEVICE_OFFLINE", plan.guard.id, plan.place.id, *window)


def silent_site(_world: World, crew: Crew, rng: Random) -> CrewPlan:
    """Hear nothing of all phones of a site for two to five hours; terminals, and punches at them, go on.

    The control room calls off the tours it cannot see, and gives no tasks meanwhile.
    """
    first, last = crew.start + _AFTER_BEGIN_MS, crew.end - _BEFORE_END_MS
    length = min(rng.randint(*_SILENT_MINUTES) * MINUTE_MS, last - first)
    start = first + int(rng.random() * (last - first - length))
    end = start + length

    def alter(plan: Plan) -> None:
        plan.mutes.append(Mute(start, end))
        plan.clear_jobs(start, end)
        for direction in ("break_start", "break_end"):
            plan.changes[direction].clear()
        lost = [walk for walk in plan.walks if walk.overlaps(start, end)]
        for walk in lost:
            walk.scans = [scan for scan in walk.scans if not start <= scan.time <= end]
            stamp = Stamp(start + _CALLED_OFF_AFTER_MS, f"{walk.tour.id}-cancelled")
            plan.extras.append(tour_entry(stamp, plan.duty, walk.tour, cancelled=True))
        plan.walks = [walk for walk in plan.walks if walk.scans]

    return CrewPlan(Truth("", "SILENT_SITE", "", crew.place.id, start, end), alter=alter)


DUTY = (DutyTrouble("device-offline", "DEVICE_OFFLINE", device_offline),)
CREW = (CrewTrouble("silent-site", "SILENT_SITE", silent_site),)
