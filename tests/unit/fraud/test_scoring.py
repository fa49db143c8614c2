"""Punches judged: a fraud leads its punch's alert, and what comes late changes its score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nocd.detect.registry import CATALOG
from nocd.detect.rules import Rules
from nocd.domain.command import Command
from nocd.domain.score import KIND, PunchScore
from nocd.domain.severity import Severity
from nocd.fraud import scoring
from tests.build import ALONE, engine, event, saved_and_loaded
from tests.build_field import Field, company, hours, minutes, played, punch, shift

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.domain.event import Event
    from nocd.engine import Engine

FRAUD = "ATTENDANCE_FRAUD"


def on(person: str, minute: float, device: str = "A", **more: Any) -> Event:
    return punch(person, "in", minutes(minute), device=device, **more)


def kept(made: Engine) -> dict[str, PunchScore]:
    """Return what is kept of each punch, by person."""
    return {record.person: record for record in made.shelves.kind(KIND).values()}


def alert(run: Field, kind: str) -> Alert:
    """Return the one unresolved alert of a type about P2."""
    (found,) = (each for each in run.engine.book.all() if each.type == kind and each.person == "P2" and each.unresolved)
    return found


def strangers(*late: Event) -> Field:
    """Return a run in which P2 comes to a site that is not theirs; `late` arrives after it."""
    known = [*company("P1"), event("noc.person", id="P2", name="Guard P2", sites=("S2",))]
    return played(known, on("P2", 481), *late)


def test_a_fraud_leads_its_punchs_alert_with_the_checks_as_reasons() -> None:
    run = played(company("P1", "P2"), on("P1", 480), on("P2", 482))
    (found,) = run.of(FRAUD)
    assert (found.person, found.severity, found.evidence["punch"]) == (
        "P2",
        "CRITICAL",
        run.of("BUDDY_PUNCHING")[0].evidence["punch"],
    )
    assert found.reason.startswith("The punch of Guard P2 at Site S1 at 08:02 looks like fraud: Guard P2 and Guard P1")
    assert [*found.evidence["checks"]] == ["buddy_punching"]
    assert found.evidence["not_judged"]["geofence"] == "the punch has no position"
    stands = alert(run, FRAUD)
    assert stands.fraud_score == pytest.approx(0.9 * 0.95)
    assert [*stands.evidence["also"]] == [run.of("BUDDY_PUNCHING")[0].id]
    assert run.alerts("BUDDY_PUNCHING") == []


def test_from_080_a_ticket_follows_whatever_severities_are_work() -> None:
    run = played(company("P1", "P2"), on("P1", 480), on("P2", 482))
    assert alert(run, FRAUD).ticket == "T-1"
    weaker = played(company("P1", "P2"), shift("P1", 8, 16), punch("P2", "in", hours(8)))
    assert alert(weaker, FRAUD).fraud_score == pytest.approx(0.57)
    assert alert(weaker, FRAUD).ticket is None


def test_an_honest_punch_scores_nothing_and_tells_what_was_not_judged() -> None:
    run = played(company("P1"), punch("P1", "in", hours(8), method="PIN", confidence=None, device=None))
    record = kept(run.engine)["P1"]
    assert (record.score, record.checks, record.finding) == (0.0, {}, "")
    assert record.missing == {
        "biometric_low": "no face, finger or iris was compared",
        "biometric_pattern": "no face, finger or iris was compared",
        "device_sharing": "the punch names no device",
        "geofence": "the punch has no position",
        "gps_spoofing": "the punch has no position",
        "impossible_travel": "no earlier punch is known",
        "profile": "0 punches are known of 90 days; what is usual is told from 10",
        "schedule": "no shifts are planned at the site",
        "wrong_person": "no shifts are planned at the site",
    }


def test_a_punch_that_is_not_verified_or_leaves_is_not_judged_by_its_place() -> None:
    run = played(company("P1", "P2"), punch("P1", "in", hours(8), verified=False), punch("P2", "out", hours(8)))
    doubtful, leaving = (kept(run.engine)[person].missing for person in ("P1", "P2"))
    assert doubtful["unauthorized_site"] == "the punch is not verified"
    assert leaving["unauthorized_site"] == "it is judged when someone comes"


def test_a_fraud_that_shows_late_opens_its_alert_and_takes_the_punch_over() -> None:
    run = strangers(on("P1", 480, received_at=minutes(483)))
    stands = alert(run, FRAUD)
    assert stands.fraud_score == kept(run.engine)["P2"].score > 0.8
    assert [*stands.evidence["also"]] == [each.id for each in run.of("BUDDY_PUNCHING")]
    assert alert(run, "UNAUTHORIZED_SITE").severity == "CRITICAL"  # such a one is never ended unasked


def test_the_lesser_alert_that_nobody_touched_ends_and_its_finding_is_evidence() -> None:
    rules = Rules(CATALOG, general={"UNAUTHORIZED_SITE": {"severity": Severity.MEDIUM}})
    run = Field(engine=engine(ALONE, rules=rules))
    known = [*company("P1"), event("noc.person", id="P2", name="Guard P2", sites=("S2",))]
    run.feed([*known, on("P2", 481), on("P1", 480, received_at=minutes(483))])
    assert run.alerts("UNAUTHORIZED_SITE") == [("resolved", 1)]
    found = {each.id for each in run.standing if each.type in ("UNAUTHORIZED_SITE", "BUDDY_PUNCHING")}
    assert set(alert(run, FRAUD).evidence["also"]) == found
    run.feed([event("noc.device", at=minutes(484), id="A", kind="terminal", site="S1")])
    assert (run.alerts("UNAUTHORIZED_SITE"), run.alerts(FRAUD)) == ([("open", 2)], [("resolved", 1)])


def test_late_evidence_below_a_half_takes_the_fraud_back_and_leaves_the_rest() -> None:
    run = strangers(on("P1", 480, received_at=minutes(483)))
    run.feed([event("noc.device", at=minutes(490), id="A", kind="terminal", site="S1")])
    assert (run.withdrawn("BUDDY_PUNCHING"), run.withdrawn(FRAUD)) == (1, 1)
    assert run.of(FRAUD) == []
    left = kept(run.engine)["P2"]
    assert (left.finding, left.alert, left.score < 0.5) == ("", None, True)
    assert alert(run, "UNAUTHORIZED_SITE").fraud_score is None
    assert run.alerts(FRAUD) == [("resolved", 1)]


def test_however_batched_and_restarted_the_scores_are_the_same() -> None:
    late = on("P1", 480, received_at=minutes(483))
    known = [*company("P1"), event("noc.person", id="P2", name="Guard P2", sites=("S2",))]
    story = [*known, on("P2", 481), late, event("noc.device", at=minutes(490), id="A", kind="terminal", site="S1")]
    at_once, restarted = engine(ALONE), engine(ALONE)
    at_once.fold(story)
    one_by_one = Field()
    one_by_one.feed(story)
    for each in story:
        restarted.fold([each])
        restarted.finish()
        restarted = saved_and_loaded(restarted)
    assert kept(at_once) == kept(one_by_one.engine) == kept(restarted)


def test_a_check_in_shadow_says_nothing() -> None:
    rules = Rules(CATALOG, general={"BUDDY_PUNCHING": {"mode": "shadow"}})
    run = Field(engine=engine(ALONE, rules=rules))
    run.feed([*company("P1", "P2"), on("P1", 480), on("P2", 482)])
    assert (run.of(FRAUD), len(run.of("BUDDY_PUNCHING"))) == ([], 1)
    assert kept(run.engine)["P2"].missing["buddy_punching"] == "the check is shadow"


def test_punches_of_days_ago_are_let_go_of() -> None:
    run = played(company("P1", "P2"), on("P1", 480), on("P2", 482), punch("P1", "in", hours(80)))
    assert [record.time for record in run.engine.shelves.kind(KIND).values()] == [hours(80)]


def test_past_the_bound_a_punch_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "PUNCHES_MAX", 1)
    run = played(company("P1", "P2"), on("P1", 480), on("P2", 482))
    assert len(run.of(FRAUD)) == 1
    assert [*kept(run.engine)] == ["P1"]


def test_more_evidence_raises_the_score_and_makes_a_ticket() -> None:
    run = played(company("P1", "P2", "P3"), shift("P1", 8, 16), on("P2", 481))
    assert (alert(run, FRAUD).severity, alert(run, FRAUD).ticket) == ("HIGH", None)  # the wrong person is HIGH
    run.feed([on("P3", 480, received_at=minutes(483))])
    raised = alert(run, FRAUD)
    assert raised.severity == "CRITICAL"
    assert raised.ticket is not None
    assert raised.fraud_score == pytest.approx(1 - 0.43 * 0.145)
    assert [each.person for each in run.of(FRAUD)] == ["P2", "P3"]


def test_an_alert_that_somebody_resolved_is_not_scored_any_more() -> None:
    run = played(company("P1", "P2", "P3"), shift("P1", 8, 16), on("P2", 481))
    before = alert(run, FRAUD)
    args = {"verdict": "benign"}
    assert run.engine.apply(Command(verb="resolve", target=before.id, actor="m", time=minutes(482), args=args)).ok
    run.feed([on("P3", 480, received_at=minutes(483))])
    assert before.fraud_score == pytest.approx(0.57)
    assert kept(run.engine)["P2"].score > 0.9


def test_checks_of_a_month_that_look_made_count_for_each_punch_while_they_do() -> None:
    run = played(company("P1"), *(punch("P1", "in", hours(8 + 24 * day)) for day in range(11)))
    last = kept(run.engine)["P1"]
    assert [check.name for check in last.checks.values()] == ["biometric_pattern"]
    assert last.score == pytest.approx(0.3 * 0.75)
