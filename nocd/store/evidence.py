"""What the store holds of a ticket's case: its alerts, what was found, decided and done, each within a bound."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.domain.evidence import EVIDENCE
from nocd.domain.instant import HOUR_MS, rfc3339
from nocd.store import audit, queries, tickets
from nocd.store.rows import number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nocd.store.sqlite import sqlite3

ALERTS_MAX: Final = 200
FINDINGS_MAX: Final = 2_000
ACTS_MAX: Final = 1_000
EVENTS_MAX: Final = 2_000
SCANNED_MAX: Final = 50_000
AROUND_MS: Final = HOUR_MS
_ROW: Final = "no, time, actor, act, target, peer, site, client, detail, prior, digest"


@dataclass(slots=True, kw_only=True)
class Case:
    """What is on record of one ticket; `left_out` says in sentences what a bound kept out."""

    ticket: dict[str, Any]
    timeline: list[dict[str, Any]]
    alerts: list[dict[str, Any]] = field(default_factory=list)
    ledger: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    acts: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def case(connection: sqlite3.Connection, no: int) -> Case | None:
    """Return what is on record of ticket `no`, or None where there is none; one read, true at one instant."""
    found = tickets.ticket(connection, no)
    if found is None:
        return None
    told = Case(ticket=orjson.loads(found[0]), timeline=tickets.timeline(connection, no))
    named = told.ticket["alerts"][:ALERTS_MAX]
    told.alerts = [orjson.loads(body) for body in tickets.alerts_of(connection, orjson.dumps({"alerts": named}))]
    if told.ticket["alerts_total"] > len(told.alerts):
        told.left_out.append(f"{told.ticket['alerts_total'] - len(told.alerts)} further alerts of the ticket")
    for alert in told.alerts:
        told.ledger[alert["id"]] = queries.why(connection, number(alert["id"]))
        _find(connection, told, number(alert["id"]))
    _events(connection, told)
    _acts(connection, told)
    return told


def _find(connection: sqlite3.Connection, told: Case, alert: int) -> None:
    room = FINDINGS_MAX - len(told.findings)
    if room <= 0:
        told.left_out.append(f"findings of A-{alert}: there are more than {FINDINGS_MAX}")
        return
    found, more = queries.findings(connection, alert_no=alert, limit=room)
    told.findings += found
    if more is not None:
        told.left_out.append(f"the older findings of A-{alert}: there are more than {FINDINGS_MAX}")


def _events(connection: sqlite3.Connection, told: Case) -> None:
    """Add the stored events about the people and things of the alerts, received about when they were seen."""
    if not told.alerts:
        return
    spans = connection.execute(
        f"SELECT min(json_extract(record, '$.first_seen')), max(json_extract(record, '$.renewed_at'))"  # noqa: S608 - marks only
        f" FROM alerts WHERE no IN ({queries.marks(told.alerts)})",
        [number(alert["id"]) for alert in told.alerts],
    ).fetchone()
    subjects = _subjects(told.alerts)
    first = first_no(connection, spans[0] - AROUND_MS)
    rows = connection.execute(
        "SELECT no, time, received_at, body FROM inputs WHERE no >= ? AND kind = 0 AND received_at <= ?"
        " ORDER BY no LIMIT ?",
        (first, spans[1] + AROUND_MS, SCANNED_MAX + 1),
    ).fetchall()
    cited = [row for row in rows[:SCANNED_MAX] if any(name in row[3] for name in subjects)]
    events = [_event(row) for row in cited if _about(row[3], subjects)]
    told.events = events[:EVENTS_MAX]
    if len(rows) > SCANNED_MAX or len(events) > EVENTS_MAX:
        told.left_out.append(f"events after number {rows[-1][0] if not events else told.events[-1]['no']}")


def _subjects(alerts: Iterable[dict[str, Any]]) -> set[bytes]:
    """Return who and what alerts are about; their sites where they are about nothing nearer."""
    names: set[str] = set()
    for alert in alerts:
        entity = alert.get("entity") or {}
        nearer = {alert["person"], entity.get("id")} - {None, ""}
        names |= nearer or ({alert["site"]} - {None})
    return {name.encode() for name in names}


def _about(body: bytes, subjects: set[bytes]) -> bool:
    data = orjson.loads(body).get("data")
    values = data.values() if isinstance(data, dict) else ()
    return any(isinstance(value, str) and value.encode() in subjects for value in values)


def _event(row: tuple[int, int, int, bytes]) -> dict[str, Any]:
    no, time, received_at, body = row
    return {"no": no, "time": rfc3339(time), "received_at": rfc3339(received_at), "body": body.decode()}


def first_no(connection: sqlite3.Connection, received_at: int) -> int:
    """Return the number of the first input received at `received_at` (ms) or later: numbers and receipts both rise."""
    low, high = connection.execute("SELECT min(no), max(no) FROM inputs").fetchone()
    low, high = low or 1, (high or 0) + 1
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(
            "SELECT received_at FROM inputs WHERE no >= ? ORDER BY no LIMIT 1", (middle,)
        ).fetchone()
        if row is None or row[0] >= received_at:
            high = middle
        else:
            low = middle + 1
    return int(low)


def _acts(connection: sqlite3.Connection, told: Case) -> None:
    targets = [told.ticket["id"], *(alert["id"] for alert in told.alerts)]
    targets += sorted({alert["incident"] for alert in told.alerts} - {None})
    rows = connection.execute(
        f"SELECT {_ROW} FROM audit WHERE target IN ({queries.marks(targets)}) ORDER BY no DESC LIMIT ?",  # noqa: S608 - names and marks only
        (*targets, ACTS_MAX + 1),
    ).fetchall()
    told.acts = [audit.exported(row) for row in reversed(rows[:ACTS_MAX])]
    if len(rows) > ACTS_MAX:
        told.left_out.append(f"acts before row {told.acts[0]['no']} of the audit trail")


def seal(connection: sqlite3.Connection, ticket_id: str, root: str) -> dict[str, Any] | None:
    """Return the row of the audit trail that has a root, or None; looked for among the newest."""
    rows = connection.execute(
        f"SELECT {_ROW} FROM audit WHERE act = ? AND target = ? ORDER BY no DESC LIMIT 20",  # noqa: S608 - names only
        (EVIDENCE, ticket_id),
    )
    told = (audit.exported(row) for row in rows)
    return next((row for row in told if orjson.loads(row["detail"])["args"].get("root") == root), None)


def row_digest(connection: sqlite3.Connection, no: int) -> str | None:
    """Return the digest of a row of the audit trail, or None where it is not kept."""
    row = connection.execute("SELECT digest FROM audit WHERE no = ?", (no,)).fetchone()
    return None if row is None else str(row[0])
