"""What is done about an alert without a person: each step once, in its order, within its time, with its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from nocd.domain.alert import Status
from nocd.domain.command import Command, Refused, Reply
from nocd.domain.instant import DAY_MS, MINUTE_MS, SECOND_MS
from nocd.domain.playbook import Action
from nocd.domain.severity import Severity
from nocd.triage.intake import Limits
from nocd.triage.routes import Route, Routes
from nocd.triage.runbooks import Runbook, Runbooks
from tests.build import T0, engine, firing, resolved, saved_and_loaded

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.domain.delivery import Delivery
    from nocd.engine import Engine

ROUTES = Routes(
    (Route(name="all", receivers=("desk",), group_wait_s=0, repeat_interval_minutes=0),), frozenset({"desk", "boss"})
)


def runbooks(*actions: Action, minutes: int = 10, worse: tuple[Action, ...] = ()) -> Runbooks:
    """Return a runbook of cameras, and one of what is CRITICAL."""
    made = {"title": "Look", "steps": ("Look",), "escalation_minutes": minutes, "role": "boss"}
    plain = Runbook(id="CAMERA", applies_to=("Camera",), playbook=actions, **made)  # type: ignore[arg-type]  # as made
    other = Runbook(id="WORSE", applies_to=("OPERATIONAL/CRITICAL",), playbook=worse, **made)  # type: ignore[arg-type]  # as made
    return Runbooks((plain, other))


@dataclass
class Hands:
    """An engine with playbooks, restarted after every input; what it told and sent."""

    runbooks: Runbooks
    routes: Routes = field(default_factory=Routes)
    outbox: list[Delivery] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    ledger: list[tuple[str, str]] = field(default_factory=list)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = engine(
            Limits(outside_quiet_ms=DAY_MS, escalate_minutes={}), runbooks=self.runbooks, routes=self.routes
        )

    def fold(self, *events: Any) -> None:
        self.engine.fold(list(events))
        self.finish()

    def tick(self, at: int) -> bool:
        changed = self.engine.tick(at)
        self.finish()
        return changed

    def ask(self, verb: str, target: str = "R-1", at: int = T0 + 1, **args: Any) -> Reply:
        reply = self.engine.apply(Command(verb=verb, target=target, actor="mara", time=at, args=args))
        self.finish()
        return reply

    def finish(self) -> None:
        outcome = self.engine.finish()
        self.outbox += outcome.outbox
        self.told += [change.data for change in outcome.changes if change.type == "playbook_run"]
        self.ledger += [(row.decision, row.reason) for row in outcome.ledger]
        self.engine = saved_and_loaded(self.engine, runbooks=self.runbooks, routes=self.routes)

    def answer(self, receiver: str, *, step: int = 0, ok: bool = True, at: int = T0 + 1) -> Reply:
        return self.ask("playbook_told", at=at, step=step, receiver=receiver, ok=ok, detail="answered")

    @property
    def states(self) -> tuple[str, list[str]]:
        """Return the last run's status, and the state of each step."""
        run = self.told[-1]
        return run["status"], [step["state"] for step in run["steps"]]

    @property
    def alert(self) -> Alert:
        alert = self.engine.book.get("A-1")
        assert alert is not None
        return alert


NOTE = Action(do="note", text="look twice")
NOTIFY = Action(do="notify", receivers=("boss",))


def test_what_can_be_done_at_once_is_done_as_the_alert_opens() -> None:
    made = Hands(runbooks(NOTE, Action(do="assign", assignee="tomas")))
    made.fold(firing())
    assert made.states == ("success", ["done", "done"])
    assert (made.alert.assignee, made.alert.notes, made.alert.ran) == ("tomas", 1, ["CAMERA"])
    assert ("playbook", "R-1 of CAMERA is success: note done, assign done") in made.ledger
    assert not made.engine.shelves.kind("playbook_run")


def test_a_runbook_without_playbook_does_nothing() -> None:
    made = Hands(runbooks())
    made.fold(firing(), firing("Door"))
    assert made.told == []


def test_a_playbook_runs_once_for_an_alert_whatever_becomes_of_it() -> None:
    made = Hands(runbooks(NOTE))
    made.fold(firing(severity="LOW"), firing(severity="MEDIUM", at=T0 + 1))
    made.fold(resolved(at=T0 + 2))
    made.fold(firing(severity="HIGH", at=T0 + 3))
    assert [run["id"] for run in made.told] == ["R-1"]
    assert made.ask("start_playbook", "CAMERA", alert="A-1").body["code"] == "ran_already"


def test_another_runbook_of_a_worse_alert_has_its_own_run() -> None:
    made = Hands(runbooks(NOTE, worse=(NOTE,)))
    made.fold(firing("Door", severity="HIGH"), firing("Door", severity="CRITICAL", at=T0 + 1))
    assert [(run["id"], run["playbook"]) for run in made.told] == [("R-1", "WORSE")]


@pytest.mark.parametrize("ok", [True, False])
def test_a_receiver_is_told_and_the_step_waits_for_its_answer(*, ok: bool) -> None:
    made = Hands(runbooks(NOTIFY, NOTE), Routes((), frozenset({"boss"})))
    made.fold(firing())
    assert made.states == ("running", ["running", "waiting"])
    (message,) = made.outbox
    assert (message.receiver, message.run, message.step, message.alerts) == ("boss", "R-1", 0, ("A-1",))
    assert made.answer("desk").body["code"] == "not_awaited"
    assert made.answer("boss", ok=ok).ok
    assert made.states == (("success", ["done", "done"]) if ok else ("partial", ["failed", "done"]))
    assert made.answer("boss").body["code"] == "over"
    made.fold(resolved(at=T0 + SECOND_MS))
    assert [each.receiver for each in made.outbox] == ["boss", "boss"], "who was told hears of the end"


def test_a_step_that_takes_too_long_fails_and_a_critical_one_stops_the_run() -> None:
    known = Routes((), frozenset({"boss"}))
    made = Hands(runbooks(Action(do="webhook", receivers=("boss",), timeout_s=5), NOTE), known)
    made.fold(firing())
    assert made.engine.next_due() == T0 + 5 * SECOND_MS
    made.tick(T0 + 5 * SECOND_MS)
    assert made.states == ("partial", ["failed", "done"])
    assert made.told[-1]["steps"][0]["reason"] == "no word from boss within 5 s"
    strict = Hands(runbooks(NOTE, Action(do="webhook", receivers=("boss",), critical=True), NOTE), known)
    strict.fold(firing())
    assert strict.engine.next_due() == T0 + MINUTE_MS
    strict.tick(T0 + MINUTE_MS)
    assert strict.states == ("failed", ["done", "failed", "cancelled"])
    assert strict.told[-1]["steps"][2]["reason"] == "not reached: a critical step failed"


def test_a_webhook_says_which_step_of_what_it_is() -> None:
    made = Hands(
        runbooks(Action(do="webhook", receivers=("boss",), text="open the gate")), Routes((), frozenset({"boss"}))
    )
    made.fold(firing())
    data = made.outbox[0].body["data"]
    assert (data["playbook"], data["run"], data["step"], data["text"]) == ("CAMERA", "R-1", 0, "open the gate")
    made.fold(resolved(at=T0 + 1))
    assert len(made.outbox) == 1, "a webhook is no news of an alert: nobody hears of the end"


def test_a_receiver_that_is_none_fails_its_step() -> None:
    made = Hands(runbooks(NOTIFY))
    made.fold(firing())
    assert made.states == ("failed", ["failed"])
    assert made.told[-1]["steps"][0]["reason"] == "no receiver is called boss"


def test_one_receiver_that_is_none_does_not_keep_the_other_from_being_told() -> None:
    made = Hands(runbooks(Action(do="notify", receivers=("boss", "gone"))), Routes((), frozenset({"boss"})))
    made.fold(firing())
    made.answer("boss")
    assert made.told[-1]["steps"][0]["reason"] == "no receiver is called gone; boss: answered"


@pytest.mark.parametrize(
    ("routes", "receivers", "told"),
    [
        (ROUTES, (), ("done", "its routes tell desk")),
        (ROUTES, ("desk",), ("done", "desk knew of it")),
        (
            Routes((Route(name="slow", receivers=("desk",)),), frozenset({"desk"})),
            (),
            ("done", "its routes tell desk soon"),
        ),
        (Routes(), (), ("skipped", "no route takes it")),
    ],
)
def test_nobody_is_told_twice_of_the_same(routes: Routes, receivers: tuple[str, ...], told: tuple[str, str]) -> None:
    made = Hands(runbooks(Action(do="notify", receivers=receivers)), routes)
    made.fold(firing())
    (step,) = made.told[-1]["steps"]
    assert (step["state"], step["reason"]) == told
    assert len(made.outbox) <= 1


def test_a_step_that_is_not_to_be_taken_alone_waits_for_a_word() -> None:
    made = Hands(runbooks(NOTE, Action(do="assign", assignee="tomas", auto=False), NOTE))
    made.fold(firing())
    assert made.states == ("pending", ["done", "approval", "waiting"])
    made.tick(T0 + 60 * MINUTE_MS)
    assert not made.alert.assignee
    assert made.ask("approve_playbook", at=T0 + 61 * MINUTE_MS).ok
    assert made.states == ("success", ["done"] * 3)
    assert made.told[-1]["steps"][1]["approved_by"] == "mara"
    assert str(made.alert.assignee) == "tomas"
    assert made.ask("approve_playbook").body["code"] == "over"


def test_what_waits_for_nobodys_word_cannot_be_approved() -> None:
    made = Hands(runbooks(Action(do="escalate")))
    made.fold(firing())
    assert made.ask("approve_playbook").body["code"] == "nothing_to_approve"


def test_a_step_is_only_for_alerts_that_are_bad_enough() -> None:
    made = Hands(runbooks(Action(do="note", text="x", min_severity=Severity.CRITICAL, auto=False), NOTE))
    made.fold(firing())
    assert made.states == ("success", ["skipped", "done"])
    assert made.told[-1]["steps"][0]["reason"] == "HIGH is below CRITICAL"


def test_an_alert_is_handed_on_when_its_time_has_passed_and_nobody_took_it_up() -> None:
    made = Hands(runbooks(Action(do="escalate"), minutes=10))
    made.fold(firing())
    assert made.states == ("running", ["waiting"])
    made.tick(T0 + 10 * MINUTE_MS)
    assert made.states == ("success", ["done"])
    assert made.alert.status is Status.ESCALATED
    other = Hands(runbooks(Action(do="escalate"), minutes=10))
    other.fold(firing())
    other.ask("ack", "A-1")
    other.tick(T0 + 10 * MINUTE_MS)
    assert other.told[-1]["steps"][0]["reason"] == "it is acknowledged"
    at_once = Hands(runbooks(Action(do="escalate"), minutes=0))
    at_once.fold(firing())
    assert at_once.alert.status is Status.ESCALATED


def test_an_alert_that_was_hidden_has_its_time_from_when_it_came_out() -> None:
    made = Hands(runbooks(Action(do="escalate"), minutes=10))
    matchers = [{"name": "type", "op": "=", "value": "Camera"}]
    assert made.ask("plan_silence", "", at=T0, matchers=matchers, ends_at=T0 + 30 * MINUTE_MS, comment="test").ok
    made.fold(firing(at=T0 + 1))
    made.tick(T0 + 30 * MINUTE_MS)
    assert (made.alert.status, made.states) == (Status.OPEN, ("running", ["waiting"]))
    made.tick(T0 + 40 * MINUTE_MS)
    assert made.alert.status is Status.ESCALATED


@pytest.mark.parametrize("action", [NOTIFY, Action(do="notify")])
def test_what_a_storm_carries_is_not_told_by_a_playbook_either(action: Action) -> None:
    made = Hands(runbooks(action), routes=ROUTES)
    made.engine.triage.notifications._hidden = lambda _: "it is one of the storm that I-1 carries"
    made.fold(firing())
    assert made.states == ("success", ["skipped"])
    assert made.told[-1]["steps"][0]["reason"] == "it is one of the storm that I-1 carries"
    assert made.outbox == []


@pytest.mark.parametrize("how", ["resolved", "cancelled"])
def test_what_is_left_of_a_run_is_cancelled(how: str) -> None:
    made = Hands(runbooks(NOTE, Action(do="note", text="x", auto=False)))
    made.fold(firing())
    if how == "resolved":
        made.fold(resolved(at=T0 + 1))
    else:
        assert made.ask("cancel_playbook").ok
    assert made.states == ("cancelled", ["done", "cancelled"])
    assert made.ask("cancel_playbook").body["code"] == "over"
    assert not made.engine.shelves.kind("playbook_run")


def test_a_playbook_is_begun_by_hand_for_an_alert_that_it_has_not_served() -> None:
    made = Hands(runbooks(NOTE))
    made.fold(firing("Door"))
    assert made.ask("start_playbook", "NONE", alert="A-1").status == 404
    assert made.ask("start_playbook", "CAMERA", alert="A-9").body["code"] == "not_in_this_status"
    assert made.ask("start_playbook", "CAMERA", alert="A-1").body["actor"] == "mara"
    assert made.states == ("success", ["done"])


def test_nothing_is_done_about_a_suppressed_alert_until_it_comes_back() -> None:
    made = Hands(runbooks(Action(do="note", text="x", auto=False)))
    made.fold(firing())
    hide(made)
    made.ask("approve_playbook")
    assert made.told[-1]["steps"][0]["reason"] == "the alert is suppressed by S-1"


def hide(made: Hands) -> None:
    book = made.engine.book
    alert = book.edit("A-1")
    alert.former_status, alert.suppressed_by = alert.status, "S-1"
    book.move(alert, Status.SUPPRESSED)
    book.decide(alert, "suppressed", "S-1 by mara", now=T0 + 1)
    made.engine.triage.followers.settle(T0 + 1)
    made.finish()


def test_tickets_are_made_by_whoever_makes_them_and_a_refusal_is_a_reason() -> None:
    made = Hands(runbooks(Action(do="create_ticket")))
    made.fold(firing("Gate", severity="LOW"), firing(severity="LOW"))
    assert made.states == ("success", ["done"])
    assert made.told[-1]["steps"][0]["reason"] == "S1-1"
    made = Hands(runbooks(Action(do="create_ticket")))
    made.engine.triage.playbooks._steps._create_ticket = lambda alert, why, now: f"T-1 for {alert.id}, {why}, {now}"
    made.fold(firing())
    assert made.told[-1]["steps"][0]["reason"] == f"T-1 for A-1, playbook CAMERA, {T0}"

    def refuse(alert: Alert, why: str, now: int) -> str:
        raise Refused("no", "not today")

    made = Hands(runbooks(Action(do="create_ticket")))
    made.engine.triage.playbooks._steps._create_ticket = refuse
    made.fold(firing())
    assert made.told[-1]["steps"][0]["reason"] == "not today"


def test_how_runbooks_are_used_is_counted() -> None:
    made = Hands(runbooks(NOTE, Action(do="escalate"), minutes=10))
    made.fold(firing(entity="cam-1"), firing(entity="cam-2"))
    made.fold(resolved(entity="cam-1", at=T0 + 5 * MINUTE_MS))
    made.tick(T0 + 10 * MINUTE_MS)
    made.fold(resolved(entity="cam-2", at=T0 + 15 * MINUTE_MS))
    use = made.engine.triage.playbooks.use("CAMERA")
    assert (use.alerts, use.resolved, use.settled) == (2, 2, 1)
    assert use.resolved_ms == 20 * MINUTE_MS
    assert (use.runs, use.runs_ended, use.succeeded, use.runs_ms) == (2, 2, 1, 15 * MINUTE_MS)
    assert made.engine.triage.playbooks.use("NONE").alerts == 0


@pytest.mark.parametrize(("do", "needs"), [("webhook", "receivers"), ("assign", "assignee"), ("note", "text")])
def test_an_action_says_what_it_needs(do: Any, needs: str) -> None:
    with pytest.raises(ValueError, match=f"{do} needs {needs}"):
        Action(do=do)
