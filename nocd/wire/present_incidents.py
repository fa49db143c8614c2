"""From incidents to the wire's views, as plain JSON-able values of the shapes in `nocd.wire.incidents`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nocd.domain.instant import rfc3339, rfc3339_or_none, seconds_since

if TYPE_CHECKING:
    from nocd.domain.incident import Incident
    from nocd.domain.roster import Roster

_SAME = (
    "id",
    "key",
    "title",
    "status",
    "severity",
    "score",
    "score_parts",
    "close_when",
    "storm",
    "site",
    "person",
    "standing",
    "sightings",
    "owner",
    "notes",
    "acknowledged_by",
    "resolved_by",
    "verdict",
    "merged_into",
    "parent",
)


def incident_view(incident: Incident, *, roster: Roster) -> dict[str, Any]:
    """Return an incident as `IncidentView`."""
    view: dict[str, Any] = {name: getattr(incident, name) for name in _SAME}
    view.update(
        site_name=roster.site_name(incident.site),
        client=roster.client(incident.site),
        person_name=roster.person_name(incident.person),
        first_seen=rfc3339(incident.first_seen),
        last_seen=rfc3339(incident.last_seen),
        opened_at=rfc3339(incident.opened_at),
        updated_at=rfc3339(incident.updated_at),
        acknowledged_at=rfc3339_or_none(incident.acknowledged_at),
        escalated_at=rfc3339_or_none(incident.escalated_at),
        resolved_at=rfc3339_or_none(incident.resolved_at),
        alerts=list(incident.alerts),
        cause=_cause(incident),
        signals=_signals(incident),
        links=list(incident.links),
        time_to_acknowledge_s=seconds_since(incident.opened_at, incident.acknowledged_at),
        time_to_resolve_s=seconds_since(incident.opened_at, incident.resolved_at),
        undo_until=rfc3339_or_none(incident.undo.until if incident.undo else None),
    )
    return view


def timeline_view(incident: Incident) -> list[dict[str, Any]]:
    """Return the timeline of an incident, each line as `MomentView`."""
    return [
        {
            "time": rfc3339(moment.time),
            "happened": moment.happened,
            "text": moment.text,
            "actor": moment.actor,
            "alert": moment.alert,
        }
        for moment in incident.timeline
    ]


def _cause(incident: Incident) -> dict[str, Any] | None:
    cause = incident.cause
    if cause is None:
        return None
    return {
        "alert": cause.alert,
        "type": cause.type,
        "title": cause.title,
        "severity": cause.severity,
        "since": rfc3339(cause.since),
    }


def _signals(incident: Incident) -> dict[str, Any] | None:
    shown = incident.signals
    if shown is None:
        return None
    return {"at": rfc3339(shown.at), "values": shown.values, "severity": shown.severity, "reason": shown.reason}
