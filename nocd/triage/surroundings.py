"""What the engine knows around an alert: who is there, who is near, what is due, what was heard; bounded work."""

from __future__ import annotations

from heapq import nsmallest
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.directory import Task
from nocd.domain.geo import haversine_m
from nocd.domain.instant import HOUR_MS, MINUTE_MS, rfc3339, rfc3339_or_none, to_ms
from nocd.domain.showing import (
    CHANGES_MAX,
    DEVICES_MAX,
    FIXES_MAX,
    NEAREST_MAX,
    PEOPLE_MAX,
    PUNCHES_MAX,
    SHIFTS_MAX,
    TASKS_MAX,
    TOURS_MAX,
)
from nocd.domain.signal import Metric
from nocd.signals.report import person_report, site_report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nocd.detect.scene import Scene
    from nocd.domain.directory import Shift, Tour
    from nocd.signals.trail import Fix

WINDOW_MS: Final = 120 * MINUTE_MS
QUARTER_MS: Final = 15 * MINUTE_MS
AROUND_MS: Final = 4 * HOUR_MS
FIX_OLD_MS: Final = 4 * HOUR_MS  # an older position says no more than the site of the duty
CONSIDERED_MAX: Final = 5_000
DUES_LOOKED_AT_MAX: Final = 200

Point = tuple[float, float]


def surroundings(
    scene: Scene, *, site: str | None, person: str | None, at: int, now: int, sees: Callable[[str | None], bool]
) -> dict[str, Any]:
    """Return what the engine knows around an alert seen at `at`, looked at `now` (UTC ms).

    People, punches and devices at sites that the reader does not see (`sees`) are not there.
    """
    here = presence_at(scene, site, now)
    origin = _origin(scene, site, person)
    return {
        "on_duty": here,
        "nearest": _nearest(scene, origin, but=person, now=now, sees=sees),
        "supervisor": _supervisor(scene, site, origin, now, sees),
        "shifts": _shifts(scene, site, now),
        "devices": _devices(scene, site, person, sees),
        **_due(scene, site, {person, *(each["person"] for each in here)}, at),
        "signals": _signals(scene, site, person, now),
        "punches": _punches(scene, person, sees),
        "fixes": _fixes(scene, person),
    }


def presence_at(scene: Scene, site: str | None, now: int) -> list[dict[str, Any]]:
    """Return who is on duty at a site, those longest there first."""
    spans = scene.presence.spans(site, now - AROUND_MS, now + 1) if site is not None else {}
    there = [(mine[-1][0], person) for person, mine in spans.items() if mine[-1][1] > now]
    return [
        {
            "person": person,
            "person_name": scene.roster.person_name(person),
            "since": rfc3339(since),
            "phone": _phone(scene, person),
            "heard_at": rfc3339_or_none(scene.activities.heard_at(person)),
        }
        for since, person in nsmallest(PEOPLE_MAX, there)
    ]


def comings(scene: Scene, site: str | None, at: int) -> list[dict[str, Any]]:
    """Return who came to and left a site in the four hours up to `at` (UTC ms), the newest first."""
    duties = scene.duties.at(site, at - AROUND_MS, at + 1) if site is not None else []
    moves = [(start, person, "came") for person, start, _ in duties if start > at - AROUND_MS]
    moves += [(end, person, "left") for person, _, end in duties if end <= at]
    newest = sorted(moves, reverse=True)[:CHANGES_MAX]
    return [{"time": rfc3339(time), "kind": "person", "id": person, "happened": what} for time, person, what in newest]


def belongs_to(scene: Scene, site: str | None, kind: str, entry_id: str) -> bool:
    """Tell whether a directory entry is one of a site."""
    if kind == "site":
        return entry_id == site
    entry = scene.shelves.get(kind, entry_id)
    if kind == "person":
        return entry is not None and site in entry.sites
    return entry is not None and site is not None and entry.site == site


def _origin(scene: Scene, site: str | None, person: str | None) -> Point | None:
    """Return where the trouble is: where its person was last, else its site."""
    fixes = scene.activities.fixes(person) if person is not None else []
    if fixes:
        return fixes[-1].lat, fixes[-1].lon
    return _place(scene, site)


def _place(scene: Scene, site: str | None) -> Point | None:
    entry = scene.roster.sites.get(site) if site is not None else None
    return None if entry is None or entry.lat is None or entry.lon is None else (entry.lat, entry.lon)


def _nearest(
    scene: Scene, origin: Point | None, *, but: str | None, now: int, sees: Callable[[str | None], bool]
) -> list[dict[str, Any]]:
    if origin is None:
        return []
    near = (
        _near(scene, person, duty.site, origin, now)
        for person, duty in scene.duties.open()[:CONSIDERED_MAX]
        if person != but and sees(duty.site)
    )
    known = (each for each in near if each["distance_m"] is not None)
    return nsmallest(NEAREST_MAX, known, key=lambda each: (each["distance_m"], each["person"]))


def _supervisor(
    scene: Scene, site: str | None, origin: Point | None, now: int, sees: Callable[[str | None], bool]
) -> dict[str, Any] | None:
    entry = scene.roster.sites.get(site) if site is not None else None
    if entry is None or entry.supervisor is None:
        return None
    duty = scene.duties.on_duty(entry.supervisor)
    told = _near(scene, entry.supervisor, duty.site if duty else None, origin, now)
    return told if sees(told["site"] or site) else {**told, "site": None, "distance_m": None, "age_s": None}


def _near(scene: Scene, person: str, site: str | None, origin: Point | None, now: int) -> dict[str, Any]:
    """Return how far someone is: by their last position, or by the site they are on duty at where that is too old."""
    fixes = scene.activities.fixes(person)
    fix: Fix | None = fixes[-1] if fixes and fixes[-1].time > now - FIX_OLD_MS else None
    point = (fix.lat, fix.lon) if fix is not None else _place(scene, site)
    away = None if origin is None or point is None else round(haversine_m(*origin, *point), 1)
    return {
        "person": person,
        "person_name": scene.roster.person_name(person),
        "site": site,
        "phone": _phone(scene, person),
        "distance_m": away,
        "age_s": None if fix is None else max(0, now - fix.time) / 1_000,
    }


def _phone(scene: Scene, person: str) -> str | None:
    entry = scene.roster.people.get(person)
    return entry.phone if entry is not None else None


def _shifts(scene: Scene, site: str | None, now: int) -> list[dict[str, Any]]:
    shifts: list[Shift] = scene.roster.shifts_at(site, now - AROUND_MS, now + AROUND_MS) if site is not None else []
    return [
        {
            "id": shift.id,
            "person": shift.person,
            "person_name": scene.roster.person_name(shift.person),
            "start": rfc3339(to_ms(shift.start)),
            "end": rfc3339(to_ms(shift.end)),
        }
        for shift in shifts[-SHIFTS_MAX:]
    ]


def _devices(
    scene: Scene, site: str | None, person: str | None, sees: Callable[[str | None], bool]
) -> list[dict[str, Any]]:
    mine = (
        device
        for device in scene.shelves.kind("device").values()
        if (site is not None and device.site == site)
        or (person is not None and device.person == person and (device.site is None or sees(device.site)))
    )
    found = nsmallest(DEVICES_MAX, mine, key=lambda device: (device.person != person, device.id))
    return [{"id": each.id, "kind": each.kind, "person": each.person, "site": each.site} for each in found]


def _due(scene: Scene, site: str | None, people: set[str | None], at: int) -> dict[str, list[dict[str, Any]]]:
    """Return the tours and tasks of a site's people, and of nobody, due around `at`."""
    owners = sorted({*people, None}, key=lambda each: each or "")
    due = [each for owner in owners for each in _dues(scene, site, owner, at)]
    tours = [_tour(each) for each in due if not isinstance(each, Task)]
    tasks = [_task(each) for each in due if isinstance(each, Task)]
    return {"tours": tours[:TOURS_MAX], "tasks": tasks[:TASKS_MAX]}


def _dues(scene: Scene, site: str | None, person: str | None, at: int) -> Iterator[Tour | Task]:
    if site is not None:
        yield from scene.roster.dues(site, person, at - AROUND_MS, at + AROUND_MS)[:DUES_LOOKED_AT_MAX]


def _tour(tour: Tour) -> dict[str, Any]:
    return {
        "id": tour.id,
        "person": tour.person,
        "kind": tour.kind,
        "planned_start": rfc3339(to_ms(tour.planned_start)),
        "checkpoints": len(tour.checkpoints),
        "closed_at": None if tour.closed_at is None else rfc3339(to_ms(tour.closed_at)),
        "cancelled": tour.cancelled,
    }


def _task(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "person": task.person,
        "priority": task.priority,
        "due_at": None if task.due_at is None else rfc3339(to_ms(task.due_at)),
        "completed_at": None if task.completed_at is None else rfc3339(to_ms(task.completed_at)),
    }


def _signals(scene: Scene, site: str | None, person: str | None, now: int) -> dict[str, Any] | None:
    """Return a person's signals, else a site's, of the last 120 minutes beside what is usual at the site."""
    if person is not None:
        told = person_report(scene.activities, scene.presence, person, now=now, window_ms=WINDOW_MS).signals
        people, heads = [person], 1
    elif site is not None and site in scene.roster.sites:
        told, reports = site_report(scene.activities, scene.presence, site, now=now, window_ms=WINDOW_MS)
        people, heads = [each.person for each in reports], max(1, len(reports))
    else:
        return None
    return {
        "of": person or site,
        "window_minutes": WINDOW_MS // MINUTE_MS,
        "signals": {
            metric.value: {
                "value": round(each.value, 1),
                "quality": each.quality,
                **_usual(scene, site, metric, heads, now),
            }
            for metric, each in told.items()
        },
        "quarters": _quarters(scene, people[:PEOPLE_MAX], now),
    }


def _usual(scene: Scene, site: str | None, metric: Metric, heads: int, now: int) -> dict[str, float | None]:
    hours = scene.hours
    profile = hours.baselines.profile(f"{metric.value}@{site}") if hours is not None and site is not None else None
    expected = hours.expectation(profile, hours.slot_of(site, now), now=now) if hours and profile and site else None
    if expected is None:
        return {"usual_per_hour": None, "spread": None}
    law = expected.law(heads)
    return {"usual_per_hour": round(law.usual, 2), "spread": round(law.spread, 2)}


def _quarters(scene: Scene, people: list[str], now: int) -> list[dict[str, float]]:
    end = (now // MINUTE_MS + 1) * MINUTE_MS
    starts = range(end - WINDOW_MS, end, QUARTER_MS)
    totals = [[scene.activities.totals(each, start, start + QUARTER_MS) for each in people] for start in starts]
    return [
        {metric.value: round(sum(each.value(metric) for each in quarter), 1) for metric in Metric} for quarter in totals
    ]


def _punches(scene: Scene, person: str | None, sees: Callable[[str | None], bool]) -> list[dict[str, Any]]:
    marks = [mark for mark in scene.duties.marks(person) if sees(mark.site)] if person is not None else []
    return [
        {
            "time": rfc3339(mark.time),
            "direction": mark.direction,
            "site": mark.site,
            "method": mark.method,
            "verified": mark.verified,
            "confidence": mark.confidence,
            "device": mark.device,
        }
        for mark in marks[-PUNCHES_MAX:]
    ]


def _fixes(scene: Scene, person: str | None) -> list[dict[str, Any]]:
    fixes = scene.activities.fixes(person) if person is not None else []
    return [
        {"time": rfc3339(fix.time), "lat": fix.lat, "lon": fix.lon, "accuracy_m": fix.accuracy_m}
        for fix in fixes[-FIXES_MAX:]
    ]
