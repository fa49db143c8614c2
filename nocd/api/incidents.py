"""Incidents: the list, one with all of it, what operators do to it; and what was found to be one story lately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web

from nocd.api import answers
from nocd.api.alerts import find as find_alert
from nocd.api.asking import command_of, done
from nocd.api.auth import TOKEN, needs
from nocd.api.context import context_of, of_incident
from nocd.api.keys import DESK, tenant_of
from nocd.domain.incident import ALERTS_MAX, IncidentStatus
from nocd.domain.instant import HOUR_MS
from nocd.domain.severity import Severity
from nocd.domain.token import Act
from nocd.errors import NotAllowed, NotFound
from nocd.store import incidents as stored
from nocd.store.incidents import IncidentQuery
from nocd.store.rows import number
from nocd.triage.incident_table import NOUN
from nocd.wire.incidents import INCIDENT_COMMANDS, CreateIncident

if TYPE_CHECKING:
    from nocd.domain.token import Token
    from nocd.store.incidents import NumberedAlert
    from nocd.tenant import Tenant

ALERTS_SHOWN_MAX: Final = 100
_CORRELATION_HOURS: Final = 24
_CORRELATION_HOURS_MAX: Final = 24 * 90


def routes() -> list[web.RouteDef]:
    """Return the routes of incidents."""
    return [
        web.get("/v1/incidents", index),
        web.post("/v1/incidents", create),
        web.get("/v1/incidents/{id}", show),
        web.post("/v1/incidents/{id}/{command}", command),
        web.get("/v1/telemetry/correlations", correlations),
    ]


@needs(Act.READ)
async def index(request: web.Request) -> web.Response:
    """Answer a page of incidents, those that stand unless a status is named: severity first, then newest seen."""
    answers.known_parameters(request, "status", "min_severity", "site", "person", "limit", "cursor")
    token = request[TOKEN]
    least = answers.word(request, "min_severity", Severity)
    place = answers.from_cursor(request, 3)
    query = IncidentQuery(
        statuses=answers.words(request, "status", IncidentStatus),
        min_severity=Severity(least).rank if least else 1,
        site=request.query.get("site"),
        person=request.query.get("person"),
        sites=token.sites,
        clients=token.clients,
        after=None if place is None else (place[0], place[1], place[2]),
        limit=answers.limit(request),
    )
    return await _page(request, query)


@needs(Act.READ)
async def correlations(request: web.Request) -> web.Response:
    """Answer what was found to be one story in the last hours, standing or not, the newest first."""
    answers.known_parameters(request, "site", "min_severity", "hours", "limit", "cursor")
    token = request[TOKEN]
    least = answers.word(request, "min_severity", Severity)
    hours = answers.whole_number(request, "hours", default=_CORRELATION_HOURS, low=1, high=_CORRELATION_HOURS_MAX)
    place = answers.from_cursor(request, 3)
    query = IncidentQuery(
        any_status=True,
        min_severity=Severity(least or Severity.MEDIUM).rank,
        site=request.query.get("site"),
        opened_after=request.app[DESK].now_ms() - hours * HOUR_MS,
        sites=token.sites,
        clients=token.clients,
        order="newest",
        after=None if place is None else (place[0], place[1], place[2]),
        limit=answers.limit(request),
    )
    return await _page(request, query)


async def _page(request: web.Request, query: IncidentQuery) -> web.Response:
    bodies, after = await tenant_of(request).store.read(stored.incidents, query)
    return answers.page((answers.seen_by(request[TOKEN], body) for body in bodies), answers.to_cursor(after))


@needs(Act.READ)
async def show(request: web.Request) -> web.Response:
    """Answer one incident with its timeline, its alerts and what surrounds it."""
    answers.known_parameters(request)
    token = request[TOKEN]
    body, timeline = await find(tenant_of(request), token, request.match_info["id"])
    seen = _seen_of(token, await _alerts(tenant_of(request), body, limit=_looked_at_max(token)))
    alerts = b",".join(row[1] for row in seen[:ALERTS_SHOWN_MAX])
    if token.limited:
        timeline = _about(timeline, {f"A-{row[0]}" for row in seen})
    context = orjson.dumps(await context_of(request, of_incident(orjson.loads(body), now=request.app[DESK].now_ms())))
    detail = b'{"incident":' + body + b',"timeline":' + timeline + b',"alerts":[' + alerts
    detail += b'],"context":' + context + b"}"
    return web.Response(body=answers.seen_by(token, detail), content_type="application/json")


@needs(Act.OPERATE)
async def create(request: web.Request) -> web.Response:
    """Make an incident of alerts that stand."""
    answers.known_parameters(request)
    asked = answers.parsed(CreateIncident, await answers.small_body(request))
    args = asked.model_dump(exclude_none=True)
    await _all_visible(request, args)
    made = await done(request, f"create_{NOUN}", "", args)
    return answers.json(answers.shown(request[TOKEN], made), status=201)


@needs(Act.OPERATE)
async def command(request: web.Request) -> web.Response:
    """Carry out one command on an incident and on its alerts, and answer with the incident after it."""
    verb, args = await command_of(request, INCIDENT_COMMANDS)
    tenant, token = tenant_of(request), request[TOKEN]
    body, _ = await find(tenant, token, request.match_info["id"])
    await _all_reached(tenant, token, body)
    await _all_visible(request, args)
    incident = await done(request, f"{verb}_{NOUN}", request.match_info["id"], args)
    return answers.json(answers.shown(token, incident))


async def find(tenant: Tenant, token: Token, incident_id: str) -> tuple[bytes, bytes]:
    """Return (body, timeline) of an incident this token sees; one it does not see is not there."""
    no = answers.number_of(incident_id, "I")
    found = None if no is None else await tenant.store.read(stored.incident, no)
    if found is None or not token.sees(site=found[1], client=found[2]):
        raise NotFound(f"there is no incident {incident_id}")
    return found[0], found[3]


async def _alerts(tenant: Tenant, body: bytes, *, limit: int) -> list[NumberedAlert]:
    numbers = [number(alert_id) for alert_id in orjson.loads(body)["alerts"]]
    return await tenant.store.read(stored.alerts_numbered, numbers, limit=limit)


def _looked_at_max(token: Token) -> int:
    """Return how many alerts of an incident are looked at: all of them where some may not be seen."""
    return ALERTS_MAX if token.limited else ALERTS_SHOWN_MAX


def _seen_of(token: Token, rows: list[NumberedAlert]) -> list[NumberedAlert]:
    return [row for row in rows if token.sees(site=row[2], client=row[3])]


def _about(timeline: bytes, seen: set[str]) -> bytes:
    """Return a timeline without what happened to alerts that are not `seen`."""
    return orjson.dumps([moment for moment in orjson.loads(timeline) if moment["alert"] in {None, *seen}])


async def _all_reached(tenant: Tenant, token: Token, body: bytes) -> None:
    """Raise NotAllowed where an act on an incident would reach an alert that this token does not see."""
    if token.limited:
        rows = await _alerts(tenant, body, limit=ALERTS_MAX)
        if len(_seen_of(token, rows)) < len(rows):
            raise NotAllowed("this token does not reach all alerts of the incident", code="forbidden")


async def _all_visible(request: web.Request, args: dict[str, Any]) -> None:
    """Raise NotFound for an alert or incident named in a command that this token does not see, or not all of."""
    tenant, token = tenant_of(request), request[TOKEN]
    for alert_id in args.get("alerts", ()):
        await find_alert(tenant, token, alert_id)
    for incident_id in args.get("incidents", ()):
        await _all_reached(tenant, token, (await find(tenant, token, incident_id))[0])
    if "parent" in args:
        await find(tenant, token, args["parent"])
