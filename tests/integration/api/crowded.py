"""A site where everything happens at once, more of each than anyone who opens an alert is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nocd.domain.instant import HOUR_MS, MINUTE_MS, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

GUARDS, FIXES, TASKS, TOURS, ALERTS, DEVICES = 14, 60, 25, 12, 24, 25
LAT, LON = 52.51234, 13.42171


def event(kind: str, at: int, /, **data: Any) -> dict[str, Any]:
    """Return an event as a script posts it."""
    name = f"{kind}-{at}-{data.get('id') or data.get('person')}-{data.get('alert_type', '')}"
    return {"specversion": "1.0", "id": name, "source": "/crowd", "type": kind, "time": rfc3339(at), "data": data}


def alarm(kind: str, at: int, /, **about: Any) -> dict[str, Any]:
    """Return an alert of another monitoring system."""
    data = {"alert_type": kind, "severity": "MEDIUM", "message": kind, "status": "firing"}
    return event("noc.alert", at, **{**data, "entity_type": "gate", "entity_id": kind, "site": "CROWD", **about})


def directory(now: int) -> Iterator[dict[str, Any]]:
    """Yield a site with its supervisor, guards, their shifts, tours, tasks and devices."""
    where = {"lat": LAT, "lon": LON, "timezone": "UTC", "client": "ACME"}
    yield event("noc.site", now, id="CROWD", name="Crowded", supervisor="BOSS", **where)
    yield event("noc.site", now, id="NEXT", name="Next", **{**where, "lat": LAT + 0.01})
    yield event("noc.person", now, id="BOSS", name="Bea Boss", sites=["CROWD"], phone="+49 1")
    for no in range(GUARDS):
        person, span = f"G{no:02}", {"start": rfc3339(now - 6 * HOUR_MS), "end": rfc3339(now + 2 * HOUR_MS)}
        yield event("noc.person", now, id=person, name=f"Guard {no}", sites=["CROWD"], phone=f"+49 2{no}")
        yield event("noc.shift", now, id=f"SH{no}", site="CROWD", person=person, post="gate", **span)
    for no in range(TOURS):
        start = rfc3339(now + no * MINUTE_MS)
        yield event("noc.tour", now, id=f"T{no}", site="CROWD", person="G00", planned_start=start, checkpoints=["C1"])
    for no in range(TASKS):
        yield event("noc.task", now, id=f"K{no}", site="CROWD", person="G00", created_at=rfc3339(now))
    for no in range(DEVICES):
        yield event("noc.device", now, id=f"D{no:02}", kind="sensor", site="CROWD")
    yield event("noc.device", now, id="PHONE", kind="phone", person="G00")


def day(now: int) -> Iterator[dict[str, Any]]:
    """Yield who came, where they are, and what other monitoring systems told of the site."""
    for no in range(GUARDS):
        punch = {"site": "NEXT" if no == 6 else "CROWD", "direction": "in", "method": "FACE"}
        yield event("noc.attendance.punch", now - 3 * HOUR_MS + no * MINUTE_MS, person=f"G{no:02}", **punch)
        place = {"lat": LAT + no / 1_000, "lon": LON, "accuracy_m": 5.0}
        yield event("noc.location.fix", now - 6 * MINUTE_MS, person=f"G{no:02}", **place)
    for no in range(FIXES):
        place = {"lat": LAT + no / 10_000, "lon": LON + 0.001, "accuracy_m": 5.0}
        yield event("noc.location.fix", now - 5 * MINUTE_MS + no * 1_000, person="G00", **place)
        yield event("noc.phone.event", now - 8 * MINUTE_MS + no * 7_000, person="G00", kind="stepcount", steps=9)
    for no in range(ALERTS):
        yield alarm(f"Gate-{no}", now - 25 * MINUTE_MS + no * 40_000)
    yield alarm("Fence", now - 4 * MINUTE_MS, person="G00", entity_type="person", entity_id="G00")
    yield alarm("Door", now - 3 * MINUTE_MS, person="G00", entity_type="person", entity_id="G00")
