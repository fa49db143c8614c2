"""Troubles played in front of a viewer: one every half minute, by guards who are on duty right now."""

from __future__ import annotations

from datetime import timedelta
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple

from nocd.domain.instant import MINUTE_MS, SECOND_MS, local
from nocd.simulate.alarms import draw, reports
from nocd.simulate.observe import WAKE, Raw, Stamp, punch
from nocd.simulate.roster import LEAD_MS, crew_of, duty_of
from nocd.simulate.seeding import derive
from nocd.simulate.troubles import crew_trouble, planned
from nocd.simulate.troubles.alarm import panic, storm, stranger
from nocd.simulate.troubles.base import span
from nocd.simulate.troubles.identity import elsewhere
from nocd.simulate.troubles.location import mocked_fix, outside_fence
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from nocd.simulate.plan import Plan
    from nocd.simulate.roster import Crew, Duty
    from nocd.simulate.world import World

# Seconds of the viewer's time: the first acts come quickly, then one by one.
_OPENING_S: Final = (1.5, 4.0, 8.0, 14.0)
_EVERY_S: Final = 25.0
_CLEAR_OF_BREAK_MS = 20 * MINUTE_MS


class _Scene(NamedTuple):
    """Where an act plays: its randomness, when, what its events are called, whose shift, and the world about it."""

    rng: Random
    time: int
    name: str
    plan: Plan
    world: World

    def stamp(self, part: str, after_s: int = 0) -> Stamp:
        """Return the stamp of one of the act's events."""
        return Stamp(self.time + after_s * SECOND_MS, f"{self.name}-{part}")

    def punch(self, direction: str, after_s: int = 0) -> Raw:
        """Return an honest punch at the guard's own site."""
        return punch(self.rng, self.stamp(direction, after_s), self.plan.guard, self.plan.place, direction)


def _distress(scene: _Scene) -> list[Raw]:
    return [panic(scene.stamp("panic"), scene.plan)]


def _mocked(scene: _Scene) -> list[Raw]:
    return [mocked_fix(scene.rng, scene.stamp(f"mock{no}", 60 * no), scene.plan) for no in range(3)]


def _buddy(scene: _Scene) -> list[Raw]:
    """Show a guard at another site twenty seconds after the break began here."""
    near = scene.world.neighbours(scene.plan.place)
    if not near:
        return []
    false = elsewhere(scene.rng, scene.stamp("buddy", 20), scene.plan, near[0])
    return [false, scene.punch("break_start"), scene.punch("break_end", 900)]


def _outside_fence(scene: _Scene) -> list[Raw]:
    """End a break somewhere down the road."""
    stamp, plan = scene.stamp("break_end", 90), scene.plan
    false = punch(scene.rng, stamp, plan.guard, plan.place, "break_end", **outside_fence(scene.rng, plan))
    return [false, scene.punch("break_start")]


def _in_again(scene: _Scene) -> list[Raw]:
    return [scene.punch("in")]


def _alarm(scene: _Scene) -> list[Raw]:
    trouble = draw(scene.rng, name=f"{scene.name}-alarm", start=scene.time)
    return list(reports(scene.plan.place, trouble))


def _storm(scene: _Scene) -> list[Raw]:
    return storm(scene.rng, scene.stamp("storm"), scene.plan.place)


def _stranger(scene: _Scene) -> list[Raw]:
    return [stranger(scene.rng, scene.stamp("stranger"))]


# What is played, in turn; the first event an act returns is the one that shows it.
_ACTS: Final[tuple[tuple[str, Callable[[_Scene], list[Raw]]], ...]] = (
    ("OUTSIDE_ALERT", _alarm),
    ("GUARD_DISTRESS", _distress),
    ("BUDDY_PUNCHING", _buddy),
    ("GPS_SPOOFING", _mocked),
    ("OUTSIDE_ALERT", _storm),
    ("GEOFENCE_VIOLATION", _outside_fence),
    ("UNKNOWN_ENTITY", _stranger),
    ("OUTSIDE_ALERT", _alarm),
    ("DOUBLE_PUNCH", _in_again),
)


def staged(world: World, now_ms: int, speed: float, truth: Callable[[Truth], None]) -> Iterator[Raw]:
    """Yield the events of one act after another from `now_ms` on, in order of time, with a mark before each act."""
    rng = derive(world.seed, "staged")
    waiting: list[Raw] = []
    played: set[str] = set()
    for number, moment_s in enumerate(_moments_s()):
        time = now_ms + int(moment_s * speed * SECOND_MS)
        if time >= world.end_ms:
            break
        while waiting and waiting[0].time < time:
            yield heappop(waiting)
        yield Raw(time, "", WAKE, "", {})
        plan = _someone(world, rng, time, played)
        for raw in _act(world, rng, number, time, plan, truth) if plan else ():
            heappush(waiting, raw)
    yield from sorted(waiting)


def _act(world: World, rng: Random, number: int, time: int, plan: Plan, truth: Callable[[Truth], None]) -> list[Raw]:
    kind, act = _ACTS[number % len(_ACTS)]
    raws = act(_Scene(rng, time, f"ACT-{number}", plan, world))
    if raws:
        truth(_truth(kind, raws))
    return raws


def _truth(kind: str, raws: list[Raw]) -> Truth:
    shows = raws[0]
    times = [raw.time for raw in raws]
    person, site = shows.data.get("person", ""), shows.data.get("site", "")
    return Truth(shows.id, kind, person, site, min(times), max(times))


def _moments_s() -> Iterator[float]:
    yield from _OPENING_S
    for turn in count(1):
        yield _OPENING_S[-1] + turn * _EVERY_S


def _someone(world: World, rng: Random, time: int, played: set[str]) -> Plan | None:
    """Return a shift to play in, a new one while there are any, or None while nobody is free."""
    at_work = [duty_of(world, crew, guard) for crew in _crews_at(world, time) for guard in crew.guards]
    rng.shuffle(at_work)
    for duty in sorted(at_work, key=lambda duty: duty.id in played):
        plan = _free(world, duty, time)
        if plan is not None:
            played.add(duty.id)
            return plan
    return None


def _free(world: World, duty: Duty, time: int) -> Plan | None:
    """Return the shift if it is in full swing at `time`, with no trouble planted and no break near."""
    if crew_trouble(world, duty.crew) is not None:
        return None
    plan, trouble = planned(world, duty)
    first, last = span(plan)
    return plan if trouble is None and first < time < last and not _near_break(plan, time) else None


def _near_break(plan: Plan, time: int) -> bool:
    pause = plan.pause
    return pause is not None and pause[0] - _CLEAR_OF_BREAK_MS < time < pause[1] + _CLEAR_OF_BREAK_MS


def _crews_at(world: World, time: int) -> Iterator[Crew]:
    """Yield the crews on shift at `time`, whose shift began today or yesterday on the site's clock."""
    for place in world.places:
        today = local(time, place.timezone).date()
        for day in (today - timedelta(days=1), today):
            for number in range(len(place.changes)):
                crew = crew_of(world, place, day, number)
                if crew.start <= time < crew.end and crew.start >= world.start_ms + LEAD_MS:
                    yield crew
