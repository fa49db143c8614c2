"""A guard on duty for tests of absence: phone events, positions and scans at even distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nocd.domain.directory import Removal
from nocd.domain.event import Event
from nocd.domain.instant import from_ms
from tests.build import event
from tests.build_field import HERE, hours, minutes

if TYPE_CHECKING:
    from collections.abc import Iterable


def phones(person: str, times: Iterable[float], **more: Any) -> list[Event]:
    """Return phone events so many minutes after T0."""
    return [
        event(
            "noc.phone.event", at=minutes(each), event_id=f"{person}-p{each}", person=person, kind="device_log", **more
        )
        for each in times
    ]


def fixes(person: str, times: Iterable[float], *, step_m: float = 0.0) -> list[Event]:
    """Return positions so many minutes after T0, in turn here and `step_m` to the north."""
    return [
        event(
            "noc.location.fix",
            at=minutes(each),
            event_id=f"{person}-f{each}",
            person=person,
            lat=HERE[0] + number % 2 * step_m / 111_195,
            lon=HERE[1],
            accuracy_m=5.0,
        )
        for number, each in enumerate(times)
    ]


def scan(person: str, at: float, *, tour: str = "R1", checkpoint: str = "C1", site: str = "S1") -> Event:
    """Return a checkpoint scanned so many minutes after T0."""
    return event(
        "noc.tour.scan",
        at=minutes(at),
        event_id=f"{person}-s{at}",
        tour=tour,
        checkpoint=checkpoint,
        person=person,
        site=site,
        scan="NFC",
    )


def done(person: str, at: float, *, task: str = "K1", site: str = "S1") -> Event:
    """Return a task done so many minutes after T0."""
    return event("noc.task.done", at=minutes(at), event_id=f"{person}-d{at}", task=task, person=person, site=site)


def tour(planned: float, *, person: str | None = "P1", site: str = "S1", **more: Any) -> Event:
    """Return a tour planned so many minutes after T0, with 5 min of grace."""
    given: dict[str, Any] = {"id": "R1", "grace_minutes": 5.0, **more}
    return event("noc.tour", site=site, person=person, planned_start=from_ms(minutes(planned)), **given)


def task(created: float, due: float | None, *, person: str | None = "P1", site: str = "S1", **more: Any) -> Event:
    """Return a task created and due so many minutes after T0."""
    given: dict[str, Any] = {"id": "K1", **more}
    due_at = None if due is None else from_ms(minutes(due))
    return event("noc.task", site=site, person=person, created_at=from_ms(minutes(created)), due_at=due_at, **given)


def span(first: float, last: float, every: float = 10.0) -> list[float]:
    """Return minutes from `first` to `last`, both included."""
    return [first + every * number for number in range(int((last - first) / every) + 1)]


def at_hour(hour: float) -> float:
    """Return the minutes after T0 of an hour of it."""
    return (hours(hour) - hours(0)) / 60_000


def removal(kind: str, name: str, at: int) -> Event:
    """Return the removal of a directory entry."""
    gone = Removal(id=name, removed=True)
    return Event(id=f"gone-{name}", source="/t", type=kind, time=at, received_at=at, data=gone, body=b"{}")
