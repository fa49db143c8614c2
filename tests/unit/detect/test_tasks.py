"""Tasks that are not done in time."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.detect.registry import CATALOG
from nocd.detect.rules import Rules
from nocd.domain.event import Event
from nocd.domain.instant import from_ms
from nocd.domain.severity import Severity
from tests.build import T0, event
from tests.build_field import Field, company, hours, minutes, played, punch
from tests.build_tours import phones, removed


def task(priority: str = "HIGH", *, at: int = T0, **more: Any) -> Event:
    """Return a task that came up at T0."""
    given: dict[str, Any] = {"id": "K1", "site": "S1", "person": "P1", "created_at": from_ms(T0), **more}
    return event("noc.task", at=at, priority=priority, **given)


def done(at: int, *, received_at: int | None = None) -> Event:
    return event("noc.task.done", at=at, received_at=received_at, task="K1", person="P1", site="S1")


def severities(run: Field) -> list[tuple[Severity, int]]:
    return [(found.severity, (found.time - T0) // 60_000) for found in run.of("TASK_OVERDUE")]


def ended(run: Field) -> str:
    rows = [row for outcome in run.outcomes for row in outcome.ledger]
    return [row.reason for row in rows if row.decision == "ended"][-1]


@pytest.mark.parametrize(
    ("priority", "sla", "mild", "worse_at", "grave"),
    [
        ("CRITICAL", 15, Severity.HIGH, 22, Severity.CRITICAL),
        ("HIGH", 30, Severity.MEDIUM, 60, Severity.HIGH),
        ("MEDIUM", 60, Severity.LOW, 180, Severity.MEDIUM),
        ("LOW", 120, Severity.LOW, 360, Severity.MEDIUM),
    ],
)
def test_a_task_is_overdue_past_its_priority_time_and_worse_past_a_multiple_of_it(
    priority: str, sla: int, mild: Severity, worse_at: int, grave: Severity
) -> None:
    run = played(company("P1"), task(priority), until=minutes(sla - 1))
    assert not severities(run)
    run.pass_time(minutes(sla))
    assert severities(run) == [(mild, sla)]
    run.pass_time(minutes(worse_at))
    assert severities(run) == [(mild, sla)]
    run.pass_time(minutes(worse_at + 1))
    assert severities(run) == [(mild, sla), (grave, worse_at)]


def test_what_is_open_since_another_day_says_which() -> None:
    old = task("LOW", at=hours(30))
    (found,) = played(company("P1"), old, until=hours(30)).of("TASK_OVERDUE")
    assert "open since Thu 01 Jan 00:00, was" in found.reason


def test_it_says_what_is_open_since_when_and_who_has_it() -> None:
    run = played(company("P1"), task(), until=minutes(30))
    (found,) = run.of("TASK_OVERDUE")
    assert found.reason == (
        "The high task K1 at Site S1, open since 00:00, was to be done within 30 min: Guard P1 has it; "
        "call, or give it to someone else"
    )
    assert (found.entity_type, found.entity_id, found.person, found.confidence) == ("task", "K1", "P1", 0.95)
    assert (found.evidence["age_minutes"], found.evidence["age_to_sla"]) == (30.0, 1.0)
    nobodys = played(company("P1"), task(person=None), until=minutes(30)).of("TASK_OVERDUE")[0]
    assert "nobody has it" in nobodys.reason


def test_its_own_due_time_counts_before_its_priority() -> None:
    run = played(company("P1"), task(due_at=from_ms(minutes(100))), until=minutes(201))
    assert severities(run) == [(Severity.MEDIUM, 100), (Severity.HIGH, 200)]
    nonsense = played(company("P1"), task(due_at=from_ms(T0)), until=minutes(30))
    assert severities(nonsense) == [(Severity.MEDIUM, 30)]


def test_done_at_the_very_last_instant_it_is_not_overdue() -> None:
    assert not severities(played(company("P1"), task(), done(minutes(30)), until=hours(9)))
    completed = task(at=minutes(30), completed_at=from_ms(minutes(30)))
    assert not severities(played(company("P1"), task(), completed, until=hours(9)))


def test_done_at_last_it_is_over_and_says_how_late() -> None:
    run = played(company("P1"), task(), until=minutes(45))
    run.feed([done(minutes(50))])
    assert run.alerts("TASK_OVERDUE") == [("resolved", 1)]
    assert ended(run) == "the task was done at 00:50, 20 min after its time"
    run.pass_time(hours(9))
    assert severities(run) == [(Severity.MEDIUM, 30)]


def test_completed_by_its_entry_or_removed_it_is_over_however_old() -> None:
    days = hours(24 * 40)
    run = played(company("P1"), task(), until=days)
    run.feed([event("noc.person", at=days, id="P9", name="New")])
    assert run.engine.shelves.get("task", "K1") is None
    assert run.alerts("TASK_OVERDUE") == [("open", 2)]
    run.feed([removed("noc.task", "K1", at=days)])
    assert run.alerts("TASK_OVERDUE") == [("resolved", 2)]
    assert ended(run).startswith("the task was removed at 00:00")
    completed = played(company("P1"), task(), until=days)
    completed.feed([task(at=days, completed_at=from_ms(days))])
    assert completed.alerts("TASK_OVERDUE") == [("resolved", 2)]


def test_it_is_counted_in_the_same_alert_when_it_is_worse() -> None:
    assert played(company("P1"), task(), until=minutes(61)).alerts("TASK_OVERDUE") == [("open", 2)]


def test_a_low_finding_opens_no_alert() -> None:
    assert played(company("P1"), task("LOW"), until=minutes(200)).alerts("TASK_OVERDUE") == []


def test_a_phone_that_was_offline_takes_back_that_it_was_overdue() -> None:
    run = played(company("P1"), task(), until=hours(5))
    run.feed([done(minutes(20), received_at=hours(5))])
    assert run.withdrawn("TASK_OVERDUE") == 2
    assert run.alerts("TASK_OVERDUE") == [("resolved", 2)]


def test_more_time_given_takes_the_claim_back() -> None:
    run = played(company("P1"), task(), until=minutes(40))
    run.feed([task(at=minutes(40), due_at=from_ms(minutes(90)))])
    assert run.withdrawn("TASK_OVERDUE") == 1
    run.pass_time(minutes(90))
    assert severities(run) == [(Severity.MEDIUM, 90)]


def test_done_before_it_is_known_told_twice_or_entered_again_it_is_done() -> None:
    early = [done(minutes(5)), done(minutes(7)), done(minutes(3), received_at=minutes(8)), task(at=minutes(10))]
    assert not severities(played(company("P1"), early, until=hours(9)))


def test_a_removed_task_that_is_entered_again_is_open() -> None:
    run = played(company("P1"), task(), removed("noc.task", "K1", at=minutes(5)), until=hours(9))
    assert not severities(run)
    run.feed([task(at=hours(9))])
    assert run.of("TASK_OVERDUE")


def test_a_removal_of_something_else_is_none_of_its_business() -> None:
    run = played(company("P1"), task(), removed("noc.tour", "K1", at=minutes(5)), until=minutes(30))
    assert run.of("TASK_OVERDUE")


def test_where_the_daemon_was_stopped_it_is_judged_when_it_is_worse() -> None:
    run = played(company("P1"), task())
    run.beat(minutes(5))
    run.beat(minutes(20))
    run.pass_time(minutes(45))
    assert not severities(run)
    run.pass_time(minutes(61))
    assert severities(run) == [(Severity.HIGH, 60)]


def test_where_it_was_stopped_again_it_is_not_judged() -> None:
    run = played(company("P1"), task())
    for beat in (5, 20, 25, 30, 35, 40, 55):
        run.beat(minutes(beat))
    run.pass_time(hours(9))
    assert not severities(run)


def test_while_the_source_of_the_guards_phones_is_silent_a_task_may_be_done_unheard() -> None:
    people = ("P1", "P2", "P3", "P4")
    entered = task(at=minutes(110), created_at=from_ms(minutes(110)))
    run = played(company(*people), phones(people, T0, 125), entered, until=minutes(155))
    assert not severities(run)
    run.feed(phones(people, minutes(160), 20))
    assert severities(run) == [(Severity.HIGH, 170)]


def test_a_task_nobody_has_waits_with_the_phones_of_all_who_are_on_duty_at_its_site() -> None:
    people = ("P1", "P2", "P3", "P4")
    entered = task(at=minutes(110), created_at=from_ms(minutes(110)), person=None)
    come = [punch(person, "in", T0) for person in people]
    assert not severities(played(company(*people), come, phones(people, T0, 125), entered, until=minutes(155)))


def test_done_while_not_judged_it_was_never_overdue() -> None:
    run = played(company("P1"), task())
    run.beat(minutes(5))
    run.beat(minutes(20))
    run.feed([done(minutes(50))])
    run.pass_time(hours(9))
    assert not severities(run)


def test_a_task_is_forgotten_two_days_after_it_was_done_and_one_open_for_over_a_year() -> None:
    run = played(company("P1"), task(), done(minutes(50)), until=hours(47))
    assert run.engine.shelves.get("tasks", "K1") is not None
    run.pass_time(hours(50))
    assert run.engine.shelves.get("tasks", "K1") is None
    assert len(run.of("TASK_OVERDUE")) == 1
    old = played(company("P1"), task(), until=hours(24 * 399))
    assert old.engine.shelves.get("tasks", "K1") is not None
    old.pass_time(hours(24 * 401))
    assert old.engine.shelves.get("tasks", "K1") is None


@pytest.mark.parametrize("priority", ["CRITICAL", "HIGH", "MEDIUM", "LOW"])
def test_each_priority_has_a_time_of_its_own_to_set(priority: str) -> None:
    run = Field()
    run.engine.scene.rules = Rules(CATALOG, general={"TASK_OVERDUE": {f"{priority.lower()}_minutes": 7.0}})
    run.feed([*company("P1"), task(priority)])
    run.pass_time(minutes(7))
    assert [found.time for found in run.of("TASK_OVERDUE")] == [minutes(7)]
