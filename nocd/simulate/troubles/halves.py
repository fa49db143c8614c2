"""Troubles of hearing half the story of a whole site: its phones tell where they are and no more, or all but that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.simulate.plan import Mute
from nocd.simulate.stint import about_the_post
from nocd.simulate.troubles.base import CrewPlan, CrewTrouble
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.roster import Crew
    from nocd.simulate.world import World

_AFTER_BEGIN_MS = 90 * MINUTE_MS
_MUTE_MINUTES = (95, 130)
_BLIND_MINUTES = (280, 420)
_FIX_EVERY_MS = 10 * MINUTE_MS


def mute_site(_world: World, crew: Crew, rng: Random) -> CrewPlan:
    """Hear no phone event of anyone at a site for over an hour and a half, while positions go on."""
    start, end = _stretch(crew, rng, _MUTE_MINUTES)

    def alter(plan: Plan) -> None:
        plan.mutes.append(Mute(start, end, "p"))
        times = [
            time
            for time in range(start, end, _FIX_EVERY_MS)
            if not any(walk.overlaps(time, time) for walk in plan.walks)
        ]
        plan.extras += about_the_post(rng, plan, times, "there")

    return CrewPlan(Truth("", "CRITICAL_SIGNAL_LOW_PHONE", "", crew.place.id, start, end), alter=alter)


def blind_site(_world: World, crew: Crew, rng: Random) -> CrewPlan:
    """Hear no position of anyone at a site for most of a shift, while all else of their phones goes on."""
    start, end = _stretch(crew, rng, _BLIND_MINUTES)

    def alter(plan: Plan) -> None:
        plan.mutes.append(Mute(start, end, "f"))

    return CrewPlan(Truth("", "CRITICAL_SIGNAL_LOW_LOCATION", "", crew.place.id, start, end), alter=alter)


def _stretch(crew: Crew, rng: Random, minutes: tuple[int, int]) -> tuple[int, int]:
    """Return a stretch of so many minutes, or as many as there are, in the middle of the shift."""
    first, last = crew.start + _AFTER_BEGIN_MS, crew.end - HOUR_MS
    length = min(rng.randint(*minutes) * MINUTE_MS, last - first)
    start = first + int(rng.random() * (last - first - length))
    return start, start + length


CREW = (
    CrewTrouble("mute-site", "CRITICAL_SIGNAL_LOW_PHONE", mute_site),
    CrewTrouble("blind-site", "CRITICAL_SIGNAL_LOW_LOCATION", blind_site),
)
