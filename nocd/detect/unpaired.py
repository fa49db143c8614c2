"""Punches that do not pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.finding import Category, Finding
from nocd.domain.instant import HOUR_MS, rfc3339
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from nocd.signals.duty import Claim

_REASONS = {
    "DOUBLE_PUNCH": "{person} punched {direction} twice in a row; one punch is missing or not theirs",
    "OPEN_PUNCH": "{person} punched in {hours:.1f} h before without punching out; ask whether they are still there",
}


def unpaired(claim: Claim, *, person: str, person_name: str) -> Finding:
    """Turn a claim of the duty pairing into a finding (LOW, confidence .60)."""
    hours = (claim.time - claim.mark.time) / HOUR_MS
    return Finding(
        type=claim.kind,
        category=Category.SECURITY,
        severity=Severity.LOW,
        confidence=0.6,
        time=claim.time,
        reason=_REASONS[claim.kind].format(person=person_name, direction=claim.mark.direction, hours=hours),
        site=claim.mark.site,
        person=person,
        entity_type="person",
        entity_id=person,
        evidence={
            "punch": claim.mark.id,
            "direction": claim.mark.direction,
            "punched_at": rfc3339(claim.mark.time),
            "open_h": round(hours, 2),
        },
    )
