"""The simulated company: who and what there is, fixed by the seed, before anything happens."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count, islice
from math import pi
from typing import TYPE_CHECKING

from nocd.domain.instant import DAY_MS
from nocd.errors import InputError
from nocd.simulate.names import fictional_phone, full_name
from nocd.simulate.places import CLIENTS, KINDS, METROS, QUARTERS, Kind, Metro
from nocd.simulate.seeding import derive
from nocd.simulate.space import Point, move
from nocd.simulate.truth import LIKENESSES, RATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from random import Random

    from nocd.simulate.drift import Drift

SITES_MAX = 10_000
PEOPLE_MAX = 100_000
DAYS_MAX = 3_660
_GRID_M = 28_000.0  # between neighbouring sites, so that minutes between two punches cannot be travel
_SECOND_SITE_SHARE = 0.4
_EIGHT_HOUR_SHARE = 0.4
_EIGHT_HOUR_TEAM_MIN = 6
_SITES_PER_CLIENT = 4
_LONE_NIGHT_EVERY = 3
_CLOSES_EVERY = 4
_NIGHT_PAIR = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A tag on a wall that tours pass."""

    id: str
    point: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A guarded site: its fence, its checkpoints, and the local hours at which crews change.

    At one of three, one guard is alone at night (`lone_night`), and two take turns in it.
    """

    no: int
    id: str
    name: str
    client: str
    kind: Kind
    metro: Metro
    centre: Point
    radius_m: float
    tier: int
    terminal: str
    checkpoints: tuple[Checkpoint, ...]
    changes: tuple[int, ...]
    lone_night: bool

    @property
    def opening_hours(self) -> str | None:
        """Return when it is open to the public, as the directory writes it; None where it never closes."""
        return self.kind.business_hours if self.no % _CLOSES_EVERY == _CLOSES_EVERY - 1 else None

    @property
    def timezone(self) -> str:
        """Return the IANA time zone of its clock."""
        return self.metro.timezone


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Someone of a site's team; `rank` is the place in the team, which decides shift and days off."""

    id: str
    name: str
    phone: str
    device: str
    rank: int
    sites: tuple[str, ...]

    @property
    def home(self) -> str:
        """Return the site whose team this is."""
        return self.sites[0]


class World:
    """A company of `sites` and `people` under one seed, watched from `start_ms` for `days`.

    `rates` overrides how often each trouble is planted (see `truth.RATES`), `likenesses` how often an honest shift
    looks like one (see `truth.LIKENESSES`); `drift` is what devices tell otherwise from some day on. Raises InputError
    for what cannot be built.
    """

    def __init__(
        self,
        seed: int,
        *,
        sites: int,
        people: int,
        start_ms: int,
        days: int,
        rates: Mapping[str, float] | None = None,
        likenesses: Mapping[str, float] | None = None,
        drift: Drift | None = None,
    ) -> None:
        _require_range(sites, "sites", SITES_MAX)
        _require_range(people, "people", PEOPLE_MAX)
        _require_range(days, "days", DAYS_MAX)
        self.seed = seed
        self.start_ms = start_ms
        self.end_ms = start_ms + days * DAY_MS
        self.rates = _rates(RATES, rates or {})
        self.likenesses = _rates(LIKENESSES, likenesses or {})
        self.drift = drift
        self.places = tuple(_places(seed, sites, people))
        self.place = {place.id: place for place in self.places}
        self._neighbours = _neighbours(self.places)
        self.guards = tuple(_guard(self, number) for number in range(people))
        self.team = _teams(self.places, self.guards)
        self.groups = {place.id: _groups(place, self.team[place.id]) for place in self.places}

    def neighbours(self, place: Place) -> tuple[Place, ...]:
        """Return the other sites of the same metropolitan area, nearest first; 28 km away at least."""
        return self._neighbours[place.id]


def _require_range(value: int, name: str, largest: int) -> None:
    if not 1 <= value <= largest:
        raise InputError(f"{name} is {value}; give 1 to {largest}")


def _rates(known: Mapping[str, float], given: Mapping[str, float]) -> dict[str, float]:
    for kind, rate in given.items():
        if kind not in known:
            raise InputError(f"{kind!r} is no trouble that can be planted; known: {', '.join(known)}")
        if not 0 <= rate <= 1:
            raise InputError(f"the rate of {kind} is {rate}; give 0 to 1")
    return {**known, **given}


def _grid() -> Iterator[tuple[float, float]]:
    """Yield bearing (radians) and metres of ever wider rings, neighbours a grid apart at least."""
    yield 0.0, 0.0
    for ring in count(1):
        slots = 6 * ring
        for slot in range(slots):
            yield 2 * pi * slot / slots, ring * _GRID_M


def _metros(seed: int, sites: int) -> list[Metro]:
    """Return the metro of each site: as many cities as leave at least two sites in each."""
    chosen = derive(seed, "metros").sample(METROS, k=min(len(METROS), max(1, sites // 2)))
    return [chosen[number % len(chosen)] for number in range(sites)]


def _places(seed: int, sites: int, people: int) -> Iterator[Place]:
    metros = _metros(seed, sites)
    taken = {metro.name: _grid() for metro in metros}
    clients = derive(seed, "clients").sample(CLIENTS, k=len(CLIENTS))
    clients = clients[: max(1, min(len(clients), sites // _SITES_PER_CLIENT))]
    for number, metro in enumerate(metros):
        team = people // sites + (number < people % sites)
        bearing, metres = next(taken[metro.name])
        centre = move(metro.centre, bearing=bearing, metres=metres)
        client = clients[(number // _SITES_PER_CLIENT) % len(clients)]
        yield _place(derive(seed, "site", number), number=number, metro=metro, centre=centre, client=client, team=team)


def _place(rng: Random, *, number: int, metro: Metro, centre: Point, client: str, team: int) -> Place:
    kind = rng.choice(KINDS)
    site = f"S-{number + 1:03d}"
    radius_m = float(rng.randrange(120, 301, 10))
    return Place(
        no=number,
        id=site,
        name=f"{metro.name} {rng.choice(QUARTERS)} {rng.choice(kind.nouns)}",
        client=client,
        kind=kind,
        metro=metro,
        centre=centre,
        radius_m=radius_m,
        tier=min(5, max(1, kind.tier + rng.choice((-1, 0, 0, 1)))),
        terminal=f"T-{number + 1:03d}",
        checkpoints=tuple(_checkpoints(rng, site, centre, radius_m)),
        changes=_changes(rng, team),
        lone_night=number % _LONE_NIGHT_EVERY == 1,
    )


def _checkpoints(rng: Random, site: str, centre: Point, radius_m: float) -> Iterator[Checkpoint]:
    total = rng.randint(4, 8)
    for number in range(total):
        bearing = 2 * pi * (number + rng.uniform(-0.2, 0.2)) / total
        point = move(centre, bearing=bearing, metres=radius_m * rng.uniform(0.45, 0.7))
        yield Checkpoint(id=f"C-{site[2:]}-{number + 1}", point=point)


def _changes(rng: Random, team: int) -> tuple[int, ...]:
    """Return the local hours at which shifts begin: one for a lone guard, else around the clock in two or three."""
    if team <= 1:
        return (8,)
    if team >= _EIGHT_HOUR_TEAM_MIN and rng.random() < _EIGHT_HOUR_SHARE:
        return (6, 14, 22)
    first = rng.choice((6, 7, 8))
    return first, first + 12


def _neighbours(places: tuple[Place, ...]) -> dict[str, tuple[Place, ...]]:
    by_metro: dict[str, list[Place]] = {}
    for place in places:
        by_metro.setdefault(place.metro.name, []).append(place)
    return {place.id: tuple(islice(_nearest(place, by_metro[place.metro.name]), 6)) for place in places}


def _nearest(place: Place, others: list[Place]) -> Iterator[Place]:
    def apart(other: Place) -> float:
        return abs(other.centre.lat - place.centre.lat) + abs(other.centre.lon - place.centre.lon)

    return (other for other in sorted(others, key=apart) if other is not place)


def _guard(world: World, number: int) -> Guard:
    rng = derive(world.seed, "person", number)
    home = world.places[number % len(world.places)]
    near = world.neighbours(home)
    second = (rng.choice(near).id,) if near and rng.random() < _SECOND_SITE_SHARE else ()
    return Guard(
        id=f"P-{number + 1:04d}",
        name=full_name(rng, home.metro.culture),
        phone=fictional_phone(rng, home.metro.country),
        device=f"PH-{number + 1:04d}",
        rank=number // len(world.places),
        sites=(home.id, *second),
    )


def _teams(places: tuple[Place, ...], guards: tuple[Guard, ...]) -> dict[str, tuple[Guard, ...]]:
    teams: dict[str, list[Guard]] = {place.id: [] for place in places}
    for guard in guards:
        teams[guard.home].append(guard)
    return {site: tuple(team) for site, team in teams.items()}


def _groups(place: Place, team: tuple[Guard, ...]) -> tuple[tuple[Guard, ...], ...]:
    """Return who shares each shift of the day: dealt out in turn, but for the pair of a lone night."""
    shifts = len(place.changes)
    if place.lone_night and shifts > 1 and len(team) >= _NIGHT_PAIR * shifts:
        by_day = team[:-_NIGHT_PAIR]
        return *(by_day[number :: shifts - 1] for number in range(shifts - 1)), team[-_NIGHT_PAIR:]
    return tuple(team[number::shifts] for number in range(shifts))
