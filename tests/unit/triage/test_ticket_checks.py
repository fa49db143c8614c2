"""The checklist of a ticket: each step ticked by somebody at some time, taken back, and never twice."""

from __future__ import annotations

import pytest

from nocd.domain.command import Command, Reply
from nocd.engine import Engine
from tests.build import T0, engine, firing, saved_and_loaded


def tick(made: Engine, step: int, *, done: bool = True, actor: str = "mara", at: int = T0) -> Reply:
    args = {"step": step, "done": done}
    return made.apply(Command(verb="check_ticket", target="T-1", actor=actor, time=at, args=args))


def worked() -> Engine:
    made = engine()
    made.fold([firing()])
    made.triage.tickets.edit("T-1").steps_to_take = ["Call the site", "Send a guard"]
    made.finish()
    return made


def test_a_step_is_ticked_by_whom_and_when_and_the_timeline_names_it() -> None:
    made = worked()
    reply = tick(made, 1, at=T0 + 5_000)
    assert reply.body["checks"] == [{"step": 1, "by": "mara", "at": "2026-01-01T00:00:05.000Z"}]
    (row,) = made.finish().timeline
    assert (row.decision, row.actor) == ("checked", "mara")
    assert row.reason == f"step 1: {reply.body['steps_to_take'][0]}"


def test_a_tick_is_taken_back_and_survives_a_restart_until_then() -> None:
    made = worked()
    assert tick(made, 1).ok
    again = saved_and_loaded(made)
    reply = tick(again, 1, done=False, actor="tomas")
    assert reply.body["checks"] == []
    assert "unchecked" in [row.decision for row in again.finish().timeline]


@pytest.mark.parametrize(
    ("step", "done", "detail"),
    [
        (99, True, "there is no step 99"),
        (1, True, "step 1 of S1-1 is done already, by mara"),
        (2, False, "step 2 of S1-1 is not done yet"),
    ],
)
def test_a_tick_that_is_there_already_or_has_no_step_is_refused(step: int, done, detail: str) -> None:
    made = worked()
    assert tick(made, 1).ok
    reply = tick(made, step, done=done)
    assert not reply.ok
    assert detail in reply.body["detail"]
