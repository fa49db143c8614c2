"""The OpenAPI 3.1 document, generated from the routes served and the models they speak."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, get_args

import orjson

from nocd import __version__
from nocd.api.directory import KINDS
from nocd.api.exports import MEDIA
from nocd.api.handovers import FORMATS
from nocd.api.operations import ANSWERS, BODIES, BODILESS
from nocd.api.schemas import components, ref
from nocd.domain.alert import Status
from nocd.domain.incident import IncidentStatus
from nocd.domain.playbook import RunStatus
from nocd.domain.severity import Severity
from nocd.domain.ticket import TicketPriority, TicketStatus
from nocd.store.outbox import STATES
from nocd.wire import views
from nocd.wire.changes import CHANGES
from nocd.wire.incidents import INCIDENT_COMMANDS
from nocd.wire.requests import COMMANDS
from nocd.wire.tickets import TICKET_COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web
    from aiohttp.web_urldispatcher import AbstractRoute

_TEXT: Final = {"type": "string"}
_NAMES: Final = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 128}, "maxItems": 200}
_FEED: Final = ("after", "sites", "clients", "types", "min_severity", "events")
_AUDIT: Final = ("actor", "act", "target", "limit", "cursor")
_NUMBER_MAX: Final = 2**63 - 1

# The query parameters each route takes, and what each may be; lists are written with commas.
QUERY: Final[dict[str, tuple[str, ...]]] = {
    "/v1/alerts": ("q", "status", "severity", "min_severity", "site", "type", "person", "limit", "cursor"),
    "/v1/tickets": ("status", "priority", "site", "person", "assignee", "type", "limit", "cursor"),
    "/v1/incidents": ("status", "min_severity", "site", "person", "limit", "cursor"),
    "/v1/telemetry/correlations": ("site", "min_severity", "hours", "limit", "cursor"),
    "/v1/fraud/scores/live": ("min_score", "site", "person", "limit"),
    "/v1/fraud/people/{id}/history": ("days",),
    "/v1/fraud/reviews": ("open", "limit"),
    "/v1/fraud/heatmap": ("hours", "min_predictions"),
    "/v1/people/{id}/day": ("date",),
    "/v1/people/{id}/trace": ("from", "to", "limit", "cursor"),
    "/v1/findings": ("alert", "site", "type", "limit", "cursor"),
    "/v1/events": ("after", "limit", "cursor"),
    "/v1/telemetry/people/{id}/signals": ("window_minutes",),
    "/v1/telemetry/sites/{id}/signals": ("window_minutes",),
    "/v1/baselines": ("site", "metric", "limit", "cursor"),
    "/v1/baselines/{id}/hours": ("days", "limit", "cursor"),
    "/v1/baselines/{id}/changes": ("limit", "cursor"),
    "/v1/playbooks/runs": ("run_status", "alert", "limit", "cursor"),
    "/v1/notifications": ("state", "receiver", "limit", "cursor"),
    "/v1/jobs/{name}/runs": ("limit", "cursor"),
    "/v1/export/{name}": ("format", "q"),
    "/v1/reports/heat": ("step_minutes", "steps"),
    "/v1/reports/mtta": ("days",),
    "/v1/reports/noise": ("days", "limit"),
    "/v1/reports/people": ("site", "limit"),
    "/v1/reports/trends": ("days", "site", "client"),
    "/v1/reports/triage-load": ("days",),
    "/v1/scorecards": ("client", "days"),
    "/v1/search": ("q", "limit", "cursor"),
    "/v1/handovers": ("limit", "cursor"),
    "/v1/handovers/sheet": ("format",),
    "/v1/handovers/{id}": ("format",),
    "/v1/audit": _AUDIT,
    "/v1/audit/access": _AUDIT,
    "/v1/feed": _FEED,
    "/v1/feed.sse": _FEED,
    "/v1/changes": (*_FEED, "limit", "wait_s"),
    **dict.fromkeys((f"/v1/{plural}" for plural in KINDS), ("site", "limit", "cursor")),
}
_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "after": {"type": "integer", "minimum": 0, "maximum": _NUMBER_MAX},
    "alert": {"type": "string", "pattern": "^A-[0-9]{1,18}$"},
    "clients": _NAMES,
    "date": {"type": "string", "format": "date"},
    "days": {"type": "integer", "minimum": 1, "maximum": 800},
    "hours": {"type": "integer", "minimum": 1, "maximum": 2_160},
    "from": {"type": "string", "format": "date-time"},
    "to": {"type": "string", "format": "date-time"},
    "events": {"enum": ["0", "1", "false", "true"]},
    "open": {"enum": ["0", "1", "false", "true"]},
    "format": {"enum": [*MEDIA]},
    "limit": {"type": "integer", "minimum": 1, "maximum": 500},
    "min_predictions": {"type": "integer", "minimum": 1, "maximum": 10_000},
    "min_score": {"type": "number", "minimum": 0, "maximum": 1},
    "min_severity": {"enum": [*Severity]},
    "q": {"type": "string", "maxLength": 1_000},
    "priority": {"type": "array", "items": {"enum": [*TicketPriority]}},
    "severity": {"type": "array", "items": {"enum": [*Severity]}},
    "sites": _NAMES,
    "state": {"enum": [*STATES]},
    "run_status": {"type": "array", "items": {"enum": [*get_args(RunStatus)]}},
    "status": {"type": "array", "items": {"enum": [*Status, "unresolved"]}},
    "step_minutes": {"type": "integer", "minimum": 1, "maximum": 1_440},
    "steps": {"type": "integer", "minimum": 1, "maximum": 200},
    "types": {"type": "array", "items": {"enum": [*CHANGES]}},
    "window_minutes": {"type": "integer", "minimum": 30, "maximum": 480},
    "wait_s": {"type": "number", "minimum": 0, "maximum": 60},
}
_VERBS: Final = {"/v1/tickets/": TICKET_COMMANDS, "/v1/incidents/": INCIDENT_COMMANDS}
_OF_PATH: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("/v1/fraud/people/{id}/history", "days"): {"type": "integer", "minimum": 1, "maximum": 365},
    ("/v1/handovers/sheet", "format"): {"enum": [*FORMATS]},
    ("/v1/handovers/{id}", "format"): {"enum": [*FORMATS]},
    ("/v1/incidents", "status"): {"type": "array", "items": {"enum": [*IncidentStatus]}},
    ("/v1/reports/noise", "limit"): {"type": "integer", "minimum": 1, "maximum": 100},
    ("/v1/tickets", "status"): {"type": "array", "items": {"enum": [*TicketStatus, "unresolved"]}},
}
_OTHER_MEDIA: Final = {
    "/metrics": ("text/plain",),
    "/v1/metrics": ("text/plain",),
    "/v1/docs": ("text/plain",),
    "/v1/backup": ("application/x-tar",),
    "/v1/export/{name}": tuple(MEDIA.values()),
    "/v1/feed.sse": ("text/event-stream",),
}
_ALSO_TEXT: Final = frozenset({"/v1/handovers/sheet", "/v1/handovers/{id}"})  # with ?format=text
_PROBLEM: Final = {
    "description": "A problem (RFC 9457)",
    "content": {"application/problem+json": {"schema": ref(views.Problem)}},
}
_COMMANDED: Final = (
    "/v1/alerts/",
    "/v1/incidents",
    "/v1/tickets",
    "/v1/models/",
    "/v1/fraud/scores/",
    "/v1/handovers",
    "/v1/notes",
)  # with idempotency keys
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A repeat under the same key gets the first answer, for 24 h",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
}


@lru_cache(maxsize=4)
def document(app: web.Application) -> bytes:
    """Return the document for an application, as JSON."""
    paths: dict[str, dict[str, Any]] = {}
    for route in app.router.routes():
        if route.method != "HEAD" and route.resource is not None:
            for path in spelled_out(route.resource.canonical):
                paths.setdefault(path, {})[route.method.lower()] = _operation(route, path)
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "NOC Intelligence", "version": __version__},
            "paths": dict(sorted(paths.items())),
            "components": {
                "schemas": components(),
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            },
        }
    )


def spelled_out(path: str) -> Iterator[str]:
    """Yield the documented paths of a route: each command has its own, since each has its own body."""
    verbs = next((verbs for prefix, verbs in _VERBS.items() if path.startswith(prefix)), COMMANDS)
    yield from (path.replace("{command}", verb) for verb in verbs) if "{command}" in path else (path,)


def _operation(route: AbstractRoute, path: str) -> dict[str, Any]:
    name = f"{route.method} {path}"
    operation: dict[str, Any] = {
        "summary": (route.handler.__doc__ or name).strip().splitlines()[0],
        "parameters": list(_parameters(route.method, path)),
        "responses": {**_answers(name, path), "default": _PROBLEM},
    }
    if getattr(route.handler, "nocd_needs", None) is not None:
        operation["security"] = [{"token": []}]
    if body := BODIES.get(name):
        content = {media_type: {"schema": schema} for media_type, schema in body.items()}
        operation["requestBody"] = {"content": content, "required": name not in BODILESS}
    return operation


def _answers(name: str, path: str) -> dict[str, Any]:
    if path == "/v1/feed":
        return {"101": {"description": "The feed, frame by frame: /asyncapi.json"}}
    if path in _OTHER_MEDIA:
        return {"200": {"description": "Done", "content": {media: {"schema": _TEXT} for media in _OTHER_MEDIA[path]}}}
    told = ANSWERS.get(name, {200: {"type": "object"}})
    answers: dict[str, Any] = {
        str(status): {
            "description": "Done" if status < 400 else "Not done",  # noqa: PLR2004 - HTTP's own border between success and refusal
            "content": {"application/json": {"schema": schema}},
        }
        for status, schema in told.items()
    }
    if path in _ALSO_TEXT:
        answers["200"]["content"]["text/plain"] = {"schema": _TEXT}
    if path == "/v1/snapshot":
        answers["304"] = {"description": "The client has it: `If-None-Match` named its `ETag`"}
    return answers


def _parameters(method: str, path: str) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", path):
        yield {"name": name, "in": "path", "required": True, "schema": _TEXT}
    for name in QUERY.get(path, ()) if method == "GET" else ():
        yield _parameter(name, path)
    if path.startswith(_COMMANDED) and method == "POST":
        yield _KEY


def _parameter(name: str, path: str) -> dict[str, Any]:
    schema = _OF_PATH.get((path, name)) or _SCHEMAS.get(name, _TEXT)
    parameter: dict[str, Any] = {"name": name, "in": "query", "required": False, "schema": schema}
    return parameter | ({"style": "form", "explode": False} if schema.get("type") == "array" else {})
