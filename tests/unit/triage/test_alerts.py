"""From sightings to alerts, and what operators and time do to them."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.domain.alert import Alert, Status
from nocd.domain.command import Command
from nocd.domain.finding import Category, Finding
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.domain.severity import Severity
from nocd.engine import Engine
from nocd.triage.intake import Intake, Limits
from nocd.triage.runbooks import Runbooks
from tests.build import ALONE, T0, engine, event, firing, resolved


def only(made: Engine) -> Alert:
    alert: Alert
    (alert,) = made.shelves.kind("alert").values()
    return alert


def act(made: Engine, verb: str, alert_id: str = "A-1", *, at: int = T0, actor: str = "mara", **args: Any):
    return made.apply(Command(verb=verb, target=alert_id, actor=actor, time=at, args=args))


def opened(*more, **args) -> Engine:
    made = engine(ALONE)
    made.fold([firing(**args), *more])
    made.finish()
    return made


def found(made: Engine, finding_type: str, severity: str, *, condition: bool = False) -> None:
    finding = Finding(
        type=finding_type,
        category=Category.OPERATIONAL,
        severity=Severity(severity),
        confidence=0.7,
        time=T0,
        reason="it is unlike what is usual",
        site="S1",
        evidence={"metric": "phone_events"},
        condition=condition,
        id="F-1",
    )
    Intake(made.book, Limits(), Runbooks()).finding(finding, now=T0)


def decisions(made: Engine) -> list[str]:
    return [row.decision for row in made.finish().ledger]


def test_a_sighting_opens_and_its_repeats_renew() -> None:
    made = engine()
    made.fold([firing(at=T0), firing(at=T0 + 5_000), firing(at=T0 + 2_000)])
    outcome = made.finish()
    alert = only(made)
    assert (alert.id, alert.count, alert.first_seen, alert.last_seen) == ("A-1", 3, T0, T0 + 5_000)
    assert [change.type for change in outcome.changes if change.type.startswith("alert")] == ["alert_created"]
    assert [(row.row, row.decision) for row in outcome.ledger] == [(1, "opened"), (2, "ticketed"), (3, "renewed")]
    made.fold([firing(at=T0 + 9_000)])
    again = made.finish()
    assert [(row.row, row.reason) for row in again.ledger] == [(3, "seen 3 more times, 4 in all")]
    assert again.changes[0].data["happened"] == "renewed"


def test_different_entities_are_different_alerts() -> None:
    made = engine()
    made.fold([firing(), firing(entity="cam-8"), firing("Door"), firing(site="S2")])
    assert len(made.shelves.kind("alert")) == 4


def test_a_dedup_key_overrides_the_rest() -> None:
    made = engine()
    made.fold([firing(dedup_key="x"), firing("Other", entity="cam-9", dedup_key="x")])
    assert only(made).count == 2


def test_a_worse_sighting_raises_severity_and_a_milder_does_not_lower_it() -> None:
    made = opened(firing(severity="CRITICAL"), firing(severity="LOW"), severity="MEDIUM")
    assert only(made).severity == "CRITICAL"


def test_resolved_from_outside_ends_it_and_unseen_high_stays_listed() -> None:
    made = opened(resolved(at=T0 + MINUTE_MS, received_at=T0 + MINUTE_MS))
    alert = only(made)
    assert alert.status is Status.RESOLVED
    assert alert.ended_unseen
    assert act(made, "ack", at=T0 + 2 * MINUTE_MS).ok
    assert not alert.ended_unseen
    assert act(made, "ack", at=T0 + 3 * MINUTE_MS).status == 409


def test_an_alert_that_ended_by_itself_can_still_be_judged_and_that_taken_back() -> None:
    made = opened(resolved(at=T0 + 1))
    body = act(made, "resolve", at=T0 + 2, verdict="false_positive").body
    assert (body["status"], body["verdict"], body["ended_unseen"]) == ("resolved", "false_positive", False)
    assert act(made, "resolve", at=T0 + 3, verdict="fraud").status == 409
    undone = act(made, "undo", at=T0 + 4).body
    assert (undone["status"], undone["verdict"], undone["ended_unseen"]) == ("resolved", None, True)


def test_a_resolve_older_than_the_newest_sighting_is_no_end() -> None:
    made = opened(resolved(at=T0 - 1))
    assert only(made).status is Status.OPEN


def test_a_late_sighting_does_not_reopen_what_ended_after_it() -> None:
    made = opened(resolved(at=T0 + MINUTE_MS), firing(at=T0 + 30_000))
    assert only(made).status is Status.RESOLVED
    made.fold([firing(at=T0 + 30_000, received_at=T0 + HOUR_MS)])
    assert len(made.shelves.kind("alert")) == 1


def test_seen_again_within_five_minutes_reopens_and_later_opens_anew() -> None:
    made = opened(resolved(at=T0 + 1), firing(at=T0 + 5 * MINUTE_MS))
    assert only(made).status is Status.OPEN
    made.fold([resolved(at=T0 + 6 * MINUTE_MS), firing(at=T0 + 11 * MINUTE_MS + 1)])
    assert [alert.status for alert in made.shelves.kind("alert").values()] == [Status.RESOLVED, Status.OPEN]


def test_seen_again_within_five_minutes_of_a_resolve_by_hand_reopens_with_no_verdict_and_later_opens_anew() -> None:
    made = opened()
    act(made, "resolve", at=T0, verdict="benign")
    made.fold([firing(at=T0 + 5 * MINUTE_MS)])
    alert = only(made)
    assert (alert.status, alert.verdict, alert.resolved_by) == (Status.OPEN, None, None)
    assert [row.decision for row in made.finish().ledger] == ["resolved", "reopened", "not_ticketed"]
    act(made, "resolve", at=T0 + 6 * MINUTE_MS, verdict="fraud")
    made.fold([firing(at=T0 + 11 * MINUTE_MS + 1)])
    assert {alert.id: alert.verdict for alert in made.shelves.kind("alert").values()} == {"A-1": "fraud", "A-2": None}


@pytest.mark.parametrize(
    ("severity", "before", "unseen"),
    [
        ("CRITICAL", None, True),
        ("HIGH", None, True),
        ("HIGH", "escalate", True),
        ("HIGH", "note", True),
        ("HIGH", "ack", False),
        ("HIGH", "assign", False),
        ("HIGH", "start", False),
        ("MEDIUM", None, False),
    ],
)
def test_what_ended_is_unseen_where_it_was_grave_and_nobody_took_it_on(severity, before, unseen) -> None:
    made = opened(severity=severity)
    if before is not None:
        assert act(made, before, assignee="tomas", text="who is near?").ok
    made.fold([resolved(at=T0 + MINUTE_MS)])
    assert only(made).ended_unseen is unseen


def test_a_high_alert_that_ended_by_quiet_is_unseen_until_it_comes_again() -> None:
    made = opened()
    made.tick(T0 + HOUR_MS)
    assert only(made).ended_unseen
    made.fold([firing(at=T0 + HOUR_MS + MINUTE_MS)])
    assert not only(made).ended_unseen


def test_quiet_ends_a_condition_but_never_a_critical_one() -> None:
    made = opened(firing("Fire", severity="CRITICAL"))
    assert not made.tick(T0 + HOUR_MS - 1)
    assert made.tick(T0 + HOUR_MS)
    assert {alert.type: alert.status for alert in made.shelves.kind("alert").values()} == {
        "Camera": Status.RESOLVED,
        "Fire": Status.OPEN,
    }
    assert made.tick(T0 + HOUR_MS + 5 * MINUTE_MS)
    assert [alert.type for alert in made.shelves.kind("alert").values()] == ["Fire"]
    made.tick(T0 + 300 * DAY_MS)
    assert only(made).status is Status.OPEN


@pytest.mark.parametrize(
    ("finding_type", "severity", "condition", "quiet_min"),
    [
        ("ANOMALY_PHONE_EVENTS_BELOW", "MEDIUM", False, 120),
        ("ANOMALY_STREAM", "HIGH", False, 120),
        ("TOUR_OVERDUE", "MEDIUM", True, 15),
    ],
)
def test_what_lasts_ends_when_it_was_quiet_for_its_time(finding_type, severity, condition, quiet_min) -> None:
    made = engine()
    found(made, finding_type, severity, condition=condition)
    assert not made.tick(T0 + quiet_min * MINUTE_MS - 1)
    assert made.tick(T0 + quiet_min * MINUTE_MS)
    assert only(made).status is Status.RESOLVED
    assert made.finish().ledger[-1].reason == f"not seen for {quiet_min} min"


@pytest.mark.parametrize(("finding_type", "severity"), [("WRONG_PERSON", "HIGH"), ("ANOMALY_STREAM", "CRITICAL")])
def test_an_event_and_a_critical_wait_for_a_verdict_however_quiet(finding_type, severity) -> None:
    made = engine(ALONE)
    found(made, finding_type, severity)
    made.tick(T0 + 30 * DAY_MS)
    assert only(made).status is Status.OPEN


def test_renewal_puts_quiet_off() -> None:
    made = opened()
    made.fold([firing(at=T0 + 50 * MINUTE_MS)])
    made.finish()
    assert not made.tick(T0 + HOUR_MS)
    assert made.tick(T0 + 110 * MINUTE_MS)


def test_the_senders_own_timeout_is_how_long_its_alert_may_be_quiet() -> None:
    made = opened(resolve_timeout_s=300)
    made.fold([firing(at=T0 + MINUTE_MS, resolve_timeout_s=120), firing("Door", at=T0 + MINUTE_MS)])
    assert not made.tick(T0 + 3 * MINUTE_MS - 1)
    assert made.tick(T0 + 3 * MINUTE_MS)
    assert made.finish().ledger[-1].reason == "not seen for 2 min"
    made.fold([firing(at=T0 + 4 * MINUTE_MS)])
    assert not made.tick(T0 + HOUR_MS)


def test_an_acknowledgement_runs_out() -> None:
    made = opened(severity="CRITICAL")
    assert act(made, "ack", expires_minutes=5).body["status"] == "acknowledged"
    made.finish()
    assert made.next_due() == T0 + 5 * MINUTE_MS
    assert made.tick(T0 + 5 * MINUTE_MS)
    assert only(made).status is Status.OPEN
    assert "ack_expired" in decisions(made)


def test_a_resolve_keeps_the_verdict_and_how_long_it_took() -> None:
    made = opened()
    body = act(made, "resolve", at=T0 + 90_000, verdict="false_positive", note="cat").body
    assert (body["verdict"], body["resolved_by"], body["time_to_resolve_s"]) == ("false_positive", "mara", 90.0)


def test_a_resolve_straight_from_open_is_the_acknowledgement_too() -> None:
    made = opened()
    body = act(made, "resolve", at=T0 + 90_000, verdict="benign").body
    assert (body["acknowledged_by"], body["time_to_acknowledge_s"]) == ("mara", 90.0)
    later = opened()
    act(later, "ack", at=T0 + 5_000, actor="tomas")
    body = act(later, "resolve", at=T0 + 90_000, verdict="benign").body
    assert (body["acknowledged_by"], body["time_to_acknowledge_s"]) == ("tomas", 5.0)


def test_assign_start_escalate_note_reopen() -> None:
    made = opened()
    assert act(made, "assign", assignee="tomas").body["assignee"] == "tomas"
    assert act(made, "start").body["acknowledged_by"] == "mara"
    assert act(made, "escalate").body["status"] == "escalated"
    assert act(made, "note", text="called twice").body["notes"] == 1
    assert act(made, "resolve", verdict="benign").body["status"] == "resolved"
    assert act(made, "reopen").body["verdict"] is None
    outcome = made.finish()
    acts = "assigned started escalated note resolved reopened not_ticketed"
    assert [row.decision for row in outcome.ledger] == acts.split()
    assert [change.type for change in outcome.changes] == ["note_added", "alert_updated"]


def test_undo_takes_back_ones_own_act_within_ten_seconds_once() -> None:
    made = opened()
    act(made, "resolve", verdict="fraud")
    assert act(made, "undo", actor="tomas", at=T0 + 1_000).status == 409
    assert act(made, "undo", at=T0 + 10_000).body["status"] == "open"
    assert act(made, "undo", at=T0 + 10_000).status == 409
    act(made, "ack", at=T0 + 20_000)
    assert act(made, "undo", at=T0 + 30_001).status == 409


def test_a_command_on_nothing_and_an_unknown_command_are_refused() -> None:
    made = engine()
    assert act(made, "ack", "A-9").status == 404
    assert act(made, "dance").status == 400


def test_a_recalled_alert_is_worked_on_and_let_go_again() -> None:
    made = opened()
    act(made, "resolve", verdict="benign")
    made.finish()
    made.tick(T0 + HOUR_MS)
    assert not made.holds("A-1")
    former = engine()
    former.fold([firing()])
    act(former, "resolve", verdict="benign")
    later = T0 + 2 * HOUR_MS
    reply = made.apply(Command(verb="reopen", target="A-1", actor="mara", time=later, recalled=only(former)))
    assert reply.body["status"] == "open"
    assert made.holds("A-1")


def test_panic_opens_a_safety_alert_where_the_person_is_on_duty() -> None:
    made = engine()
    made.fold(
        [
            event("noc.person", id="P1", name="Ada Silva"),
            event("noc.attendance.punch", person="P1", site="S1", direction="in", method="FACE"),
            event("noc.phone.event", person="P1", kind="panic", battery_percent=20.0),
        ]
    )
    alert = only(made)
    assert (alert.type, alert.severity, alert.site) == ("GUARD_DISTRESS", "CRITICAL", "S1")
    assert "Ada Silva" in alert.reason
    made.tick(T0 + 10 * HOUR_MS)
    assert alert.unresolved


def test_an_unknown_name_is_told_once_and_kept_as_provisional() -> None:
    made = engine()
    made.fold([firing(), firing()])
    outcome = made.finish()
    assert [finding.type for finding, _ in outcome.findings] == ["UNKNOWN_ENTITY"]
    assert outcome.findings[0][1] is None
    created = [change for change in outcome.changes if change.type == "finding_created"]
    assert created[0].data["held_back"]
    assert made.roster.sites["S1"].provisional


def test_priority_orders_by_what_hurts_and_shows_its_parts() -> None:
    made = engine()
    site: dict[str, Any] = {"id": "S1", "name": "Depot", "timezone": "Europe/Lisbon", "tier": 5, "client": "Acme"}
    made.fold([event("noc.site", **site), *(firing(at=T0 + n * MINUTE_MS) for n in range(241))])
    alert = only(made)
    assert alert.priority_parts["impact"] == 20.0
    assert alert.priority_parts["site_tier"] == 15.0
    assert alert.priority_parts["recurrences_24h"] == 10.0
    assert alert.priority_parts["off_hours_or_alone"] == 10.0  # New Year's night in Lisbon
    assert alert.priority == round(sum(alert.priority_parts.values()))
    (view,) = (change.data for change in made.finish().changes if change.type == "alert_created")
    assert (view["site_name"], view["client"], view["entity"]) == ("Depot", "Acme", {"type": "camera", "id": "cam-7"})
