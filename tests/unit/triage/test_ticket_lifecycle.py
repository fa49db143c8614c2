"""Every command on a ticket in every status: carried out, or refused with the reason an operator reads."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.domain.command import Command, Reply
from nocd.domain.ticket import Ticket, TicketStatus
from nocd.engine import Engine
from nocd.triage.ticket_lifecycle import COMMANDS, COMMENTED
from tests.build import T0, engine, firing

ARGS: dict[str, dict[str, Any]] = {
    "resolve": {"verdict": "benign", "comment": "mended"},
    "close": {"comment": "seen"},
    "cancel": {"comment": "no need"},
    "assign": {"assignee": "tomas"},
    "check": {"step": 1, "done": True},
    "note": {"text": "called"},
}
# Of each status: the commands that lead there, and what each command leads to or is refused with.
WAYS: dict[TicketStatus, list[str]] = {
    TicketStatus.NEW: [],
    TicketStatus.OPEN: ["ack"],
    TicketStatus.IN_PROGRESS: ["start"],
    TicketStatus.ON_HOLD: ["start", "hold"],
    TicketStatus.RESOLVED: ["start", "resolve"],
    TicketStatus.CLOSED: ["start", "resolve", "close"],
    TicketStatus.CANCELLED: ["cancel"],
}
NEW, OPEN, WIP, HOLD = TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.IN_PROGRESS, TicketStatus.ON_HOLD
RES, CLO, CAN = TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.CANCELLED
SAME = "it is {status} already"
TAKE = "ack or start it first"
WORK, PUT, GO, END = "start, hold or resolve it", "hold or resolve it, or", "start it again, or", "reopen or close it"
OVER = "it has ended; open a new one"
VERBS = ("ack", "start", "hold", "resolve", "reopen", "close", "cancel", "assign", "escalate", "check", "note")
TABLE: dict[TicketStatus, tuple[str, ...]] = {
    NEW: (OPEN, WIP, TAKE, TAKE, TAKE, TAKE, CAN, NEW, NEW, NEW, NEW),
    OPEN: (SAME, WIP, HOLD, RES, SAME, WORK, CAN, OPEN, OPEN, OPEN, OPEN),
    WIP: (PUT, SAME, HOLD, RES, OPEN, PUT, CAN, WIP, WIP, WIP, WIP),
    HOLD: (GO, WIP, SAME, RES, OPEN, GO, CAN, HOLD, HOLD, HOLD, HOLD),
    RES: (END, END, END, SAME, OPEN, CLO, END, END, END, END, RES),
    CLO: (OVER, OVER, OVER, OVER, OVER, SAME, OVER, OVER, OVER, OVER, CLO),
    CAN: (OVER, OVER, OVER, OVER, OVER, OVER, SAME, OVER, OVER, OVER, CAN),
}
PAIRS = [(status, verb, told) for status, row in TABLE.items() for verb, told in zip(VERBS, row, strict=True)]
ALLOWED = [pair for pair in PAIRS if pair[2] in set(TicketStatus)]
REFUSED = [pair for pair in PAIRS if pair[2] not in set(TicketStatus)]


def act(made: Engine, verb: str, *, at: int = T0, **args: Any) -> Reply:
    asked = args or ARGS.get(verb, {})
    return made.apply(Command(verb=f"{verb}_ticket", target="T-1", actor="mara", time=at, args=asked))


def brought_to(status: TicketStatus) -> tuple[Engine, Ticket]:
    """Return an engine whose only ticket stands in `status`."""
    made = engine()
    made.fold([firing()])
    made.triage.tickets.edit("T-1").steps_to_take = ["Call the site"]
    for verb in WAYS[status]:
        assert act(made, verb).ok
    made.finish()
    ticket = made.triage.tickets.get("T-1")
    assert ticket is not None
    assert ticket.status is status
    return made, ticket


@pytest.mark.parametrize(("status", "verb", "to"), ALLOWED)
def test_an_allowed_command_leads_where_the_table_says_and_is_on_record_and_told(status, verb: str, to: str) -> None:
    made, ticket = brought_to(status)
    reply = act(made, verb, at=T0 + 1_000)
    assert (reply.status, reply.body["status"], ticket.status) == (200, to, to)
    outcome = made.finish()
    (row,) = outcome.timeline
    assert (row.actor, row.time, row.old_status, row.new_status) == ("mara", T0 + 1_000, status, to)
    (told,) = (change for change in outcome.changes if change.type == "ticket_updated")
    assert (told.data["old_status"], told.data["new_status"], told.data["actor"]) == (status, to, "mara")
    assert {"number": "S1-1", "assignee": ticket.assignee}.items() <= told.data.items()


@pytest.mark.parametrize(("status", "verb", "told"), REFUSED)
def test_any_other_is_a_conflict_that_says_why_and_does_nothing(status, verb: str, told: str) -> None:
    made, _ = brought_to(status)
    before = list(made.shelves)
    reply = act(made, verb, at=T0 + 1_000)
    assert (reply.status, reply.body["code"]) == (409, "not_in_this_status")
    why = told.format(status=status)
    assert reply.body["detail"].startswith(f"{verb} is not possible while S1-1 is {status}: {why}")
    assert (list(made.shelves), made.finish().timeline) == (before, [])


@pytest.mark.parametrize("verb", sorted(COMMENTED))
@pytest.mark.parametrize("comment", ["", "  ", None])
def test_an_end_asks_for_a_comment(verb: str, comment: str | None) -> None:
    made, _ = brought_to(RES if verb == "close" else OPEN)
    reply = act(made, verb, verdict="benign", comment=comment)
    assert (reply.status, reply.body["code"]) == (409, "comment_required")
    assert made.finish().timeline == []


def test_the_table_names_every_command_and_status() -> None:
    assert VERBS == COMMANDS
    assert list(TABLE) == list(TicketStatus)


def test_nobodys_ticket_is_not_found() -> None:
    made, _ = brought_to(NEW)
    reply = made.apply(Command(verb="ack_ticket", target="T-9", actor="mara", time=T0))
    assert (reply.status, reply.body["code"]) == (404, "not_found")


def test_every_change_of_status_within_a_batch_is_told_and_the_rest_with_the_last() -> None:
    made = engine()
    made.fold([firing()])
    act(made, "note")
    act(made, "ack")
    act(made, "assign")
    act(made, "start")
    act(made, "note")
    told = [change for change in made.finish().changes if change.type.startswith("ticket")]
    assert [(each.type, each.data["new_status"], each.data["happened"]) for each in told] == [
        ("ticket_created", "new", "created"),
        ("ticket_updated", "open", "acknowledged"),
        ("ticket_updated", "in_progress", "started"),
    ]
    assert [each.data["comments"] for each in told] == [1, 1, 2]
