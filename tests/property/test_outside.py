"""Who was told that an alert stands hears of its end, whatever happens; restarts change nothing that is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.alert import Status
from nocd.domain.command import Command
from nocd.domain.instant import HOUR_MS, MINUTE_MS, SECOND_MS
from nocd.domain.playbook import Action
from nocd.triage.intake import Limits
from nocd.triage.lifecycle import VERBS
from nocd.triage.routes import Route, Routes
from nocd.triage.runbooks import Runbook, Runbooks
from tests.build import T0, engine, firing, resolved, saved_and_loaded
from tests.examples import examples

if TYPE_CHECKING:
    from nocd.domain.delivery import Delivery
    from nocd.engine import Engine

NAMES = frozenset({"desk", "boss", "mail"})
ROUTES = Routes(
    (
        Route(name="urgent", receivers=("boss",), matchers=('severity="CRITICAL"',), group_wait_s=0),
        Route(name="site", receivers=("desk", "boss"), group_by=("site",), quiet_hours="00:00-00:10"),
    ),
    NAMES,
)
PLAYBOOK = (Action(do="notify", receivers=("mail",)), Action(do="escalate"), Action(do="note", text="x", auto=False))
RUNBOOK = Runbook(
    id="R", title="t", applies_to=("GENERIC",), steps=("s",), escalation_minutes=5, role="boss", playbook=PLAYBOOK
)
ROOMS: dict[str, Any] = {"routes": ROUTES, "runbooks": Runbooks([RUNBOOK])}
ARGS: dict[str, Any] = {"assignee": "tomas", "text": "called", "verdict": "benign", "expires_minutes": 3}
ARGS |= {"method": "call", "answer": "no_answer"}
PASSING_MS = (0, 1, 9 * SECOND_MS, 40 * SECOND_MS, 2 * MINUTE_MS, 6 * MINUTE_MS, 20 * MINUTE_MS, 5 * HOUR_MS)
LONG_MS = 30 * HOUR_MS

_cameras = st.sampled_from(["cam-1", "cam-1", "cam-2"])
_seen = st.tuples(st.just("firing"), _cameras, st.sampled_from(["LOW", "HIGH", "CRITICAL"]))
_gone = st.tuples(st.just("resolved"), _cameras, st.just("LOW"))
_asked = st.tuples(st.sampled_from(sorted(VERBS)), st.sampled_from(["A-1", "A-1", "A-2"]), st.just("m"))
_runs = st.tuples(
    st.sampled_from(["approve_playbook", "cancel_playbook"]), st.sampled_from(["R-1", "R-2"]), st.just("m")
)
_steps = st.lists(st.tuples(_seen | _gone | _asked | _asked | _runs, st.sampled_from(PASSING_MS)), max_size=20)
Step = tuple[tuple[str, str, str], int]


def carry_out(made: Engine, step: tuple[str, str, str], now: int) -> None:
    what, whom, how = step
    if what in ("firing", "resolved"):
        sent = firing if what == "firing" else resolved
        made.fold([sent(entity=whom, severity=how, at=now, event_id=f"e{now}")])
    else:
        made.apply(Command(verb=what, target=whom, actor=how, time=now, args=ARGS))


def play(steps: list[Step], *, restarts: bool) -> tuple[Engine, list[Delivery], list[Any]]:
    """Return the engine long after the steps, what it told, and its ledger in the end."""
    made, now = engine(Limits(), **ROOMS), T0
    outbox: list[Delivery] = []
    ledger: dict[tuple[str, int], Any] = {}
    for step, passing_ms in [(((("firing", "cam-1", "HIGH")), 0)), *steps, (("", "", ""), LONG_MS)]:
        now += passing_ms + 1
        while (due := made.next_due()) is not None and due <= now:
            made.tick(due)
        if step[0]:
            carry_out(made, step, now)
        outcome = made.finish()
        outbox += outcome.outbox
        ledger.update(((row.alert, row.row), row) for row in outcome.ledger)
        made = saved_and_loaded(made, **ROOMS) if restarts else made
    return made, outbox, [ledger[key] for key in sorted(ledger)]


@given(_steps)
@examples(20)
def test_whoever_was_told_that_an_alert_stands_hears_of_its_end(steps: list[Step]) -> None:
    made, outbox, _ = play(steps, restarts=False)
    last: dict[tuple[str, str], str] = {}
    for delivery in outbox:
        for told in delivery.body["data"]["alerts"]:
            last[delivery.receiver, told["alert"]["id"]] = told["status"]
    standing = {alert.id for alert in made.shelves.kind("alert").values() if alert.status is not Status.RESOLVED}
    for (receiver, alert), status in last.items():
        assert (status == "standing") is (alert in standing), (receiver, alert)
    kept = {alert for alert in made.shelves.kind("told") if alert not in standing}
    assert not kept
    assert not made.shelves.kind("notice_group")


@given(_steps)
@examples(20)
def test_restarts_change_nothing_that_is_told_or_done(steps: list[Step]) -> None:
    _, told, ledger = play(steps, restarts=False)
    _, told_again, ledger_again = play(steps, restarts=True)
    assert told == told_again
    assert ledger == ledger_again


@given(_steps)
@examples(20)
def test_no_step_of_a_playbook_is_sent_twice(steps: list[Step]) -> None:
    made, outbox, _ = play(steps, restarts=True)
    sent = [(each.alerts, each.step) for each in outbox if each.run is not None]
    assert len(sent) == len(set(sent))
    assert all(alert.ran in ([], ["R"]) for alert in made.shelves.kind("alert").values())
