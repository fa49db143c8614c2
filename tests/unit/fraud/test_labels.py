"""Verdicts on a score, its alert and its ticket make one label of three values."""

from __future__ import annotations

import pytest

from nocd.domain.alert import Verdict
from nocd.fraud.labels import label


@pytest.mark.parametrize(
    ("own", "of_alert", "alert_type", "expected"),
    [
        (None, None, None, None),
        ("fraud", None, None, 1),
        ("true_positive", None, None, 1),
        ("benign", "fraud", "ATTENDANCE_FRAUD", 0),
        ("unknown", "true_positive", "ATTENDANCE_FRAUD", 1),
        (None, "true_positive", "GEOFENCE_VIOLATION", 1),
        (None, "true_positive", "NO_SHOW", None),
        (None, "fraud", "NO_SHOW", 1),
        (None, "false_positive", "BUDDY_PUNCHING", 0),
        (None, "duplicate", "ATTENDANCE_FRAUD", None),
        ("duplicate", "unknown", "ATTENDANCE_FRAUD", None),
    ],
)
def test_what_was_said_of_the_punch_counts_before_what_was_said_of_its_alert(
    own: str | None, of_alert: str | None, alert_type: str | None, expected: int | None
) -> None:
    said = None if of_alert is None else Verdict(of_alert)
    assert label(None if own is None else Verdict(own), of_alert=said, alert_type=alert_type) == expected
