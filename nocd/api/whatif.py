"""What-if over HTTP: what a change would have done to the past, before it is made."""

from __future__ import annotations

import orjson
from aiohttp import web

from nocd.api import answers
from nocd.api.asking import done
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import DESK, tenant_of
from nocd.domain.token import Act
from nocd.errors import InputError, NotAllowed
from nocd.wire.whatif import TryOut


def routes() -> list[web.RouteDef]:
    """Return the route of what-ifs."""
    return [web.post("/v1/whatif", try_out)]


@needs(Act.ADMINISTER)
async def try_out(request: web.Request) -> web.Response:
    """Answer which alerts and tickets a changed setting, threshold, route or silence would have gained and lost."""
    answers.known_parameters(request)
    token, tenant, desk = request[TOKEN], tenant_of(request), request.app[DESK]
    if token.limited:
        raise NotAllowed("a what-if folds the whole past; a token that is limited to sites or clients cannot ask it")
    asked = answers.parsed(TryOut, await answers.small_body(request))
    if not asked.set and not asked.silence:
        raise InputError("name something to set, or a silence; nothing would be changed", code="bad_request")
    to_try = asked.model_dump()
    await done(request, "whatif", "", to_try)
    told = await desk.whatif.ask(desk.folder.tenant_db(tenant.name), {**to_try, "now": desk.now_ms()})
    body = answers.seen_by(token, orjson.dumps(told))
    return web.Response(body=body, content_type="application/json")
