"""What a verdict says: of fraud, which a model learns from; of whether a claim was right, which tuning learns from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from nocd.domain.alert import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

FRAUD: Final = "ATTENDANCE_FRAUD"
# The findings of the checks that a fraud score is made of; a shift elsewhere is the graver half of the schedule's.
CHECKS: Final = frozenset(
    {
        "BIOMETRIC_LOW",
        "BIOMETRIC_PATTERN",
        "BUDDY_PUNCHING",
        "DEVICE_SHARING",
        "GEOFENCE_VIOLATION",
        "GPS_SPOOFING",
        "IMPOSSIBLE_SHIFTS",
        "SCHEDULE_MISMATCH",
        "UNAUTHORIZED_SITE",
        "WRONG_PERSON",
        "WRONG_SITE",
    }
)


def right(verdict: Verdict) -> bool | None:
    """Tell whether a verdict says that an alert was right, None where it says nothing of that."""
    if verdict in (Verdict.DUPLICATE, Verdict.UNKNOWN):
        return None
    return verdict in (Verdict.TRUE_POSITIVE, Verdict.FRAUD)


def fraud_label(verdict: Verdict, finding_type: str) -> Literal[0, 1] | None:
    """Return 1 for fraud, 0 for none, None where it stays open; a true positive is fraud on its own kinds only."""
    was_right = right(verdict)
    if not was_right:
        return None if was_right is None else 0
    return 1 if verdict is Verdict.FRAUD or finding_type == FRAUD or finding_type in CHECKS else None


def false_positive_rate(verdicts: Mapping[Verdict, int]) -> float | None:
    """Return the share of what was judged right or wrong that was wrong, None where nothing was."""
    judged = {verdict: count for verdict, count in verdicts.items() if right(verdict) is not None}
    total = sum(judged.values())
    return sum(count for verdict, count in judged.items() if not right(verdict)) / total if total else None
