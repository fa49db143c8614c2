"""What nobody touches goes up, once; a duty that was checked in vain at once."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.domain.alert import Alert, Status
from nocd.domain.command import Command, Reply
from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.procedures import read_runbooks
from nocd.store.codec import encode
from nocd.triage.intake import Limits
from nocd.triage.runbooks import Runbook, Runbooks
from tests.build import T0, engine, event, firing, resolved, saved_and_loaded


def act(made: Engine, verb: str, *, at: int = T0, **args: Any) -> Reply:
    return made.apply(Command(verb=verb, target="A-1", actor="mara", time=at, args=args))


def first(made: Engine) -> Alert:
    alert = made.book.get("A-1")
    assert alert is not None
    return alert


def with_runbooks(*runbooks: Runbook) -> Engine:
    return Engine(Shelves(encode), Limits(), runbooks=Runbooks(runbooks))


def runbook(applies_to: str, minutes: int, role: str) -> Runbook:
    return Runbook(id="R", title="r", applies_to=(applies_to,), steps=("Look",), escalation_minutes=minutes, role=role)


def pass_time(made: Engine, minutes: int) -> Status:
    """Tick every minute up to so many after T0; return the first alert's status."""
    for minute in range((made.now - T0) // MINUTE_MS + 1, minutes + 1):
        made.tick(T0 + minute * MINUTE_MS)
    return first(made).status


@pytest.mark.parametrize(("severity", "minutes"), [("CRITICAL", 15), ("HIGH", 30), ("MEDIUM", 60), ("LOW", 120)])
def test_an_untouched_alert_goes_up_after_the_minutes_of_its_severity(severity: str, minutes: int) -> None:
    made = engine(Limits(outside_quiet_ms=3 * HOUR_MS))
    made.fold([firing(severity=severity), firing(severity=severity, at=T0 + MINUTE_MS)])
    assert pass_time(made, minutes - 1) is Status.OPEN
    made.finish()
    assert pass_time(made, minutes) is Status.ESCALATED
    (row,) = (row for row in made.finish().ledger if row.alert == "A-1")
    assert (row.decision, row.actor, row.old_status) == ("escalated", "nocd", "open")
    assert row.reason == f"to the supervisor: nobody touched it for {minutes} min"
    assert first(made).escalated_at == T0 + minutes * MINUTE_MS


def test_what_informs_only_never_goes_up() -> None:
    made = engine()
    made.fold([firing(severity="INFO", dedup_key="x")])
    assert first(made).escalates_at is None


def test_a_runbook_of_its_own_says_when_and_to_whom() -> None:
    made = with_runbooks(runbook("Camera", 3, "camera crew"))
    made.fold([firing()])
    assert pass_time(made, 2) is Status.OPEN
    assert pass_time(made, 3) is Status.ESCALATED
    assert "to the camera crew: nobody touched it for 3 min" in [row.reason for row in made.finish().ledger]


def test_the_general_runbook_says_to_whom_and_the_severity_when() -> None:
    made = with_runbooks(runbook("GENERIC", 1, "boss"))
    made.fold([firing()])
    assert pass_time(made, 29) is Status.OPEN
    assert pass_time(made, 30) is Status.ESCALATED
    assert "to the boss: nobody touched it for 30 min" in [row.reason for row in made.finish().ledger]


def test_where_the_runbook_says_at_once_it_goes_up_as_it_opens() -> None:
    made = Engine(Shelves(encode), Limits(), runbooks=read_runbooks(None))
    made.fold([event("noc.phone.event", person="P1", kind="panic")])
    outcome = made.finish()
    (told,) = (change for change in outcome.changes if change.type == "alert_created")
    assert (told.data["happened"], told.data["status"]) == ("opened", "escalated")
    (row,) = (row for row in outcome.ledger if row.decision == "escalated")
    assert (row.old_status, row.reason) == ("open", "to the duty manager: its runbook says at once")


@pytest.mark.parametrize("verb", ["ack", "assign", "start", "escalate", "resolve"])
def test_what_somebody_touched_does_not_go_up(verb: str) -> None:
    made = engine()
    made.fold([firing(severity="CRITICAL")])
    act(made, verb, at=T0 + MINUTE_MS, assignee="tomas", verdict="benign", expires_minutes=600)
    made.finish()
    made.tick(T0 + 20 * MINUTE_MS)
    assert "escalated" not in [row.decision for row in made.finish().ledger if row.alert == "A-1"]


def test_an_acknowledgement_that_runs_out_begins_the_wait_anew() -> None:
    made = engine()
    made.fold([firing(severity="CRITICAL")])
    act(made, "ack", at=T0 + 10 * MINUTE_MS, expires_minutes=20)
    assert pass_time(made, 44) is Status.OPEN
    assert pass_time(made, 45) is Status.ESCALATED


def test_an_undone_acknowledgement_leaves_the_wait_as_it_was() -> None:
    made = engine()
    made.fold([firing(severity="CRITICAL")])
    act(made, "ack", at=T0 + 14 * MINUTE_MS)
    act(made, "undo", at=T0 + 14 * MINUTE_MS + 5_000)
    assert pass_time(made, 15) is Status.ESCALATED


def test_a_worse_sighting_shortens_the_wait() -> None:
    made = engine()
    made.fold([firing(severity="MEDIUM"), firing(severity="CRITICAL", at=T0 + 10 * MINUTE_MS)])
    assert pass_time(made, 24) is Status.OPEN
    assert pass_time(made, 25) is Status.ESCALATED


def test_an_alert_goes_up_once_until_it_is_opened_again() -> None:
    made = engine()
    made.fold([firing(severity="CRITICAL")])
    pass_time(made, 15)
    act(made, "ack", at=T0 + 16 * MINUTE_MS, expires_minutes=1)
    assert pass_time(made, 60) is Status.OPEN
    act(made, "resolve", at=T0 + 60 * MINUTE_MS, verdict="benign")
    assert act(made, "reopen", at=T0 + 61 * MINUTE_MS).body["escalated_at"] is None
    assert pass_time(made, 76) is Status.ESCALATED


def test_what_comes_and_goes_untouched_goes_up_as_if_it_had_stood() -> None:
    made = engine()
    made.fold([firing(severity="CRITICAL")])
    for minute in range(2, 18, 4):
        made.fold([resolved(at=T0 + minute * MINUTE_MS), firing(severity="CRITICAL", at=T0 + (minute + 2) * MINUTE_MS)])
        made.tick(T0 + (minute + 2) * MINUTE_MS)
    assert first(made).escalated_at == T0 + 16 * MINUTE_MS


def test_what_somebody_opens_again_much_later_waits_anew() -> None:
    made = engine()
    made.fold([firing(severity="CRITICAL"), resolved(at=T0 + MINUTE_MS)])
    former = first(saved_and_loaded(made))
    later = T0 + 3 * HOUR_MS
    made.tick(later)
    assert made.apply(Command(verb="reopen", target="A-1", actor="mara", time=later, recalled=former)).ok
    assert first(made).escalates_at == later + 15 * MINUTE_MS


def test_what_was_hidden_waits_anew_once_it_is_shown_again() -> None:
    made = engine()
    made.fold([firing(severity="LOW")])
    standing = made.book.edit("A-1")
    made.book.move(standing, Status.SUPPRESSED)
    standing.suppressed_by = "S-1"
    made.book.decide(standing, "suppressed", "by S-1", now=T0 + MINUTE_MS)
    made.fold([firing("Door", severity="INFO", at=T0 + MINUTE_MS)])
    assert first(made).escalates_at is None
    made.book.move(made.book.edit("A-1"), Status.OPEN)
    made.book.decide(first(made), "unsuppressed", "S-1 ended", now=T0 + 5 * MINUTE_MS)
    made.fold([firing("Door", severity="INFO", at=T0 + 5 * MINUTE_MS)])
    assert first(made).escalates_at == T0 + 125 * MINUTE_MS


def test_what_ended_before_its_time_does_not_go_up() -> None:
    made = engine()
    made.fold([firing(severity="CRITICAL"), resolved(at=T0 + MINUTE_MS)])
    made.tick(T0 + HOUR_MS)
    assert made.book.get("A-1") is None
    assert "escalated" not in [row.decision for row in made.finish().ledger if row.alert == "A-1"]


@pytest.mark.parametrize(
    ("before", "answer", "status", "decision"),
    [
        ([], "answered", "acknowledged", "verified"),
        (["escalate"], "answered", "acknowledged", "verified"),
        (["start"], "answered", "in_progress", "verified"),
        ([], "no_answer", "escalated", "escalated"),
        (["ack"], "no_answer", "escalated", "escalated"),
        (["escalate"], "no_answer", "escalated", "verified"),
    ],
)
def test_a_checked_duty_is_on_record_and_one_that_nobody_answers_for_goes_up(before, answer, status, decision) -> None:
    made = engine()
    made.fold([firing("GUARD_INACTIVITY", severity="CRITICAL")])
    for verb in before:
        act(made, verb)
    made.finish()
    reply = act(made, "verify", at=T0 + MINUTE_MS, method="radio", answer=answer, note="twice")
    assert (reply.status, reply.body["status"]) == (200, status)
    row = made.finish().ledger[0]
    said = "answered by radio" if answer == "answered" else "no answer by radio"
    assert (row.decision, row.actor, row.reason) == (decision, "mara", f"{said}: twice")


def test_a_check_can_be_undone_as_an_acknowledgement_can() -> None:
    made = engine()
    made.fold([firing()])
    act(made, "verify", method="call", answer="answered")
    assert act(made, "undo", at=T0 + 1_000).body["status"] == "open"
