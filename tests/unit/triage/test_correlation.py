"""Two alerts are one story where they match strongly enough: whose, on what, where, how near in time."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.domain.instant import MINUTE_MS, SECOND_MS
from nocd.domain.severity import Severity
from nocd.domain.signal import Metric, Quality, Signal
from nocd.triage.correlation import Facet, Kind, correlate, device_of, facet, nearness, with_signals, wrong_signals
from tests.build import engine, firing


def about(name: str = "Camera", /, *, at: int = 0, **more: Any) -> Facet:
    """Return an alert's facet at a minute."""
    known = {"site": "S1", "person": None, "device": None, "kind": None, "signal": False, **more}
    return Facet(type=name, first_seen=at * MINUTE_MS, last_seen=at * MINUTE_MS, **known)


@pytest.mark.parametrize(
    ("seconds", "points"),
    [(0, 0.3), (300, 0.3), (301, 0.2), (600, 0.2), (601, 0.1), (900, 0.1), (901, None)],
)
def test_nearness_in_time_gives_points_up_to_the_window(seconds: int, points: float | None) -> None:
    assert nearness(seconds * SECOND_MS, 15 * MINUTE_MS) == points


@pytest.mark.parametrize(("window", "apart", "points"), [(5, 6, None), (60, 59, 0.1), (60, 61, None)])
def test_another_window_reaches_as_far_as_it_says(window: int, apart: int, points: float | None) -> None:
    assert nearness(apart * MINUTE_MS, window * MINUTE_MS) == points


SAME_PERSON: dict[str, Any] = {"person": "P1"}
SAME_DEVICE: dict[str, Any] = {"device": "camera/cam-7"}
ALERT, SIGNAL = {"kind": Kind.TOUR, "signal": False}, {"kind": Kind.TOUR, "signal": True}


@pytest.mark.parametrize(
    ("one", "other", "apart", "rule", "score"),
    [
        (SAME_PERSON, SAME_PERSON, 0, "same_person", 0.8),
        (SAME_PERSON, SAME_PERSON, 10, "same_person", 0.7),
        (SAME_PERSON, SAME_PERSON, 15, "same_person", 0.6),
        (SAME_PERSON, {**SAME_PERSON, "site": "S2"}, 0, "same_person", 0.8),
        ({**SAME_PERSON, **SAME_DEVICE}, {**SAME_PERSON, **SAME_DEVICE}, 0, "same_person", 0.8),
        (SAME_DEVICE, SAME_DEVICE, 5, "same_device", 0.8),
        ({"person": "P1", **SAME_DEVICE}, SAME_DEVICE, 5, "same_device", 0.8),
        (ALERT, SIGNAL, 5, "site_and_kind", 0.6),
        (SIGNAL, ALERT, 6, "site_and_kind", 0.5),
        (ALERT, SIGNAL, 15, "site_and_kind", 0.4),
    ],
)
def test_the_strongest_rule_counts(one: Any, other: Any, apart: int, rule: str, score: float) -> None:
    match = correlate(about(**one), about(at=apart, **other))
    assert match is not None
    assert (next(part for part in match.parts if part.startswith(("same", "site"))), match.score) == (rule, score)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        (ALERT, ALERT),
        (SIGNAL, SIGNAL),
        (ALERT, {**SIGNAL, "kind": Kind.DEVICE}),
        (ALERT, {**SIGNAL, "site": "S2"}),
        (SAME_PERSON, {"person": "P2"}),
        (SAME_DEVICE, {"device": "camera/cam-8"}),
        ({**ALERT, "site": None}, {**SIGNAL, "site": None}),
    ],
)
def test_the_same_site_alone_never_correlates(one: Any, other: Any) -> None:
    assert correlate(about(**one), about(**other)) is None


@pytest.mark.parametrize(
    ("low", "score"),
    [("CRITICAL_SIGNAL_LOW_PHONE", 0.8), ("ANOMALY_PHONE_EVENTS_BELOW", 0.8), ("ANOMALY_PHONE_EVENTS_ABOVE", 0.6)],
)
def test_a_device_that_meets_a_low_phone_is_a_stronger_match(low: str, score: float) -> None:
    device = about("DEVICE_OFFLINE", kind=Kind.DEVICE)
    for one, other in [(device, about(low, kind=Kind.DEVICE, signal=True))] * 2:
        match = correlate(one, other)
        assert match is not None
        assert match.score == score


def test_a_score_never_passes_one() -> None:
    device = about("DEVICE_OFFLINE", kind=Kind.DEVICE, **SAME_PERSON)
    match = correlate(device, about("CRITICAL_SIGNAL_LOW_PHONE", kind=Kind.DEVICE, signal=True, **SAME_PERSON))
    assert match is not None
    assert match.score == 1.0


@pytest.mark.parametrize(
    ("name", "kind", "signal"),
    [
        ("DEVICE_OFFLINE", Kind.DEVICE, False),
        ("battery-low", Kind.DEVICE, False),
        ("CRITICAL_SIGNAL_LOW_LOCATION", Kind.DEVICE, True),
        ("TOUR_MISSED", Kind.TOUR, False),
        ("ANOMALY_TOUR_CHECKPOINTS_BELOW", Kind.TOUR, True),
        ("NO_SHOW", Kind.ATTENDANCE, False),
        ("ANOMALY_TASKS_COMPLETED_BELOW", Kind.ATTENDANCE, True),
        ("Camera", None, False),
    ],
)
def test_a_type_tells_what_kind_it_is_of_and_whether_a_signal_says_it(
    name: str, kind: Kind | None, *, signal: bool
) -> None:
    made = engine()
    made.fold([firing(name)])
    one = facet(made.book.edit("A-1"))
    assert (one.kind, one.signal) == (kind, signal)


@pytest.mark.parametrize(
    ("entity", "device"),
    [("camera", "camera/cam-7"), ("phone", "device/cam-7"), ("person", None), ("site", None), ("alert", None)],
)
def test_whatever_is_no_person_and_no_place_is_a_device(entity: str, device: str | None) -> None:
    made = engine()
    made.fold([firing(entity_type=entity)])
    assert device_of(made.book.edit("A-1")) == device


def shown(phone: float, fixes: float, tasks: float, **qualities: Quality) -> dict[Metric, Signal]:
    values = {Metric.PHONE_EVENTS: phone, Metric.LOCATION_UPDATES: fixes, Metric.TASKS_COMPLETED: tasks}
    return {
        metric: Signal(value=value, quality=qualities.get(metric.value, Quality.OBSERVED))
        for metric, value in values.items()
    }


@pytest.mark.parametrize(
    ("phone", "fixes", "tasks", "on_duty", "severity"),
    [
        (4, 2, 1, True, Severity.MEDIUM),
        (5, 2, 1, True, None),
        (4, 3, 1, True, None),
        (0, 9, 0, True, Severity.HIGH),
        (0, 9, 0, False, None),
        (0, 0, 0, True, Severity.HIGH),
        (0, 0, 0, False, Severity.MEDIUM),
        (1, 9, 0, True, None),
        (0, 9, 1, True, None),
    ],
)
def test_signals_are_bad_by_themselves_where_little_is_left(
    phone: int, fixes: int, tasks: int, on_duty: Any, severity: Severity | None
) -> None:
    wrong = wrong_signals(shown(phone, fixes, tasks), on_duty=on_duty)
    assert (wrong[0] if wrong else None) is severity


@pytest.mark.parametrize("unknown", [Metric.PHONE_EVENTS, Metric.LOCATION_UPDATES])
def test_what_nobody_knows_is_not_bad(unknown: Metric) -> None:
    assert wrong_signals(shown(0, 0, 0, **{unknown.value: Quality.UNKNOWN}), on_duty=True) is None


@pytest.mark.parametrize(
    ("whose", "more", "low", "score", "key"),
    [
        ("person", SAME_PERSON, False, 0.8, "person:P1"),
        ("person", {"kind": Kind.DEVICE, **SAME_PERSON}, True, 1.0, "person:P1"),
        ("person", SAME_PERSON, True, 0.8, "person:P1"),
        ("site", {"kind": Kind.DEVICE}, True, 0.8, "site:S1:device"),
        ("site", {"kind": Kind.ATTENDANCE}, True, 0.6, "site:S1:attendance"),
    ],
)
def test_signals_of_the_same_moment_match_an_alert(whose: str, more: Any, low: Any, score: float, key: str) -> None:
    match = with_signals(about(**more), whose=whose, low_phone=low)
    assert (match.score, match.key) == (score, key)
