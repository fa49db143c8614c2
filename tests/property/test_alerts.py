"""Whatever is seen, done and waited for: one alert a trouble, a ledger without a hole, and no CRITICAL put away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.alert import Alert, Status
from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS, MINUTE_MS, SECOND_MS
from nocd.domain.severity import Severity
from nocd.triage.lifecycle import VERBS
from tests.build import T0, engine, firing, resolved, saved_and_loaded
from tests.build_hiding import asked, found, over, silence, window
from tests.examples import examples

if TYPE_CHECKING:
    from nocd.domain.change import LedgerRow
    from nocd.engine import Engine

ARGS: dict[str, Any] = {"assignee": "tomas", "text": "called", "verdict": "benign", "expires_minutes": 3}
ARGS |= {"method": "call", "answer": "no_answer"}
PASSING_MS = (0, 1, 9 * SECOND_MS, 11 * SECOND_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 20 * MINUTE_MS, 61 * MINUTE_MS)
ENDS = {"end_silence": "S-1", "end_maintenance": "M-1"}

_cameras = st.sampled_from(["cam-1", "cam-1", "cam-2"])
_seen = st.tuples(st.just("firing"), _cameras, st.sampled_from(["LOW", "HIGH", "CRITICAL"]))
_gone = st.tuples(st.just("resolved"), _cameras, st.just("LOW"))
_asked = st.tuples(st.sampled_from(sorted(VERBS)), st.sampled_from(["A-1", "A-1", "A-2"]), st.sampled_from("mmt"))
# By detectors: SILENT_SITE explains the lesser ones at its site, of all sites that of P1's phone.
_worse = st.tuples(st.just("found"), st.sampled_from(["SILENT_SITE", "DEVICE_OFFLINE"]), st.just("CRITICAL"))
_found = st.tuples(st.just("found"), st.sampled_from(["DEVICE_WARNING"]), st.sampled_from(["MEDIUM", "CRITICAL"]))
_over = st.tuples(st.just("over"), st.sampled_from(["SILENT_SITE", "DEVICE_OFFLINE", "DEVICE_WARNING"]), st.just(""))
_turns = st.tuples(st.just("turns to"), st.sampled_from(["SILENT_SITE", "DEVICE_OFFLINE"]), st.just("CRITICAL"))
_hidden = st.tuples(st.just("silence of"), st.sampled_from(["site=S1", "entity=cam-1", "type=~DEVICE.*"]), st.just("3"))
_planned = st.tuples(st.just("window of"), st.sampled_from(["S1", "S9"]), st.sampled_from(["0", "3"]))
_shown = st.tuples(st.sampled_from(sorted(ENDS)), st.just(""), st.just("t"))
_any = _seen | _gone | _asked | _asked | _asked | _worse | _found | _over | _turns | _hidden | _planned | _shown
_more = st.lists(st.tuples(_any, st.sampled_from(PASSING_MS)), max_size=25)
_steps = _more.map(lambda more: [(("firing", "cam-1", "HIGH"), 0), *more])
Step = tuple[tuple[str, str, str], int]


def carry_out(made: Engine, step: tuple[str, str, str], now: int) -> bool:
    """Fold or apply one step; tell whether it was taken."""
    what, whom, how = step
    if what in ("firing", "resolved"):
        sent = firing if what == "firing" else resolved
        made.fold([sent(entity=whom, severity=how, at=now, event_id=f"e{now}")])
        return True
    if what in ("found", "over", "turns to"):
        return detected(made, what, whom, how, now)
    if what == "silence of":
        return silence(made, whom, at=now, ends_at=now + int(how) * MINUTE_MS).ok
    if what == "window of":
        return window(made, target=whom, at=now, start=now + int(how) * MINUTE_MS, end=now + 6 * MINUTE_MS).ok
    args = {} if what in ENDS else ARGS
    return made.apply(Command(verb=what, target=ENDS.get(what, whom), actor=how, time=now, args=args)).ok


def detected(made: Engine, what: str, kind: str, severity: str, now: int) -> bool:
    """Have a detector find something of P1's phone at S1, say that it is over, or that all else turns to it."""
    about: dict[str, Any] = {"person": "P1", "entity_type": "device", "entity_id": "phone"}
    if what != "over":
        found(made, kind, at=now, severity=Severity(severity), settle=what == "found", **about)
    ended = {"found": (), "over": (kind,), "turns to": {"SILENT_SITE", "DEVICE_OFFLINE", "DEVICE_WARNING"} - {kind}}
    for alert in [each for each in held(made) if each.type in ended[what] and each.unresolved]:
        over(made, alert.no, at=now)
    made.triage.followers.settle(now)
    return True


def held(made: Engine) -> list[Alert]:
    """Return every alert that is held, the oldest first: a restart keeps them, not the order of the shelf."""
    return sorted(made.shelves.kind("alert").values(), key=lambda each: each.no)


def play(
    steps: list[Step], *, restarts: bool = False, whole: bool = False
) -> tuple[Engine, list[LedgerRow], list[bool]]:
    """Return the engine after the steps, its last ledger rows by number, and whether each step was taken.

    It is a batch a step, all of them in one where `whole`.
    """
    made, now, taken = engine(), T0, []
    ledger: dict[tuple[str, int], LedgerRow] = {}
    for step, passing_ms in steps:
        now += passing_ms + 1
        made.tick(now)
        taken.append(carry_out(made, step, now))
        if not whole:
            ledger.update(((row.alert, row.row), row) for row in made.finish().ledger)
        made = saved_and_loaded(made) if restarts else made
    ledger.update(((row.alert, row.row), row) for row in made.finish().ledger)
    return made, [ledger[key] for key in sorted(ledger, key=lambda key: (key[0], key[1]))], taken


@given(_steps)
@examples(50)
def test_of_each_trouble_one_alert_stands_and_is_found(steps: list[Step]) -> None:
    made, _, _ = play(steps)
    standing = [alert for alert in held(made) if alert.unresolved]
    assert len({alert.fingerprint for alert in standing}) == len(standing) == made.book.unresolved
    assert all(made.book.standing(alert.fingerprint) is alert for alert in standing)


@given(_steps)
@examples(50)
def test_the_ledger_numbers_every_decision_and_each_begins_where_the_last_ended(steps: list[Step]) -> None:
    made, ledger, _ = play(steps)
    for former, row in zip([None, *ledger], ledger, strict=False):
        first = former is None or former.alert != row.alert
        assert row.row == (1 if first or former is None else former.row + 1)
        assert row.old_status == (None if first or former is None else former.new_status)
        assert row.reason
        assert row.actor in ("nocd", "m", "t")
    last = {row.alert: row.new_status for row in ledger}
    assert {alert.id: str(alert.status) for alert in held(made)} == {alert.id: last[alert.id] for alert in held(made)}


@given(_steps)
@examples(50)
def test_what_is_shown_again_stands_as_it_did_before_it_was_hidden(steps: list[Step]) -> None:
    _, ledger, _ = play(steps)
    former: dict[str, str | None] = {}
    for row in ledger:
        if row.decision == "unsuppressed":
            assert row.new_status == (former[row.alert] or row.new_status)
        if row.new_status != "suppressed":
            former[row.alert] = row.new_status
        elif row.decision in ("ack_expired", "undone"):  # the one opens it as it is hidden, the other puts back a past
            former[row.alert] = "open" if row.decision == "ack_expired" else None


@given(_steps)
@examples(50)
def test_no_critical_that_stands_is_put_away_by_itself(steps: list[Step]) -> None:
    made, _, _ = play(steps)
    critical = [alert for alert in held(made) if alert.severity == "CRITICAL" and alert.unresolved]
    assert not [cause for alert in critical for cause in alert.hidden_by if cause.startswith("A")]
    made.tick(made.now + 30 * DAY_MS)
    left = [alert for alert in held(made) if alert.severity == "CRITICAL" and alert.unresolved]
    assert {alert.id for alert in critical} <= {alert.id for alert in left}


@given(_steps)
@examples(50)
def test_what_hides_an_alert_holds_and_nothing_is_hidden_after_all_that_hid_is_over(steps: list[Step]) -> None:
    made, _, _ = play(steps)
    in_force = {each.id for each in made.triage.suppression.silences.all() if each.in_force}
    in_force |= {each.id for each in made.scene.plans.all() if each.runs(made.now)}
    in_force |= {alert.id for alert in held(made) if alert.unresolved}
    for alert in held(made):
        assert set(alert.hidden_by) <= in_force
        assert all(alert.id in made.triage.suppression.hiding(cause).alerts for cause in alert.hidden_by)
    for each in made.triage.suppression.silences.all():
        asked(made, "end_silence", each.id, at=made.now)
    made.tick(made.now + 6 * MINUTE_MS)
    for kind in ("SILENT_SITE", "DEVICE_OFFLINE"):
        detected(made, "over", kind, "", made.now)
    assert not [alert for alert in held(made) if alert.status is Status.SUPPRESSED]


@given(_steps)
@examples(50)
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
@examples(50)
def test_restarts_between_any_two_steps_change_nothing(steps: list[Step]) -> None:
    made, ledger, taken = play(steps)
    again, same_ledger, same_taken = play(steps, restarts=True)
    assert (list(made.shelves), ledger, taken) == (list(again.shelves), same_ledger, same_taken)


@given(_steps)
@examples(50)
def test_one_batch_or_many_are_the_same(steps: list[Step]) -> None:
    made, ledger, taken = play(steps)
    again, same_ledger, same_taken = play(steps, whole=True)
    assert (list(made.shelves), ledger, taken) == (list(again.shelves), same_ledger, same_taken)


@given(_steps)
@examples(50)
def test_what_is_on_the_screen_agrees_with_itself(steps: list[Step]) -> None:
    made, _, _ = play(steps)
    for alert in held(made):
        assert (alert.status is Status.RESOLVED) == (alert.resolved_at is not None) == (alert.resolved_by is not None)
        assert (alert.status is Status.SUPPRESSED) == (alert.suppressed_by is not None) == bool(alert.hidden_by)
        assert (alert.former_status is not None) == (alert.status is Status.SUPPRESSED)
        assert alert.verdict is None or alert.status is Status.RESOLVED
        assert not alert.ended_unseen or (alert.status is Status.RESOLVED and alert.acknowledged_at is None)
        assert alert.ack_expires_at is None or Status.ACKNOWLEDGED in (alert.status, alert.former_status)
        assert alert.acknowledged_at is None or alert.acknowledged_at >= alert.opened_at
