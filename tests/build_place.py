"""Fixes and steps of a phone near site S1, for detectors of position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nocd.domain.event import Event
from tests.build import event
from tests.build_field import HERE

if TYPE_CHECKING:
    from collections.abc import Iterable

KM = 1_000 / 111_194.927  # degrees of latitude


def fix(at: int, km: float = 0.0, *, received_at: int | None = None, person: str = "P1", **more: Any) -> Event:
    """Return a fix so many kilometres to the north of site S1."""
    place = {"lat": HERE[0] + km * KM, "lon": HERE[1], **more}
    return event("noc.location.fix", at=at, received_at=received_at, person=person, **place)


def stepped(at: int, steps: int, *, received_at: int | None = None, person: str = "P1", **more: Any) -> Event:
    """Return steps counted."""
    return event(
        "noc.phone.event", at=at, received_at=received_at, person=person, kind="stepcount", steps=steps, **more
    )


def along(way: Iterable[tuple[int, float]], **more: Any) -> list[Event]:
    """Return fixes along a way of (instant, km)."""
    return [fix(at, km, **more) for at, km in way]
