"""The directory: clients' sites, the people who guard them, and what they are due to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le, MaxLen, MinLen

from nocd.domain.instant import zone
from nocd.domain.limits import STRICT, Id, Ids, Latitude, Longitude, Name, Text

_YEARS = range(1970, 9999)


def require_offset(**moments: datetime | None) -> None:
    """Raise ValueError naming the first moment that carries no UTC offset, or lies where no clock stands."""
    for name, moment in moments.items():
        if moment is None:
            continue
        if moment.tzinfo is None:
            msg = f"{name} needs an offset, like 2026-01-31T22:00:00+01:00"
            raise ValueError(msg)
        if moment.year not in _YEARS:
            msg = f"{name} must lie between 1970 and 9998"
            raise ValueError(msg)


def both_or_neither(lat: float | None, lon: float | None) -> None:
    """Raise ValueError for half a position."""
    if (lat is None) != (lon is None):
        msg = "lat and lon come together"
        raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A guarded place; its time zone decides hour of the week, night and business date."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: Id
    name: Name
    timezone: Id
    lat: Latitude | None = None
    lon: Longitude | None = None
    client: Annotated[str, MaxLen(128)] = ""
    radius_m: Annotated[float, Ge(1), Le(100_000)] = 200.0
    polygon: Annotated[tuple[tuple[Latitude, Longitude], ...], MinLen(3), MaxLen(1_000)] | None = None
    hysteresis_m: Annotated[float, Ge(0), Le(1_000)] = 1.0
    tier: Annotated[int, Ge(1), Le(5)] = 3
    required_guards: Annotated[int, Ge(0), Le(10_000)] = 0
    country: Annotated[str, MaxLen(2)] = ""
    region: Name | None = None
    open_24h: bool = True
    opening_hours: Text | None = None
    business_hours: Text = "Mon-Fri 09:00-18:00"
    sla_hours: Literal["always", "weekdays", "business"] = "always"
    supervisor: Id | None = None
    manager: Id | None = None
    contacts: Annotated[tuple[Text, ...], MaxLen(50)] = ()
    provisional: bool = False

    def __post_init__(self) -> None:
        """Refuse an unknown time zone and half a position."""
        zone(self.timezone)
        both_or_neither(self.lat, self.lon)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A place on a tour that is scanned."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: Id
    site: Id
    name: Name | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None
    tag: Id | None = None

    def __post_init__(self) -> None:
        """Refuse half a position."""
        both_or_neither(self.lat, self.lon)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who works for the contractor."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: Id
    name: Name
    sites: Ids = ()
    role: Annotated[str, MaxLen(64)] = "guard"
    active: bool = True
    phone: Annotated[str, MaxLen(64)] | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One person expected at one site from one instant to another."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: Id
    site: Id
    person: Id
    start: datetime
    end: datetime
    post: Annotated[str, MaxLen(128)] = ""
    critical: bool = False
    substitute_for: Id | None = None
    on_call: bool = False
    static_post: bool = False

    def __post_init__(self) -> None:
        """Refuse times without an offset and a shift that ends before it starts."""
        require_offset(start=self.start, end=self.end)
        if self.end <= self.start:
            msg = "end must be after start"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tour:
    """A patrol that is to be walked."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: Id
    site: Id
    planned_start: datetime
    checkpoints: Ids = ()
    person: Id | None = None
    kind: Literal["ROUTINE", "CRITICAL", "PERIMETER", "BUILDING"] = "ROUTINE"
    mandatory: bool = True
    ordered: bool = False
    grace_minutes: Annotated[float, Ge(5), Le(120)] = 30.0
    planned_end: datetime | None = None
    cancelled: bool = False
    closed_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse times without an offset."""
        require_offset(planned_start=self.planned_start, planned_end=self.planned_end, closed_at=self.closed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A piece of work at a site, with its own due time."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: Id
    site: Id
    created_at: datetime
    person: Id | None = None
    priority: Literal["CRITICAL", "HIGH", "MEDIUM", "LOW"] = "MEDIUM"
    due_at: datetime | None = None
    completed_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse times without an offset."""
        require_offset(created_at=self.created_at, due_at=self.due_at, completed_at=self.completed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A phone, terminal or sensor."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    id: Id
    person: Id | None = None
    kind: Literal["phone", "terminal", "sensor", "other"] = "phone"
    site: Id | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The end of a directory entry: `{"id": …, "removed": true}`, other fields ignored."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {**STRICT, "extra": "ignore"}
    id: Id
    removed: Literal[True]


Entry = Site | Checkpoint | Person | Shift | Tour | Task | Device

# The event types that keep the directory, and the kind each is kept under.
DIRECTORY_TYPES: dict[str, type[Entry]] = {
    "noc.site": Site,
    "noc.checkpoint": Checkpoint,
    "noc.person": Person,
    "noc.shift": Shift,
    "noc.tour": Tour,
    "noc.task": Task,
    "noc.device": Device,
}
