"""Alerts that belong together are one incident; what else happens to them happens to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nocd.domain.incident import CloseWhen, IncidentStatus
from nocd.domain.severity import Severity
from nocd.triage.grouping import Grouping
from tests.unit.triage.build_story import Desk, with_limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nocd.domain.alert import Alert


def test_one_alert_is_no_incident() -> None:
    desk = Desk()
    desk.fires("Camera", 0, person="P1")
    assert desk.incidents == []


def test_two_alerts_about_one_person_are_one_incident_that_says_why() -> None:
    desk = Desk()
    first = desk.fires("Fence", 0, person="P1", severity="MEDIUM")
    second = desk.fires("Camera", 3, person="P1", severity="HIGH")
    (incident,) = desk.incidents
    assert list(incident.alerts) == [first.id, second.id]
    assert first.incident == second.incident == incident.id
    assert (incident.score, incident.score_parts) == (0.8, {"time": 0.3, "same_person": 0.5})
    assert (incident.severity, incident.person, incident.site, incident.key) == (Severity.HIGH, "P1", "S1", "person:P1")
    ledger = desk.made.finish().ledger
    grouped = [row for row in ledger if row.decision == "grouped"]
    assert [row.alert for row in grouped] == [first.id, second.id]
    assert all("the same person, 3 min apart" in row.reason for row in grouped)


@pytest.mark.parametrize(("apart", "together"), [(15, True), (15.1, False)])
def test_the_window_is_fifteen_minutes_of_event_time(apart: float, *, together: bool) -> None:
    desk = Desk()
    desk.fires("Fence", 0, person="P1")
    desk.fires("Camera", apart, person="P1")
    assert bool(desk.incidents) is together


def test_the_window_can_be_set() -> None:
    desk = with_limits(correlation_window_ms=60 * 60_000)
    desk.fires("Fence", 0, person="P1")
    desk.fires("Camera", 55, person="P1")
    assert len(desk.incidents) == 1


def test_what_reaches_us_late_is_matched_by_when_it_happened() -> None:
    desk = Desk()
    desk.fires("Fence", 0, person="P1")
    desk.fires("Camera", 4, person="P1", received_at=desk.at(50))
    desk.fires("Gate", 40, person="P1", received_at=desk.at(51))
    (incident,) = desk.incidents
    assert len(incident.alerts) == 2


def test_two_alerts_on_one_device_are_one_incident() -> None:
    desk = Desk()
    desk.fires("Tampered", 0, entity="cam-7")
    desk.fires("Blinded", 9, entity="cam-7")
    (incident,) = desk.incidents
    assert (incident.score, incident.key) == (0.7, "device:camera/cam-7")


def test_a_phone_and_its_owner_are_one_story() -> None:
    desk = Desk()
    desk.told("noc.person", 0, id="P1", name="Ana", sites=["S1"])
    desk.told("noc.device", 0, id="D1", kind="phone", person="P1")
    desk.fires("Fence", 1, person="P1")
    desk.fires("DEVICE_OFFLINE", 2, entity="D1", entity_type="phone")
    desk.fires("Gate", 3, person="P1")
    (incident,) = desk.incidents
    assert (incident.key, len(incident.alerts)) == ("person:P1", 3)


def test_the_owner_of_a_phone_that_fails_first_is_found_too() -> None:
    desk = Desk()
    desk.told("noc.device", 0, id="D1", kind="phone", person="P1")
    desk.fires("DEVICE_OFFLINE", 2, entity="D1", entity_type="phone")
    desk.fires("Fence", 3, person="P1")
    assert [each.key for each in desk.incidents] == ["person:P1"]


def test_the_same_site_alone_never_correlates() -> None:
    desk = Desk()
    for name in ("Fence", "Gate", "Camera", "DEVICE_OFFLINE", "TOUR_MISSED"):
        desk.fires(name, 0)
    assert desk.incidents == []


def test_a_tour_alert_and_the_checkpoint_signal_of_the_site_are_one_story() -> None:
    desk = Desk()
    desk.fires("TOUR_MISSED", 0)
    desk.fires("ANOMALY_TOUR_CHECKPOINTS_BELOW", 4)
    (incident,) = desk.incidents
    assert (incident.score, incident.key) == (0.6, "site:S1:tour")


def test_what_matches_later_joins_the_story() -> None:
    desk = Desk()
    for no, name in enumerate(("Fence", "Gate", "Camera", "Light")):
        desk.fires(name, 12 * no, person="P1")
    (incident,) = desk.incidents
    assert len(incident.alerts) == incident.standing == 4
    assert [moment.happened for moment in incident.timeline] == ["joined"] * 4


def test_new_matches_within_a_quiet_hour_join_and_after_it_open_another() -> None:
    desk = Desk()
    for minutes, name in ((0, "Fence"), (1, "Gate"), (40, "Camera"), (41, "Light"), (102, "Door"), (103, "Roof")):
        desk.fires(name, minutes, person="P1")
    assert [len(each.alerts) for each in desk.standing] == [4, 2]


def test_sightings_of_what_belongs_are_counted_and_keep_the_story_going() -> None:
    desk = Desk()
    desk.fires("Fence", 0, person="P1")
    desk.fires("Gate", 1, person="P1")
    for minutes in range(30, 90, 30):
        desk.fires("Gate", minutes, person="P1")
    desk.fires("Camera", 70, person="P1")
    (incident,) = desk.incidents
    assert (incident.sightings, len(incident.alerts)) == (5, 3)


def test_the_earliest_is_suspected_and_of_those_that_began_together_the_worst() -> None:
    desk = Desk()
    desk.fires("Fence", 0, person="P1", severity="LOW")
    worst = desk.fires("Gate", 0.5, person="P1", severity="HIGH")
    desk.fires("Camera", 3, person="P1", severity="CRITICAL")
    (incident,) = desk.incidents
    assert incident.cause is not None
    assert (incident.cause.alert, incident.severity) == (worst.id, Severity.CRITICAL)


def test_what_grows_worse_makes_the_incident_worse() -> None:
    desk = Desk()
    desk.fires("Fence", 0, person="P1", severity="LOW")
    desk.fires("Gate", 1, person="P1", severity="LOW")
    desk.fires("Gate", 2, person="P1", severity="CRITICAL")
    desk.fires("Gate", 3, person="P1", severity="LOW")
    (incident,) = desk.incidents
    assert incident.severity is Severity.CRITICAL
    assert incident.timeline[-1].happened == "severity_raised"


def test_it_resolves_with_the_last_of_its_alerts_and_not_before() -> None:
    desk = Desk()
    for name in ("Fence", "Gate"):
        desk.fires(name, 0, person="P1")
    desk.ends("Fence", 1, person="P1")
    (incident,) = desk.incidents
    assert (incident.status, incident.standing) == (IncidentStatus.OPEN, 1)
    desk.ends("Gate", 2, person="P1")
    assert (incident.status, incident.resolved_by, incident.standing) == (IncidentStatus.RESOLVED, "nocd", 0)


def test_one_that_closes_with_any_ends_the_others_but_none_that_waits_for_a_person() -> None:
    desk = with_limits(incident_close_when=CloseWhen.ANY)
    for name, severity in (("Fence", "LOW"), ("Gate", "LOW"), ("Vault", "CRITICAL")):
        desk.fires(name, 0, person="P1", severity=severity)
    desk.ends("Fence", 1, person="P1")
    (incident,) = desk.incidents
    assert [desk.alert(name).unresolved for name in ("Fence", "Gate", "Vault")] == [False, False, True]
    assert (incident.status, incident.standing) == (IncidentStatus.OPEN, 1)


def test_one_that_never_closes_waits_for_a_person() -> None:
    desk = with_limits(incident_close_when=CloseWhen.NEVER)
    for name in ("Fence", "Gate"):
        desk.fires(name, 0, person="P1")
    for name in ("Fence", "Gate"):
        desk.ends(name, 1, person="P1")
    (incident,) = desk.incidents
    assert (incident.status, incident.standing) == (IncidentStatus.OPEN, 0)


def test_an_alert_that_comes_back_opens_its_incident_again() -> None:
    desk = Desk()
    for name in ("Fence", "Gate"):
        desk.fires(name, 0, person="P1")
    for name in ("Fence", "Gate"):
        desk.ends(name, 1, person="P1")
    back = desk.fires("Gate", 3, person="P1")
    (incident,) = desk.incidents
    assert (incident.status, incident.standing, back.incident) == (IncidentStatus.OPEN, 1, incident.id)


def test_an_undone_resolve_opens_the_incident_that_resolved_with_it() -> None:
    desk = Desk()
    alerts = [desk.fires(name, 0, person="P1") for name in ("Fence", "Gate")]
    for alert in alerts:
        desk.asks("resolve", alert.id, 1, verdict="benign")
    (incident,) = desk.incidents
    assert incident.status is IncidentStatus.RESOLVED
    assert desk.asks("undo", alerts[1].id, 1.1).ok
    assert (incident.status, incident.standing) == (IncidentStatus.OPEN, 1)
    assert desk.asks("undo", alerts[0].id, 1.1).ok
    assert incident.standing == 2


def test_the_quiet_end_of_its_alerts_ends_it() -> None:
    desk = Desk()
    desk.fires("Fence", 0, person="P1", severity="LOW")
    desk.fires("Gate", 5, person="P1", severity="LOW")
    desk.passes(70)
    (incident,) = desk.incidents
    assert incident.status is IncidentStatus.RESOLVED


def on_duty(desk: Desk, *, phones: int, fixes: int) -> None:
    """Let a guard be on duty for two hours, with so many signs of life lately."""
    desk.told("noc.attendance.punch", -120, person="P1", site="S1", direction="in", method="FACE")
    for no in range(phones):
        desk.told("noc.phone.event", -50 + no, person="P1", kind="stepcount", steps=9)
    for no in range(fixes):
        desk.told("noc.location.fix", -40 + no, person="P1", lat=52.51234 + no / 1e4, lon=13.42171)


@pytest.mark.parametrize(
    ("phones", "fixes", "severity"),
    [(4, 2, Severity.MEDIUM), (0, 3, Severity.HIGH), (5, 2, None), (4, 3, None), (0, 0, None)],
)
def test_an_alert_about_a_guard_whose_signals_look_wrong_is_an_incident(
    phones: int, fixes: int, severity: Severity | None
) -> None:
    desk = Desk()
    on_duty(desk, phones=phones, fixes=fixes)
    alert = desk.fires("Fence", 0, person="P1", severity="LOW")
    assert [each.severity for each in desk.incidents] == ([] if severity is None else [severity])
    for incident in desk.incidents:
        assert incident.signals is not None
        assert incident.signals.values["phone_events"] == phones
        assert (incident.signals.severity, incident.score, alert.incident) == (severity, 0.8, incident.id)


def test_a_device_alert_at_a_site_whose_phones_are_silent_is_an_incident() -> None:
    desk = Desk()
    on_duty(desk, phones=2, fixes=1)
    desk.fires("DEVICE_OFFLINE", 0, severity="LOW")
    (incident,) = desk.incidents
    assert (incident.key, incident.score, incident.severity) == ("site:S1:device", 0.8, Severity.MEDIUM)


def test_who_has_just_come_has_done_nothing_wrong_yet() -> None:
    desk = Desk()
    desk.told("noc.attendance.punch", -10, person="P1", site="S1", direction="in", method="FACE")
    desk.told("noc.phone.event", -9, person="P1", kind="stepcount", steps=9)
    desk.fires("Fence", 0, person="P1")
    assert desk.incidents == []


def test_an_incident_keeps_what_the_signals_showed_when_it_began() -> None:
    desk = Desk()
    on_duty(desk, phones=9, fixes=9)
    desk.fires("Fence", 0, person="P1")
    desk.fires("Gate", 1, person="P1")
    (incident,) = desk.incidents
    assert incident.signals is not None
    assert (incident.signals.values["location_updates"], incident.signals.severity) == (9, None)


def test_resolved_incidents_are_let_go_of_after_a_day() -> None:
    desk = Desk()
    for name in ("Fence", "Gate"):
        desk.fires(name, 0, person="P1")
    for name in ("Fence", "Gate"):
        desk.ends(name, 1, person="P1")
    desk.fires("Roof", 26 * 60)
    assert desk.incidents == []
    assert desk.made.shelves.kind("story") == {}


def test_a_story_takes_in_many_without_looking_at_each(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, looked = Desk(), list[str]()
    others = Grouping._others

    def counted(grouping: Grouping, key: str, alert: Alert) -> Iterator[Alert]:
        looked.append(key)
        return others(grouping, key, alert)

    monkeypatch.setattr(Grouping, "_others", counted)
    for no in range(90):
        desk.fires(f"T{no}", no / 3, entity="rack")
    (incident,) = desk.incidents
    assert incident.standing == 90
    assert len(looked) < 60
