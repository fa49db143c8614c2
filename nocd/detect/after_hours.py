"""People inside a closed site who are not on duty."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from nocd.detect.fence import RADIUS_USUAL_M, outside_m
from nocd.detect.kinds import Kind
from nocd.detect.location import GEOFENCE_VIOLATION, FenceRule
from nocd.detect.protocol import Claim, Detector
from nocd.domain.directory import Shift
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, HOUR_MS, local, rfc3339, to_ms
from nocd.domain.observation import LocationFix, Punch, TourScan
from nocd.domain.severity import Severity
from nocd.domain.spans import Span, without
from nocd.signals.traces import Heard, mark
from nocd.signals.trail import ACCURACY_UNKNOWN_M

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.directory import Site
    from nocd.domain.event import Event

AROUND_DUTY_MS: Final = HOUR_MS  # one comes early and leaves late
SITES_MAX: Final = 20
_KEPT_MS: Final = DAY_MS
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY, _CLOCK = r"([A-Z][a-z]{2})", r"(\d\d?)(?::(\d\d))?"
_PART: Final = re.compile(rf"\s*{_DAY}(?:[-–]{_DAY})?\s+{_CLOCK}[-–]{_CLOCK}\s*", re.ASCII)
_DAY_MINUTES: Final = 1_440

AFTER_HOURS_ACTIVITY: Final = Kind(
    name="AFTER_HOURS_ACTIVITY",
    category=Category.SECURITY,
    severities=(Severity.HIGH,),
    confidence=0.80,
    says="a punch, scan or position inside a site outside its opening hours, of someone who is not on duty",
)


class Opening(NamedTuple):
    """Hours of one day of the week (0 is Monday), in minutes of the day; `to` beyond 1440 goes on after midnight."""

    weekday: int
    start: int
    to: int


@dataclass(slots=True, kw_only=True)
class Sightings:
    """When one person was seen at sites that were closed: stretches of scans and positions, and punches in."""

    seen: dict[str, list[Heard]] = field(default_factory=dict)
    punched: dict[str, list[Heard]] = field(default_factory=dict)

    def newest(self) -> int:
        """Return when the last of them was (UTC ms)."""
        return max((row[-1][1] for rows in (self.seen, self.punched) for row in rows.values()), default=0)


@dataclass(frozen=True, slots=True)
class AfterHours(Detector):
    """Keeps where a person was while it was closed, and asks whether they were on duty."""

    name = "after_hours"
    kinds = (AFTER_HOURS_ACTIVITY,)
    events = (Punch, TourScan, LocationFix, Shift)
    record = Sightings

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return who is seen inside a closed site, or who punches or gets a shift after they were."""
        data = event.data
        assert isinstance(data, (Punch, TourScan, LocationFix, Shift))
        if isinstance(data, (Punch, Shift)) and data.person in scene.shelves.kind(self.name):
            return (data.person,)
        if isinstance(data, Shift) or data.person not in scene.roster.people:
            return ()
        return (data.person,) if _inside(data, event.time, scene) else ()

    def step(self, record: Sightings, event: Event, scene: Scene) -> bool:
        """Remember a sighting."""
        data = event.data
        if isinstance(data, Shift):
            return True
        assert isinstance(data, (Punch, TourScan, LocationFix))
        rows = record.punched if isinstance(data, Punch) else record.seen
        for site in _inside(data, event.time, scene):
            if site in rows or len(rows) < SITES_MAX:
                mark(rows.setdefault(site, []), event.time)
        return True

    def claims(self, key: str, record: Sightings, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - time alone changes nothing
        """Return each visit of the last day by someone who was not on duty."""
        since = record.newest() - _KEPT_MS
        found: list[Claim] = []
        if key not in scene.roster.people:
            return found
        for rows, on_duty in ((record.punched, _shifts), (record.seen, _duties)):
            for site, visits in rows.items():
                for first, last in visits:
                    off = without([(first, last + 1)], on_duty(key, first, last, scene))
                    if off and off[0][0] >= since:
                        found.append(_claim(key, site, off[0][0], last, scene))
        return found

    def final_before(self, key: str, record: Sightings, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return a day before the last sighting."""
        return record.newest() - _KEPT_MS

    def ends(self, key: str, record: Sightings, scene: Scene) -> int | None:  # noqa: ARG002 - as above
        """Return two days after the last sighting."""
        return record.newest() + 2 * _KEPT_MS


def _inside(data: Punch | TourScan | LocationFix, time: int, scene: Scene) -> list[str]:
    """Return the closed sites a person is seen in: a punch's or scan's own, or those of theirs a position lies in."""
    if isinstance(data, Punch):
        return [data.site] if data.direction == "in" and closed(scene.roster.sites.get(data.site), time) else []
    if scene.duties.on_duty(data.person) is not None:
        return []
    if isinstance(data, TourScan):
        return [data.site] if data.scan != "SKIP" and closed(scene.roster.sites.get(data.site), time) else []
    sites = [scene.roster.sites.get(site) for site in scene.roster.people[data.person].sites[:SITES_MAX]]
    return [site.id for site in sites if site is not None and closed(site, time) and _within(site, data, scene)]


def _within(site: Site, fix: LocationFix, scene: Scene) -> bool:
    """Tell whether a position lies inside a fence for certain."""
    rule: FenceRule = scene.rule(GEOFENCE_VIOLATION.name, site.id)
    outside = outside_m(site, fix.lat, fix.lon, radius_m=rule.radius_m)
    accuracy_m = fix.accuracy_m or ACCURACY_UNKNOWN_M
    if outside is None or fix.location_mocked:
        return False
    return outside + (0.0 if site.polygon is not None else accuracy_m) <= 0 and accuracy_m <= RADIUS_USUAL_M


def closed(site: Site | None, instant: int) -> bool:
    """Tell whether a site is closed; one that never is, or whose hours cannot be read, is not known to be."""
    if site is None or site.open_24h or site.opening_hours is None:
        return False
    hours = opening(site.opening_hours)
    if hours is None:
        return False
    moment = local(instant, site.timezone)
    minute = moment.hour * 60 + moment.minute
    yesterday = (moment.weekday() - 1) % 7
    return not any(
        (each.weekday == moment.weekday() and each.start <= minute < each.to)
        or (each.weekday == yesterday and minute < each.to - _DAY_MINUTES)
        for each in hours
    )


@lru_cache(maxsize=4_096)
def opening(text: str) -> tuple[Opening, ...] | None:
    """Return the hours of `Mon-Fri 09:00-18:00, Sat 22-2`, or None where any of it cannot be read."""
    hours: list[Opening] = []
    for part in text.split(","):
        match = _PART.fullmatch(part)
        read = None if match is None else _opening(*match.groups())
        if read is None:
            return None
        hours += read
    return tuple(hours)


def _opening(first: str, last: str | None, *clock: str | None) -> list[Opening] | None:
    hour, minute, to_hour, to_minute = (int(part or 0) for part in clock)
    start, to = hour * 60 + minute, to_hour * 60 + to_minute
    if {first, last or first} - set(_DAYS) or max(minute, to_minute) >= 60 or max(start, to) > _DAY_MINUTES:  # noqa: PLR2004 - minutes of an hour
        return None
    begins, ends = _DAYS.index(first), _DAYS.index(last or first)
    days = [(begins + day) % 7 for day in range((ends - begins) % 7 + 1)]
    return [Opening(day, start, to if to > start else to + _DAY_MINUTES) for day in days]


def _shifts(person: str, first: int, last: int, scene: Scene) -> list[Span]:
    """Return the shifts of a person around two instants, and the hour before and after."""
    shifts = scene.roster.shifts_of(person, first - AROUND_DUTY_MS, last + AROUND_DUTY_MS)
    return [(to_ms(shift.start) - AROUND_DUTY_MS, to_ms(shift.end) + AROUND_DUTY_MS) for shift in shifts]


def _duties(person: str, first: int, last: int, scene: Scene) -> list[Span]:
    """Return the shifts and duties of a person around two instants, and the hour before and after."""
    duties = [(duty.start - AROUND_DUTY_MS, duty.until + AROUND_DUTY_MS) for duty in scene.duties.of(person)]
    return [*_shifts(person, first, last, scene), *duties]


def _claim(person: str, site: str, first: int, last: int, scene: Scene) -> Claim:
    name, place = scene.person_name(person), scene.site_name(site)
    finding = AFTER_HOURS_ACTIVITY.finding(
        time=first,
        reason=f"{name} is inside {place} at {scene.wall(site, first)}, when it is closed, and not on duty; "
        "call them, then have the site looked at",
        evidence={
            "seen_at": rfc3339(first),
            "seen_last_at": rfc3339(last),
            "opening_hours": scene.roster.sites[site].opening_hours if site in scene.roster.sites else None,
        },
        site=site,
        person=person,
    )
    return Claim(key=f"{AFTER_HOURS_ACTIVITY.name}:{site}:{first}", finding=finding, since=first)
