"""Reports that did not come."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from nocd.detect.registry import CATALOG
from nocd.detect.reports import REPORTS_KEPT, _Week
from nocd.detect.rules import Rules
from nocd.domain.directory import Removal
from nocd.domain.event import Event
from nocd.domain.finding import Category
from nocd.domain.instant import HOUR_MS, from_ms
from nocd.domain.severity import Severity
from tests.build import T0, event
from tests.build_field import Field, company, hours, minutes, played

DAY_H = 24


def told(
    name: str, at: float, *, kind: str = "STATUTORY", due: float | None = None, came: float | None = None, **more: Any
) -> Event:
    """Return what is told of a report so many hours after T0."""
    received = more.pop("received", None)
    again = more.pop("again", "")
    data = {"site": "S1", **more}
    return event(
        "noc.report",
        at=hours(at),
        received_at=None if received is None else hours(received),
        event_id=f"{name}-{at}-{came}{again}",
        report=name,
        kind=kind,
        due_at=None if due is None else from_ms(hours(due)),
        delivered_at=None if came is None else from_ms(hours(came)),
        **data,
    )


def daily(day: int, at: float = 5.0, **more: Any) -> Event:
    """Return the daily report that comes at that hour of a day after T0."""
    came = day * DAY_H + at
    return told(f"D{day}", came, kind="DAILY", came=came, **more)


def reported(*parts: Event | list[Event], until: float, **site: Any) -> Field:
    return played(company(**site), *parts, until=hours(until))


def test_a_statutory_report_an_hour_past_due_is_missing() -> None:
    assert not reported(told("R1", 0, due=6), until=6.98).of("REPORT_MISSING")
    run = reported(told("R1", 0, due=6), until=7)
    found = run.of("REPORT_MISSING")[0]
    assert (found.severity, found.category, found.time) == (Severity.HIGH, Category.COMPLIANCE, hours(7))
    assert (found.site, found.entity_type, found.entity_id) == ("S1", "report", "R1")
    assert found.reason == "Statutory report R1 of Site S1 was due 06:00: have it written and sent now"
    assert run.alerts("REPORT_MISSING") == [("open", 1)]


def test_its_delivery_ends_it_once() -> None:
    run = reported(told("R1", 0, due=6), until=30)
    run.feed([told("R1", 30, due=6, came=30), told("R1", 31, due=6, came=30, again="again")])
    assert run.alerts("REPORT_MISSING") == [("resolved", 1)]
    assert len(run.of("REPORT_MISSING")) == 1
    assert run.withdrawn("REPORT_MISSING") == 0


def test_a_delivery_in_the_grace_is_in_time() -> None:
    assert not reported(told("R1", 0, due=6), told("R1", 7, came=7), until=30).of("REPORT_MISSING")
    assert reported(told("R1", 0, due=6), told("R1", 7.1, came=7.1), until=30).of("REPORT_MISSING")


def test_a_delivery_told_late_takes_it_back() -> None:
    run = reported(told("R1", 0, due=6), until=8)
    run.feed([told("R1", 6, came=6, received=8.1)])
    assert run.withdrawn("REPORT_MISSING") == 1
    assert run.alerts("REPORT_MISSING") == [("resolved", 1)]


def test_neither_a_daily_nor_an_incidents_report_is_statutory() -> None:
    run = reported(told("R1", 0, due=6, kind="DAILY"), told("R2", 0, due=6, kind="INCIDENT"), until=10)
    assert not run.of("REPORT_MISSING")


def test_a_due_time_that_is_moved_counts_by_when_it_was_told_not_when_it_came() -> None:
    moved = [told("R1", 0, due=6), told("R1", 2, due=10, received=2), told("R1", 1, due=8, received=2.1)]
    assert [found.time for found in reported(moved, until=30).of("REPORT_MISSING")] == [hours(11)]


def test_each_of_two_missing_reports_is_told_whatever_the_order_they_were_promised_in() -> None:
    run = reported(told("R1", 0, due=12), told("R2", 0.1, due=10), until=20)
    assert [found.entity_id for found in run.of("REPORT_MISSING")] == ["R2", "R1"]
    assert run.alerts("REPORT_MISSING") == [("open", 1), ("open", 1)]
    run.feed([told("R2", 21, due=10, came=21)])
    assert run.alerts("REPORT_MISSING") == [("resolved", 1), ("open", 1)]


def test_a_client_has_reports_too() -> None:
    run = reported(told("R1", 0, due=6, site=None, client="ACME"), until=8)
    found = run.of("REPORT_MISSING")[0]
    assert found.site is None
    assert "of ACME" in found.reason
    nobody = reported(told("R1", 0, due=6, site=None), until=24 * 40)
    assert "of nobody named" in nobody.of("REPORT_MISSING")[0].reason
    assert not nobody.of("REPORT_NEVER_GENERATED")


def test_after_a_stop_reports_have_their_grace_again() -> None:
    run = reported(told("R1", 0, due=6), until=6)
    run.beat(hours(6.1))
    run.beat(hours(12))
    run.pass_time(hours(12.98))
    assert not run.of("REPORT_MISSING")
    run.pass_time(hours(13))
    assert [found.time for found in run.of("REPORT_MISSING")] == [hours(13)]


def test_what_comes_through_a_silent_source_is_waited_for_until_it_speaks_again() -> None:
    due = [told("R0", 0, came=0), told("R1", 0.1, due=6), told("D1", 0.1, kind="DAILY", due=6)]
    speaks = [event("noc.sample", at=minutes(number), metric="m", value=1.0) for number in range(330)]
    gateway = [replace(each, source="/gateway") for each in (due[0], *speaks)]
    run = reported(gateway, due[1:], until=13)
    assert [found.entity_id for found in run.of("SOURCE_SILENT")] == ["/gateway"]
    assert not run.of("REPORT_MISSING")
    assert not run.of("DAILY_REPORT_MISSING")
    again = [event("noc.sample", at=minutes(810 + number), metric="m", value=1.0) for number in range(90)]
    run.feed([replace(each, source="/gateway") for each in again])
    assert [found.time for found in run.of("REPORT_MISSING")] == [hours(14.5)]


def test_a_site_that_is_removed_owes_nothing() -> None:
    run = reported(told("R1", 0, due=6), until=8)
    gone = replace(company()[0], type="noc.site", time=hours(9), received_at=hours(9), id="gone")
    run.feed([replace(gone, data=Removal(id="S1", removed=True))])
    assert not run.of("REPORT_MISSING")
    run.feed([replace(gone, id="gone2", data=Removal(id="S2", removed=True))])
    run.feed([replace(gone, id="gone3", type="noc.person", data=Removal(id="S1", removed=True))])
    assert run.withdrawn("REPORT_MISSING") == 1
    dead = reported(told("R1", 0, came=0), until=60 * DAY_H)
    dead.feed(
        [replace(gone, data=Removal(id="S1", removed=True), time=hours(61 * DAY_H), received_at=hours(61 * DAY_H))]
    )
    assert dead.alerts("REPORT_NEVER_GENERATED") == [("resolved", 1)]


def test_thirty_days_without_any_report_are_critical() -> None:
    run = reported(told("R1", 0, came=0), until=30 * DAY_H - 0.1)
    assert not run.of("REPORT_NEVER_GENERATED")
    run.pass_time(hours(30 * DAY_H))
    found = run.of("REPORT_NEVER_GENERATED")[0]
    assert (found.severity, found.category, found.time) == (Severity.CRITICAL, Category.COMPLIANCE, hours(30 * DAY_H))
    assert (found.site, found.entity_type, found.entity_id) == ("S1", "site", "S1")
    assert found.reason == (
        "No daily or statutory report of Site S1 for 30 days: find out who writes them, and whether they are sent here"
    )
    run.pass_time(hours(70 * DAY_H))
    assert run.alerts("REPORT_NEVER_GENERATED") == [("open", 1)]
    run.feed([told("R2", 70 * DAY_H, came=70 * DAY_H)])
    assert run.alerts("REPORT_NEVER_GENERATED") == [("resolved", 1)]
    assert run.withdrawn("REPORT_NEVER_GENERATED") == 0


def test_one_promised_and_never_written_is_missed_as_long_and_one_not_yet_due_is_waited_for() -> None:
    promised = reported(told("R1", 0, due=10, site=None, client="ACME"), until=31 * DAY_H)
    found = promised.of("REPORT_NEVER_GENERATED")[0]
    assert (found.entity_type, found.entity_id, found.time) == ("client", "ACME", hours(30 * DAY_H))
    yearly = reported(told("R1", 0, came=0), told("R2", 1, due=90 * DAY_H), until=89 * DAY_H)
    assert not yearly.of("REPORT_NEVER_GENERATED")
    yearly.pass_time(hours(90 * DAY_H))
    assert [each.time for each in yearly.of("REPORT_NEVER_GENERATED")] == [hours(90 * DAY_H)]


def test_incidents_are_not_reports_of_routine() -> None:
    assert not reported(told("R1", 0, kind="INCIDENT", came=0), until=40 * DAY_H).of("REPORT_NEVER_GENERATED")
    still = reported(told("R1", 0, came=0), told("R2", 600, kind="INCIDENT", came=600), until=30 * DAY_H)
    assert still.of("REPORT_NEVER_GENERATED")


def test_a_report_told_late_takes_the_long_silence_back() -> None:
    run = reported(told("R1", 0, came=0), until=31 * DAY_H)
    run.feed([told("R2", 20 * DAY_H, came=20 * DAY_H, received=31 * DAY_H + 1)])
    assert run.withdrawn("REPORT_NEVER_GENERATED") == 1
    over = reported(told("R1", 0, came=0), told("R3", 32 * DAY_H, came=32 * DAY_H), until=32 * DAY_H)
    assert len(over.of("REPORT_NEVER_GENERATED")) == 1
    over.feed([told("R2", 20 * DAY_H, came=20 * DAY_H, received=33 * DAY_H)])
    assert not over.of("REPORT_NEVER_GENERATED")


def test_what_says_neither_due_nor_delivered_was_delivered_as_it_was_told() -> None:
    assert not reported(told("R1", 0, due=6), told("R1", 6), until=30).of("REPORT_MISSING")


def test_by_noon_of_the_next_day_a_usual_daily_report_is_missing() -> None:
    week = [daily(day) for day in range(1, 8)]
    run = reported(week, until=8 * DAY_H + 11.9)
    assert not run.of("DAILY_REPORT_MISSING")
    run.pass_time(hours(8 * DAY_H + 12))
    found = run.of("DAILY_REPORT_MISSING")[0]
    assert (found.severity, found.category, found.time) == (Severity.MEDIUM, Category.COMPLIANCE, hours(204))
    assert (found.site, found.entity_id) == ("S1", "S1")
    assert found.reason == (
        "No daily report of Site S1 has come by 12:00 for the day before: ask the site's supervisor for it"
    )
    assert run.alerts("DAILY_REPORT_MISSING") == [("open", 1)]


def test_days_that_go_on_missing_are_counted_and_a_report_ends_them() -> None:
    run = reported([daily(day) for day in range(1, 8)], until=10 * DAY_H)
    assert run.alerts("DAILY_REPORT_MISSING") == [("open", 2)]
    run.feed([daily(10)])
    assert run.alerts("DAILY_REPORT_MISSING") == [("resolved", 2)]
    run.pass_time(hours(11 * DAY_H + 12))
    assert [found.evidence["days_missing"] for found in run.of("DAILY_REPORT_MISSING")] == [1, 2, 1]
    assert run.withdrawn("DAILY_REPORT_MISSING") == 0


def test_four_days_of_seven_are_no_habit_and_five_are() -> None:
    assert not reported([daily(day) for day in (1, 3, 5, 7)], until=30 * DAY_H).of("DAILY_REPORT_MISSING")
    five = reported([daily(day) for day in (1, 2, 4, 5, 7)], until=9 * DAY_H)
    assert [found.time for found in five.of("DAILY_REPORT_MISSING")] == [hours(204)]


def test_a_daily_report_that_is_promised_needs_no_habit() -> None:
    run = reported(told("D1", 1, kind="DAILY", due=6), until=12)
    assert [found.time for found in run.of("DAILY_REPORT_MISSING")] == [hours(12)]
    came = [told("D1", 1, kind="DAILY", due=6), told("D1", 12, kind="DAILY", due=6, came=12)]
    assert not reported(came, until=30).of("DAILY_REPORT_MISSING")


def test_evening_reports_are_the_days_own_and_the_day_is_the_sites() -> None:
    evenings = [daily(day, at=20) for day in range(1, 9)]
    assert not reported(evenings, until=9 * DAY_H + 11).of("DAILY_REPORT_MISSING")
    assert reported(evenings, until=10 * DAY_H + 12).of("DAILY_REPORT_MISSING")[0].time == hours(10 * DAY_H + 12)
    east = reported([daily(day, at=1) for day in range(1, 9)], until=9 * DAY_H + 12, timezone="Asia/Tokyo")
    assert [found.time for found in east.of("DAILY_REPORT_MISSING")] == [hours(9 * DAY_H + 3)]


def test_one_told_late_takes_the_missing_day_back() -> None:
    run = reported([daily(day) for day in range(1, 8)], until=8 * DAY_H + 12)
    run.feed([daily(8, received=8 * DAY_H + 13)])
    assert run.withdrawn("DAILY_REPORT_MISSING") == 1
    assert run.alerts("DAILY_REPORT_MISSING") == [("resolved", 1)]


def test_a_client_has_no_days_of_its_own() -> None:
    week = [daily(day, site=None, client="ACME") for day in range(1, 8)]
    assert not reported(week, until=20 * DAY_H).of("DAILY_REPORT_MISSING")


def test_while_the_daemon_was_stopped_no_day_was_missed() -> None:
    run = reported([daily(day) for day in range(1, 8)], until=8 * DAY_H)
    run.beat(hours(8 * DAY_H))
    run.beat(hours(8 * DAY_H + 11))
    run.pass_time(hours(8 * DAY_H + 13))
    assert not run.of("DAILY_REPORT_MISSING")


@pytest.mark.parametrize("seed", range(3))
def test_neither_order_nor_repeats_of_the_content_matter(seed: int) -> None:
    rng = Random(seed)
    plain = [daily(day) for day in (1, 2, 3, 4, 5, 6, 7, 9, 10)] + [told("R1", 1, due=6), told("R1", 12, came=12)]
    late = [replace(each, received_at=each.time + rng.randrange(540_000)) for each in plain]
    twice = [replace(each, id=f"{each.id}-again", received_at=each.received_at + 1) for each in late]
    shuffled, ordered = reported(late, twice, until=12 * DAY_H), reported(plain, until=12 * DAY_H)
    assert [(found.type, found.time) for found in shuffled.standing] == [
        (found.type, found.time) for found in ordered.standing
    ]
    assert len(ordered.standing) >= 3


def test_reports_are_bounded_in_number_and_time_and_what_is_owed_stays() -> None:
    run = reported(told("old", 0, due=6), told("done", 0, due=6, came=6), until=7)
    run.feed([told("new", 60 * DAY_H, came=60 * DAY_H)])
    assert set(run.engine.shelves.get("reports", "site|S1").known) == {"old", "new"}
    run.feed([told(f"R{number}", 60 * DAY_H + 1, came=60 * DAY_H + 1) for number in range(REPORTS_KEPT)])
    assert len(run.engine.shelves.get("reports", "site|S1").known) == REPORTS_KEPT
    assert run.withdrawn("REPORT_MISSING") == 0


def test_long_silences_are_remembered_a_few_times_and_never_taken_back() -> None:
    run = reported([told(f"R{number}", number * 31 * DAY_H, came=number * 31 * DAY_H) for number in range(8)], until=1)
    assert len(run.of("REPORT_NEVER_GENERATED")) == 7
    assert run.withdrawn("REPORT_NEVER_GENERATED") == 0


def test_a_daily_report_promised_for_long_ago_costs_no_more_than_any_other() -> None:
    long_ago = told("D0", 0, kind="DAILY", due=-T0 / HOUR_MS)
    run = reported(long_ago, until=0)
    scene = run.engine.scene
    (record,) = scene.shelves.kind("reports").values()
    week = _Week("S1", record, scene)
    assert len(week.days()) == len(list(week.missed(scene.now))) == 1


def test_a_clients_own_grace_is_read_for_its_reports() -> None:
    run = Field()
    run.engine.scene.rules = Rules(CATALOG, clients={"ACME": {"REPORT_MISSING": {"grace_minutes": 120.0}}})
    run.feed([told("R1", 0, due=6, site=None, client="ACME"), told("R2", 0, due=6, site=None, client="OTHER")])
    run.pass_time(hours(10))
    assert [(found.entity_id, found.time) for found in run.of("REPORT_MISSING")] == [("R2", hours(7)), ("R1", hours(8))]


def test_who_told_nothing_for_over_a_year_is_forgotten_and_waited_for_no_more() -> None:
    run = reported(told("R1", 0, due=6), until=399 * DAY_H)
    assert run.alerts("REPORT_NEVER_GENERATED") == [("open", 1)]
    run.pass_time(hours(400 * DAY_H))
    assert run.engine.shelves.kind("reports") == {}
    assert [status for kind in ("REPORT_MISSING", "REPORT_NEVER_GENERATED") for status, _ in run.alerts(kind)] == [
        "resolved",
        "resolved",
    ]
