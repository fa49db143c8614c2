"""From the domain's records to the wire's views, as plain JSON-able values of the shapes in `nocd.wire.views`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import orjson

from nocd.domain.instant import rfc3339, rfc3339_or_none, seconds_since

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.domain.baseline import Baseline
    from nocd.domain.change import Change, LedgerRow
    from nocd.domain.finding import Finding
    from nocd.domain.maintenance import Maintenance
    from nocd.domain.playbook import Run, Use
    from nocd.domain.roster import Roster
    from nocd.domain.silence import Silence
    from nocd.domain.threshold import SiteHour, ThresholdChange
    from nocd.domain.ticket import TimelineRow


class Hidden(Protocol):
    """How many alerts something hides, and the ids of the newest of them."""

    @property
    def count(self) -> int:
        """Return how many."""

    @property
    def alerts(self) -> list[str]:
        """Return their ids, the newest first, as many as are shown."""


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
    "snoozed_by",
    "baseline",
    "fraud_score",
    "ended_unseen",
    "flapping",
    "notes",
)
_INSTANTS = ("acknowledged_at", "ack_expires_at", "resolved_at", "escalated_at", "suppressed_until", "snooze_ended_at")


def alert_view(alert: Alert, *, site_name: str | None, client: str | None, person_name: str | None) -> dict[str, Any]:
    """Return an alert as `AlertView`."""
    view: dict[str, Any] = {name: getattr(alert, name) for name in _SAME}
    view.update((name, rfc3339_or_none(getattr(alert, name))) for name in _INSTANTS)
    view.update(
        site_name=site_name,
        client=client,
        person_name=person_name,
        entity={"type": alert.entity_type, "id": alert.entity_id},
        hidden_by=list(alert.hidden_by),
        first_seen=rfc3339(alert.first_seen),
        last_seen=rfc3339(alert.last_seen),
        opened_at=rfc3339(alert.opened_at),
        updated_at=rfc3339(alert.updated_at),
        time_to_acknowledge_s=seconds_since(alert.opened_at, alert.acknowledged_at),
        time_to_resolve_s=seconds_since(alert.opened_at, alert.resolved_at),
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


def found_view(finding: Finding, *, roster: Roster, alert: str | None, held_back: str | None) -> dict[str, Any]:
    """Return a finding just made as `FindingCreated`: with names, and the alert it belongs to or why there is none."""
    return {
        **finding_view(finding),
        "site_name": roster.site_name(finding.site),
        "person_name": roster.person_name(finding.person),
        "client": roster.client(finding.site),
        "opened_alert": alert,
        "held_back": held_back,
    }


def ledger_view(row: LedgerRow | TimelineRow) -> dict[str, Any]:
    """Return a decision about an alert, or what happened to a ticket, as `LedgerView` or `TimelineView`."""
    return {
        "row": row.row,
        "time": rfc3339(row.time),
        "decision": row.decision,
        "reason": row.reason,
        "actor": row.actor,
        "old_status": row.old_status,
        "new_status": row.new_status,
    }


def hour_view(hour: SiteHour) -> dict[str, Any]:
    """Return a closed hour as `HourView`."""
    return {
        "hour": rfc3339(hour.hour),
        "hour_of_week": hour.hour_of_week,
        "value": hour.value,
        "heads": hour.heads,
        "expected": hour.expected,
        "spread": hour.spread,
        "z": hour.z,
        "threshold": hour.threshold,
        "anomalous": hour.anomalous,
        "learned": hour.learned,
    }


def closed_hour_view(site: str | None, hours: list[SiteHour], *, roster: Roster) -> dict[str, Any]:
    """Return a site's closed hour as `BaselineUpdated`; there is at least one metric."""
    return {
        "site_name": roster.site_name(site),
        "client": roster.client(site),
        "hour": rfc3339(hours[0].hour),
        "hour_of_week": hours[0].hour_of_week,
        "metrics": {hour.baseline.rpartition("@")[0]: hour_view(hour) for hour in hours},
    }


def threshold_change_view(change: ThresholdChange) -> dict[str, Any]:
    """Return a threshold change as `ThresholdChangeView`."""
    return {
        "id": change.id,
        "baseline": change.baseline,
        "time": rfc3339(change.time),
        "old": change.old,
        "new": change.new,
        "delta": round(change.new - change.old, 6),
        "actor": change.actor,
        "reason": change.reason,
        "pool": change.pool,
        "verdicts": change.verdicts,
        "alerts_before": change.alerts_before,
        "alerts_after": change.alerts_after,
        "false_positive_rate_before": change.false_positive_rate_before,
        "false_positive_rate_after": change.false_positive_rate_after,
        "rolled_back_at": rfc3339_or_none(change.rolled_back_at),
        "rolled_back_by": change.rolled_back_by,
    }


def threshold_changed_view(change: ThresholdChange, baseline: Baseline, *, roster: Roster) -> dict[str, Any]:
    """Return a threshold change just made as `ThresholdChanged`."""
    return {
        **threshold_change_view(change),
        "metric": baseline.metric,
        "site_name": roster.site_name(baseline.series),
        "client": roster.client(baseline.series),
        "pinned": baseline.pinned,
    }


def maintenance_view(window: Maintenance, *, roster: Roster, now: int, hiding: Hidden) -> dict[str, Any]:
    """Return a maintenance window as `MaintenanceView`."""
    state = "planned" if now < window.start else "running" if now < window.end else "over"
    return {
        "id": window.id,
        "scope": window.scope,
        "target": window.target,
        "site_name": roster.site_name(window.target) if window.scope == "site" else None,
        "types": list(window.types),
        "start": rfc3339(window.start),
        "end": rfc3339(window.end),
        "actor": window.actor,
        "reason": window.reason,
        "state": state,
        "hiding": {"count": hiding.count, "alerts": hiding.alerts},
    }


def silence_view(silence: Silence, *, roster: Roster, hiding: Hidden) -> dict[str, Any]:
    """Return a silence as `SilenceView`."""
    site = silence.demands("site")
    return {
        "id": silence.id,
        "matchers": [{"name": each.name, "op": each.op, "value": each.value} for each in silence.matchers],
        "site": site,
        "site_name": roster.site_name(site),
        "alert": silence.alert,
        "starts_at": rfc3339(silence.starts_at),
        "ends_at": rfc3339_or_none(silence.ends_at),
        "author": silence.author,
        "comment": silence.comment,
        "state": "active" if silence.in_force else silence.ended_by,
        "ended_at": rfc3339_or_none(silence.ended_at),
        "hiding": {"count": hiding.count, "alerts": hiding.alerts},
    }


def run_view(run: Run, *, roster: Roster) -> dict[str, Any]:
    """Return a playbook's run as `RunView`."""
    return {
        "id": run.id,
        "playbook": run.playbook,
        "alert": run.alert,
        "status": run.status,
        "actor": run.actor,
        "started_at": rfc3339(run.started_at),
        "ended_at": rfc3339_or_none(run.ended_at),
        "site": run.site,
        "site_name": roster.site_name(run.site),
        "client": roster.client(run.site),
        "steps": [
            {
                "do": step.action.do,
                "state": step.state,
                "reason": step.reason,
                "critical": step.action.critical,
                "approved_by": step.approved_by,
                "started_at": rfc3339_or_none(step.started_at),
                "ended_at": rfc3339_or_none(step.ended_at),
                "awaiting": list(step.awaiting),
            }
            for step in run.steps
        ],
    }


def use_view(use: Use) -> dict[str, Any]:
    """Return what came of a runbook as `UseView`."""
    return {
        "alerts": use.alerts,
        "resolved": use.resolved,
        "mean_time_s": _each(use.resolved_ms / 1_000, use.resolved),
        "success_rate": _each(use.settled, use.resolved),
        "runs": use.runs,
        "runs_ended": use.runs_ended,
        "runs_mean_time_s": _each(use.runs_ms / 1_000, use.runs_ended),
        "runs_success_rate": _each(use.succeeded, use.runs_ended),
    }


def _each(total: float, count: int) -> float | None:
    return round(total / count, 3) if count else None


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
