"""The directory, the findings and the stored events, for reading; they change through events only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from nocd.api import answers
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import tenant_of
from nocd.domain.token import Act, Token
from nocd.errors import NotAllowed, NotFound
from nocd.store import queries
from nocd.store.rows import number

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nocd.domain.directory import Entry
    from nocd.tenant import Tenant

KINDS = {
    "sites": "site",
    "people": "person",
    "shifts": "shift",
    "tours": "tour",
    "tasks": "task",
    "devices": "device",
    "checkpoints": "checkpoint",
}


def routes() -> list[web.RouteDef]:
    """Return the reading routes."""
    listed = [web.get(f"/v1/{plural}", _index(kind)) for plural, kind in KINDS.items()]
    shown = [web.get(f"/v1/{plural}/{{id}}", _show(kind)) for plural, kind in KINDS.items()]
    return [
        *listed,
        *shown,
        web.get("/v1/findings", findings),
        web.get("/v1/findings/{id}", finding),
        web.get("/v1/events", events),
        web.get("/v1/events/{no}", event),
    ]


def _index(kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    @needs(Act.READ)
    async def index(request: web.Request) -> web.Response:
        answers.known_parameters(request, "limit", "cursor", "site")
        tenant, token, limit = tenant_of(request), request[TOKEN], answers.limit(request)
        after, site = request.query.get("cursor", ""), request.query.get("site")
        entries = tenant.pipeline.engine.shelves.kind(kind)
        chosen = [
            key
            for key, entry in entries.items()
            if key > after and _seen(tenant, token, entry) and (site is None or _site_of(entry) == site)
        ]
        page = sorted(chosen)[: limit + 1]
        cursor = page[limit - 1] if len(page) > limit else None
        return answers.page((_body(token, entries[key]) for key in page[:limit]), cursor)

    return index


def _show(kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    @needs(Act.READ)
    async def show(request: web.Request) -> web.Response:
        tenant, token, key = tenant_of(request), request[TOKEN], request.match_info["id"]
        entry = tenant.pipeline.engine.shelves.get(kind, key)
        if entry is None or not _seen(tenant, token, entry):
            msg = f"there is no {kind} {key}"
            raise NotFound(msg)
        return web.Response(body=_body(token, entry), content_type="application/json")

    return show


def _site_of(entry: Entry) -> str | None:
    site: str | None = getattr(entry, "site", None)
    return entry.id if hasattr(entry, "timezone") else site


def _seen(tenant: Tenant, token: Token, entry: Entry) -> bool:
    if not token.limited:
        return True
    roster = tenant.pipeline.engine.roster
    places = getattr(entry, "sites", None) or (_site_of(entry),)
    return any(token.sees(site=site, client=roster.client(site)) for site in places)


def _body(token: Token, entry: Entry) -> bytes:
    kind = "person" if hasattr(entry, "phone") else ""
    return answers.seen_by(
        token, orjson.dumps({"kind": kind, **orjson.loads(orjson.dumps(entry))}) if kind else orjson.dumps(entry)
    )


@needs(Act.READ)
async def findings(request: web.Request) -> web.Response:
    """Answer a page of findings, newest first."""
    answers.known_parameters(request, "alert", "site", "type", "limit", "cursor")
    token = request[TOKEN]
    place = answers.from_cursor(request, 1)
    items, before = await tenant_of(request).store.read(
        queries.findings,
        alert_no=_number(request.query.get("alert")),
        site=request.query.get("site"),
        kind=request.query.get("type"),
        sites=token.sites,
        clients=token.clients,
        before=None if place is None else place[0],
        limit=answers.limit(request),
    )
    bodies = (answers.seen_by(token, orjson.dumps(item)) for item in items)
    return answers.page(bodies, answers.to_cursor(None if before is None else (before,)))


@needs(Act.READ)
async def finding(request: web.Request) -> web.Response:
    """Answer one finding."""
    token, name = request[TOKEN], request.match_info["id"]
    no = _number(name) or 0
    items, _ = await tenant_of(request).store.read(
        queries.findings, sites=token.sites, clients=token.clients, before=min(no + 1, 2**62), limit=1
    )
    if not items or items[0]["id"] != name:
        msg = f"there is no finding {name}"
        raise NotFound(msg)
    return web.Response(body=answers.seen_by(token, orjson.dumps(items[0])), content_type="application/json")


@needs(Act.READ)
async def events(request: web.Request) -> web.Response:
    """Answer stored events numbered after `after`, as received."""
    answers.known_parameters(request, "after", "limit")
    token = _unlimited(request)
    after = answers.whole_number(request, "after", default=0, low=0, high=2**62)
    limit = answers.limit(request)
    items = await tenant_of(request).store.read(queries.events, after=after, limit=limit)
    cursor = str(items[-1]["no"]) if len(items) == limit else None
    return answers.page((answers.seen_by(token, orjson.dumps(item)) for item in items), cursor)


@needs(Act.READ)
async def event(request: web.Request) -> web.Response:
    """Answer one stored event."""
    token = _unlimited(request)
    no = request.match_info["no"]
    found: dict[str, Any] | None = None
    if no.isascii() and no.isdigit() and int(no) < 2**62:
        found = await tenant_of(request).store.read(queries.event, int(no))
    if found is None:
        msg = f"there is no event {no}"
        raise NotFound(msg)
    return web.Response(body=answers.seen_by(token, orjson.dumps(found)), content_type="application/json")


def _unlimited(request: web.Request) -> Token:
    """Refuse a token limited to places: raw events are not sorted by place."""
    if request[TOKEN].limited:
        raise NotAllowed("a token limited to sites or clients may not read raw events")
    return request[TOKEN]


def _number(name: str | None) -> int | None:
    if name is None:
        return None
    try:
        return min(number(name), 2**62)
    except ValueError:
        return 0
