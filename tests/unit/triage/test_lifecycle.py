"""Every command in every status: carried out, or refused with the reason an operator reads."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.domain.alert import Alert, Status
from nocd.domain.command import Command, Reply
from nocd.domain.instant import MINUTE_MS
from nocd.engine import Engine
from nocd.triage.lifecycle import VERBS
from tests.build import T0, engine, firing, resolved

ARGS: dict[str, dict[str, Any]] = {
    "assign": {"assignee": "tomas"},
    "note": {"text": "called"},
    "verify": {"method": "call", "answer": "answered"},
    "resolve": {"verdict": "benign"},
}
# Of each status: the commands that lead there from open, and what each verb leads to or is refused with.
WAYS: dict[Status, list[str]] = {
    Status.OPEN: [],
    Status.ACKNOWLEDGED: ["ack"],
    Status.ASSIGNED: ["assign"],
    Status.IN_PROGRESS: ["start"],
    Status.ESCALATED: ["escalate"],
    Status.SUPPRESSED: [],
    Status.RESOLVED: ["resolve"],
}
ACK, ASG, WIP, ESC, RES, NEW = "acknowledged", "assigned", "in_progress", "escalated", "resolved", "open"
VERBS_IN_ORDER = ("ack", "assign", "start", "escalate", "verify", "resolve", "reopen")
HELD = "{verb} is not possible while A-1 is suppressed by backpressure: it comes back when the cause ends, or can be"
OVER = "{verb} is not possible while A-1 is resolved: reopen it first"
SAME = "{verb} is not possible while A-1 is {status}: it is {status} already"
UP = "{verb} is not possible while A-1 is escalated: ack, assign or start takes it on"
TABLE: dict[Status, tuple[str, ...]] = {
    Status.OPEN: (ACK, ASG, WIP, ESC, ACK, RES, SAME),
    Status.ACKNOWLEDGED: (SAME, ASG, WIP, ESC, ACK, RES, NEW),
    Status.ASSIGNED: (ACK, ASG, WIP, ESC, ASG, RES, NEW),
    Status.IN_PROGRESS: (ACK, ASG, SAME, ESC, WIP, RES, NEW),
    Status.ESCALATED: (ACK, ASG, WIP, SAME, ACK, RES, UP),
    Status.SUPPRESSED: (HELD, HELD, HELD, HELD, HELD, RES, HELD),
    Status.RESOLVED: (OVER, OVER, OVER, OVER, OVER, SAME, NEW),
}
PAIRS = [(status, verb, told) for status, row in TABLE.items() for verb, told in zip(VERBS_IN_ORDER, row, strict=True)]
ALLOWED = [pair for pair in PAIRS if pair[2] in set(Status)]
REFUSED = [pair for pair in PAIRS if pair[2] not in set(Status)]


def act(made: Engine, verb: str, *, at: int = T0, actor: str = "mara") -> Reply:
    return made.apply(Command(verb=verb, target="A-1", actor=actor, time=at, args=ARGS.get(verb, {})))


def brought_to(status: Status) -> tuple[Engine, Alert]:
    """Return an engine whose only alert stands in `status`."""
    made = engine()
    made.fold([firing()])
    for verb in WAYS[status]:
        assert act(made, verb).ok
    alert: Alert = made.book.edit("A-1")
    if status is Status.SUPPRESSED:
        alert.former_status, alert.suppressed_by = Status.OPEN, "backpressure"
        made.book.move(alert, status)
    made.finish()
    assert alert.status is status
    return made, alert


@pytest.mark.parametrize(("status", "verb", "to"), ALLOWED)
def test_an_allowed_command_leads_where_the_table_says_and_is_on_record(status: Status, verb: str, to: str) -> None:
    made, alert = brought_to(status)
    reply = act(made, verb, at=T0 + 1_000)
    assert (reply.status, reply.body["status"], alert.status) == (200, to, to)
    row = made.finish().ledger[0]
    assert (row.actor, row.time, row.old_status, row.new_status) == ("mara", T0 + 1_000, status, to)


@pytest.mark.parametrize(("status", "verb", "told"), REFUSED)
def test_any_other_is_a_conflict_that_says_why_and_does_nothing(status: Status, verb: str, told: str) -> None:
    made, _ = brought_to(status)
    before = list(made.shelves)
    reply = act(made, verb, at=T0 + 1_000)
    assert (reply.status, reply.body["code"]) == (409, "not_in_this_status")
    assert reply.body["detail"].startswith(told.format(verb=verb, status=status))
    assert (list(made.shelves), made.finish().ledger) == (before, [])


@pytest.mark.parametrize("status", list(Status))
def test_a_note_is_taken_in_every_status_and_moves_nothing(status: Status) -> None:
    made, alert = brought_to(status)
    assert act(made, "note").ok
    assert (alert.status, alert.notes) == (status, 1)


@pytest.mark.parametrize("status", [status for status in Status if status not in ("escalated", "resolved")])
def test_a_silence_hides_what_stands_and_remembers_where_it_stood(status: Status) -> None:
    made, alert = brought_to(status)
    assert act(made, "silence").body["status"] == "suppressed"
    assert alert.former_status == ("open" if status is Status.SUPPRESSED else status)
    assert [row.decision for row in made.finish().ledger] == ["silenced", "suppressed"]


@pytest.mark.parametrize(("status", "told"), [(Status.ESCALATED, UP), (Status.RESOLVED, OVER)])
def test_what_was_handed_up_or_is_over_is_not_silenced(status: Status, told: str) -> None:
    made, _ = brought_to(status)
    before = list(made.shelves)
    reply = act(made, "silence")
    assert (reply.status, reply.body["detail"]) == (409, told.format(verb="silence"))
    assert (list(made.shelves), made.finish().changes) == (before, [])


def test_the_table_names_every_command_but_those_that_move_nothing_of_themselves() -> None:
    assert {*VERBS_IN_ORDER, "silence", "note", "undo"} == VERBS
    assert list(TABLE) == list(Status)


def test_what_ended_by_itself_is_seen_once_and_judged_once() -> None:
    made = engine()
    made.fold([firing(severity="CRITICAL"), resolved(at=T0 + MINUTE_MS)])
    assert [act(made, "ack").status for _ in range(2)] == [200, 409]
    assert [act(made, "resolve").status for _ in range(2)] == [200, 409]
    assert [row.decision for row in made.finish().ledger][-2:] == ["seen", "judged"]


def test_what_ended_by_itself_unnoticed_but_mild_asks_for_no_look() -> None:
    made = engine()
    made.fold([firing(severity="LOW"), resolved(at=T0 + MINUTE_MS)])
    assert act(made, "ack").body["detail"] == OVER.format(verb="ack")
