"""What was planted: the answers that detectors are measured against."""

from __future__ import annotations

from typing import Final, NamedTuple

from nocd.domain.instant import rfc3339

HEADER: Final = ("event_id", "kind", "person", "site", "from", "to")

# How often each trouble is planted: a share of shifts, or of crews (all who share site, day and hours) where noted.
# A shift in which a trouble does not fit goes on honestly: a slack night needs a guard who is alone at night.
RATES: Final[dict[str, float]] = {
    "BUDDY_PUNCHING": 0.008,
    "GPS_SPOOFING": 0.008,
    "IMPOSSIBLE_SHIFTS": 0.008,
    "UNAUTHORIZED_SITE": 0.006,
    "NO_SHOW": 0.008,
    "DOUBLE_PUNCH": 0.006,
    "OPEN_PUNCH": 0.006,
    "GUARD_INACTIVITY": 0.008,
    "TOUR_MISSED": 0.008,
    "TOUR_TOO_FAST": 0.008,
    "SLACK_NIGHT": 0.030,  # of the nights of a single guard
    "GUARD_DISTRESS": 0.005,
    "GEOFENCE_VIOLATION": 0.008,
    "DEVICE_OFFLINE": 0.008,
    "WRONG_PERSON": 0.010,  # of crews
    "SILENT_SITE": 0.008,  # of crews; all phones, two to five hours
    "UNKNOWN_ENTITY": 0.008,  # of crews
    "OUTSIDE_ALERT": 0.015,  # of crews
}


class Truth(NamedTuple):
    """One planted trouble: the event that shows it ("" for an absence), who, where, and when (UTC milliseconds)."""

    event_id: str
    kind: str
    person: str
    site: str
    from_ms: int
    to_ms: int

    def row(self) -> tuple[str, ...]:
        """Return the fields under HEADER, times as RFC 3339."""
        return self.event_id, self.kind, self.person, self.site, rfc3339(self.from_ms), rfc3339(self.to_ms)
