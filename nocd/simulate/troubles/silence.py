"""Troubles of hearing nothing: one phone, or a whole site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import MINUTE_MS
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
_CATCH_UP_MS = 3 * MINUTE_MS


def device_offline(_world: World, plan: Plan, rng: Random) -> Truth | None:
    """Let the phone fall silent for most of an hour between two tours, while its guard is on duty."""
    window = quiet_window(plan, rng, rng.randint(42, 55) * MINUTE_MS)
    if window is None:
        return None
    plan.mutes.append(Mute(*window))
    plan.clear(*window)
    return Truth("", "DEVICE_OFFLINE", plan.guard.id, plan.place.id, *window)


def silent_site(_world: World, crew: Crew, rng: Random) -> CrewPlan:
    """Hear nothing of a whole crew for an hour and a half: no phones, no positions, no tasks, tours walked later."""
    length = rng.randint(80, 105) * MINUTE_MS
    start = rng.randrange(crew.start + _AFTER_BEGIN_MS, crew.end - _BEFORE_END_MS - length)
    end = start + length

    def alter(plan: Plan) -> None:
        plan.mutes.append(Mute(start, end))
        plan.clear(start, end)
        for walk in plan.walks:
            if walk.overlaps(start, end):
                walk.delay(end + _CATCH_UP_MS - walk.start)

    return CrewPlan(Truth("", "SILENT_SITE", "", crew.place.id, start, end), alter=alter)


DUTY = (DutyTrouble("device-offline", "DEVICE_OFFLINE", device_offline),)
CREW = (CrewTrouble("silent-site", "SILENT_SITE", silent_site),)
