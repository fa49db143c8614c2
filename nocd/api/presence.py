"""Who is at what: said by each console, told on the feed without a number, never stored."""

from __future__ import annotations

from aiohttp import web

from nocd.api import answers
from nocd.api.auth import TOKEN, needs
from nocd.api.feed import FEED_KEY
from nocd.domain.token import Act
from nocd.errors import NotAllowed
from nocd.wire.requests import SayPresence


def routes() -> list[web.RouteDef]:
    """Return the routes of presence."""
    return [web.get("/v1/presence", index), web.post("/v1/presence", say)]


@needs(Act.READ)
async def index(request: web.Request) -> web.Response:
    """Answer where everybody is just now."""
    answers.known_parameters(request)
    token = request[TOKEN]
    if token.limited:
        raise NotAllowed("a token that is limited does not see what others look at", code="forbidden")
    return answers.json({"items": request.app[FEED_KEY].present(token.tenant), "cursor": None})


@needs(Act.READ)
async def say(request: web.Request) -> web.Response:
    """Say where you are; it counts for 75 s, and is to be said again until you go."""
    answers.known_parameters(request)
    asked = answers.parsed(SayPresence, await answers.small_body(request))
    server, token = request.app[FEED_KEY], request[TOKEN]
    kept = server.presence[token.tenant]
    kept.say(token.name, looking=asked.looking, claims=tuple(asked.claims), now=server.now())
    server.announce(token.tenant)
    return answers.json({"name": token.name, "looking": asked.looking, "claims": asked.claims})
