"""A shift for tests, as the daemon tells it; sheet and handovers are checked by the daemon's own models."""

from __future__ import annotations

from typing import Any

from nocd.wire.handovers import DeskNoteView, HandoverView, SheetView
from nocd.wire.views import SilenceView
from tests.unit.noctui.story import rfc3339

Body = dict[str, Any]
MINUTE, HOUR = 60_000, 3_600_000


def item(name: str, text: str, at: int, **fields: Any) -> Body:
    return {"id": name, "text": text, "since": rfc3339(at), "site": "NTH-04", "site_name": "Depot North", **fields}


def section(key: str, title: str, items: list[Body], *, urgent: int = 0, word: str = "") -> Body:
    return {"key": key, "title": title, "count": len(items), "urgent": urgent, "urgent_word": word, "items": items}


def sections(at: int) -> list[Body]:
    p1 = [
        item("A-20418", "Door forced, dock 3", at - 41_000, severity="CRITICAL", status="open"),
        item("A-20417", "Guard panic button", at - 461_000, severity="CRITICAL", status="acknowledged", who="mara"),
    ]
    silences = [
        item("S-7", "site=NTH-01 entity=gate2  sensor flaps", at - HOUR, until=rfc3339(at + 53 * MINUTE), who="tomas")
    ]
    return [
        section("p1", "P1", p1, urgent=1, word="unacked"),
        section("p2", "P2", [], word="unacked"),
        section("p3", "P3", [], word="unacked"),
        section("incidents", "incidents", [item("I-301", "Forced entry", at, who="mara")], word="nobody's"),
        section("tickets", "tickets", [item("T-1182", "WST-01-7 Camera 7 dark", at, who="-")], urgent=1, word="late"),
        section("silences", "silences", silences, word="hit nothing"),
        section("stale_acks", "acked over an hour ago, not ended", []),
        section("silent_devices", "devices without signal", []),
        section("rule_changes", "thresholds changed this shift", [item("T-3", "gps@NTH-04 3 > 3.5: calmer", at)]),
    ]


def shift(at: int) -> Body:
    return {"starts_at": rfc3339(at - 2 * HOUR), "ends_at": rfc3339(at + 6 * HOUR)}


def sheet(at: int) -> Body:
    body = {"time": rfc3339(at), "shift": shift(at), "sheet": sections(at), "notes": notes(at)}
    return SheetView.model_validate(body).model_dump()


def notes(at: int) -> list[Body]:
    said = (
        ("N-1", "NTH-01 gate 2 flaps, technician at 16:00", "tomas", True),
        ("N-2", "EST-09 relief guard not confirmed", "mara", False),
    )
    views = (
        DeskNoteView(id=name, text=text, author=who, at=rfc3339(at - 30 * MINUTE), pinned=pinned)
        for name, text, who, pinned in said
    )
    return [view.model_dump() for view in views]


def silence(name: str, at: int, **fields: Any) -> Body:
    body = {
        "id": name,
        "matchers": [{"name": "site", "op": "=", "value": "NTH-01"}, {"name": "entity", "op": "=", "value": "gate2"}],
        "starts_at": rfc3339(at - HOUR),
        "ends_at": rfc3339(at + 53 * MINUTE),
        "author": "tomas",
        "comment": "sensor flaps",
        "state": "active",
        "hiding": {"count": 61, "alerts": []},
        **fields,
    }
    return SilenceView.model_validate(body).model_dump()


def silences(at: int) -> list[Body]:
    rule = [{"name": "type", "op": "=", "value": "CAMERA_DARK"}]
    over = {"state": "expired", "ended_at": rfc3339(at - 57 * MINUTE), "author": "mara"}
    return [
        silence(
            "S-8", at, matchers=rule, ends_at=rfc3339(at + 4 * HOUR), author="mara", hiding={"count": 0, "alerts": []}
        ),
        silence("S-7", at),
        silence("S-6", at, **over, ends_at=rfc3339(at - 57 * MINUTE)),
    ]


def handover(name: str, at: int, **fields: Any) -> Body:
    body = {
        "id": name,
        "shift": shift(at - 8 * HOUR),
        "signed_by": "tomas",
        "signed_at": rfc3339(at - 2 * HOUR),
        "comment": "quiet",
        "sheet": sections(at - 8 * HOUR),
        "notes": notes(at),
        **fields,
    }
    return HandoverView.model_validate(body).model_dump()


def handovers(at: int) -> list[Body]:
    taken = {"accepted_by": "mara", "accepted_at": rfc3339(at - 9 * HOUR)}
    return [handover("H-4", at), handover("H-3", at, signed_at=rfc3339(at - 10 * HOUR), **taken)]


def act(number: int, at: int, actor: str, verb: str, target: str, **detail: Any) -> Body:
    return {
        "no": number,
        "time": rfc3339(at),
        "actor": actor,
        "act": verb,
        "target": target,
        "peer": "",
        "site": "NTH-04",
        "detail": detail,
        "digest": "",
    }


def audit(at: int) -> list[Body]:
    moved = {"before": {"status": "open"}, "after": {"status": "acknowledged"}}
    return [
        act(3, at - 12_000, "mara", "ack", "A-20418", args={"note": "guard sent"}, **moved),
        act(2, at - 51_000, "tomas", "plan_silence", "S-7", args={"comment": "sensor flaps"}),
        act(1, at - 60_000, "tomas", "resolve", "A-1", args={"verdict": "fraud"}, refused="not_in_this_status"),
    ]
