"""What each operation of the API answers and may be sent, by its method and path."""

from __future__ import annotations

from typing import Any, Final

from nocd.api.directory import KINDS
from nocd.api.schemas import JSON, TEXT, TEXTS, entry, page, record, ref
from nocd.api.tokens import NewToken, Rotation
from nocd.wire import (
    context,
    evidence,
    foreign,
    fraud,
    glances,
    handovers,
    incidents,
    models,
    outside,
    people,
    playbooks,
    reports,
    requests,
    telemetry,
    tickets,
    views,
    whatif,
)
from nocd.wire.frames import ChangeFrame

_MADE_TOKEN: Final = {"allOf": [ref("Token"), record({"token": TEXT})]}
_CHANGES: Final = record(
    {
        "changes": {"type": "array", "items": ref(ChangeFrame)},
        "seq": {"type": "integer"},
        "oldest_seq": {"type": "integer"},
        "epoch": TEXT,
        "gap": {"type": "boolean"},
    }
)
_REFUSED: Final = record({"code": TEXT, "detail": TEXT})
_BULK_ITEM: Final = record(
    {"id": TEXT, "status": {"type": "integer"}, "body": {"anyOf": [ref(views.AlertView), _REFUSED]}}
)

_TICKET_BULK_ITEM: Final = record(
    {"id": TEXT, "status": {"type": "integer"}, "body": {"anyOf": [ref(tickets.TicketView), _REFUSED]}}
)
_PAGES: Final = ("POST /v1/webhooks/pagerduty", "POST /v2/enqueue")  # one route, by PagerDuty's address too
_PUSHED: Final = {"type": "array", "items": ref(foreign.PushedAlert), "minItems": 1}
_RAN: Final = record(
    {"job": TEXT, "outcome": {"enum": ["ok", "failed"]}, "seconds": {"type": "number"}, "detail": TEXT}
)

# The good answers in JSON, by operation and status.
ANSWERS: Final[dict[str, dict[int, dict[str, Any]]]] = {
    "POST /v1/events": {200: ref(views.PostAnswer), 422: ref(views.PostAnswer)},
    "POST /v1/webhooks/alertmanager": {200: ref(views.PostAnswer), 422: ref(views.PostAnswer)},
    "POST /api/v2/alerts": {200: ref(views.PostAnswer), 422: ref(views.PostAnswer)},
    **{each: {202: ref(foreign.PageTaken), 400: ref(foreign.PageRefused)} for each in _PAGES},
    "GET /v1/events": {200: page(ref(views.EventView))},
    "GET /v1/events/{no}": {200: ref(views.EventView)},
    "GET /v1/alerts": {200: page(ref(views.AlertView))},
    "POST /v1/alerts/bulk": {200: record({"items": {"type": "array", "items": _BULK_ITEM}})},
    "GET /v1/alerts/{id}": {200: ref(context.AlertDetail)},
    "GET /v1/alerts/{id}/why": {200: page(ref(views.LedgerView))},
    **{f"POST /v1/alerts/{{id}}/{verb}": {200: ref(views.AlertView)} for verb in requests.COMMANDS},
    "GET /v1/tickets": {200: page(ref(tickets.TicketView))},
    "POST /v1/tickets": {201: ref(tickets.TicketView)},
    "POST /v1/tickets/bulk": {200: record({"items": {"type": "array", "items": _TICKET_BULK_ITEM}})},
    "GET /v1/tickets/{id}": {200: ref(tickets.TicketDetail)},
    "GET /v1/tickets/{id}/evidence": {200: ref(evidence.EvidenceView)},
    **{f"POST /v1/tickets/{{id}}/{verb}": {200: ref(tickets.TicketView)} for verb in tickets.TICKET_COMMANDS},
    "GET /v1/incidents": {200: page(ref(incidents.IncidentView))},
    "POST /v1/incidents": {201: ref(incidents.IncidentView)},
    "GET /v1/incidents/{id}": {200: ref(incidents.IncidentDetail)},
    **{f"POST /v1/incidents/{{id}}/{verb}": {200: ref(incidents.IncidentView)} for verb in incidents.INCIDENT_COMMANDS},
    "GET /v1/telemetry/correlations": {200: page(ref(incidents.IncidentView))},
    "GET /v1/fraud/scores/live": {200: page(ref(fraud.ScoreView))},
    "GET /v1/fraud/people/{id}/history": {200: ref(fraud.PersonHistory)},
    "GET /v1/fraud/heatmap": {200: ref(fraud.HeatMap)},
    "POST /v1/fraud/scores/{id}/verdict": {200: ref(fraud.ScoreView)},
    "GET /v1/fraud/models/performance": {200: ref(models.PerformanceView)},
    "GET /v1/models": {200: ref(models.ModelsView)},
    "GET /v1/models/compare": {200: ref(models.CompareView)},
    "GET /v1/models/{version}": {200: ref(models.ModelCard)},
    "POST /v1/models/{version}/activate": {200: ref(models.ModelMoved)},
    "POST /v1/models/rollback": {200: ref(models.ModelMoved)},
    "GET /v1/fraud/reviews": {200: page(ref(fraud.ReviewView))},
    "POST /v1/fraud/score": {200: ref(fraud.DryRunView)},
    "GET /v1/people/{id}/day": {200: ref(people.DayView)},
    "GET /v1/people/{id}/profile": {200: ref(people.ProfileView)},
    "GET /v1/people/{id}/risk": {200: ref(people.RiskView)},
    "GET /v1/people/{id}/trace": {200: page(ref(people.FixView))},
    "GET /v1/findings": {200: page(ref(views.FindingRow))},
    "GET /v1/findings/{id}": {200: ref(views.FindingRow)},
    "GET /v1/telemetry/people/{id}/signals": {200: ref(telemetry.PersonSignals)},
    "GET /v1/telemetry/sites/{id}/signals": {200: ref(telemetry.SiteSignals)},
    "GET /v1/baselines": {200: page(ref(telemetry.BaselineView))},
    "GET /v1/baselines/{id}": {200: ref(telemetry.BaselineDetail)},
    "GET /v1/baselines/{id}/hours": {200: page(ref(telemetry.HourView))},
    "GET /v1/baselines/{id}/changes": {200: page(ref(telemetry.ThresholdChangeView))},
    "POST /v1/baselines/{id}/simulate": {200: ref(telemetry.SimulationView)},
    "POST /v1/baselines/{id}/optimum": {200: ref(telemetry.OptimumView)},
    "GET /v1/proposals": {200: page(ref(telemetry.ProposalView))},
    "POST /v1/proposals/{id}/accept": {200: ref(telemetry.ThresholdAnswer)},
    "POST /v1/baselines/{id}/threshold": {200: ref(telemetry.ThresholdAnswer)},
    "POST /v1/baselines/{id}/pin": {200: ref(telemetry.ThresholdAnswer)},
    "POST /v1/baselines/{id}/changes/{change}/rollback": {200: ref(telemetry.ThresholdAnswer)},
    "GET /v1/maintenance": {200: record({"items": {"type": "array", "items": ref(views.MaintenanceView)}})},
    "POST /v1/maintenance": {201: ref(views.MaintenanceView)},
    "DELETE /v1/maintenance/{id}": {200: ref(views.MaintenanceView)},
    "GET /v1/silences": {200: record({"items": {"type": "array", "items": ref(views.SilenceView)}})},
    "POST /v1/silences": {201: ref(views.SilenceView)},
    "DELETE /v1/silences/{id}": {200: ref(views.SilenceView)},
    "GET /v1/runbooks": {200: record({"items": {"type": "array", "items": ref(playbooks.RunbookView)}})},
    "GET /v1/runbooks/{id}": {200: ref(playbooks.RunbookView)},
    "GET /v1/playbooks": {200: page(ref(playbooks.RunbookView))},
    "GET /v1/playbooks/runs": {200: page(ref(playbooks.RunView))},
    "POST /v1/playbooks/{id}/run": {200: ref(playbooks.RunView)},
    **{f"POST /v1/playbooks/runs/{{run}}/{verb}": {200: ref(playbooks.RunView)} for verb in ("approve", "cancel")},
    "GET /v1/notifications": {200: page(ref(outside.NotificationView))},
    "POST /v1/notifications/{id}/replay": {200: ref(outside.NotificationView)},
    "GET /v1/receivers": {200: page(ref(outside.ReceiverView))},
    "POST /v1/receivers/{name}/test": {200: ref(outside.TriedReceiver)},
    "POST /v1/receivers/{name}/enable": {200: ref(outside.ReceiverState)},
    "POST /v1/routes/test": {200: ref(outside.RoutesTaken)},
    "GET /v1/jobs": {200: page(ref(telemetry.JobView))},
    "GET /v1/jobs/{name}/runs": {200: page(ref(telemetry.JobRunView))},
    "POST /v1/jobs/{name}/run": {200: _RAN},
    "GET /v1/sites/{id}/state": {200: ref(reports.StateNow)},
    "GET /v1/reports/overview": {200: ref(reports.Overview)},
    "GET /v1/reports/mtta": {200: ref(reports.ResponseTimes)},
    "GET /v1/reports/noise": {200: ref(reports.Noise)},
    "GET /v1/reports/trends": {200: ref(reports.Trend)},
    "GET /v1/reports/triage-load": {200: ref(reports.TriageLoad)},
    "GET /v1/scorecards": {200: record({"items": {"type": "array", "items": ref(reports.ScorecardView)}})},
    "GET /v1/search": {200: page(ref(views.AlertView))},
    "POST /v1/whatif": {200: ref(whatif.WhatIfView)},
    "GET /v1/snapshot": {200: ref(views.SnapshotView)},
    "GET /v1/changes": {200: _CHANGES},
    "GET /v1/audit": {200: page(ref(views.AuditView))},
    "GET /v1/audit/access": {200: page(ref(views.AuditView))},
    "GET /v1/audit/verify": {200: record({"chains": {"type": "array", "items": ref(views.ChainView)}})},
    "GET /v1/handovers": {200: page(ref(handovers.HandoverView))},
    "POST /v1/handovers": {201: ref(handovers.HandoverView)},
    "GET /v1/handovers/sheet": {200: ref(handovers.SheetView)},
    "GET /v1/handovers/{id}": {200: ref(handovers.HandoverView)},
    "POST /v1/handovers/{id}/accept": {200: ref(handovers.HandoverView)},
    "GET /v1/notes": {200: page(ref(handovers.DeskNoteView))},
    "POST /v1/notes": {201: ref(handovers.DeskNoteView)},
    "DELETE /v1/notes/{id}": {200: ref(handovers.DeskNoteView)},
    "GET /v1/reports/heat": {200: ref(glances.Heat)},
    "GET /v1/reports/people": {200: ref(glances.PeopleGlance)},
    "GET /v1/presence": {200: page(ref("PersonPresent"))},
    "POST /v1/presence": {200: record({"name": TEXT, "looking": {"type": ["string", "null"]}, "claims": TEXTS})},
    "GET /v1/tokens": {200: record({"items": {"type": "array", "items": ref("Token")}})},
    "POST /v1/tokens": {201: _MADE_TOKEN},
    "DELETE /v1/tokens/{name}": {200: record({"name": TEXT, "revoked": {"const": True}})},
    "POST /v1/tokens/{name}/rotate": {200: _MADE_TOKEN},
    "GET /v1/live": {200: record({"live": {"const": True}})},
    "GET /v1/ready": {200: ref(views.ReadyView), 503: ref(views.ReadyView)},
    "GET /v1/health": {200: ref(views.HealthView)},
    "GET /v1/version": {200: ref(views.VersionView)},
    **{f"GET /v1/{plural}": {200: page(entry(kind))} for plural, kind in KINDS.items()},
    **{f"GET /v1/{plural}/{{id}}": {200: entry(kind)} for plural, kind in KINDS.items()},
}

# What may be sent, by operation and media type.
BODIES: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "POST /v1/events": {
        "application/cloudevents+json": ref("Event"),
        "application/cloudevents-batch+json": ref("Events"),
        "application/json": {"anyOf": [ref("Event"), ref("Events")]},
        "application/x-ndjson": {"type": "string", "description": "An event a line"},
    },
    "POST /v1/webhooks/alertmanager": {JSON: record({"alerts": _PUSHED})},
    "POST /api/v2/alerts": {JSON: _PUSHED},
    **{each: {JSON: {"anyOf": [ref(foreign.Trigger), ref(foreign.FollowUp)]}} for each in _PAGES},
    "POST /v1/alerts/bulk": {JSON: ref(requests.Bulk)},
    **{f"POST /v1/alerts/{{id}}/{verb}": {JSON: ref(body)} for verb, body in requests.COMMANDS.items()},
    "POST /v1/tickets": {JSON: ref(tickets.CreateTicket)},
    "POST /v1/tickets/bulk": {JSON: ref(tickets.TicketBulk)},
    **{f"POST /v1/tickets/{{id}}/{verb}": {JSON: ref(body)} for verb, body in tickets.TICKET_COMMANDS.items()},
    "POST /v1/incidents": {JSON: ref(incidents.CreateIncident)},
    **{f"POST /v1/incidents/{{id}}/{verb}": {JSON: ref(body)} for verb, body in incidents.INCIDENT_COMMANDS.items()},
    "POST /v1/fraud/scores/{id}/verdict": {JSON: ref(fraud.JudgeScore)},
    "POST /v1/models/{version}/activate": {JSON: ref(models.MoveModel)},
    "POST /v1/models/rollback": {JSON: ref(models.MoveModel)},
    "POST /v1/fraud/score": dict.fromkeys((JSON, "application/cloudevents+json"), ref("Event")),
    "POST /v1/baselines/{id}/simulate": {JSON: ref(telemetry.Simulate)},
    "POST /v1/baselines/{id}/optimum": {JSON: ref(telemetry.Optimum)},
    "POST /v1/baselines/{id}/threshold": {JSON: ref(telemetry.SetThreshold)},
    "POST /v1/baselines/{id}/pin": {JSON: ref(telemetry.Pin)},
    "POST /v1/baselines/{id}/changes/{change}/rollback": {JSON: ref(telemetry.Rollback)},
    "POST /v1/maintenance": {JSON: ref(requests.PlanMaintenance)},
    "POST /v1/silences": {JSON: ref(requests.PlanSilence)},
    "POST /v1/playbooks/{id}/run": {JSON: ref(playbooks.StartPlaybook)},
    "POST /v1/routes/test": {JSON: ref(outside.TestRoutes)},
    "POST /v1/whatif": {JSON: ref(whatif.TryOut)},
    "POST /v1/handovers": {JSON: ref(handovers.SignHandover)},
    "POST /v1/handovers/{id}/accept": {JSON: ref(handovers.AcceptHandover)},
    "POST /v1/notes": {JSON: ref(handovers.AddDeskNote)},
    "POST /v1/presence": {JSON: ref(requests.SayPresence)},
    "POST /v1/tokens": {JSON: ref(NewToken)},
    "POST /v1/tokens/{name}/rotate": {JSON: ref(Rotation)},
}

_COMMANDS: Final = (
    ("alerts", requests.COMMANDS),
    ("incidents", incidents.INCIDENT_COMMANDS),
    ("tickets", tickets.TICKET_COMMANDS),
)
# Those that may as well come without a body: nothing in it is required.
BODILESS: Final = frozenset(
    {
        "POST /v1/tokens/{name}/rotate",
        "POST /v1/handovers",
        "POST /v1/presence",
        "POST /v1/handovers/{id}/accept",
        "POST /v1/models/{version}/activate",
        "POST /v1/models/rollback",
        "POST /v1/baselines/{id}/pin",
        "POST /v1/baselines/{id}/changes/{change}/rollback",
        *(
            f"POST /v1/{noun}/{{id}}/{verb}"
            for noun, commands in _COMMANDS
            for verb, body in commands.items()
            if not any(field.is_required() for field in body.model_fields.values())
        ),
    }
)
