"""Cases for tests, as the daemon tells them; every body is checked by the daemon's own model."""

from __future__ import annotations

from typing import Any

from nocd.wire.incidents import IncidentView
from nocd.wire.tickets import TicketView
from tests.unit.noctui.story import alert, rfc3339

Body = dict[str, Any]
MINUTE = 60_000


def clock(due: int | None = None, *, state: str = "running", met_at: int | None = None) -> Body:
    told = {"due": rfc3339(due) if due else None, "met_at": rfc3339(met_at) if met_at else None}
    return {**told, "state": state}


def ticket(case_id: str, at: int, **fields: Any) -> Body:
    sla = {
        "paused": False,
        "counted_minutes": 0.0,
        "response": clock(at + 30 * MINUTE),
        "resolution": clock(at + 240 * MINUTE),
    }
    body = {
        "id": case_id,
        "number": f"WST-01-{case_id[2:]}",
        "type": "DEVICE_OFFLINE",
        "category": "SECURITY",
        "title": "Camera 7 dark",
        "body": "",
        "severity": "HIGH",
        "priority": "P2",
        "status": "new",
        "origin": "alert",
        "site": "WST-01",
        "site_name": "West Gate",
        "steps_to_take": ["Call the site", "Send the nearest guard", "Have it repaired"],
        "evidence": {},
        "alerts": ["A-20415"],
        "alerts_total": 1,
        "created_at": rfc3339(at),
        "created_by": "nocd",
        "updated_at": rfc3339(at),
        "late": {},
        "sla": sla,
        **fields,
    }
    return TicketView.model_validate(body).model_dump()


def incident(case_id: str, at: int, **fields: Any) -> Body:
    body = {
        "id": case_id,
        "key": "site:NTH-04",
        "title": "Forced entry, dock 3",
        "status": "open",
        "severity": "CRITICAL",
        "score": 0.9,
        "score_parts": {"site": 0.9},
        "close_when": "all",
        "storm": False,
        "site": "NTH-04",
        "site_name": "Depot North",
        "first_seen": rfc3339(at),
        "last_seen": rfc3339(at),
        "opened_at": rfc3339(at),
        "updated_at": rfc3339(at),
        "alerts": ["A-20418", "A-20416"],
        "standing": 2,
        "sightings": 17,
        "cause": {
            "alert": "A-20418",
            "type": "DOOR_FORCED",
            "title": "Door forced, dock 3",
            "severity": "CRITICAL",
            "since": rfc3339(at),
        },
        "notes": 0,
        "links": [],
        **fields,
    }
    return IncidentView.model_validate(body).model_dump()


def moment(at: int, happened: str, text: str, actor: str = "engine") -> Body:
    return {"time": rfc3339(at), "happened": happened, "text": text, "actor": actor, "alert": None}


def row(number: int, at: int, decision: str, reason: str, actor: str = "nocd") -> Body:
    return {"row": number, "time": rfc3339(at), "decision": decision, "reason": reason, "actor": actor}


def ticket_file(body: Body, at: int) -> Body:
    timeline = [
        row(1, at, "created", "for A-20415: camera 7 was silent for 12 min (limit 10)"),
        row(2, at + 20_000, "note", "the site says it is the switch", "mara"),
    ]
    return {
        "ticket": body,
        "alerts": [alert("A-20415", title="Camera 7 dark", ticket=body["id"])],
        "timeline": timeline,
    }


def incident_file(body: Body, at: int) -> Body:
    steps = ["Confirm on camera 3", "Send the nearest guard", "Call the police if seen"]
    alerts = [
        alert("A-20418", title="Door forced, dock 3", severity="CRITICAL", recommended_actions=steps, ticket="T-12"),
        alert("A-20416", title="Badge used by two people", status="resolved"),
    ]
    timeline = [
        moment(at, "opened", "2 alerts at Depot North within 40 s"),
        moment(at + 12_000, "acknowledged", "by mara", "mara"),
        moment(at + 15_000, "note", "G017 is on the way, 2 min", "tomas"),
    ]
    context = {"on_duty": [{"person": "G017", "person_name": "Rui Lima", "since": rfc3339(at)}]}
    return {"incident": body, "timeline": timeline, "alerts": alerts, "context": context}


def run(alert_id: str, at: int) -> Body:
    steps = [
        {"do": "notify", "state": "done", "reason": "told desk", "critical": False, "ended_at": rfc3339(at)},
        {"do": "escalate", "state": "waiting", "reason": "", "critical": False},
    ]
    return {"id": "R-1", "playbook": "door-forced", "alert": alert_id, "status": "running", "steps": steps}


def docket(at: int) -> tuple[list[Body], list[Body]]:
    """Return the tickets and incidents of the sketch."""
    tickets = [
        ticket("T-1182", at - 130 * MINUTE, status="on_hold", assignee="mara", assignee_name="Mara Reis"),
        ticket(
            "T-1179",
            at - 302 * MINUTE,
            priority="P3",
            title="Gate 2 sensor flaps",
            status="open",
            checks=[{"step": 1, "by": "tomas", "at": rfc3339(at - MINUTE)}],
        ),
        ticket(
            "T-1150",
            at - 90 * MINUTE,
            priority="P1",
            title="No show",
            sla={
                "paused": False,
                "counted_minutes": 90.0,
                "response": clock(state="breached", met_at=at),
                "resolution": clock(at + 20 * MINUTE, state="warned"),
            },
        ),
    ]
    incidents = [
        incident("I-301", at - 38_000, status="acknowledged", acknowledged_by="mara", time_to_acknowledge_s=12.0),
        incident("I-300", at - 1_560 * MINUTE, severity="HIGH", title="Missed rounds", site="EST-09", owner="tomas"),
    ]
    return tickets, incidents
