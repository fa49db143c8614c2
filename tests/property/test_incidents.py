"""Whatever happens: an alert stands in one incident at most, none resolves by itself over one that stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.command import Command
from nocd.domain.instant import MINUTE_MS, SECOND_MS
from nocd.triage.incident_table import COMMANDS
from nocd.triage.intake import Limits
from tests.build import T0, engine, firing, resolved, saved_and_loaded
from tests.examples import examples

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.domain.incident import Incident
    from nocd.engine import Engine

ARGS: dict[str, Any] = {"assignee": "tomas", "text": "called", "verdict": "benign", "title": "Made"}
ARGS |= {"alerts": ["A-1"], "incidents": ["I-2"]}
PASSING_MS = (0, SECOND_MS, 11 * SECOND_MS, 4 * MINUTE_MS, 14 * MINUTE_MS, 61 * MINUTE_MS)

_who = st.sampled_from([("P1", "cam-1"), ("P1", "cam-2"), (None, "cam-1"), (None, "cam-2")])
_what = st.sampled_from(["Fence", "Gate", "DEVICE_OFFLINE", "CRITICAL_SIGNAL_LOW_PHONE"])
_how = st.sampled_from(["LOW", "HIGH", "CRITICAL"])
_seen = st.tuples(st.sampled_from(["firing", "firing", "firing", "resolved"]), _what, _who, _how)
_flood = st.tuples(st.just("flood"), _what, _who, _how)
_asked = st.tuples(
    st.sampled_from(sorted(COMMANDS)), st.sampled_from(["I-1", "I-1", "I-2"]), _who, st.sampled_from("mt")
)
_resolve = st.tuples(
    st.sampled_from(["resolve", "undo", "reopen"]), st.sampled_from(["A-1", "A-2"]), _who, st.just("m")
)
_steps = st.lists(
    st.tuples(_seen | _seen | _seen | _flood | _asked | _resolve, st.sampled_from(PASSING_MS)), max_size=25
)
Step = tuple[tuple[str, str, tuple[str | None, str], str], int]


def carry_out(made: Engine, step: tuple[str, str, tuple[str | None, str], str], now: int) -> None:
    what, name, (person, entity), how = step
    if what in ("firing", "resolved", "flood"):
        sent = resolved if what == "resolved" else firing
        for no in range(22 if what == "flood" else 1):
            kind = f"{name}{no % 7}" if what == "flood" else name
            at = now + no * SECOND_MS
            made.fold([sent(kind, person=person, entity=entity, severity=how, at=at, event_id=f"e{at}")])
        return
    made.apply(Command(verb=what, target=name, actor=how, time=now, args=ARGS))


def play(steps: list[Step], *, restarts: bool = False) -> tuple[Engine, list[Any]]:
    """Return the engine after the steps, and every change that was told."""
    made, now, told = engine(Limits()), T0, []
    for step, passing_ms in steps:
        now = max(now + passing_ms, made.now) + 1
        made.tick(now)
        carry_out(made, step, now)
        told += made.finish().changes
        consistent(made)
        made = saved_and_loaded(made) if restarts else made
    return made, told


def consistent(made: Engine) -> None:
    """Hold that alerts and incidents agree about who stands where."""
    alerts: dict[str, Alert] = made.shelves.kind("alert")
    incidents: dict[str, Incident] = made.shelves.kind("incident")
    for incident in incidents.values():
        assert incident.standing == len(incident.ids)
        assert incident.unresolved or not incident.ids
        for alert_id in incident.ids:
            assert alerts[alert_id].unresolved
            assert alerts[alert_id].incident == incident.id
        assert incident.unresolved == (incident.resolved_at is None)
    for alert in alerts.values():
        standing = [each.id for each in incidents.values() if each.alerts.get(alert.id)]
        assert len(standing) <= 1
        if alert.unresolved and alert.incident in incidents and incidents[alert.incident].unresolved:
            assert standing == [alert.incident]


@given(_steps)
@examples(60)
def test_alerts_and_incidents_agree_after_every_step(steps: list[Step]) -> None:
    play(steps)


@given(_steps)
@examples(40)
def test_none_resolves_by_itself_while_one_of_its_alerts_stands(steps: list[Step]) -> None:
    made, told = play(steps)
    alerts = made.shelves.kind("alert")
    for change in told:
        if change.type == "incident_updated" and change.data["new_status"] == "resolved":
            assert change.data["standing"] == 0
    for incident in made.shelves.kind("incident").values():
        if not incident.unresolved:
            assert not any(
                alerts[each].unresolved and alerts[each].incident == incident.id
                for each in incident.alerts
                if each in alerts
            )


@given(_steps)
@examples(40)
def test_restarts_between_any_two_steps_change_nothing(steps: list[Step]) -> None:
    made, told = play(steps)
    again, same_told = play(steps, restarts=True)
    assert (list(made.shelves), told) == (list(again.shelves), same_told)
