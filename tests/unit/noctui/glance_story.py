"""What nocd tells for the overview, the risk and the people screen, each body checked by the daemon's own models."""

from __future__ import annotations

from typing import Any

from nocd.wire.fraud import HeatMap, PersonHistory, ScoreView
from nocd.wire.glances import Heat, PeopleGlance
from nocd.wire.reports import Overview, ResponseTimes
from noctui.state.times import HOUR_MS, MINUTE_MS
from tests.unit.noctui.story import rfc3339

Body = dict[str, Any]
NOBODY = {"count": 0, "mean_s": None, "median_s": None, "p90_s": None}
FEATURES = {
    "hour_of_day": 2.0,
    "gps_drift_m": 812.5,
    "face_confidence": 0.31,
    "late_arrival_rate": None,
    "seconds_since_last_punch": 40.0,
}
SITES = {"NTH-04": "Depot North", "STH-11": "Harbour South", "WST-01": "West Gate", "EST-09": "East Yard"}


def figures(**known: int) -> Body:
    names = ("alerts_open", "devices_offline", "tickets_overdue", "people_present", "people_expected")
    return {**dict.fromkeys((*names, "people_late", "people_missing"), 0), **known}


def condition(site: str, state: str, **known: int) -> Body:
    return {
        "site": site,
        "site_name": SITES[site],
        "client": "Acme",
        "state": state,
        "reasons": ["2 CRITICAL alerts are open"],
        "figures": figures(people_present=3, people_expected=4, **known),
        "people_required": 4,
        "silent_s": 12,
    }


def overview(now: int, **fields: Any) -> Body:
    body = {
        "time": rfc3339(now),
        "figures": figures(people_present=11, people_expected=12, people_missing=1, people_late=2),
        "states": {"NORMAL": 1, "UNKNOWN": 0, "ATTENTION": 0, "WARNING": 1, "CRITICAL": 2},
        "troubled": [
            condition("NTH-04", "CRITICAL", alerts_open=5),
            condition("STH-11", "CRITICAL", alerts_open=1),
            condition("WST-01", "WARNING", devices_offline=1),
        ],
        "clients": [],
        **fields,
    }
    return Overview.model_validate(body).model_dump()


def heat(now: int, *, step_minutes: int = 60, steps: int = 24, blind: bool = False) -> Body:
    """Return counts that grow towards now at NTH-04, one finding at WST-01, and an alert at no site."""
    start = (now // (step_minutes * MINUTE_MS) + 1 - steps) * step_minutes * MINUTE_MS
    grows = [max(0, step - steps + 9) for step in range(steps)]
    none, last = [0] * steps, [0] * (steps - 1)
    items: list[Body] = [
        {"site": "NTH-04", "site_name": "Depot North", "client": "Acme", "alerts": grows, "findings": grows},
        {"site": "WST-01", "site_name": "West Gate", "client": None, "alerts": none, "findings": [*last, 1]},
        {"site": None, "alerts": [*last, 1], "findings": none},
    ]
    for each in items:
        each["fraud"] = None if blind else [*last, 2 if each["site"] == "NTH-04" else 0]
    return Heat.model_validate(
        {"start": rfc3339(start), "step_minutes": step_minutes, "steps": steps, "items": items}
    ).model_dump()


def mtta(**fields: Any) -> Body:
    told = {"count": 4, "mean_s": 130.0, "median_s": 112.0, "p90_s": 370.0}
    worst = {"severity": "CRITICAL", "alerts": 5, "acknowledge": told, "resolve": NOBODY}
    none = {"severity": "HIGH", "alerts": 2, "acknowledge": NOBODY, "resolve": NOBODY}
    body = {"days": 1, "alerts": 7, "by_severity": [worst, none], "by_site": [], **fields}
    return ResponseTimes.model_validate(body).model_dump()


def trend(now: int) -> Body:
    first = now // (5 * MINUTE_MS) * 5 * MINUTE_MS
    points = [{"time": rfc3339(first - 5 * MINUTE_MS * ago), "samples": 1, "events": 100 * ago} for ago in range(12)]
    return {"scope": "all", "minutes": 5, "points": points}


def ticket(number: int, now: int, due_minutes: int | None, **fields: Any) -> Body:
    clock = {"due": None if due_minutes is None else rfc3339(now + due_minutes * MINUTE_MS)}
    over = {"due": rfc3339(now + 10 * HOUR_MS)} if due_minutes is not None else {"due": None}
    return {
        "id": f"T-{number}",
        "number": f"NTH-04-{number}",
        "priority": "P1",
        "title": f"Work {number}",
        "site": "NTH-04",
        "status": "new",
        "assignee": "mara",
        "sla": {"response": clock, "resolution": over},
        **fields,
    }


def tickets(now: int) -> Body:
    return {"items": [ticket(1, now, None), ticket(2, now, 30), ticket(3, now, -90)], "cursor": None}


def check(name: str, share: float, words: str, **fields: Any) -> Body:
    return {"check": name, "share": share, "confidence": 0.95, "counts": True, "words": words, **fields}


def score(score_id: str, value: float, now: int, **fields: Any) -> Body:
    """Return a ScoreView of someone at two places at once."""
    body = {
        "id": score_id,
        "punch": f"punch-{score_id}",
        "punched_at": rfc3339(now - 2 * MINUTE_MS),
        "person": "P0077",
        "person_name": "Rita Lima",
        "site": "NTH-04",
        "site_name": "Depot North",
        "client": "Acme",
        "fraud_score": value,
        "rule_score": value,
        "model_score": None,
        "level": "CRITICAL" if value >= 0.8 else "MEDIUM" if value >= 0.4 else "MINIMAL",
        "method": "rules",
        "checks": [
            check("buddy_punching", 0.55, "Rita Lima punched at West Gate 40 s before, 28 km away: nobody is so fast"),
            check("gps_spoofing", 0.86, "the punch is 28 km from the phone of Rita Lima", counts=False),
        ],
        "not_judged": {"face_match": "no camera"},
        "alert": "A-20416",
        "features": FEATURES,
        "verdict": None,
        "judged_at": None,
        "judged_by": None,
        "note": None,
        "label": None,
        **fields,
    }
    return ScoreView.model_validate(body).model_dump()


def scores(now: int) -> Body:
    """Return a page of scores: three that look like fraud, of which one was judged, and one that does not much."""
    judged = {"verdict": "fraud", "judged_by": "tomas", "note": "seen", "label": 1}
    return {
        "items": [
            score("FS-4", 0.34, now, person="P0031", person_name="Sara Prado", alert=None, checks=[]),
            score("FS-3", 0.71, now, **judged),
            score("FS-2", 0.93, now, model_score=0.88, method="both", site="WST-01"),
            score("FS-1", 0.81, now, label=0),
        ],
        "cursor": None,
    }


def punches(now: int, count: int = 20) -> Body:
    """Return the punches of many, from which what is usual is read."""
    usual = [
        {**FEATURES, "gps_drift_m": float(no % 10), "face_confidence": 0.8, "late_arrival_rate": 0.1}
        for no in range(count)
    ]
    items = [score(f"FP-{no}", 0.0, now, features=features, checks=[]) for no, features in enumerate(usual)]
    return {"items": items, "cursor": None}


def risks() -> Body:
    known = {"client": "Acme", "mean": 0.12, "count": 18, "high": 1, "critical": 1, "share": 0.8}
    items = [{"site": "NTH-04", "site_name": "Depot North", "max": 0.93, **known}]
    return HeatMap.model_validate({"hours": 24, "items": items}).model_dump()


def similar(now: int) -> Body:
    """Return the part of an AlertDetail that tells what was resolved of the same type."""
    verdicts = ("fraud", "fraud", None)
    found = [
        {"id": f"A-{no}", "title": "Buddy punching", "last_seen": rfc3339(now - no * HOUR_MS), "verdict": verdict}
        for no, verdict in enumerate(verdicts, 1)
    ]
    return {"alert": {"id": "A-20416"}, "why": [], "context": {"similar": found}}


def person(person_id: str, name: str, **fields: Any) -> Body:
    known = {"role": "guard", "sites": ["NTH-04"], "site": None, "on_duty": False, "heard_at": None, "alerts": 0}
    return {"person": person_id, "person_name": name, **known, "fraud_score": None, "days": None, **fields}


def people(now: int) -> Body:
    days = [None, 0.0, None, 0.1, 0.2, 0.5, 0.93]
    items = [
        person(
            "P0077",
            "Rita Lima",
            site="NTH-04",
            on_duty=True,
            alerts=2,
            fraud_score=0.93,
            days=days,
            heard_at=rfc3339(now - 26_000),
        ),
        person(
            "P0031",
            "Sara Prado",
            site="WST-01",
            on_duty=True,
            sites=["WST-01"],
            fraud_score=0.34,
            days=[0.0] * 6 + [0.34],
        ),
        person("P0050", "Tiago Nogueira", role="supervisor"),
    ]
    return PeopleGlance.model_validate(
        {"time": rfc3339(now), "total": 4_012, "on_duty": 118, "items": items}
    ).model_dump()


def days() -> Body:
    items = [
        {"day": "2026-11-22", "mean": 0.4, "max": 0.93, "count": 5, "high": 2},
        {"day": "2026-11-21", "mean": 0.0, "max": 0.0, "count": 4, "high": 0},
    ]
    body = {"person": "P0077", "person_name": "Rita Lima", "days": 30, "items": items}
    return PersonHistory.model_validate(body).model_dump()


def happening(at: int, kind: str, words: str, **fields: Any) -> Body:
    return {"time": rfc3339(at), "kind": kind, "id": f"{kind}-1", "site": "NTH-04", "words": words, **fields}


def day_of(now: int) -> Body:
    return {
        "person": "P0077",
        "date": "2026-11-22",
        "items": [
            happening(now - 8 * HOUR_MS, "shift", "shift until 18:00"),
            happening(now - 8 * HOUR_MS, "punch", "punched in", fraud_score=0.02),
            happening(now - 5 * HOUR_MS, "tour", "night tour, closed at 09:20"),
            happening(now - 2 * MINUTE_MS, "punch", "punched in", fraud_score=0.93, site="WST-01"),
            happening(now - MINUTE_MS, "alert", "Badge used by two people"),
        ],
        "left_out": 0,
    }


def profile(**fields: Any) -> Body:
    hours, weekdays = [0] * 6 + [9, 4] + [0] * 10 + [6] + [0] * 5, [8, 8, 8, 8, 8, 0, 1]
    return {
        "person": "P0077",
        "punches": 41,
        "not_judged": None,
        "words": ["41 punches in 90 days", "usual at 06:00 to 07:59 and 18:00 to 18:59"],
        "hours": hours,
        "weekdays": weekdays,
        **fields,
    }


def person_risk(**fields: Any) -> Body:
    known = {"days": 30, "count": 41, "mean": 0.08, "max": 0.93, "high": 1, "critical": 1, "trend": 0.05}
    return {"person": "P0077", **known, **fields}


def all_told(now: int) -> dict[tuple[str, str], Body]:
    """Return an answer to everything the three screens ask while the highest score and its person are looked at."""
    return {
        ("overview", ""): overview(now),
        ("pulse", ""): heat(now, step_minutes=5, steps=72),
        ("heat", ""): heat(now),
        ("mtta", ""): mtta(),
        ("trend", ""): trend(now),
        ("due", ""): tickets(now),
        ("risks", ""): risks(),
        ("scores", ""): scores(now),
        ("punches", ""): punches(now),
        ("similar", "A-20416"): similar(now),
        ("people", ""): people(now),
        ("days", "P0077"): days(),
        ("day_of", "P0077"): day_of(now),
        ("punches_of", "P0077"): {"items": [score("FS-2", 0.93, now)], "cursor": None},
        ("profile", "P0077"): profile(),
        ("person_risk", "P0077"): person_risk(),
        ("tickets_of", "P0077"): {"items": [ticket(9, now, 45)], "cursor": None},
    }
