"""From the domain's records to the wire's views, as plain JSON-able values of the shapes in `nocd.wire.views`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from nocd.domain.instant import rfc3339, rfc3339_or_none

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.domain.change import Change, LedgerRow
    from nocd.domain.finding import Finding

_SAME = (
    "id",
    "fingerprint",
    "type",
    "category",
    "severity",
    "status",
    "former_status",
    "priority",
    "priority_parts",
    "title",
    "reason",
    "site",
    "person",
    "source",
    "count",
    "condition",
    "evidence",
    "labels",
    "recommended_actions",
    "runbook",
    "incident",
    "ticket",
    "assignee",
    "acknowledged_by",
    "resolved_by",
    "verdict",
    "suppressed_by",
    "baseline",
    "fraud_score",
    "ended_unseen",
    "flapping",
    "notes",
)
_INSTANTS = ("acknowledged_at", "ack_expires_at", "resolved_at", "escalated_at")


def alert_view(alert: Alert, *, site_name: str | None, client: str | None, person_name: str | None) -> dict[str, Any]:
    """Return an alert as `AlertView`."""
    view: dict[str, Any] = {name: getattr(alert, name) for name in _SAME}
    view.update((name, rfc3339_or_none(getattr(alert, name))) for name in _INSTANTS)
    view.update(
        site_name=site_name,
        client=client,
        person_name=person_name,
        entity={"type": alert.entity_type, "id": alert.entity_id},
        first_seen=rfc3339(alert.first_seen),
        last_seen=rfc3339(alert.last_seen),
        opened_at=rfc3339(alert.opened_at),
        updated_at=rfc3339(alert.updated_at),
        time_to_acknowledge_s=_since(alert.opened_at, alert.acknowledged_at),
        time_to_resolve_s=_since(alert.opened_at, alert.resolved_at),
        undo_until=rfc3339_or_none(alert.undo.until if alert.undo else None),
    )
    return view


def finding_view(finding: Finding) -> dict[str, Any]:
    """Return a finding as `FindingView`."""
    return {
        "id": finding.id,
        "type": finding.type,
        "category": finding.category,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "time": rfc3339(finding.time),
        "reason": finding.reason,
        "fingerprint": finding.fingerprint,
        "site": finding.site,
        "person": finding.person,
        "entity": {"type": finding.entity_type, "id": finding.entity_id},
        "evidence": finding.evidence,
    }


def ledger_view(row: LedgerRow) -> dict[str, Any]:
    """Return a ledger row as `LedgerView`."""
    return {
        "row": row.row,
        "time": rfc3339(row.time),
        "decision": row.decision,
        "reason": row.reason,
        "actor": row.actor,
        "old_status": row.old_status,
        "new_status": row.new_status,
    }


def change_body(seq: int, change: Change) -> bytes:
    """Encode a change once, for its feed row and every frame that carries it."""
    frame: dict[str, Any] = {"seq": seq, "time": rfc3339(change.time), "type": change.type}
    if change.site is not None:
        frame["site"] = change.site
    if change.person is not None:
        frame["person"] = change.person
    if change.severity is not None:
        frame["severity"] = change.severity
    frame["data"] = change.data
    return orjson.dumps(frame)


def _since(start: int, end: int | None) -> float | None:
    return None if end is None else max(0, end - start) / 1_000
