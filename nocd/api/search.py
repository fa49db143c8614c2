"""Searching: the query language over every alert that is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from nocd.api import answers
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import DESK, tenant_of
from nocd.domain.token import Act, Right
from nocd.store import search
from nocd.wire.matching import Asker
from nocd.wire.query import parse

if TYPE_CHECKING:
    from nocd.wire.query import Node


def routes() -> list[web.RouteDef]:
    """Return the routes of searching."""
    return [web.get("/v1/search", index)]


@needs(Act.READ)
async def index(request: web.Request) -> web.Response:
    """Answer a page of alerts that match `q`, whatever became of them, newest first; a page may be a short one."""
    answers.known_parameters(request, "q", "limit", "cursor")
    token, place = request[TOKEN], answers.from_cursor(request, 1)
    bodies, before = await tenant_of(request).store.read(
        search.search,
        asked(request),
        sites=token.sites,
        clients=token.clients,
        before=None if place is None else place[0],
        limit=answers.limit(request),
    )
    seen = (answers.seen_by(token, body) for body in bodies)
    return answers.page(seen, answers.to_cursor(None if before is None else (before,)))


def asked(request: web.Request) -> tuple[Node, Asker]:
    """Return the query of `q` (without one, everything) and what its asker may read; raises QueryError."""
    rights = request[TOKEN].rights
    asker = Asker(now=request.app[DESK].now_ms(), names=Right.PII in rights, scores=Right.FRAUD in rights)
    return parse(request.query.get("q", "")), asker
