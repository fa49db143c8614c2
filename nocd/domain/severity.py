"""How bad something is: five ranks, ordered."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """A rank from INFO (1) to CRITICAL (5)."""

    INFO = "INFO"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"

    @property
    def rank(self) -> int:
        """Return 1 for INFO up to 5 for CRITICAL."""
        return _RANK[self]


_RANK = {severity: rank for rank, severity in enumerate(Severity, start=1)}

_FOREIGN = {
    "critical": Severity.CRITICAL,
    "page": Severity.CRITICAL,
    "major": Severity.HIGH,
    "error": Severity.HIGH,
    "high": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "minor": Severity.MEDIUM,
    "info": Severity.INFO,
    "none": Severity.INFO,
}


def worst(left: Severity, right: Severity) -> Severity:
    """Return the higher-ranked of two severities."""
    return left if left.rank >= right.rank else right


def from_foreign(word: str) -> Severity:
    """Map another monitoring system's word to a severity; an unknown word is MEDIUM."""
    return _FOREIGN.get(word.strip().lower(), Severity.MEDIUM)
