"""The world as one stream of CloudEvents in order of time, made as it is read."""

from __future__ import annotations

from functools import lru_cache
from heapq import merge
from typing import TYPE_CHECKING, Any

from nocd.domain.instant import MINUTE_MS, SECOND_MS, rfc3339
from nocd.simulate.directory import directory, roster
from nocd.simulate.disorder import disordered
from nocd.simulate.drift import drifted
from nocd.simulate.observe import WAKE, Raw
from nocd.simulate.render import render
from nocd.simulate.roster import LEAD_MS, duties
from nocd.simulate.sending import sent
from nocd.simulate.surroundings import (
    alarms,
    crew_troubles,
    gate_counts,
    paperwork,
    room_temperatures,
    terminal_health,
)
from nocd.simulate.troubles import planned
from nocd.simulate.truth import Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nocd.simulate.plan import Plan
    from nocd.simulate.world import Guard, World


def untold(_truth: Truth) -> None:
    """Hear of a planted trouble and keep quiet."""


def events(
    world: World, *, disorder: bool = False, truth: Callable[[Truth], None] = untold
) -> Iterator[dict[str, Any]]:
    """Yield every event of the world as a CloudEvents dict; `truth` hears each planted trouble as its shift comes up.

    With `disorder` some phones buffer: arrival then differs from order of time by less than ten minutes, and some
    events come twice under the same id.
    """
    stream = raws(world, truth)
    return map(envelope, disordered(world.seed, stream) if disorder else stream)


def raws(world: World, truth: Callable[[Truth], None], *, likeness: Callable[[Truth], None] = untold) -> Iterator[Raw]:
    """Yield the same as raw events in the order they are sent: the directory, then all streams merged by time.

    `likeness` hears of each honest shift, and site, that looks like trouble, in the form of a truth.
    """
    yield from directory(world)
    streams: list[Iterable[Raw]] = [_person(world, guard, truth, likeness) for guard in world.guards]
    for place in world.places:
        streams += [
            roster(world, place),
            gate_counts(world, place, truth),
            room_temperatures(world, place),
            terminal_health(world, place),
            alarms(world, place),
            paperwork(world, place, truth, likeness),
            crew_troubles(world, place, truth),
        ]
    yield from drifted((raw for raw in merge(*streams) if raw.type != WAKE), world.drift)


def _person(
    world: World, guard: Guard, truth: Callable[[Truth], None], likeness: Callable[[Truth], None]
) -> Iterator[Raw]:
    """Yield one person's shifts; a mark that is not passed on keeps each unplanned until it comes up."""
    for duty in duties(world, guard):
        yield Raw(duty.crew.start - LEAD_MS, duty.id, WAKE, "", {})
        plan, planted = planned(world, duty)
        if planted is not None:
            truth(planted)
        elif plan.likeness:
            likeness(_likeness(plan))
        yield from sent(world.seed, plan, render(world, plan))


def _likeness(plan: Plan) -> Truth:
    return Truth("", plan.likeness, plan.guard.id, plan.place.id, plan.start, plan.end)


def envelope(raw: Raw) -> dict[str, Any]:
    """Return a raw event in its CloudEvents 1.0 envelope."""
    minute, rest = divmod(raw.time if raw.clock is None else raw.clock, MINUTE_MS)
    second, millisecond = divmod(rest, SECOND_MS)
    return {
        "specversion": "1.0",
        "id": raw.id,
        "source": raw.source,
        "type": raw.type,
        "time": f"{_to_the_minute(minute)}{second:02d}.{millisecond:03d}Z",
        "data": raw.data,
    }


@lru_cache(maxsize=4_096)
def _to_the_minute(minute: int) -> str:
    return rfc3339(minute * MINUTE_MS)[:17]
