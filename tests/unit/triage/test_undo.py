"""Ten seconds to take an acknowledge or a resolve back, and then all is as it was."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from nocd.domain.alert import Alert, Status
from nocd.domain.command import Command, Reply
from nocd.domain.instant import HOUR_MS, MINUTE_MS, SECOND_MS
from nocd.engine import Engine
from tests.build import T0, engine, firing, resolved, saved_and_loaded

# What a decision moves even where it is taken back: the ledger goes on, and the order is that of now.
MOVES_ON = {"undo", "ledger_rows", "renewals", "updated_at", "priority", "priority_parts"}


def act(made: Engine, verb: str, *, at: int = T0, actor: str = "mara", **args: Any) -> Reply:
    return made.apply(Command(verb=verb, target="A-1", actor=actor, time=at, args=args))


def opened(*more: Any) -> Engine:
    made = engine()
    made.fold([firing(), *more])
    made.finish()
    return made


def kept(made: Engine) -> dict[str, Any]:
    alert = made.book.get("A-1")
    return {each.name: getattr(alert, each.name) for each in fields(Alert) if each.name not in MOVES_ON}


def suppressed(made: Engine) -> None:
    alert = made.book.edit("A-1")
    alert.former_status, alert.suppressed_by = Status.OPEN, "backpressure"
    made.book.move(alert, Status.SUPPRESSED)


@pytest.mark.parametrize("first", [[], ["ack"], ["assign"], ["start"], ["escalate"]])
@pytest.mark.parametrize("verb", ["ack", "resolve"])
def test_undo_restores_exactly_what_stood_before(first: list[str], verb: str) -> None:
    made = opened(resolved(at=T0 + 1), firing(at=T0 + 2))
    for each in [each for each in first if each != verb]:
        assert act(made, each, at=T0 + 3, assignee="tomas").ok
    before = kept(made)
    assert act(made, verb, at=T0 + 4, verdict="fraud").ok
    assert kept(made) != before
    assert act(made, "undo", at=T0 + 4 + 10 * SECOND_MS).ok
    assert kept(made) == before


def test_undoing_the_resolve_of_what_was_suppressed_leaves_it_suppressed_by_the_same_cause() -> None:
    made = opened()
    suppressed(made)
    before = kept(made)
    act(made, "resolve", verdict="benign")
    assert act(made, "undo").body["suppressed_by"] == "backpressure"
    assert kept(made) == before


def test_an_undo_is_the_same_after_a_restart() -> None:
    made = opened()
    suppressed(made)
    before = kept(made)
    act(made, "resolve", verdict="benign")
    again = saved_and_loaded(made)
    assert act(again, "undo").ok
    assert kept(again) == before
    alert = again.book.get("A-1")
    assert alert is not None
    assert (type(alert.status), type(alert.former_status)) == (Status, Status)


def test_taking_acts_back_is_no_flapping() -> None:
    made = opened()
    for at in range(T0, T0 + 3 * SECOND_MS, SECOND_MS):
        act(made, "resolve", at=at, verdict="benign")
        assert not act(made, "undo", at=at).body["flapping"]


def test_opening_by_hand_is_no_flapping() -> None:
    made = opened()
    for at in range(T0, T0 + 3 * SECOND_MS, SECOND_MS):
        act(made, "resolve", at=at, verdict="benign")
        assert not act(made, "reopen", at=at).body["flapping"]


def test_taking_back_a_verdict_on_what_ended_leaves_the_trouble_to_the_alert_that_stands() -> None:
    made = opened(resolved(at=T0 + 1))
    gone = made.book.get("A-1")
    made.tick(T0 + 6 * MINUTE_MS)
    later = T0 + HOUR_MS
    made.fold([firing(at=later)])
    judge = Command(verb="resolve", target="A-1", actor="mara", time=later, args={"verdict": "benign"}, recalled=gone)
    assert made.apply(judge).ok
    assert act(made, "undo", at=later).ok
    made.fold([firing(at=later + 1)])
    assert {alert.id: alert.count for alert in made.shelves.kind("alert").values()} == {"A-1": 1, "A-2": 2}


@pytest.mark.parametrize(
    ("does", "who", "at", "told"),
    [
        ("note", "mara", T0, "nothing done to A-1 waits to be undone: ack, resolve and silence can be, for 10 s"),
        ("start", "mara", T0, "nothing done to A-1 waits to be undone: ack, resolve and silence can be, for 10 s"),
        ("ack", "tomas", T0, "the ack of A-1 was by mara, and only they can take it back"),
        ("ack", "mara", T0 + 10_001, "the ack of A-1 can no longer be undone: its 10 s were over 0.0 s ago"),
        ("resolve", "mara", T0 + 75_000, "the resolve of A-1 can no longer be undone: its 10 s were over 65.0 s ago"),
    ],
)
def test_what_cannot_be_undone_says_why(does: str, who: str, at: int, told: str) -> None:
    made = opened()
    args: dict[str, Any] = {"resolve": {"verdict": "benign"}, "note": {"text": "x"}}.get(does, {})
    assert act(made, does, **args).ok
    reply = act(made, "undo", at=at, actor=who)
    assert (reply.status, reply.body) == (409, {"code": "nothing_to_undo", "detail": told})


def test_a_trouble_that_came_back_has_nothing_to_undo() -> None:
    made = opened()
    act(made, "resolve", verdict="benign")
    made.fold([firing(at=T0 + 5 * SECOND_MS)])
    assert act(made, "undo", at=T0 + 6 * SECOND_MS).body["code"] == "nothing_to_undo"
