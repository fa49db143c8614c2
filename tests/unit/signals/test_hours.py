"""Site-hours through the engine: learned once, judged when closed, one alert with a counter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from nocd.domain.baseline import Baseline
from nocd.domain.directory import Removal
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.outcome import RECORD_TYPES
from nocd.store.codec import decoders, encode
from nocd.triage.intake import Limits
from tests.build import T0, event
from tests.build_site import Run, directory, phone

if TYPE_CHECKING:
    from nocd.domain.event import Event

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
    run.beat(T0 + LEARNED_H * HOUR_MS + 5 * MINUTE_MS)
    back = T0 + (LEARNED_H + 30) * HOUR_MS + 20 * MINUTE_MS
    run.beat(back)
    run.feed(phone([LEARNED_H + 30])[-4:])
    run.pass_time(back + HOUR_MS)
    assert anomalies(run)[before:] == []
    assert sum(len(outcome.hours) for outcome in run.outcomes) - hours == 5  # the hour before the stop


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


def above(run: Run) -> list[str]:
    return [kind for kind in run.findings if kind == "ANOMALY_PHONE_EVENTS_ABOVE"]


def burst(hour: int, *, person: str = "P1", count: int = 90) -> list[Event]:
    start = T0 + hour * HOUR_MS
    return [
        event("noc.phone.event", at=start + number * 10_000, person=person, kind="device_log")
        for number in range(count)
    ]


def test_too_much_is_claimed_once_though_the_next_hour_begins_before_it_closes() -> None:
    run = learned()
    run.feed([*burst(LEARNED_H), *phone([LEARNED_H + 1])])
    run.pass_time(T0 + (LEARNED_H + 1) * HOUR_MS + 11 * MINUTE_MS)
    assert len(above(run)) == 1
    (alert,) = {
        alert.id: alert for outcome in run.outcomes for alert, _ in outcome.alerts if "ABOVE" in alert.type
    }.values()
    assert alert.count == 1


def test_what_the_whole_hour_refutes_is_withdrawn_with_its_alert() -> None:
    run = learned()
    run.feed([event("noc.person", id="P2", name="Second", sites=("S1",)), *phone([LEARNED_H - 1], person="P2")[-1:]])
    run.feed(burst(LEARNED_H, count=70))
    assert len(above(run)) == 1
    late = [
        event("noc.attendance.punch", at=at, received_at=at_hand, person=who, site="S1", direction="in", method="FACE")
        for who, at, at_hand in (
            ("P2", T0 + LEARNED_H * HOUR_MS, T0 + (LEARNED_H + 1) * HOUR_MS),
            ("P3", T0 + LEARNED_H * HOUR_MS, T0 + (LEARNED_H + 1) * HOUR_MS),
        )
    ]
    run.feed([*late, *phone([LEARNED_H + 1])[:1]])
    run.pass_time(T0 + (LEARNED_H + 1) * HOUR_MS + 11 * MINUTE_MS)
    withdrawn = [finding for outcome in run.outcomes for finding in outcome.withdrawn]
    assert len(withdrawn) == 1
    alerts = {alert.id: alert for outcome in run.outcomes for alert, _ in outcome.alerts if "ABOVE" in alert.type}
    assert [alert.status for alert in alerts.values()] == ["resolved"]


@pytest.mark.long
def test_a_stop_is_known_to_every_site_whatever_comes_first_after_it() -> None:
    run = Run()
    sites = range(7)  # more than close in one tick
    for number in sites:
        run.feed(directory(days=14, site=f"S{number}", person=f"P{number}"))
    days = 12
    for hour in range(days * 24):
        at = sorted(
            (each for number in sites for each in phone([hour], person=f"P{number}", mean=8.0, seed=hour + number)),
            key=lambda each: each.time,
        )
        run.feed(at)
    stopped = T0 + days * 24 * HOUR_MS + 5 * MINUTE_MS
    run.beat(stopped)
    before = len(anomalies(run))
    run.beat(stopped + 12 * HOUR_MS)
    run.feed(phone([days * 24 + 12], person="P3", mean=8.0)[2:])
    run.pass_time(stopped + 13 * HOUR_MS)
    assert anomalies(run)[before:] == []


def test_a_site_without_shifts_and_punches_learns_what_its_team_does() -> None:
    run = Run()
    run.feed(directory(days=0))
    run.feed(phone(range(4)))
    run.pass_time(T0 + 5 * HOUR_MS)
    hours = [hour for outcome in run.outcomes for hour in outcome.hours if hour.baseline == "phone_events@S1"]
    assert [hour.heads for hour in hours] == [None, None, None]
    assert all(hour.value > 10 for hour in hours)


def test_a_guard_who_only_scans_has_a_device_all_the_same() -> None:
    run = Run()
    run.feed(directory(days=1))
    scans = [
        event(
            "noc.tour.scan",
            at=T0 + minute * MINUTE_MS,
            person="P1",
            site="S1",
            tour="T1",
            checkpoint=f"C{minute % 6}",
            scan="NFC",
            device="D1",
        )
        for minute in range(0, 180, 7)
    ]
    run.feed(scans)
    run.pass_time(T0 + 4 * HOUR_MS)
    scanned = [hour.value for outcome in run.outcomes for hour in outcome.hours if "checkpoints" in hour.baseline]
    assert scanned == [6.0, 6.0]


def test_a_removed_site_is_forgotten_with_all_it_knew() -> None:
    run = Run()
    run.feed(directory(days=2))
    run.feed(phone(range(5)))
    run.feed([replace(event("noc.site", id="S1", name="x", timezone="UTC"), data=Removal(id="S1", removed=True))])
    assert run.engine.tick(T0 + 8 * HOUR_MS)
    kinds = {kind for kind, key, _ in run.engine.shelves if "S1" in key}
    assert kinds.isdisjoint({"baseline", "bucket", "site_clock"})


def test_peers_are_the_same_after_a_restart() -> None:
    run = Run()
    for number in reversed(range(20)):
        run.feed(directory(days=16, site=f"S{number:02}", person=f"P{number:02}"))
    told = (each for number in range(1, 20) for each in phone(range(4), person=f"P{number:02}", mean=9.0, seed=number))
    run.feed(sorted(told, key=lambda each: each.time))
    run.pass_time(T0 + 5 * HOUR_MS)
    shelves, decode = Shelves(encode), decoders(RECORD_TYPES)
    for kind, key, body in run.engine.shelves:
        assert body is not None
        shelves.restore(kind, key, decode[kind](body))
    again = Engine(shelves, Limits())
    about = Baseline(id="x", series="S00", metric="phone_events")
    asked = [made.hours._peers(about, T0 + 8 * DAY_MS) for made in (run.engine, again)]
    assert [peer.baseline.id for peer in asked[0]] == [peer.baseline.id for peer in asked[1]]
    assert len(asked[0]) == 8
    assert not run.engine.hours._peers(about, T0 + 6 * DAY_MS), "none of them can be stable yet"
