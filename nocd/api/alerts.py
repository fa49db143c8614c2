"""Alerts: the queue, one alert with why, and what operators do to it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import orjson
from aiohttp import web
from pydantic_core import to_json

from nocd.api import answers
from nocd.api.asking import command_of, done, each, idempotency_key
from nocd.api.auth import TOKEN, needs
from nocd.api.context import context_of, of_alert
from nocd.api.keys import DESK, tenant_of
from nocd.api.search import asked
from nocd.domain.alert import Status
from nocd.domain.severity import Severity
from nocd.domain.token import Act, Token
from nocd.errors import InputError, NotFound
from nocd.store import queries
from nocd.store.queries import AlertQuery
from nocd.store.search import condition
from nocd.wire.query import asks
from nocd.wire.requests import COMMANDS, Bulk

if TYPE_CHECKING:
    from nocd.tenant import Tenant

_FILTERS = ("q", "status", "severity", "min_severity", "site", "type", "person", "limit", "cursor")
# `bulk` is no alert and `why` no command, so that a wrong method there is answered as one.
_ID = "{id:(?!bulk$)[^{}/]+}"
_COMMAND = "{command:(?!why$)[^{}/]+}"


def routes() -> list[web.RouteDef]:
    """Return the routes of alerts."""
    return [
        web.get("/v1/alerts", index),
        web.post("/v1/alerts/bulk", bulk),
        web.get(f"/v1/alerts/{_ID}", show),
        web.get("/v1/alerts/{id}/why", why),
        web.post(f"/v1/alerts/{{id}}/{_COMMAND}", command),
    ]


@needs(Act.READ)
async def index(request: web.Request) -> web.Response:
    """Answer a page of alerts, severity first, then priority, then newest."""
    answers.known_parameters(request, *_FILTERS)
    token = request[TOKEN]
    statuses = answers.words(request, "status", [*Status, "unresolved"])
    severities = answers.words(request, "severity", Severity)
    least = answers.word(request, "min_severity", Severity)
    place = answers.from_cursor(request, 4)
    node, asker = asked(request)
    sql, values = condition(node, asker)
    query = AlertQuery(
        asked=(sql, tuple(values)),
        every=asks(node, "status"),
        statuses=() if "unresolved" in statuses else statuses,
        severities=tuple(Severity(word).rank for word in severities),
        min_severity=Severity(least).rank if least else 1,
        site=request.query.get("site"),
        type=request.query.get("type"),
        person=request.query.get("person"),
        sites=token.sites,
        clients=token.clients,
        after=None if place is None else (place[0], place[1], place[2], place[3]),
        limit=answers.limit(request),
    )
    bodies, after = await tenant_of(request).store.read(queries.alerts, query)
    return answers.page((answers.seen_by(token, body) for body in bodies), answers.to_cursor(after))


@needs(Act.READ)
async def show(request: web.Request) -> web.Response:
    """Answer one alert with the decisions about it and what surrounds it."""
    answers.known_parameters(request)
    body, no = await _visible(request)
    why = orjson.dumps(await tenant_of(request).store.read(queries.why, no))
    context = orjson.dumps(await context_of(request, of_alert(orjson.loads(body), now=request.app[DESK].now_ms())))
    detail = b'{"alert":' + body + b',"why":' + why + b',"context":' + context + b"}"
    return web.Response(body=answers.seen_by(request[TOKEN], detail), content_type="application/json")


@needs(Act.READ)
async def why(request: web.Request) -> web.Response:
    """Answer every decision about one alert, with its reason."""
    return answers.json({"items": orjson.loads(await _with_why(request))["why"], "cursor": None})


async def _with_why(request: web.Request) -> bytes:
    """Return `{alert, why}` as one text: a name that is masked in the alert is masked in the reasons too."""
    body, no = await _visible(request)
    rows = await tenant_of(request).store.read(queries.why, no)
    return answers.seen_by(request[TOKEN], b'{"alert":' + body + b',"why":' + orjson.dumps(rows) + b"}")


@needs(Act.OPERATE)
async def command(request: web.Request) -> web.Response:
    """Carry out one command and answer with the alert after it."""
    verb, args = await command_of(request, COMMANDS)
    await _visible(request)
    alert = await done(request, verb, request.match_info["id"], args)
    return answers.json(answers.shown(request[TOKEN], alert))


@needs(Act.OPERATE)
async def bulk(request: web.Request) -> web.Response:
    """Carry out one command on up to 100 alerts, answering for each."""
    idempotency_key(request)
    wanted = answers.parsed(Bulk, await answers.small_body(request))
    if wanted.command not in COMMANDS:
        raise InputError(f"there is no command {wanted.command}", code="unknown_command")
    args = answers.parsed(COMMANDS[wanted.command], to_json(wanted.args)).model_dump(exclude_none=True)
    visible = partial(find, tenant_of(request), request[TOKEN])
    return await each(request, wanted.command, wanted.ids, args, visible=visible)


async def _visible(request: web.Request) -> tuple[bytes, int]:
    return await find(tenant_of(request), request[TOKEN], request.match_info["id"])


async def find(tenant: Tenant, token: Token, alert_id: str) -> tuple[bytes, int]:
    """Return (body, number) of an alert this token sees; one it does not see is not there."""
    no = answers.number_of(alert_id, "A")
    found = None if no is None else await tenant.store.read(queries.alert, no)
    if no is None or found is None or not token.sees(site=found[1], client=found[2]):
        raise NotFound(f"there is no alert {alert_id}")
    return found[0], no
