"""Whatever is seen, done and waited for: one alert a trouble, a ledger without a hole, and no CRITICAL put away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nocd.domain.alert import Alert, Status
from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS, MINUTE_MS, SECOND_MS
from nocd.triage.lifecycle import VERBS
from tests.build import T0, engine, firing, resolved, saved_and_loaded

if TYPE_CHECKING:
    from nocd.domain.change import LedgerRow
    from nocd.engine import Engine

ARGS: dict[str, Any] = {"assignee": "tomas", "text": "called", "verdict": "benign", "expires_minutes": 3}
PASSING_MS = (0, 1, 9 * SECOND_MS, 11 * SECOND_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 20 * MINUTE_MS, 61 * MINUTE_MS)

_cameras = st.sampled_from(["cam-1", "cam-1", "cam-2"])
_seen = st.tuples(st.just("firing"), _cameras, st.sampled_from(["LOW", "HIGH", "CRITICAL"]))
_gone = st.tuples(st.just("resolved"), _cameras, st.just("LOW"))
_asked = st.tuples(st.sampled_from(sorted(VERBS)), st.sampled_from(["A-1", "A-1", "A-2"]), st.sampled_from("mmt"))
_more = st.lists(st.tuples(_seen | _gone | _asked | _asked | _asked, st.sampled_from(PASSING_MS)), max_size=25)
_steps = _more.map(lambda more: [(("firing", "cam-1", "HIGH"), 0), *more])
Step = tuple[tuple[str, str, str], int]


def carry_out(made: Engine, step: tuple[str, str, str], now: int) -> bool:
    """Fold or apply one step; tell whether it was taken."""
    what, whom, how = step
    if what in ("firing", "resolved"):
        sent = firing if what == "firing" else resolved
        made.fold([sent(entity=whom, severity=how, at=now, event_id=f"e{now}")])
        return True
    return made.apply(Command(verb=what, target=whom, actor=how, time=now, args=ARGS)).ok


def held(made: Engine) -> list[Alert]:
    return list(made.shelves.kind("alert").values())


def play(steps: list[Step], *, restarts: bool = False) -> tuple[Engine, list[LedgerRow], list[bool]]:
    """Return the engine after the steps, its last ledger rows by number, and whether each step was taken."""
    made, now, taken = engine(), T0, []
    ledger: dict[tuple[str, int], LedgerRow] = {}
    for step, passing_ms in steps:
        now += passing_ms + 1
        made.tick(now)
        taken.append(carry_out(made, step, now))
        ledger.update(((row.alert, row.row), row) for row in made.finish().ledger)
        made = saved_and_loaded(made) if restarts else made
    return made, [ledger[key] for key in sorted(ledger, key=lambda key: (key[0], key[1]))], taken


@given(_steps)
@settings(max_examples=300)
def test_of_each_trouble_one_alert_stands_and_is_found(steps: list[Step]) -> None:
    made, _, _ = play(steps)
    standing = [alert for alert in held(made) if alert.unresolved]
    assert len({alert.fingerprint for alert in standing}) == len(standing) == made.book.unresolved
    assert all(made.book.standing(alert.fingerprint) is alert for alert in standing)


@given(_steps)
@settings(max_examples=300)
def test_the_ledger_numbers_every_decision_and_each_begins_where_the_last_ended(steps: list[Step]) -> None:
    _, ledger, _ = play(steps)
    for former, row in zip([None, *ledger], ledger, strict=False):
        first = former is None or former.alert != row.alert
        assert row.row == (1 if first or former is None else former.row + 1)
        assert row.old_status == (None if first or former is None else former.new_status)
        assert row.reason
        assert row.actor in ("nocd", "m", "t")


@given(_steps)
@settings(max_examples=300)
def test_no_critical_that_stands_is_put_away_by_itself(steps: list[Step]) -> None:
    made, ledger, _ = play(steps)
    critical = [alert.id for alert in held(made) if alert.severity == "CRITICAL" and alert.unresolved]
    made.tick(made.now + 30 * DAY_MS)
    assert [alert.id for alert in held(made) if alert.severity == "CRITICAL" and alert.unresolved] == critical
    assert not any(row.decision == "suppressed" for row in ledger)


@given(_steps)
@settings(max_examples=300)
def test_a_refused_command_leaves_no_trace(steps: list[Step]) -> None:
    made, _, _ = play(steps)
    traces = []
    for verb in sorted(VERBS):
        before = list(made.shelves)
        taken = carry_out(made, (verb, "A-1", "nobody"), made.now + 1)
        changed = (list(made.shelves), made.finish().changes) != (before, [])
        traces.append((taken, changed))
    assert set(traces) <= {(True, True), (False, False)}


@given(_steps)
@settings(max_examples=300)
def test_restarts_between_any_two_steps_change_nothing(steps: list[Step]) -> None:
    made, ledger, taken = play(steps)
    again, same_ledger, same_taken = play(steps, restarts=True)
    assert (list(made.shelves), ledger, taken) == (list(again.shelves), same_ledger, same_taken)


@given(_steps)
@settings(max_examples=300)
def test_what_is_on_the_screen_agrees_with_itself(steps: list[Step]) -> None:
    made, _, _ = play(steps)
    for alert in held(made):
        assert (alert.status is Status.RESOLVED) == (alert.resolved_at is not None) == (alert.resolved_by is not None)
        assert (alert.status is Status.SUPPRESSED) == (alert.suppressed_by is not None)
        assert alert.verdict is None or alert.status is Status.RESOLVED
        assert not alert.ended_unseen or (alert.status is Status.RESOLVED and alert.acknowledged_at is None)
        assert alert.ack_expires_at is None or alert.status is Status.ACKNOWLEDGED
        assert alert.acknowledged_at is None or alert.acknowledged_at >= alert.opened_at
