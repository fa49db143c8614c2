"""A detector's claim; immutable once made."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from nocd.domain.severity import Severity


class Category(StrEnum):
    """Which part of guarding a trouble belongs to."""

    SAFETY = "SAFETY"
    SECURITY = "SECURITY"
    OPERATIONAL = "OPERATIONAL"
    DEVICE_HEALTH = "DEVICE_HEALTH"
    COMPLIANCE = "COMPLIANCE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Type, severity, confidence (0-1), evidence with units in its names, and one sentence to act on.

    Findings that share a fingerprint are one trouble. `id` is given by the engine (`F-12`).
    """

    type: str
    category: Category
    severity: Severity
    confidence: float
    time: int
    reason: str
    site: str | None = None
    person: str | None = None
    entity_type: str = ""
    entity_id: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)
    condition: bool = False
    id: str = ""

    @property
    def fingerprint(self) -> str:
        """Return type, site and what it is about: its entity, or the person where that is who."""
        about_person = self.person is not None and self.entity_type in ("", "person")
        return fingerprint(
            self.type, self.site, self.person if about_person else f"{self.entity_type}:{self.entity_id}"
        )

    @property
    def anomaly(self) -> bool:
        """Tell whether it claims that something is unlike what is usual."""
        return self.type.startswith("ANOMALY_")


def fingerprint(*parts: str | None) -> str:
    """Join parts so that different parts never make the same text."""
    return "|".join((part or "").replace("\\", "\\\\").replace("|", "\\|") for part in parts)
