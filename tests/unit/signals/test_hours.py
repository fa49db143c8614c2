"""Site-hours through the engine: learned once, judged when closed, one alert with a counter."""

from __future__ import annotations

from typing import Any

from nocd.domain.instant import HOUR_MS, MINUTE_MS
from tests.build import T0, event
from tests.build_site import Run, directory, phone

LEARNED_H = 21 * 24


def learned(**more: Any) -> Run:
    """Return a site that has learned three quiet weeks."""
    run = Run()
    run.feed(directory(days=25, **more))
    run.feed(phone(range(LEARNED_H)))
    return run


def anomalies(run: Run) -> list[str]:
    return [kind for kind in run.findings if kind.startswith("ANOMALY_")]


def test_three_quiet_weeks_are_learned_hour_by_hour_and_nothing_is_claimed() -> None:
    run = learned()
    run.pass_time(T0 + LEARNED_H * HOUR_MS + 10 * MINUTE_MS)
    hours = [hour for outcome in run.outcomes for hour in outcome.hours if hour.baseline == "phone_events@S1"]
    assert [hour.hour for hour in hours] == [T0 + hour * HOUR_MS for hour in range(1, LEARNED_H)]
    assert len(anomalies(run)) <= 2


def test_silence_is_one_alert_with_a_counter() -> None:
    run = learned()
    before = len(anomalies(run))
    run.pass_time(T0 + (LEARNED_H + 4) * HOUR_MS)
    assert anomalies(run)[before:].count("ANOMALY_PHONE_EVENTS_BELOW") == 3
    alerts = {alert.id: alert for outcome in run.outcomes for alert, _ in outcome.alerts}
    silent = [alert for alert in alerts.values() if alert.type == "ANOMALY_PHONE_EVENTS_BELOW"]
    assert [alert.count for alert in silent] == [3]
    assert silent[0].baseline == "phone_events@S1"
    assert "usual" in silent[0].reason


def test_too_much_is_claimed_before_the_hour_is_over_and_once() -> None:
    run = learned()
    before = len(anomalies(run))
    start = T0 + LEARNED_H * HOUR_MS
    run.feed(
        event("noc.phone.event", at=start + number * 10_000, person="P1", kind="device_log") for number in range(90)
    )
    assert anomalies(run)[before:] == ["ANOMALY_PHONE_EVENTS_ABOVE"]
    run.pass_time(start + HOUR_MS + 10 * MINUTE_MS)
    assert anomalies(run)[before:] == ["ANOMALY_PHONE_EVENTS_ABOVE"]
    last = [hour for outcome in run.outcomes for hour in outcome.hours if hour.baseline == "phone_events@S1"][-1]
    assert last.anomalous
    assert not last.learned


def test_an_hour_that_was_slept_through_is_neither_learned_nor_judged() -> None:
    run = learned()
    before = len(anomalies(run))
    hours = sum(len(outcome.hours) for outcome in run.outcomes)
    run.engine.tick(T0 + (LEARNED_H + 30) * HOUR_MS)
    run.outcomes.append(run.engine.finish())
    assert anomalies(run)[before:] == []
    assert sum(len(outcome.hours) for outcome in run.outcomes) - hours <= 5  # the hour before the stop may close


def test_nobody_on_duty_says_nothing() -> None:
    run = learned()
    before = len(anomalies(run))
    run.pass_time(T0 + 26 * 24 * HOUR_MS)
    hours = [hour for outcome in run.outcomes for hour in outcome.hours]
    assert max(hour.hour for hour in hours) < T0 + 25 * 24 * HOUR_MS
    assert set(anomalies(run)[before:]) <= {"ANOMALY_PHONE_EVENTS_BELOW"}


def test_a_site_whose_guards_have_no_known_device_is_unknown_not_silent() -> None:
    run = Run()
    run.feed(directory(days=3))
    run.feed([event("noc.task.done", at=T0 + HOUR_MS // 2, task="t1", person="P1", site="S1")])
    run.pass_time(T0 + 48 * HOUR_MS)
    assert not [hour for outcome in run.outcomes for hour in outcome.hours]
