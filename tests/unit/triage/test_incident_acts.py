"""What may be done to an incident in which status, and what it does to its alerts."""

from __future__ import annotations

from typing import Any

import pytest

from nocd.domain.alert import Status, Verdict
from nocd.domain.incident import IncidentStatus
from nocd.triage.incident_table import COMMANDS, VERBS
from nocd.wire.incidents import INCIDENT_COMMANDS
from tests.unit.triage.build_story import Desk

ARGS: dict[str, dict[str, Any]] = {
    "assign": {"assignee": "tomas"},
    "note": {"text": "called"},
    "resolve": {"verdict": "benign"},
    "merge": {"incidents": ["I-2"]},
    "split": {"alerts": ["A-2"]},
    "link": {"incidents": ["I-2"]},
    "reparent": {"parent": "I-2"},
}
MOVES = {"ack": "acknowledged", "assign": "acknowledged", "resolve": "resolved", "reopen": "open"}


def story(*, status: str = "open", close_when: str = "all") -> Desk:
    """Return a desk with two incidents: I-1 of A-1 and A-2 about P1, in a status, and I-2 of A-3 and A-4 about P2."""
    desk = Desk()
    for person in ("P1", "P2"):
        for name in ("Fence", "Gate"):
            desk.fires(name, 0, person=person)
    if status != "open":
        verb, args = ("ack", {}) if status == "acknowledged" else ("resolve", {"verdict": "fraud"})
        assert desk.asks(f"{verb}_incident", "I-1", 1, **args).ok
    desk.made.triage.incidents.edit("I-1").undo = None
    return desk


STANDS = ["open", "acknowledged"]
ALLOWED = {
    "ack": ["open"],
    "assign": STANDS,
    "escalate": STANDS,
    "note": [*STANDS, "resolved"],
    "resolve": STANDS,
    "reopen": ["resolved"],
    "merge": STANDS,
    "split": STANDS,
    "link": [*STANDS, "resolved"],
    "reparent": [*STANDS, "resolved"],
}


@pytest.mark.parametrize("status", list(IncidentStatus))
@pytest.mark.parametrize("verb", sorted(ALLOWED))
def test_the_table_says_what_may_be_done_in_which_status(verb: str, status: str) -> None:
    desk = story(status=status)
    before = list(desk.made.shelves)
    reply = desk.asks(f"{verb}_incident", "I-1", 2, **ARGS.get(verb, {}))
    assert reply.ok is (status in ALLOWED[verb])
    if reply.ok:
        assert reply.body["status"] == MOVES.get(verb, status)
    else:
        assert (reply.status, reply.body["code"]) == (409, "not_in_this_status")
        assert f"{verb} is not possible while I-1 is {status}: " in reply.body["detail"]
        assert list(desk.made.shelves) == before


def test_every_command_of_the_api_is_one_of_the_engine() -> None:
    assert set(INCIDENT_COMMANDS) == VERBS
    assert {f"{verb}_incident" for verb in (*INCIDENT_COMMANDS, "create")} == COMMANDS
    assert set(ALLOWED) | {"undo"} == VERBS


def test_an_unknown_incident_is_not_found() -> None:
    reply = story().asks("ack_incident", "I-9", 1)
    assert (reply.status, reply.body["code"]) == (404, "not_found")


def statuses(desk: Desk, *alerts: str) -> list[str]:
    return [desk.made.book.edit(alert).status.value for alert in alerts]


@pytest.mark.parametrize(
    ("verb", "status"),
    [("ack", "acknowledged"), ("assign", "assigned"), ("escalate", "escalated"), ("resolve", "resolved")],
)
def test_what_is_done_to_an_incident_is_done_to_its_alerts(verb: str, status: str) -> None:
    desk = story()
    desk.asks(f"{verb}_incident", "I-1", 1, **ARGS.get(verb, {}))
    assert statuses(desk, "A-1", "A-2", "A-3") == [status, status, "open"]
    incident = desk.incidents[0]
    assert incident.owner == {"ack": "maria", "assign": "tomas", "escalate": None, "resolve": "maria"}[verb]


def test_a_note_is_written_on_each_alert() -> None:
    desk = story()
    desk.asks("note_incident", "I-1", 1, text="called the site")
    assert [desk.made.book.edit(alert).notes for alert in ("A-1", "A-2", "A-3")] == [1, 1, 0]
    assert (desk.incidents[0].notes, desk.incidents[0].timeline[-1].text) == (1, "called the site")


def test_an_alert_that_is_further_already_stays_as_it_is() -> None:
    desk = story()
    desk.asks("start", "A-1", 1)
    desk.asks("assign_incident", "I-1", 2, assignee="tomas")
    desk.asks("start", "A-2", 3)
    assert desk.asks("ack_incident", "I-1", 4).body["code"] == "not_in_this_status"
    assert statuses(desk, "A-1", "A-2") == ["assigned", "in_progress"]


def test_a_verdict_is_handed_to_the_alerts_but_their_own_wins() -> None:
    desk = story()
    desk.asks("resolve", "A-1", 1, verdict="false_positive")
    desk.asks("resolve_incident", "I-1", 2, verdict="fraud")
    verdicts = [desk.made.book.edit(alert).verdict for alert in ("A-1", "A-2")]
    assert verdicts == [Verdict.FALSE_POSITIVE, Verdict.FRAUD]
    assert desk.incidents[0].verdict is Verdict.FRAUD


def test_an_alert_that_ended_by_itself_is_judged_with_its_incident() -> None:
    desk = story()
    desk.ends("Fence", 1, person="P1")
    desk.asks("resolve_incident", "I-1", 2, verdict="benign")
    assert desk.made.book.edit("A-1").verdict is Verdict.BENIGN


def test_a_reopened_incident_opens_its_alerts_again() -> None:
    desk = story(status="resolved")
    desk.asks("reopen_incident", "I-1", 2)
    assert statuses(desk, "A-1", "A-2") == ["open", "open"]
    assert (desk.incidents[0].status, desk.incidents[0].standing) == (IncidentStatus.OPEN, 2)


def test_reopening_is_refused_while_another_stands_for_the_same_story() -> None:
    desk = story(status="resolved")
    for name in ("Roof", "Light"):
        desk.fires(name, 2, person="P1")
    assert desk.asks("reopen_incident", "I-1", 3).body["code"] == "another_stands"


@pytest.mark.parametrize("verb", ["ack", "resolve"])
def test_an_undo_puts_the_incident_and_its_alerts_back(verb: str) -> None:
    desk = story()
    desk.asks(f"{verb}_incident", "I-1", 1, **ARGS.get(verb, {}))
    assert desk.asks("undo_incident", "I-1", 1 + 9 / 60).ok
    incident = desk.incidents[0]
    assert (incident.status, incident.standing, incident.owner, incident.verdict) == (
        IncidentStatus.OPEN,
        2,
        None,
        None,
    )
    assert statuses(desk, "A-1", "A-2") == ["open", "open"]


@pytest.mark.parametrize(
    ("actor", "minutes", "words"),
    [("tomas", 1.1, "only they can take it back"), ("maria", 1.2, "its 10 s were over 2.0 s ago")],
)
def test_an_undo_is_for_who_did_it_and_for_ten_seconds(actor: str, minutes: float, words: str) -> None:
    desk = story()
    desk.asks("ack_incident", "I-1", 1)
    reply = desk.asks("undo_incident", "I-1", minutes, actor=actor)
    assert (reply.status, reply.body["code"]) == (409, "nothing_to_undo")
    assert words in reply.body["detail"]


@pytest.mark.parametrize("verb", ["assign", "escalate", "note"])
def test_what_an_alert_cannot_take_back_an_incident_cannot(verb: str) -> None:
    desk = story()
    desk.asks(f"{verb}_incident", "I-1", 1, **ARGS.get(verb, {}))
    assert "waits to be undone" in desk.asks("undo_incident", "I-1", 1).body["detail"]


def test_an_undone_alert_opens_the_incident_it_was_resolved_with() -> None:
    desk = story()
    desk.asks("resolve_incident", "I-1", 1, verdict="benign")
    desk.asks("undo", "A-1", 1)
    incident = desk.incidents[0]
    assert (incident.status, incident.ids) == (IncidentStatus.OPEN, ["A-1"])
    assert desk.made.book.edit("A-1").status is Status.OPEN
