"""Incidents are put together and taken apart by hand, and put back."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.domain.incident import ALERTS_MAX, LINKS_MAX, IncidentStatus
from tests.unit.triage.build_story import Desk
from tests.unit.triage.test_incident_acts import story


def incidents_of(desk: Desk) -> dict[str, str | None]:
    alerts = desk.made.shelves.kind("alert").values()
    return {alert.id: alert.incident for alert in alerts}


def state(desk: Desk) -> list[Any]:
    """Return what an undo has to put back."""
    incidents = [
        (each.id, each.status, sorted(each.ids), each.standing, list(each.links), each.parent, each.merged_into)
        for each in desk.incidents
        if each.alerts
    ]
    return [incidents_of(desk), incidents]


def test_a_merge_lets_other_incidents_go_on_in_one() -> None:
    desk = story()
    body = desk.asks("merge_incident", "I-1", 1, incidents=["I-2", "I-2"]).body
    assert (body["standing"], body["alerts"]) == (4, ["A-1", "A-2", "A-3", "A-4"])
    first, second = desk.incidents
    assert (second.status, second.merged_into, second.standing) == (IncidentStatus.RESOLVED, "I-1", 0)
    assert set(incidents_of(desk).values()) == {"I-1"}
    assert first.timeline[-1].text == "Gate on Gate-P2: merged from I-2"


def test_what_comes_later_joins_the_incident_that_its_own_was_merged_into() -> None:
    desk = story()
    desk.asks("merge_incident", "I-1", 1, incidents=["I-2"])
    assert desk.fires("Roof", 2, person="P2").incident == "I-1"


def test_a_merged_incident_is_not_reopened() -> None:
    desk = story()
    desk.asks("merge_incident", "I-1", 1, incidents=["I-2"])
    reply = desk.asks("ack_incident", "I-2", 2)
    assert "it went on in I-1" in reply.body["detail"]


def test_a_split_gives_some_alerts_an_incident_of_their_own() -> None:
    desk = story()
    desk.asks("split_incident", "I-1", 1, alerts=["A-2"], title="The gate")
    assert incidents_of(desk) == {"A-1": "I-1", "A-2": "I-3", "A-3": "I-2", "A-4": "I-2"}
    made = desk.incidents[-1]
    assert (made.title, made.standing, made.score_parts) == ("The gate", 1, {"by_hand": 1.0})
    assert list(desk.incidents[0].alerts) == ["A-1"]


def test_alerts_and_incidents_are_linked() -> None:
    desk = story()
    lone = desk.fires("Roof", 0)
    desk.asks("link_incident", "I-1", 1, incidents=["I-2"], alerts=[lone.id, "A-3"])
    assert [each.links for each in desk.incidents] == [["I-2"], ["I-1"]]
    assert incidents_of(desk) == {"A-1": "I-1", "A-2": "I-1", "A-3": "I-1", "A-4": "I-2", lone.id: "I-1"}


def test_an_incident_hangs_under_another_or_under_none() -> None:
    desk = story()
    assert desk.asks("reparent_incident", "I-1", 1, parent="I-2").body["parent"] == "I-2"
    assert desk.asks("reparent_incident", "I-1", 2).body["parent"] is None


def test_an_incident_is_made_of_alerts_by_hand() -> None:
    desk = story()
    lone = desk.fires("Roof", 0)
    reply = desk.asks("create_incident", "", 1, title="Break-in", alerts=["A-1", lone.id], close_when="never")
    assert (reply.body["id"], reply.body["title"], reply.body["close_when"]) == ("I-3", "Break-in", "never")
    assert incidents_of(desk)["A-1"] == incidents_of(desk)[lone.id] == "I-3"


ACTS: dict[str, dict[str, Any]] = {
    "merge": {"incidents": ["I-2"]},
    "split": {"alerts": ["A-2"]},
    "link": {"incidents": ["I-2"], "alerts": ["A-3", "A-5"]},
    "reparent": {"parent": "I-2"},
}


@pytest.mark.parametrize("verb", sorted(ACTS))
def test_each_can_be_undone(verb: str) -> None:
    desk = story()
    desk.fires("Roof", 0)
    before = state(desk)
    assert desk.asks(f"{verb}_incident", "I-1", 1, **ACTS[verb]).ok
    assert state(desk) != before
    assert desk.asks("undo_incident", "I-1", 1.1).ok
    assert state(desk) == before


def test_an_undo_leaves_what_was_resolved_meanwhile() -> None:
    desk = story()
    desk.asks("merge_incident", "I-1", 1, incidents=["I-2"])
    desk.asks("resolve", "A-3", 1.05, verdict="benign")
    desk.asks("undo_incident", "I-1", 1.1)
    assert [(each.status, each.ids) for each in desk.incidents] == [("open", ["A-1", "A-2"]), ("open", ["A-4"])]


@pytest.mark.parametrize(
    ("verb", "args", "code"),
    [
        ("merge", {"incidents": ["I-9"]}, "not_found"),
        ("merge", {"incidents": ["I-1"]}, "itself"),
        ("split", {"alerts": ["A-3"]}, "not_in_it"),
        ("split", {"alerts": ["A-1", "A-2"]}, "nothing_left"),
        ("link", {}, "nothing_to_link"),
        ("link", {"alerts": ["A-9"]}, "not_found"),
        ("reparent", {"parent": "I-9"}, "not_found"),
        ("reparent", {"parent": "I-1"}, "itself"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(verb: str, args: dict[str, Any], code: str) -> None:
    desk = story()
    before = list(desk.made.shelves)
    assert desk.asks(f"{verb}_incident", "I-1", 1, **args).body["code"] == code
    assert list(desk.made.shelves) == before


def test_what_is_resolved_is_not_merged_nor_joined() -> None:
    desk = story(status="resolved")
    assert desk.asks("merge_incident", "I-2", 2, incidents=["I-1"]).body["code"] == "not_in_this_status"
    assert desk.asks("link_incident", "I-1", 2, alerts=["A-3"]).body["code"] == "not_in_this_status"
    assert desk.asks("link_incident", "I-2", 2, alerts=["A-1"]).body["code"] == "not_in_this_status"
    assert desk.asks("create_incident", "", 2, title="x", alerts=["A-1"]).body["code"] == "not_in_this_status"


def test_incidents_do_not_hang_in_a_circle_nor_too_deep() -> None:
    desk = Desk()
    for no in range(12):
        for name in ("Fence", "Gate"):
            desk.fires(name, 6 * no, person=f"P{no}")
    replies = [desk.asks("reparent_incident", f"I-{no + 1}", 70, parent=f"I-{no}") for no in range(1, 11)]
    assert replies[-2].ok
    assert replies[-1].body["code"] == "too_deep"
    assert desk.asks("reparent_incident", "I-1", 71, parent="I-5").body["code"] == "in_a_circle"


def test_links_and_alerts_of_an_incident_are_bounded() -> None:
    desk = story()
    desk.made.triage.incidents.edit("I-1").links = [f"I-{no + 100}" for no in range(LINKS_MAX)]
    assert desk.asks("link_incident", "I-1", 1, incidents=["I-2"]).body["code"] == "too_many_links"
    desk.made.triage.incidents.edit("I-1").standing = ALERTS_MAX - 1
    assert desk.asks("merge_incident", "I-1", 1, incidents=["I-2"]).body["code"] == "too_many_alerts"


def test_the_number_of_incidents_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nocd.triage.incidents.INCIDENTS_MAX", 2)
    desk = story()
    assert desk.asks("split_incident", "I-1", 1, alerts=["A-2"]).body["code"] == "too_many_incidents"
    for name in ("Fence", "Gate"):
        assert desk.fires(name, 1, person="P3").incident is None
