"""Directory entries as events name them, and names the directory does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.finding import Category, Finding
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from nocd.domain.event import Event


def of_entry(event: Event, kind: str) -> tuple[str, ...]:
    """Return the id of the `tour` or `task` that an event enters, removes, or tells something of; none of another."""
    told: str | None = getattr(event.data, kind, None)
    if told is not None:
        return (told,)
    return (event.data.id,) if event.type == f"noc.{kind}" else ()  # type: ignore[union-attr]  # an entry, or its removal


def unknown_entity(kind: str, name: str, *, time: int, site: str | None) -> Finding:
    """Say that an event named a site or person nobody has entered; once per entity, for it is provisional from then."""
    return Finding(
        type="UNKNOWN_ENTITY",
        category=Category.OPERATIONAL,
        severity=Severity.LOW,
        confidence=1.0,
        time=time,
        reason=f"An event named the {kind} {name}, which is not in the directory; enter it, or correct the sender",
        site=site,
        entity_type=kind,
        entity_id=name,
        evidence={"kind": kind, "name": name},
    )
