"""The audit trail over HTTP: who did what, who was let in with what, and whether both chains hold."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from nocd.api import answers
from nocd.api.auth import LOCAL_TOKEN, TOKEN, needs
from nocd.api.keys import DESK, tenant_of
from nocd.domain.token import Act, Right, Token
from nocd.errors import NotAllowed
from nocd.store import audit
from nocd.store.audit import AuditQuery, Place, walked

if TYPE_CHECKING:
    from nocd.store.tokens import TokenTable

_FILTERS = ("actor", "act", "target", "limit", "cursor")


class AuditRoutes:
    """The handlers; the trail of tokens and logins is the daemon's, each tenant's admin sees its own part of it."""

    def __init__(self, table: TokenTable) -> None:
        """Read the daemon's own trail from `table`."""
        self._table = table

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to an application."""
        return [
            web.get("/v1/audit", self.index),
            web.get("/v1/audit/access", self.access),
            web.get("/v1/audit/verify", self.verify),
        ]

    @needs(Act.READ, Right.AUDIT)
    async def index(self, request: web.Request) -> web.Response:
        """Answer a page of the audit trail, newest first."""
        token, query = request[TOKEN], _query(request)
        rows, before = await tenant_of(request).store.read(audit.page, query)
        return _page(token, rows, before)

    @needs(Act.READ, Right.AUDIT)
    async def access(self, request: web.Request) -> web.Response:
        """Answer a page of what was done about tokens and of refused logins, newest first."""
        token, query = _unlimited(request), _query(request, tenant=_own(request))
        rows, before = await asyncio.to_thread(self._table.store.trail, query)
        return _page(token, rows, before)

    @needs(Act.READ, Right.AUDIT)
    async def verify(self, request: web.Request) -> web.Response:
        """Answer whether each chain holds from its first kept row to its last, and which row breaks it."""
        answers.known_parameters(request)
        token, tenants = _unlimited(request), request.app[DESK].tenants
        names = list(tenants) if token.name == LOCAL_TOKEN.name else [tenant_of(request).name]
        chains = [_told(name, await walked(partial(tenants[name].store.read, audit.check))) for name in names]
        access = await walked(partial(asyncio.to_thread, self._table.store.check_trail))
        return answers.json({"chains": [*chains, _told("access", access)]})


def _told(name: str, place: Place) -> dict[str, Any]:
    return {"chain": name, "rows": place.rows, "newest": place.no, "digest": place.digest, "fault": place.fault}


def _query(request: web.Request, *, tenant: str | None = None) -> AuditQuery:
    answers.known_parameters(request, *_FILTERS)
    token, place = request[TOKEN], answers.from_cursor(request, 1)
    return AuditQuery(
        actor=request.query.get("actor"),
        act=request.query.get("act"),
        target=request.query.get("target"),
        sites=token.sites,
        clients=token.clients,
        tenant=tenant,
        before=None if place is None else place[0],
        limit=answers.limit(request),
    )


def _page(token: Token, rows: list[dict[str, Any]], before: int | None) -> web.Response:
    bodies = (answers.seen_by(token, orjson.dumps(row)) for row in rows)
    return answers.page(bodies, answers.to_cursor(None if before is None else (before,)))


def _own(request: web.Request) -> str | None:
    """Return whose part of the daemon's trail is shown: all of it over the socket, and where there is one tenant."""
    alone = len(request.app[DESK].tenants) == 1
    return None if alone or request[TOKEN].name == LOCAL_TOKEN.name else request[TOKEN].tenant


def _unlimited(request: web.Request) -> Token:
    token = request[TOKEN]
    if token.limited:
        raise NotAllowed("a token that is limited to sites or clients sees no tokens and logins")
    return token
