"""Steps of a model's life: told as what they are, a drift as one finding a day."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS, HOUR_MS
from nocd.engine import Engine
from nocd.fraud import steps
from nocd.outcome import Outcome
from tests.build import ALONE, T0, engine, saved_and_loaded

MOVED = ["gps_drift_m", "face_confidence"]


def stepped(made: Engine, kind: str = steps.DRIFTED, *, at: int = T0, **body: Any) -> Outcome:
    """Return what an engine decides of a step."""
    args = steps.args(kind, version="000003", reason="gps_drift_m: PSI 0.61", body=body)
    reply = made.apply(Command(verb=steps.MODEL_STEP, target="000003", actor="nocd", time=at, args=args))
    assert reply.ok, reply
    return made.finish()


def severities(outcome: Outcome) -> list[str]:
    return [finding.severity for finding, _ in outcome.findings]


@pytest.mark.parametrize("kind", steps.KINDS)
def test_a_step_is_kept_and_told_as_what_it_is_and_by_whom(kind: str) -> None:
    outcome = stepped(engine(ALONE), kind, gates=[])
    (step,) = outcome.model_steps
    assert (step.time, step.kind, step.version, step.body) == (T0, kind, "000003", {"gates": []})
    (change,) = outcome.changes
    said = {"version": "000003", "reason": "gps_drift_m: PSI 0.61", "actor": "nocd", "body": {"gates": []}}
    assert (change.type, change.data, change.severity) == (kind, said, None)


@pytest.mark.parametrize("level", ["MEDIUM", "HIGH", "CRITICAL"])
def test_a_drift_is_a_finding_as_grave_as_its_level_that_names_what_moved(level: str) -> None:
    made = engine(ALONE)
    outcome = stepped(made, level=level, moved=MOVED)
    ((finding, alert),) = outcome.findings
    assert (finding.type, finding.severity, alert) == ("ML_DRIFT", level, "A-1")
    assert "moved: gps_drift_m, face_confidence (" in finding.reason
    assert finding.evidence["moved"] == MOVED
    (told,) = (change for change in outcome.changes if change.type == steps.DRIFTED)
    assert told.severity == level


@pytest.mark.parametrize("body", [{"level": "none", "moved": []}, {"level": "HIGH", "moved": []}, {"moved": MOVED}])
def test_where_nothing_moved_nothing_is_found(body: dict[str, Any]) -> None:
    assert severities(stepped(engine(ALONE), **body)) == []


def test_no_other_step_is_a_finding() -> None:
    assert severities(stepped(engine(ALONE), steps.TRAINED, level="HIGH", moved=MOVED)) == []


def test_many_columns_that_moved_are_named_as_far_as_they_can_be_read() -> None:
    outcome = stepped(engine(ALONE), level="HIGH", moved=[f"column_{number}" for number in range(8)])
    assert "column_5 and 2 more (" in outcome.findings[0][0].reason


def test_a_drift_is_found_once_a_day_and_at_once_where_it_got_graver() -> None:
    made = engine(ALONE)
    assert severities(stepped(made, level="HIGH", moved=MOVED)) == ["HIGH"]
    made = saved_and_loaded(made)
    assert severities(stepped(made, at=T0 + HOUR_MS, level="HIGH", moved=MOVED)) == []
    assert severities(stepped(made, at=T0 + 2 * HOUR_MS, level="MEDIUM", moved=MOVED)) == []
    assert severities(stepped(made, at=T0 + 3 * HOUR_MS, level="CRITICAL", moved=MOVED)) == ["CRITICAL"]
    assert severities(stepped(made, at=T0 + DAY_MS, level="HIGH", moved=MOVED)) == []
    outcome = stepped(made, at=T0 + DAY_MS + 3 * HOUR_MS, level="HIGH", moved=MOVED)
    assert severities(outcome) == ["HIGH"]
    assert [(alert.id, alert.count, alert.severity) for alert, _ in outcome.alerts] == [("A-1", 3, "CRITICAL")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "model_invented"},
        {"version": 3},
        {"reason": None},
        {"body": []},
        {"reason": "x" * 2_001},
        {"body": {"rows": "x" * 65_536}},
    ],
)
def test_what_is_no_step_is_refused_and_changes_nothing(wrong: dict[str, Any]) -> None:
    made = engine(ALONE)
    args = steps.args(steps.TRAINED, version=None, reason="x" * 3_000) | wrong
    reply = made.apply(Command(verb=steps.MODEL_STEP, target="", actor="nocd", time=T0, args=args))
    assert (reply.status, reply.body["code"]) == (409, "bad_step")
    assert (made.finish().model_steps, made.now) == ([], 0)
