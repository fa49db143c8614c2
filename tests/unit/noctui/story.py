"""Feeds for tests: changes told in order, cut into frames in any way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from noctui.state.model import Model

T0 = 1_795_356_000_000
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO")
STATUSES = ("open", "acknowledged", "assigned", "in_progress", "escalated", "suppressed", "resolved")
Body = dict[str, Any]


def rfc3339(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def alert(alert_id: str = "A-1", **fields: Any) -> Body:
    return {
        "id": alert_id,
        "type": "DEVICE_OFFLINE",
        "category": "SECURITY",
        "severity": "HIGH",
        "status": "open",
        "priority": 50,
        "title": f"Trouble {alert_id}",
        "reason": "silent for 12 min",
        "site": "NTH-04",
        "opened_at": rfc3339(T0),
        "updated_at": rfc3339(T0),
        "count": 1,
        "evidence": {},
        "labels": {},
        "entity": {"type": "device", "id": "cam-7"},
        **fields,
    }


def change(seq: int, kind: str, data: Body, **about: Any) -> Body:
    return {"seq": seq, "time": rfc3339(T0 + seq * 1000), "type": kind, "data": data, **about}


def alert_change(seq: int, body: Body, *, old: str | None, happened: str = "moved") -> Body:
    kind = "alert_created" if old is None else "alert_updated"
    data = {**body, "old_status": old, "new_status": body["status"], "happened": happened, "why": "", "actor": "engine"}
    return change(seq, kind, data, site=body["site"], severity=body["severity"])


def batch(changes: Sequence[Body]) -> Body:
    return {"type": "batch", "from": changes[0]["seq"], "to": changes[-1]["seq"], "changes": list(changes)}


def hello(seq: int = 0, epoch: str = "e1", at: int = T0) -> Body:
    return {"type": "hello", "epoch": epoch, "seq": seq, "oldest_seq": 1, "server_time": rfc3339(at), "version": "0.1"}


def snapshot(seq: int = 0, alerts: Sequence[Body] = (), epoch: str = "e1", at: int = T0) -> Body:
    return {
        "epoch": epoch,
        "seq": seq,
        "time": rfc3339(at),
        "alerts": list(alerts),
        "alerts_total": len(alerts),
        "sites": [{"id": "NTH-04", "name": "Depot North"}, {"id": "STH-11"}],
        "counts": {"open": len(alerts)},
    }


def digest(model: Model) -> object:
    """Return all of a model that the order of numbers alone decides."""
    lines = [replace(line, fetched=False) for line in model.ring if line.seq]
    ended = (model.ended_count, list(model.ended.items()))
    counted = (model.events.total, model.changes.total, model.degraded, model.sites, model.last_alert_at)
    return model.seq, model.alerts, model.alerts_total, ended, lines, counted


@st.composite
def stories(draw: st.DrawFn, *, changes_max: int = 40) -> list[Body]:
    """Return changes 1, 2, 3 … as a daemon may decide them: each alert is opened once and then moves."""
    standing: dict[str, str] = {}
    told: list[Body] = []
    for seq in range(1, draw(st.integers(1, changes_max)) + 1):
        kind = draw(st.sampled_from(("new", "move", "move", "events", "finding", "site", "system", "future")))
        if kind == "new" or (kind == "move" and not standing):
            alert_id = f"A-{len(standing) + 1}"
            body = alert(alert_id, severity=draw(st.sampled_from(SEVERITIES)), priority=draw(st.integers(0, 100)))
            told.append(alert_change(seq, body, old=None))
            standing[alert_id] = "open"
        elif kind == "move":
            alert_id = draw(st.sampled_from(sorted(standing)))
            status = draw(st.sampled_from(STATUSES))
            unseen = status == "resolved" and draw(st.booleans())
            body = alert(alert_id, status=status, count=seq, ended_unseen=unseen, updated_at=rfc3339(T0 + seq))
            told.append(alert_change(seq, body, old=standing[alert_id]))
            standing[alert_id] = status
        else:
            told.append(_other(draw, seq, kind))
    return told


def _other(draw: st.DrawFn, seq: int, kind: str) -> Body:
    match kind:
        case "events":
            return change(seq, "events_stored", {"count": draw(st.integers(1, 50)), "first_no": 1, "last_no": 2})
        case "finding":
            return change(seq, "finding_created", {"type": "GPS_SPOOFING", "reason": "jumped", "confidence": 0.8})
        case "site":
            happened = draw(st.sampled_from(("created", "updated", "removed")))
            return change(seq, "directory_changed", {"kind": "site", "id": "WST-01", "happened": happened})
        case "system":
            state = draw(st.sampled_from(("ok", "degraded")))
            return change(seq, "system_state", {"part": "disk", "state": state, "detail": "5 % left"})
        case _:
            return change(seq, "something_of_a_newer_daemon", {"deep": {"er": seq}})
