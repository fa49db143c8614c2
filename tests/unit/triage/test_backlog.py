"""More minor alerts than anyone reads: the old ones step back, on record and countable, and come back after."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from nocd.domain.alert import Alert, Status
from nocd.domain.command import Command
from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.engine import Engine
from nocd.outcome import Outcome
from nocd.triage.backlog import BACKPRESSURE, MINOR_CALM, MINOR_MAX, STEP_MAX, Backlog
from tests.build import ALONE, T0, engine, firing, resolved, saved_and_loaded

RENEWED = T0 + 50 * MINUTE_MS
STEPS_BACK = T0 + HOUR_MS


def flood(count: int, *, at: int = T0, first: int = 0, **more: Any) -> list[Any]:
    return [firing(entity=f"cam-{n}", at=at, **{"severity": "LOW", **more}) for n in range(first, first + count)]


def waiting(count: int = MINOR_MAX + 1, **more: Any) -> Engine:
    """Return an engine with that many minor alerts, seen again of late so that quiet ends none."""
    made = engine(ALONE)
    made.fold([*flood(count, **more), *flood(count, at=RENEWED, **more)])
    made.finish()
    return made


def alert(made: Engine, number: int) -> Alert:
    found = made.book.get(f"A-{number}")
    assert found is not None
    return found


def states(made: Engine) -> Counter[str]:
    return Counter(alert.status for alert in made.shelves.kind("alert").values())


def settle(made: Engine, now: int) -> list[Outcome]:
    """Tick as the pipeline does, as long as something is due."""
    outcomes = []
    while (due := made.next_due()) is not None and due <= now:
        made.tick(now)
        outcomes.append(made.finish())
    return outcomes


@pytest.mark.parametrize("severity", ["INFO", "LOW"])
def test_past_a_thousand_untouched_minor_alerts_those_an_hour_old_step_back_with_the_reason(severity: str) -> None:
    made = waiting(severity=severity)
    made.fold(flood(3, first=2_000, at=RENEWED))
    made.finish()
    assert made.next_due() == STEPS_BACK
    assert not made.tick(STEPS_BACK - 1)
    outcomes = settle(made, STEPS_BACK)
    assert states(made) == {Status.SUPPRESSED: MINOR_MAX + 1, Status.OPEN: 3}
    held = alert(made, 1)
    assert (held.former_status, held.suppressed_by) == (Status.OPEN, BACKPRESSURE)
    rows = [row for outcome in outcomes for row in outcome.ledger]
    assert {(row.decision, row.reason) for row in rows} == {
        ("suppressed", "backpressure: more than 1000 untouched minor alerts")
    }
    assert max(len(outcome.ledger) for outcome in outcomes) == STEP_MAX


def test_exactly_a_thousand_stay() -> None:
    made = waiting(MINOR_MAX)
    settle(made, STEPS_BACK)
    assert states(made) == {Status.OPEN: MINOR_MAX}


@pytest.mark.parametrize("severity", ["MEDIUM", "HIGH", "CRITICAL"])
def test_no_number_of_others_is_held_back(severity: str) -> None:
    made = waiting(severity=severity)
    settle(made, STEPS_BACK)
    assert states(made) == {Status.OPEN: MINOR_MAX + 1}


def test_what_was_taken_up_is_not_held_back_and_does_not_count() -> None:
    made = waiting(MINOR_MAX + 2)
    ack = Command(verb="ack", target="A-1", actor="mara", time=RENEWED, args={"expires_minutes": 600})
    assert made.apply(ack).ok
    settle(made, STEPS_BACK)
    assert alert(made, 1).status is Status.ACKNOWLEDGED
    assert alert(made, 2).status is Status.SUPPRESSED
    few = waiting(MINOR_MAX + 1)
    assert few.apply(ack).ok
    settle(few, STEPS_BACK)
    assert states(few)[Status.SUPPRESSED] == 0


def test_a_worse_sighting_brings_one_forward() -> None:
    made = waiting()
    settle(made, STEPS_BACK)
    made.fold(flood(1, severity="CRITICAL", at=STEPS_BACK + 1))
    assert (alert(made, 1).status, alert(made, 1).suppressed_by) == (Status.OPEN, None)


def test_they_come_back_when_fewer_wait_and_not_at_the_first() -> None:
    made = waiting()
    settle(made, STEPS_BACK)
    later = STEPS_BACK + MINUTE_MS
    made.fold([resolved(entity=f"cam-{n}", at=later) for n in range(MINOR_MAX - MINOR_CALM)])
    settle(made, later)
    assert states(made)[Status.SUPPRESSED] == MINOR_CALM + 1
    made.fold([resolved(entity=f"cam-{MINOR_MAX}", at=later)])
    assert made.next_due() == later
    outcomes = settle(made, later)
    assert states(made)[Status.SUPPRESSED] == 0
    assert alert(made, MINOR_MAX).suppressed_by is None
    back = [row.reason for outcome in outcomes for row in outcome.ledger if row.decision == "unsuppressed"]
    assert set(back) == {"backpressure is over: 900 untouched minor alerts or fewer"}
    assert len(back) == MINOR_CALM


def test_a_restart_in_between_changes_nothing() -> None:
    made = waiting(MINOR_MAX + 100)
    made.tick(STEPS_BACK)
    made.finish()
    again = saved_and_loaded(made)
    assert len(again.book.backlog) == len(made.book.backlog) == MINOR_MAX + 100
    assert again.next_due() == made.next_due()
    settle(made, STEPS_BACK)
    settle(again, STEPS_BACK)
    assert list(made.shelves) == list(again.shelves)


def test_one_that_left_the_queue_and_came_again_is_counted_once() -> None:
    made = engine()
    made.fold(flood(2))
    one, other = alert(made, 1), alert(made, 2)
    backlog = Backlog()
    for each in (one, other):
        backlog.enter(each)
    backlog.leave(one)
    backlog.enter(one)
    backlog.leave(other)
    assert (len(backlog), backlog.to_step_back(T0 + HOUR_MS), backlog.to_come_back()) == (1, [], [])
    assert backlog.next_due(T0) is None
