"""The rule score of a punch: what its checks say together, each by its strength; what was not judged says nothing."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from nocd.domain.score import Level

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nocd.domain.score import Check

# How much of a fraud each check proves where it is certain.
STRENGTHS: Final[Mapping[str, float]] = {
    "impossible_travel": 0.95,
    "gps_spoofing": 0.90,
    "buddy_punching": 0.90,
    "device_sharing": 0.60,
    "wrong_person": 0.60,
    "unauthorized_site": 0.50,
    "geofence": 0.45,
    "biometric_low": 0.40,
    "biometric_pattern": 0.30,
    "schedule": 0.15,
}
CHECK_OF: Final[Mapping[str, str]] = {
    "IMPOSSIBLE_SHIFTS": "impossible_travel",
    "GPS_SPOOFING": "gps_spoofing",
    "BUDDY_PUNCHING": "buddy_punching",
    "DEVICE_SHARING": "device_sharing",
    "WRONG_PERSON": "wrong_person",
    "UNAUTHORIZED_SITE": "unauthorized_site",
    "GEOFENCE_VIOLATION": "geofence",
    "BIOMETRIC_LOW": "biometric_low",
    "BIOMETRIC_PATTERN": "biometric_pattern",
    "SCHEDULE_MISMATCH": "schedule",
    "WRONG_SITE": "schedule",
}
JUMP: Final = ("impossible_travel", "gps_spoofing")  # one jump makes both: the larger counts
FRAUD_FROM: Final = 0.5
TICKET_FROM: Final = 0.8
_LEVELS: Final = ((TICKET_FROM, Level.CRITICAL), (0.6, Level.HIGH), (0.4, Level.MEDIUM), (0.2, Level.LOW))


class Reason(NamedTuple):
    """What a check adds to a score, and in words why; `counts` is False where another stands for the same jump."""

    check: str
    share: float
    confidence: float
    counts: bool
    words: str


def level(score: float) -> Level:
    """Return how high a score is."""
    return next((name for least, name in _LEVELS if score >= least), Level.MINIMAL)


def reasons(checks: Iterable[Check]) -> list[Reason]:
    """Return what each check adds, the strongest first; of several findings of one check the surest speaks."""
    surest: dict[str, Check] = {}
    for check in checks:
        if check.name not in surest or _rank(check) > _rank(surest[check.name]):
            surest[check.name] = check
    shares = {name: STRENGTHS[name] * check.confidence for name, check in surest.items()}
    jump = max((name for name in JUMP if name in shares), key=lambda name: shares[name], default="")
    found = [
        Reason(name, shares[name], check.confidence, name not in JUMP or name == jump, check.reason)
        for name, check in surest.items()
    ]
    return sorted(found, key=lambda each: (not each.counts, -each.share, each.check))


def score(checks: Iterable[Check]) -> float:
    """Return how likely the checks together make a fraud: one strong proof is enough, two weak ones are not."""
    left = prod((1 - each.share for each in reasons(checks) if each.counts), start=1.0)
    return round(1 - left, 6)


def _rank(check: Check) -> tuple[float, str]:
    return check.confidence, check.reason
