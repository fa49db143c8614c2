"""The directory, the findings and the stored events, for reading; they change through events only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from nocd.api import answers
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import tenant_of
from nocd.domain.token import Act, Right, Token
from nocd.errors import NotAllowed, NotFound
from nocd.feed.mask import MASK
from nocd.store import queries

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
    # aiohttp's own pattern leaves braces out, which an id may have.
    shown = [web.get(f"/v1/{plural}/{{id:[^/]+}}", _show(kind)) for plural, kind in KINDS.items()]
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
        """Answer a page of directory entries, by id."""
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
        """Answer one directory entry."""
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
        alert_no=answers.alert_no(request),
        site=request.query.get("site"),
        kind=request.query.get("type"),
        sites=token.sites,
        clients=token.clients,
        before=None if place is None else place[0],
        limit=answers.limit(request),
    )
    bodies = (_finding_body(request, item) for item in items)
    return answers.page(bodies, answers.to_cursor(None if before is None else (before,)))


@needs(Act.READ)
async def finding(request: web.Request) -> web.Response:
    """Answer one finding."""
    token, name = request[TOKEN], request.match_info["id"]
    no = answers.number_in(name.removeprefix("F-")) or 0
    items, _ = await tenant_of(request).store.read(
        queries.findings, sites=token.sites, clients=token.clients, before=min(no + 1, answers.NUMBER_MAX), limit=1
    )
    if not items or items[0]["id"] != name:
        msg = f"there is no finding {name}"
        raise NotFound(msg)
    return web.Response(body=_finding_body(request, items[0]), content_type="application/json")


def _finding_body(request: web.Request, item: dict[str, Any]) -> bytes:
    """Return a stored finding with names; whom it names in its reason is known by those names alone."""
    token, roster = request[TOKEN], tenant_of(request).pipeline.engine.roster
    name = roster.person_name(item["person"])
    named = {**item, "site_name": roster.site_name(item["site"]), "person_name": name}
    if item["person"] is not None and name is None and Right.PII not in token.rights:
        named["reason"] = MASK  # it may name somebody who has left the directory
    return answers.seen_by(token, orjson.dumps(named))


@needs(Act.READ)
async def events(request: web.Request) -> web.Response:
    """Answer stored events numbered after `after` (or `cursor`), as received."""
    answers.known_parameters(request, "after", "limit", "cursor")
    token = _unlimited(request)
    after = answers.whole_number(request, "after", default=0, low=0, high=answers.NUMBER_MAX)
    if request.query.get("cursor"):
        after = answers.whole_number(request, "cursor", default=after, low=0, high=answers.NUMBER_MAX)
    limit = answers.limit(request)
    items = await tenant_of(request).store.read(queries.events, after=after, limit=limit)
    cursor = str(items[-1]["no"]) if len(items) == limit else None
    return answers.page((answers.seen_by(token, orjson.dumps(item)) for item in items), cursor)


@needs(Act.READ)
async def event(request: web.Request) -> web.Response:
    """Answer one stored event."""
    token = _unlimited(request)
    name = request.match_info["no"]
    no = answers.number_in(name)
    found = None if no is None else await tenant_of(request).store.read(queries.event, no)
    if found is None:
        msg = f"there is no event {name}"
        raise NotFound(msg)
    return web.Response(body=answers.seen_by(token, orjson.dumps(found)), content_type="application/json")


def _unlimited(request: web.Request) -> Token:
    """Refuse a token limited to places: raw events are not sorted by place."""
    if request[TOKEN].limited:
        raise NotAllowed("a token limited to sites or clients may not read raw events")
    return request[TOKEN]
