"""A guard asks for help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.finding import Category, Finding
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from nocd.domain.event import Event
    from nocd.domain.observation import PhoneEvent


def distress(event: Event, data: PhoneEvent, *, site: str | None, person_name: str | None) -> Finding:
    """Turn a panic press into a CRITICAL safety finding; `site` is where the person is on duty, if anywhere."""
    return Finding(
        type="GUARD_DISTRESS",
        category=Category.SAFETY,
        severity=Severity.CRITICAL,
        confidence=1.0,
        time=event.time,
        reason=f"{person_name or data.person} pressed panic; call now, send the nearest guard",
        site=site,
        person=data.person,
        entity_type="person",
        entity_id=data.person,
        evidence={
            "event": event.id,
            "device": data.device,
            "battery_percent": data.battery_percent,
            "signal_percent": data.signal_percent,
            "on_duty": site is not None,
        },
    )
