"""Who is due where and when: crews around the clock on site-local time, four days on and two off, and their tours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from nocd.domain.instant import HOUR_MS, MINUTE_MS, local, to_ms, zone
from nocd.simulate.seeding import chance, derive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nocd.simulate.world import Checkpoint, Guard, Place, World

LEAD_MS = HOUR_MS  # nothing of a shift happens earlier than this before it
_CYCLE_DAYS = 6
_DAYS_ON = 4
_NIGHTS_ON = 3  # in a row, for the two who take turns in a lone night
LONG_SHIFT_MS = 10 * HOUR_MS
_STATIC_SHARE = 0.15
_CREW_FOR_STATIC_MIN = 2
_CRITICAL_TIER = 4
_ORDERED_SHARE = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """All who share a site and the hours of a shift."""

    place: Place
    day: date
    no: int
    start: int
    end: int
    guards: tuple[Guard, ...]

    @property
    def key(self) -> str:
        """Return its name: site, local day and number of the shift."""
        return f"{self.place.id}-{self.day:%Y%m%d}-{self.no}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One guard's shift; a static post walks no tours."""

    id: str
    crew: Crew
    guard: Guard
    static: bool

    @property
    def place(self) -> Place:
        """Return the site it is at."""
        return self.crew.place


class PlannedTour(NamedTuple):
    """A tour as the roster knows it."""

    id: str
    kind: str
    planned_start: int
    checkpoints: tuple[Checkpoint, ...]
    ordered: bool


def _on(place: Place, group: tuple[Guard, ...], day: date, number: int) -> tuple[Guard, ...]:
    """Return who of the group of a shift works on `day`: off days are spread evenly, a lone night has one guard."""
    if len(group) == 1:
        return group
    if group and place.lone_night and number == len(place.changes) - 1:
        return (group[day.toordinal() // _NIGHTS_ON % len(group)],)
    offsets = (index * _CYCLE_DAYS // len(group) for index in range(len(group)))
    return tuple(
        guard
        for guard, offset in zip(group, offsets, strict=True)
        if (day.toordinal() + offset) % _CYCLE_DAYS < _DAYS_ON
    )


def _instant(place: Place, day: date, hour: int) -> int:
    return to_ms(datetime(day.year, day.month, day.day, hour, tzinfo=zone(place.timezone)))


def crew_of(world: World, place: Place, day: date, number: int) -> Crew:
    """Return the crew whose shift is the `number`th of that local day; a shift ends where the next begins."""
    changes = place.changes
    last = number + 1 == len(changes)
    end_day = day + timedelta(days=1) if last and len(changes) > 1 else day
    end_hour = changes[(number + 1) % len(changes)] if len(changes) > 1 else changes[0] + 12
    return Crew(
        place=place,
        day=day,
        no=number,
        start=_instant(place, day, changes[number]),
        end=_instant(place, end_day, end_hour),
        guards=_on(place, world.groups[place.id][number], day, number),
    )


def days(world: World, place: Place) -> Iterator[date]:
    """Yield the local days on which a shift of this world may begin."""
    day = local(world.start_ms, place.timezone).date()
    last = local(world.end_ms, place.timezone).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def _within(world: World, crew: Crew) -> bool:
    return world.start_ms + LEAD_MS <= crew.start < world.end_ms


def crews(world: World, place: Place) -> Iterator[Crew]:
    """Yield the manned crews of a site in order of time: those whose shift begins inside the world's days."""
    for day in days(world, place):
        for number in range(len(place.changes)):
            crew = crew_of(world, place, day, number)
            if crew.guards and _within(world, crew):
                yield crew


def duty_of(world: World, crew: Crew, guard: Guard) -> Duty:
    """Return `guard`'s shift in `crew`."""
    name = f"SH-{guard.id[2:]}-{crew.day:%Y%m%d}"
    static = (
        len(crew.guards) >= _CREW_FOR_STATIC_MIN
        and guard is not crew.guards[0]
        and chance(world.seed, "static", name) < _STATIC_SHARE
    )
    return Duty(id=name, crew=crew, guard=guard, static=static)


def duties(world: World, guard: Guard) -> Iterator[Duty]:
    """Yield the shifts of one person in order of time."""
    place = world.place[guard.home]
    number = next(number for number, group in enumerate(world.groups[place.id]) if guard in group)
    for day in days(world, place):
        crew = crew_of(world, place, day, number)
        if guard in crew.guards and _within(world, crew):
            yield duty_of(world, crew, guard)


def shifts_before(world: World, duty: Duty, days: int) -> Iterator[Duty]:
    """Yield the shifts that the same guard had in the days before, so many with this one, the latest first."""
    for back in range(1, days):
        crew = crew_of(world, duty.place, duty.crew.day - timedelta(days=back), duty.crew.no)
        if duty.guard in crew.guards and _within(world, crew):
            yield duty_of(world, crew, duty.guard)


def relief(world: World, crew: Crew) -> tuple[Guard, ...]:
    """Return those of the same hours who have this day off."""
    return tuple(guard for guard in world.groups[crew.place.id][crew.no] if guard not in crew.guards)


def tours_of(world: World, duty: Duty) -> list[PlannedTour]:
    """Return the tours of a shift: four in a long one, two in a short one, none at a static post."""
    if duty.static:
        return []
    rng = derive(world.seed, "tours", duty.id)
    crew = duty.crew
    total = 4 if crew.end - crew.start >= LONG_SHIFT_MS else 2
    gap = (crew.end - crew.start - 90 * MINUTE_MS) // total
    kinds = ("ROUTINE", "PERIMETER", "BUILDING", "CRITICAL" if duty.place.tier >= _CRITICAL_TIER else "ROUTINE")
    tours = []
    for number in range(total):
        first = rng.randrange(len(duty.place.checkpoints))
        start = crew.start + 45 * MINUTE_MS + number * gap + rng.randrange(15) * MINUTE_MS
        ring = duty.place.checkpoints[first:] + duty.place.checkpoints[:first]
        name = f"{duty.id}-t{number + 1}"
        ordered = chance(world.seed, "ordered", name) < _ORDERED_SHARE
        tours.append(PlannedTour(name, rng.choice(kinds), start, ring, ordered))
    return tours


def least_crew(world: World, place: Place) -> int:
    """Return how many are on duty at the thinnest hour of the six-day cycle: what the contract asks for."""
    day = date(2026, 1, 5)
    return min(
        len(crew_of(world, place, day + timedelta(days=ahead), number).guards)
        for ahead in range(_CYCLE_DAYS)
        for number in range(len(place.changes))
    )
