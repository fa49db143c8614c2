"""The OpenAPI 3.1 document, generated from the routes served and the models they speak."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic.json_schema import models_json_schema

from nocd import __version__
from nocd.wire import requests, views
from nocd.wire.frames import FRAMES

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.web_urldispatcher import AbstractRoute
    from pydantic import BaseModel

_REF: Final = "#/components/schemas/{model}"
_ANSWERS: Final[dict[str, type[BaseModel]]] = {
    "POST /v1/events": views.PostAnswer,
    "POST /v1/webhooks/alertmanager": views.PostAnswer,
    "GET /v1/alerts/{id}": views.AlertDetail,
    "POST /v1/alerts/{id}/{command}": views.AlertView,
    "GET /v1/findings/{id}": views.FindingView,
    "GET /v1/events/{no}": views.EventView,
    "GET /v1/snapshot": views.SnapshotView,
    "GET /v1/ready": views.ReadyView,
    "GET /v1/health": views.HealthView,
    "GET /v1/version": views.VersionView,
}
_PAGES: Final = re.compile(
    r"/v1/(alerts|findings|events|sites|people|shifts|tours|tasks|devices|checkpoints|alerts/\{id\}/why)$"
)
_BODIES: Final[dict[str, tuple[type[BaseModel], ...]]] = {
    "POST /v1/alerts/bulk": (requests.Bulk,),
    "POST /v1/alerts/{id}/{command}": tuple(requests.COMMANDS.values()),
}
_EVENT_TYPES: Final = (
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/x-ndjson",
    "application/json",
)
_TEXTS: Final = {"/metrics": "text/plain", "/v1/metrics": "text/plain", "/v1/docs": "text/plain"}
_STREAMS: Final = {"/v1/feed": 101, "/v1/feed.sse": 200}
_QUERY: Final[dict[str, tuple[str, ...]]] = {
    "/v1/alerts": ("status", "severity", "min_severity", "site", "type", "person", "limit", "cursor"),
    "/v1/findings": ("alert", "site", "type", "limit", "cursor"),
    "/v1/events": ("after", "limit"),
    "/v1/feed": ("after", "sites", "clients", "types", "min_severity", "events"),
    "/v1/feed.sse": ("after", "sites", "clients", "types", "min_severity", "events"),
    "/v1/changes": ("after", "limit", "wait_s", "sites", "clients", "types", "min_severity", "events"),
}
_NUMBERS: Final = {"after": (0, 2**62), "limit": (1, 500), "wait_s": (0, 60)}


@lru_cache(maxsize=4)
def document(app: web.Application) -> bytes:
    """Return the document for an application, as JSON."""
    models = {*_ANSWERS.values(), *(body for bodies in _BODIES.values() for body in bodies), *FRAMES.values()}
    models |= {views.Page, views.Problem}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema([(model, "serialization") for model in ordered], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in app.router.routes():
        if route.method != "HEAD" and route.resource is not None:
            paths.setdefault(route.resource.canonical, {})[route.method.lower()] = _operation(route)
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "NOC Intelligence", "version": __version__},
            "paths": dict(sorted(paths.items())),
            "components": {
                "schemas": schemas["$defs"],
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            },
        }
    )


def _operation(route: AbstractRoute) -> dict[str, Any]:
    path = route.resource.canonical if route.resource else ""
    needed = getattr(route.handler, "nocd_needs", None)
    operation: dict[str, Any] = {
        "summary": (route.handler.__doc__ or path).strip().splitlines()[0],
        "parameters": _parameters(path, route.method),
        "responses": {
            str(_STREAMS.get(path, _success(route))): _answer(route.method, path),
            "default": {"description": "A problem", "content": _content("application/problem+json", views.Problem)},
        },
    }
    if needed is not None:
        operation["security"] = [{"token": []}]
    body = _body(f"{route.method} {path}")
    if body:
        operation["requestBody"] = {"content": body}
    return operation


def _success(route: AbstractRoute) -> int:
    return 201 if (route.method, getattr(route.resource, "canonical", "")) == ("POST", "/v1/tokens") else 200


def _answer(method: str, path: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "What was asked for"}
    model = _ANSWERS.get(f"{method} {path}") or (views.Page if method == "GET" and _PAGES.match(path) else None)
    if path in _TEXTS:
        answer["content"] = {_TEXTS[path]: {"schema": {"type": "string"}}}
    elif path == "/v1/feed.sse":
        answer["content"] = {"text/event-stream": {"schema": {"type": "string"}}}
    elif model is not None:
        answer["content"] = _content("application/json", model)
    elif path not in _STREAMS and path != "/v1/backup":
        answer["content"] = {"application/json": {"schema": {"type": "object"}}}
    return answer


def _parameters(path: str, method: str) -> list[dict[str, Any]]:
    named = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", path)
    ]
    names = _QUERY.get(path, ("limit", "cursor", "site") if _PAGES.match(path) and "{" not in path else ())
    return named + [_parameter(name) for name in names if method == "GET"]


def _parameter(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if name in _NUMBERS:
        low, high = _NUMBERS[name]
        schema = {"type": "integer", "minimum": low, "maximum": high}
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _body(operation: str) -> dict[str, Any]:
    if operation == "POST /v1/events":
        return {media_type: {"schema": {}} for media_type in _EVENT_TYPES}
    bodies = _BODIES.get(operation, ())
    if len(bodies) == 1:
        return _content("application/json", bodies[0])
    if bodies:
        return {"application/json": {"schema": {"anyOf": [_ref(body) for body in bodies]}}}
    return {"application/json": {"schema": {"type": "object"}}} if operation.startswith("POST") else {}


def _content(media_type: str, model: type[BaseModel]) -> dict[str, Any]:
    return {media_type: {"schema": _ref(model)}}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}
