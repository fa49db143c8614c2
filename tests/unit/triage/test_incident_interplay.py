"""What is done to incidents while alerts end, come back and storm around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.domain.incident import IncidentStatus
from nocd.feed.mask import mask
from nocd.wire.present import change_body
from tests.unit.triage.build_story import Desk
from tests.unit.triage.test_incident_acts import story

if TYPE_CHECKING:
    from nocd.domain.incident import Incident


def by_id(desk: Desk, incident_id: str) -> Incident:
    return next(each for each in desk.incidents if each.id == incident_id)


def test_an_undo_does_not_open_an_incident_that_resolved_by_itself_since() -> None:
    desk = story()
    desk.asks("ack_incident", "I-1", 1)
    for name in ("Fence", "Gate"):
        desk.ends(name, 1, person="P1")
    assert desk.asks("undo_incident", "I-1", 1.1).body["code"] == "nothing_to_undo"
    assert by_id(desk, "I-1").status is IncidentStatus.RESOLVED


def test_an_undo_does_not_open_an_incident_that_was_merged_since() -> None:
    desk = story()
    desk.asks("ack_incident", "I-2", 1)
    desk.asks("merge_incident", "I-1", 1.05, incidents=["I-2"])
    assert desk.asks("undo_incident", "I-2", 1.1).body["code"] == "nothing_to_undo"
    assert [each.id for each in desk.standing] == ["I-1"]


def test_an_undone_alert_goes_on_where_its_incident_was_merged_into() -> None:
    desk = story()
    desk.asks("resolve", "A-1", 1, verdict="benign")
    desk.asks("merge_incident", "I-2", 1.05, incidents=["I-1"])
    assert desk.asks("undo", "A-1", 1.1).ok
    assert [(each.id, each.ids) for each in desk.standing] == [("I-2", ["A-3", "A-4", "A-2", "A-1"])]


def test_the_ledger_of_an_alert_names_the_incident_it_was_worked_on_with() -> None:
    desk = story()
    desk.made.finish()
    desk.asks("ack_incident", "I-1", 1, note="on it")
    rows = [row for row in desk.made.finish().ledger if row.decision == "acknowledged"]
    assert [(row.alert, row.reason) for row in rows] == [("A-1", "with I-1: on it"), ("A-2", "with I-1: on it")]


def test_a_storm_takes_nothing_out_of_what_somebody_has_in_hand() -> None:
    desk = Desk()
    for no in range(2):
        desk.fires(f"T{no}", no / 5, entity="cam-0")
    desk.asks("ack_incident", "I-1", 0.5)
    ours = [desk.fires(f"T{no}", no / 5) for no in (3, 4)]
    made = desk.asks("create_incident", "", 1, title="Ours", alerts=[each.id for each in ours]).body["id"]
    for no in range(5, 25):
        desk.fires(f"T{no}", no / 5)
    assert [(each.id, each.standing) for each in desk.standing] == [("I-1", 2), (made, 2), ("I-3", 20)]
    assert by_id(desk, "I-3").storm


def test_what_stands_after_its_storm_is_over_is_no_more_one_of_the_storm() -> None:
    desk = Desk()
    alerts = [desk.fires(f"T{no}", no / 5) for no in range(22)]
    hidden = desk.made.triage.incidents.storm_of
    assert hidden(alerts[0]) == "it is one of the storm that I-1 carries"
    desk.asks("resolve_incident", "I-1", 5, verdict="benign")
    assert hidden(alerts[0]) is None


def test_a_note_on_the_feed_names_whom_it_is_about_so_that_it_can_be_masked() -> None:
    desk = Desk()
    desk.told("noc.person", 0, id="P1", name="Bea Bell")
    desk.told("noc.site", 0, id="S1", name="North", timezone="UTC", client="ACME")
    alert = desk.fires("Fence", 0, person="P1")
    desk.made.finish()
    desk.asks("note", alert.id, 1, text="Bea Bell called back")
    (noted,) = [each for each in desk.made.finish().changes if each.type == "note_added"]
    names = ("title", "site_name", "client", "person_name")
    assert [noted.data[name] for name in names] == [alert.title, "North", "ACME", "Bea Bell"]
    assert b"Bea" not in mask(change_body(1, noted))


def test_what_comes_back_after_its_story_was_quiet_belongs_to_it_no_more() -> None:
    desk = Desk()
    for name, severity in (("Fence", "LOW"), ("Gate", "CRITICAL")):
        desk.fires(name, 0, person="P1", severity=severity)
    desk.ends("Fence", 70, person="P1")
    desk.made.finish()
    back = desk.fires("Fence", 71, person="P1", severity="LOW")
    assert (back.incident, [(each.id, each.ids) for each in desk.standing]) == (None, [("I-1", ["A-2"])])
    why = [(row.decision, row.reason) for row in desk.made.finish().ledger if row.alert == back.id]
    assert ("ungrouped", "I-1: it came back after that story") in why
