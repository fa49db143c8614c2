"""Telling the outside: what was sent to whom, what never arrived, the receivers, and which routes an alert takes."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from nocd.api import answers
from nocd.api.asking import done
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import DESK, tenant_of
from nocd.domain.instant import rfc3339_or_none
from nocd.domain.token import Act
from nocd.errors import Conflict, NotFound
from nocd.store import outbox
from nocd.triage.matchers import labels_of
from nocd.triage.receivers import ENABLE
from nocd.wire.outside import TestRoutes

if TYPE_CHECKING:
    from nocd.triage.routes import Route


def routes() -> list[web.RouteDef]:
    """Return the routes of notifications and receivers."""
    return [
        web.get("/v1/notifications", index),
        web.post("/v1/notifications/{id}/replay", replay),
        web.get("/v1/receivers", receivers),
        web.post("/v1/receivers/{name}/test", test),
        web.post("/v1/receivers/{name}/enable", enable),
        web.post("/v1/routes/test", test_routes),
    ]


@needs(Act.READ)
async def index(request: web.Request) -> web.Response:
    """Answer a page of messages, newest first: those that wait, those that arrived, and dead letters."""
    answers.known_parameters(request, "state", "receiver", "limit", "cursor")
    token, place = request[TOKEN], answers.from_cursor(request, 1)
    items, before = await tenant_of(request).store.read(
        outbox.page,
        state=answers.word(request, "state", outbox.STATES),
        receiver=request.query.get("receiver"),
        sites=token.sites,
        clients=token.clients,
        before=None if place is None else place[0],
        limit=answers.limit(request),
    )
    return answers.page(map(orjson.dumps, items), answers.to_cursor(None if before is None else (before,)))


@needs(Act.OPERATE)
async def replay(request: web.Request) -> web.Response:
    """Send a dead letter again, under the id it had."""
    await answers.small_body(request)
    tenant, name = tenant_of(request), request.match_info["id"]
    no = await _visible(request, name)
    found = await tenant.store.read(outbox.one, no)
    if found is not None and found[0]["state"] == "dead":
        if (receiver := found[0]["receiver"]) not in tenant.pipeline.engine.triage.notifications.routes.receivers:
            raise Conflict(f"{name} cannot be sent: no receiver is called {receiver} any more", code="unreachable")
        await done(request, "replay_notification", name, {})
    if not await tenant.store.run([outbox.replayed(no, now=request.app[DESK].now_ms())]):
        raise Conflict(f"{name} is no dead letter; only those are sent again", code="not_dead")
    request.app[DESK].notifier.wake(tenant.name)
    found = await tenant.store.read(outbox.one, no)
    return answers.json(found[0] if found else {})


@needs(Act.READ)
async def receivers(request: web.Request) -> web.Response:
    """Answer every receiver: whether it is well, and how much of what the token sees waits for it."""
    answers.known_parameters(request)
    token = request[TOKEN]
    listed = await request.app[DESK].notifier.listed(tenant_of(request), sites=token.sites, clients=token.clients)
    return answers.json({"items": listed, "cursor": None})


@needs(Act.ADMINISTER)
async def test(request: web.Request) -> web.Response:
    """Send a test message to a receiver now, and answer what came of it."""
    await answers.small_body(request)
    name, notifier = request.match_info["name"], request.app[DESK].notifier
    notifier.receiver(name)
    await done(request, "test_receiver", name, {})
    sent = await notifier.test(name)
    return answers.json({"receiver": name, "ok": sent.ok, "detail": sent.detail})


@needs(Act.ADMINISTER)
async def enable(request: web.Request) -> web.Response:
    """Send to a receiver again that was disabled because it said it is gone."""
    await answers.small_body(request)
    body = await done(request, ENABLE, request.match_info["name"], {})
    request.app[DESK].notifier.wake(tenant_of(request).name)
    return answers.json(body)


@needs(Act.READ)
async def test_routes(request: web.Request) -> web.Response:
    """Answer which routes an alert takes, and who would be told."""
    asked = answers.parsed(TestRoutes, await answers.small_body(request))
    engine, token = tenant_of(request).pipeline.engine, request[TOKEN]
    labels = asked.labels or {}
    if asked.alert is not None:
        alert = engine.book.get(asked.alert)
        client = None if alert is None else engine.roster.client(alert.site)
        if alert is None or not token.sees(site=alert.site, client=client):
            raise NotFound(f"there is no unresolved alert {asked.alert}")
        labels = labels_of(alert, client=client)
    taken = engine.triage.notifications.routes.taken_by(labels)
    site = engine.roster.sites.get(labels.get("site", ""))
    now, timezone = request.app[DESK].now_ms(), site.timezone if site else "UTC"
    urgent = labels.get("severity") == "CRITICAL"
    told = [
        _route(route, taken=route in taken, held=None if urgent else route.quiet_until(now, timezone))
        for route in engine.triage.notifications.routes.routes
    ]
    names = dict.fromkeys(name for route in taken for name in route.receivers)
    return answers.json({"routes": told, "receivers": list(names)})


def _route(route: Route, *, taken: bool, held: int | None) -> dict[str, Any]:
    shown = {name: value for name, value in asdict(route).items() if name in {"name", "receivers", "matchers"}}
    return {**shown, "taken": taken, "held_until": rfc3339_or_none(held) if taken else None}


async def _visible(request: web.Request, name: str) -> int:
    """Return the number of a message that the token sees; one it does not see is not there."""
    no = answers.number_of(name, "N")
    found = None if no is None else await tenant_of(request).store.read(outbox.one, no)
    if no is None or found is None or not request[TOKEN].sees(site=found[1], client=found[2]):
        raise NotFound(f"there is no notification {name}")
    return no
