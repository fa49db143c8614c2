"""What to do about an alert, by what it is."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.detect.registry import CATALOG
from nocd.domain.alert import Alert
from nocd.domain.finding import Category
from nocd.domain.severity import Severity
from nocd.faults import Place
from nocd.procedures import RunbooksRefused, parse_runbooks, read_runbooks
from nocd.triage.runbooks import Runbook, Runbooks
from tests.build import T0

DEEDS = "Input should be 'notify', 'create_ticket', 'assign', 'webhook', 'note' or 'escalate'"
LEAST = "Input should be greater than or equal to 0"


def alert(**like: Any) -> Alert:
    """Return an alert that is as `like` says."""
    plain = {"type": "NO_SHOW", "category": Category.OPERATIONAL, "severity": Severity.HIGH}
    seen = {"first_seen": T0, "last_seen": T0, "opened_at": T0, "renewed_at": T0}
    named = {"id": "A-1", "no": 1, "fingerprint": "f", "title": "No show", "reason": "nobody came"}
    entity = {"entity_type": "", "entity_id": "", "source": "nocd"}
    return Alert(**{**plain, **seen, **named, **entity, **like})


def runbook(*applies_to: str, minutes: int = 15) -> Runbook:
    return Runbook(
        id="R-" + applies_to[0],
        title="Look",
        applies_to=applies_to,
        steps=("Look", "Call"),
        escalation_minutes=minutes,
        role="supervisor",
    )


def told(**more: object) -> dict[str, object]:
    own = {"title": "Look", "applies_to": ["NO_SHOW"], "steps": ["Look"], "escalation_minutes": 5, "role": "boss"}
    return {**own, **more}


@pytest.mark.parametrize(
    ("like", "given"),
    [
        ({"type": "NO_SHOW", "severity": Severity.HIGH}, "R-NO_SHOW"),
        ({"type": "COVERAGE_GAP", "severity": Severity.HIGH}, "R-OPERATIONAL/HIGH"),
        ({"type": "COVERAGE_GAP", "severity": Severity.LOW}, "R-OPERATIONAL"),
        ({"type": "TAG_CLONED", "category": Category.SECURITY}, "R-GENERIC"),
    ],
)
def test_the_most_particular_runbook_is_an_alerts_own(like: dict[str, object], given: str) -> None:
    runbooks = Runbooks(runbook(name) for name in ("NO_SHOW", "OPERATIONAL/HIGH", "OPERATIONAL", "GENERIC"))
    found = runbooks.of(alert(**{"category": Category.OPERATIONAL, **like}))
    assert found is not None
    assert found.id == given


def test_without_any_runbook_an_alert_has_no_steps() -> None:
    standing = alert()
    Runbooks().give(standing)
    assert (standing.runbook, standing.recommended_actions) == (None, [])


def test_the_hand_over_is_the_last_step_or_the_first_where_it_is_not_to_wait() -> None:
    assert runbook("A").actions == ["Look", "Call", "Not settled within 15 min: hand it to the supervisor"]
    assert runbook("A", minutes=0).actions == ["Tell the supervisor at once", "Look", "Call"]


def test_the_shipped_runbooks_are_of_known_findings_and_leave_none_without_steps() -> None:
    runbooks = read_runbooks(None)
    named = {name for each in runbooks.all() for name in each.applies_to}
    assert named - set(CATALOG) == {"GENERIC"}
    assert runbooks.of(alert(type="Camera dark")) is not None


def test_a_file_of_ones_own_takes_the_place_of_what_it_names_and_leaves_the_rest(tmp_path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        '[OURS]\ntitle = "Ours"\napplies_to = ["NO_SHOW"]\nsteps = ["Ring the bell"]\n'
        'escalation_minutes = 3\nrole = "boss"\n'
    )
    runbooks = read_runbooks(file)
    ours, shipped = (runbooks.of(alert(type=name)) for name in ("NO_SHOW", "COVERAGE_GAP"))
    assert ours is not None
    assert shipped is not None
    assert (ours.id, shipped.id) == ("OURS", "NO_SHOW")


@pytest.mark.parametrize(
    ("tables", "fault"),
    [
        ({"X": told(stepps=["a"])}, "x.toml: X: stepps is no setting of a runbook; did you mean steps?"),
        ({"X": told(steps=[])}, "x.toml: X: steps: List should have at least 1 item after validation, not 0"),
        (
            {"X": told(escalation_minutes=-1)},
            f"x.toml: X: escalation_minutes: {LEAST}",
        ),
        ({"X": 3}, "x.toml: X: Input should be an object"),
        ({"X": told(playbook=[{"do": "sing"}])}, f"x.toml: X: playbook.0.do: {DEEDS}"),
        (
            {"X": told(playbook=[{"do": "note", "text": "x", "tex": "x"}])},
            "x.toml: X: playbook.0.tex is no setting of an action; did you mean text?",
        ),
        ({"X": told(playbook=[{"do": "assign"}])}, "x.toml: X: playbook.0: Value error, assign needs assignee"),
        ({"X": told(), "Y": told()}, "x.toml: Y: NO_SHOW has a runbook already, X"),
    ],
)
def test_a_fault_is_told_with_its_place(tables: dict[str, object], fault: str) -> None:
    with pytest.raises(RunbooksRefused) as refused:
        parse_runbooks(tables, where=Place("x.toml"))
    assert refused.value.faults == [fault]


def test_a_missing_file_is_refused_by_name(tmp_path) -> None:
    with pytest.raises(RunbooksRefused, match=r"none\.toml cannot be read"):
        read_runbooks(tmp_path / "none.toml")


def test_a_playbook_is_read_with_its_defaults() -> None:
    actions = [{"do": "notify", "receivers": ["boss"], "min_severity": "HIGH"}, {"do": "escalate", "auto": False}]
    (made,) = parse_runbooks({"X": told(playbook=actions)}, where=Place("x.toml"))
    assert [(each.do, each.auto, each.timeout_s, each.min_severity) for each in made.playbook] == [
        ("notify", True, 60, "HIGH"),
        ("escalate", False, 60, "INFO"),
    ]


def test_of_the_shipped_playbooks_none_waits_for_an_escalation_before_a_ticket() -> None:
    for runbook in read_runbooks(None).all():
        deeds = [action.do for action in runbook.playbook]
        assert "escalate" not in deeds[:-1], runbook.id
