"""The shapes of the API's bodies and answers as JSON Schema, made of the models that check and fill them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from nocd.api.tokens import NewToken, Rotation
from nocd.detect.registry import CATALOG
from nocd.domain.directory import DIRECTORY_TYPES
from nocd.domain.token import Right, Role
from nocd.ingest.envelope import ENVELOPE
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
from nocd.wire.frames import FRAMES, ChangeFrame

if TYPE_CHECKING:
    from pydantic import BaseModel

REF: Final = "#/components/schemas/{model}"
JSON: Final = "application/json"
TEXT: Final = {"type": "string"}
TEXTS: Final = {"type": "array", "items": TEXT}
_INSTANT: Final = {"type": "string", "format": "date-time"}
_PLAIN: Final = ("type", "data")

_VIEWS: Final[tuple[type[BaseModel], ...]] = (
    context.AlertDetail,
    views.AlertView,
    views.AuditView,
    views.ChainView,
    views.EventView,
    views.FindingRow,
    fraud.DryRunView,
    fraud.HeatMap,
    fraud.PersonHistory,
    fraud.ReviewView,
    fraud.ScoreView,
    models.CompareView,
    models.ModelCard,
    models.ModelMoved,
    models.ModelsView,
    models.PerformanceView,
    people.DayView,
    people.FixView,
    people.ProfileView,
    people.RiskView,
    glances.Heat,
    glances.PeopleGlance,
    views.HealthView,
    views.LedgerView,
    evidence.EvidenceView,
    foreign.PageRefused,
    foreign.PageTaken,
    incidents.IncidentDetail,
    incidents.IncidentView,
    views.MaintenanceView,
    views.SilenceView,
    handovers.HandoverView,
    handovers.SheetView,
    playbooks.RunbookView,
    views.PostAnswer,
    views.Problem,
    views.ReadyView,
    views.SnapshotView,
    views.VersionView,
    reports.Noise,
    reports.Overview,
    reports.ResponseTimes,
    reports.ScorecardView,
    reports.StateNow,
    reports.Trend,
    reports.TriageLoad,
    outside.NotificationView,
    outside.ReceiverState,
    outside.ReceiverView,
    outside.RoutesTaken,
    outside.TriedReceiver,
    playbooks.RunView,
    telemetry.BaselineDetail,
    telemetry.BaselineView,
    telemetry.HourView,
    telemetry.JobRunView,
    telemetry.JobView,
    telemetry.OptimumView,
    telemetry.PersonSignals,
    telemetry.ProposalView,
    telemetry.SimulationView,
    telemetry.SiteSignals,
    telemetry.ThresholdAnswer,
    telemetry.ThresholdChangeView,
    tickets.TicketDetail,
    tickets.TicketView,
    whatif.WhatIfView,
    ChangeFrame,
    *FRAMES.values(),
)
_STEERING: Final[tuple[type[BaseModel], ...]] = (
    telemetry.Simulate,
    telemetry.Optimum,
    telemetry.SetThreshold,
    telemetry.Pin,
    telemetry.Rollback,
)
_REQUESTS: Final[tuple[type[BaseModel], ...]] = (
    *requests.COMMANDS.values(),
    requests.Bulk,
    requests.PlanMaintenance,
    requests.PlanSilence,
    requests.SayPresence,
    handovers.AcceptHandover,
    handovers.AddDeskNote,
    handovers.SignHandover,
    tickets.CreateTicket,
    tickets.TicketBulk,
    *dict.fromkeys(tickets.TICKET_COMMANDS.values()),
    incidents.CreateIncident,
    *incidents.INCIDENT_COMMANDS.values(),
    foreign.FollowUp,
    foreign.PushedAlert,
    foreign.Trigger,
    fraud.JudgeScore,
    models.MoveModel,
    outside.TestRoutes,
    playbooks.StartPlaybook,
    whatif.TryOut,
    NewToken,
    Rotation,
    *_STEERING,
)


def ref(model: str | type[BaseModel]) -> dict[str, Any]:
    """Return a reference to a component."""
    return {"$ref": REF.format(model=model if isinstance(model, str) else model.__name__)}


def record(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the schema of an object."""
    properties = {**required, **(optional or {})}
    return {"type": "object", "properties": properties, "required": [*required]}


def page(item: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a keyset page of `item`s."""
    return record({"items": {"type": "array", "items": item}, "cursor": {"type": ["string", "null"]}})


def entry(kind: str) -> dict[str, Any]:
    """Return a reference to a directory entry as it is answered."""
    return ref(f"{kind.title()}Entry")


def components() -> dict[str, Any]:
    """Return every named schema: views, requests, directory entries, events, tokens."""
    _, seen = models_json_schema([(model, "serialization") for model in _VIEWS], ref_template=REF)
    _, asked = models_json_schema([(model, "validation") for model in _REQUESTS], ref_template=REF)
    asked["$defs"]["Bulk"]["properties"]["command"]["enum"] = [*requests.COMMANDS]
    asked["$defs"]["PlanMaintenance"]["properties"]["types"]["items"]["enum"] = [*CATALOG]
    asked["$defs"]["TestRoutes"]["oneOf"] = [{"required": ["alert"]}, {"required": ["labels"]}]
    return {**seen["$defs"], **asked["$defs"], **_entries(), **_events(), "Token": _token()}


def _entries() -> dict[str, Any]:
    """Return the directory's entries as they are answered; a person says that it is one."""
    schemas = {
        f"{name.removeprefix('noc.').title()}Entry": TypeAdapter(kind).json_schema(ref_template=REF)
        for name, kind in DIRECTORY_TYPES.items()
    }
    point = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    schemas["SiteEntry"]["properties"]["polygon"] = {"type": ["array", "null"], "items": point}
    schemas["PersonEntry"]["properties"]["kind"] = {"const": "person"}
    return schemas


def _events() -> dict[str, Any]:
    """Return `CloudEvent`, `PlainEvent` and what they are made of: an envelope for each type, and its data."""
    schema = ENVELOPE.json_schema(ref_template=REF)
    definitions = schema["$defs"]
    envelopes = {
        name: definitions.pop(place.rpartition("/")[2]) for name, place in schema["discriminator"]["mapping"].items()
    }
    for name in DIRECTORY_TYPES:
        data = envelopes[name]["properties"]["data"]
        envelopes[name]["properties"]["data"] = {"anyOf": [data, ref("Removal")]}
    plain = {f"plain.{name}": _plain(envelope) for name, envelope in envelopes.items()}
    removal = record({"id": {"type": "string", "minLength": 1, "maxLength": 128}, "removed": {"const": True}})
    return {
        **definitions,
        **envelopes,
        **plain,
        "Removal": removal,
        "CloudEvent": {"oneOf": [ref(name) for name in envelopes]},
        "PlainEvent": {"oneOf": [ref(name) for name in plain]},
        "Event": {"anyOf": [ref("CloudEvent"), ref("PlainEvent")]},
        "Events": {"type": "array", "items": ref("Event"), "minItems": 1},
    }


def _plain(envelope: dict[str, Any]) -> dict[str, Any]:
    properties = {name: envelope["properties"][name] for name in ("id", "source", "type", "time", "data")}
    return {"type": "object", "properties": properties, "required": [*_PLAIN], "additionalProperties": False}


def _token() -> dict[str, Any]:
    texts = {"type": "array", "items": TEXT}
    return record(
        {
            "name": TEXT,
            "role": {"enum": [*Role]},
            "tenant": TEXT,
            "rights": {"type": "array", "items": {"enum": [*Right]}},
            "sites": texts,
            "clients": texts,
            "allow": texts,
            "created_at": _INSTANT,
            "expires_at": {"anyOf": [_INSTANT, {"type": "null"}]},
            "last_used": {"anyOf": [_INSTANT, {"type": "null"}]},
        }
    )
