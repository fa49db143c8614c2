"""A tour of site S1 for detector tests: checkpoints C1 to C5, planned for two hours after T0, and its scans."""

from __future__ import annotations

from typing import Any

from nocd.domain.directory import Removal
from nocd.domain.event import Event
from nocd.domain.instant import MINUTE_MS, from_ms
from tests.build import T0, event
from tests.build_field import HERE, hours, minutes

START = hours(2)
METRES_PER_DEGREE = 111_194.9  # of latitude, on a sphere of 6 371 000 m


def north(metres: float) -> dict[str, Any]:
    """Return a position so many metres to the north of site S1."""
    return {"lat": HERE[0] + metres / METRES_PER_DEGREE, "lon": HERE[1]}


def walk(*, at: int = T0, start: int = START, **more: Any) -> Event:
    """Return a tour of P1's, entered at `at`."""
    given: dict[str, Any] = {"checkpoints": ("C1", "C2", "C3", "C4", "C5"), "person": "P1", **more}
    return event("noc.tour", at=at, **{"id": "T1", "site": "S1", "planned_start": from_ms(start), **given})


def removed(kind: str, entry: str, *, at: int) -> Event:
    """Return the removal of a directory entry."""
    data = Removal(id=entry, removed=True)
    return Event(id=f"no-{entry}-{at}", source="/t", type=kind, time=at, received_at=at, data=data, body=b"{}")


def scan(checkpoint: str, at: float, *, sort: str = "NFC", received_at: int | None = None, **more: Any) -> Event:
    """Return a checkpoint scanned so many minutes after the planned start."""
    given: dict[str, Any] = {"tour": "T1", "person": "P1", "site": "S1", **more}
    return event("noc.tour.scan", at=after(at), received_at=received_at, checkpoint=checkpoint, scan=sort, **given)


def walked(*checkpoints: str, start: float = 0, each: float = 3, **more: Any) -> list[Event]:
    """Return checkpoints scanned one after the other, `each` minutes apart."""
    return [scan(name, start + number * each, **more) for number, name in enumerate(checkpoints)]


def phones(people: tuple[str, ...], start: int, count: int) -> list[Event]:
    """Return a phone event a minute, of one person after the other, all through one source."""
    return [
        event("noc.phone.event", at=start + MINUTE_MS * number, person=people[number % len(people)], kind="device_log")
        for number in range(count)
    ]


def after(count: float) -> int:
    """Return an instant so many minutes after the planned start."""
    return minutes(120 + count)
