"""What else a planted trouble plainly brings with it: findings of those types beside it are true as well."""

from __future__ import annotations

from typing import Final

from nocd.domain.instant import HOUR_MS
from nocd.domain.verdict import CHECKS, FRAUD
from nocd.simulate.frauds import HABITS

MUTE: Final = frozenset(
    {
        "CRITICAL_SIGNAL_LOW_LOCATION",
        "CRITICAL_SIGNAL_LOW_PHONE",
        "DEVICE_GPS_FAILURE",
        "DEVICE_OFFLINE",
        "DEVICE_PHONE_FAILURE",
        "SILENT_SITE",
    }
)
UNDONE: Final = frozenset({"PHANTOM_GUARD", "TASK_OVERDUE", "TOUR_INCOMPLETE", "TOUR_MISSED", "TOUR_OVERDUE"})
# who comes unplanned; WRONG_PERSON where a colleague is missing just then
ODD_HOUR: Final = frozenset({"AFTER_HOURS_ACTIVITY", "SCHEDULE_MISMATCH", "SHORT_REST", "WRONG_PERSON"})

_BESIDE: Final[dict[str, frozenset[str]]] = {
    "NO_SHOW": frozenset({"COVERAGE_GAP"}) | UNDONE,
    "WRONG_PERSON": frozenset({"NO_SHOW"}) | ODD_HOUR,
    "WRONG_SITE": frozenset({"WRONG_PERSON", "NO_SHOW", "COVERAGE_GAP"}) | ODD_HOUR | UNDONE,
    "LATE_ARRIVAL": frozenset({"NO_SHOW", "COVERAGE_GAP"}),
    # the visitor's phone is not simulated
    "UNAUTHORIZED_SITE": ODD_HOUR | MUTE,
    "IMPOSSIBLE_SHIFTS": frozenset({"GPS_SPOOFING"}) | ODD_HOUR | MUTE,
    # the false punch ends the duty here and begins one there; the colleague who is punched for is not there
    "BUDDY_PUNCHING": frozenset(
        {
            "BIOMETRIC_LOW",
            "COVERAGE_GAP",
            "DEVICE_SHARING",
            "DOUBLE_PUNCH",
            "GHOST_SHIFT",
            "GPS_SPOOFING",
            "GUARD_INACTIVITY",
            "IMPOSSIBLE_SHIFTS",
            "LEFT_SITE",
            "NO_SHOW",
            "OPEN_PUNCH",
            "UNAUTHORIZED_SITE",
            "WRONG_PERSON",
            "WRONG_SITE",
        }
    )
    | ODD_HOUR
    | MUTE
    | UNDONE,
    "OPEN_PUNCH": frozenset({"DOUBLE_PUNCH"}) | MUTE,
    "GUARD_INACTIVITY": UNDONE | MUTE,
    "TOUR_MISSED": frozenset({"TOUR_OVERDUE", "PHANTOM_GUARD", "GUARD_INACTIVITY"}),
    "TOUR_TOO_FAST": frozenset({"SCANS_TOO_REGULAR"}),
    "SLACK_NIGHT": frozenset({"GUARD_INACTIVITY", "TOUR_ABANDONMENT"}) | UNDONE | MUTE,
    "DEVICE_OFFLINE": MUTE,
    "SILENT_SITE": frozenset({"GUARD_INACTIVITY", "GHOST_SHIFT"}) | MUTE | UNDONE,
    "OVERTIME_VIOLATION": frozenset({"SHORT_REST"}),
    "SCHEDULE_MISMATCH": ODD_HOUR - {"WRONG_PERSON"},  # planted where nobody is missing
    "GHOST_SHIFT": frozenset({"GUARD_INACTIVITY"}) | MUTE | UNDONE,
    "TOUR_ABANDONMENT": frozenset({"LEFT_SITE", "TOUR_INCOMPLETE"}),
    "TOUR_OVERDUE": frozenset({"PHANTOM_GUARD"}),
    "BIOMETRIC_PATTERN": frozenset({"BIOMETRIC_LOW"}),
    "SLA_STORM": UNDONE,
    "CRITICAL_SIGNAL_LOW_LOCATION": frozenset({"DEVICE_GPS_FAILURE"}),
    "CRITICAL_SIGNAL_LOW_PHONE": frozenset({"DEVICE_PHONE_FAILURE"}),
    "PHANTOM_GUARD": UNDONE,
    "TASK_OVERDUE": frozenset({"PHANTOM_GUARD"}),
    "DEVICE_GPS_FAILURE": frozenset({"CRITICAL_SIGNAL_LOW_LOCATION"}),
    "DEVICE_PHONE_FAILURE": frozenset({"CRITICAL_SIGNAL_LOW_PHONE"}),
    "DEVICE_CRITICAL": frozenset({"DEVICE_WARNING"}),
}
# Planted kind → finding types that it entails. A likeness of trouble entails nothing. A fraud is what its checks say.
ENTAILS: Final = _BESIDE | {kind: _BESIDE.get(kind, frozenset()) | {FRAUD} for kind in CHECKS}

# Findings that a planted trouble brings of a colleague: the one whose shift the planted person took. All others that
# name a person are true of the planted one only.
OF_OTHERS: Final = frozenset({("WRONG_PERSON", "NO_SHOW")})
# Of these there is one at a time at a site, or of a person: what is planted while one stands adds to it.
ONE_AT_A_TIME: Final = frozenset({"BIOMETRIC_PATTERN", "COVERAGE_GAP"})

# How long after its end a planted trouble may still be found, where that is not two hours.
BEFORE_MS: Final = HOUR_MS
AFTER_MS: Final = 2 * HOUR_MS
LATER_MS: Final[dict[str, int]] = {
    "OVERTIME_VIOLATION": 24 * HOUR_MS,  # the rolling day reaches into the next shift
    "SHORT_REST": 16 * HOUR_MS,  # and the rest after the extra shift is short, too
    "SCHEDULE_MISMATCH": 16 * HOUR_MS,
    "UNAUTHORIZED_SITE": 16 * HOUR_MS,
    "IMPOSSIBLE_SHIFTS": 16 * HOUR_MS,
    "BUDDY_PUNCHING": 16 * HOUR_MS,
    "DAILY_REPORT_MISSING": 12 * HOUR_MS,  # said at noon
    "DEVICE_CRITICAL": 72 * HOUR_MS,  # the score looks three days back
    "DEVICE_WARNING": 72 * HOUR_MS,
}
# Told by others than detectors of one type: baselines (see `usual`), outside monitoring, a model (see `habits`).
ELSEWHERE: Final = frozenset({"SLACK_NIGHT", "OUTSIDE_ALERT"}) | HABITS
