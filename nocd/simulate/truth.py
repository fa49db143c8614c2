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
    "SHORT_REST": 0.002,
    "OVERTIME_VIOLATION": 0.002,
    "LATE_ARRIVAL": 0.002,
    "SCHEDULE_MISMATCH": 0.002,
    "WRONG_SITE": 0.002,
    "COVERAGE_GAP": 0.002,
    "INACTIVE_PERSON": 0.002,
    "BIOMETRIC_LOW": 0.002,
    "GHOST_SHIFT": 0.002,
    "LEFT_SITE": 0.002,
    "NULL_ISLAND": 0.002,
    "GPS_LOW_ACCURACY": 0.002,
    "TOUR_INCOMPLETE": 0.002,
    "TOUR_ABANDONMENT": 0.002,
    "TOUR_OUT_OF_ORDER": 0.002,
    "TASK_OVERDUE": 0.002,
    "TAG_CLONED": 0.002,
    "SCANS_TOO_REGULAR": 0.002,
    "PHANTOM_GUARD": 0.002,
    "CLOCK_SUSPECT": 0.0,  # its events are not in order of time
    "DEVICE_GPS_FAILURE": 0.002,
    "DEVICE_PHONE_FAILURE": 0.002,
    "DEVICE_CRITICAL": 0.0005,  # lasts for days
    "DEVICE_WARNING": 0.0005,  # lasts for days
    "AFTER_HOURS_ACTIVITY": 0.002,
    "DEVICE_SHARING": 0.002,  # of crews
    "REPORT_MISSING": 0.002,  # of statutory reports
    "DAILY_REPORT_MISSING": 0.002,  # of daily reports
    "SOURCE_SILENT": 0.002,  # of a site's days
    "CHECKPOINT_COVERAGE_LOW": 0.002,
    "TOUR_OVERDUE": 0.002,
    "BIOMETRIC_PATTERN": 0.002,
    "CRITICAL_SIGNAL_LOW_PHONE": 0.002,  # of crews
    "CRITICAL_SIGNAL_LOW_LOCATION": 0.002,  # of crews
    "SLA_STORM": 0.002,  # of crews
    "REPORT_NEVER_GENERATED": 0.01,  # of sites
    "FRIEND_PUNCHING": 0.0,  # these three show in habits only: see `frauds`
    "PADDED_SHIFT": 0.0,
    "TURN_TAKING": 0.0,  # of crews
}

# How often an honest shift looks like trouble: a share of shifts without any, or of sites where noted.
LIKENESSES: Final[dict[str, float]] = {
    "flat-battery": 0.03,
    "swap": 0.0,
    "ride": 0.0,
    "indoors": 0.0,
    "offline": 0.0,  # its events are not in order of time
    "tour-shortened": 0.0,
    "early": 0.0,
    "double-shift": 0.0,
    "checkpoint-skipped": 0.0,
    "tour-late": 0.0,
    "face-checks": 0.0,
    "basement": 0.0,
    "rush": 0.0,
    "late-report": 0.0,  # of sites
    "bad-light": 0.0,
    "new-phone": 0.0,
    "together": 0.0,
    "extra-shift": 0.0,
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
