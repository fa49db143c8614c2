"""Silences: what people hide until when, planned, listed, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from nocd.api import answers
from nocd.api.asking import done
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import tenant_of
from nocd.domain.instant import to_ms
from nocd.domain.token import Act
from nocd.errors import NotAllowed, NotFound
from nocd.wire.present import silence_view
from nocd.wire.requests import PlanSilence

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.domain.alert import Alert
    from nocd.domain.token import Token
    from nocd.engine import Engine


def routes() -> list[web.RouteDef]:
    """Return the routes of silences."""
    return [
        web.get("/v1/silences", index),
        web.post("/v1/silences", plan),
        web.delete("/v1/silences/{id}", end),
    ]


def seen_alerts(token: Token, engine: Engine) -> Callable[[Alert], bool] | None:
    """Return what tells whether a token sees an alert; None for one without limits."""
    if not token.limited:
        return None
    return lambda alert: token.sees(site=alert.site, client=engine.roster.client(alert.site))


@needs(Act.READ)
async def index(request: web.Request) -> web.Response:
    """Answer every silence that is kept: those in force, then those that ended within a day, the newest first."""
    answers.known_parameters(request)
    engine, token = tenant_of(request).pipeline.engine, request[TOKEN]
    kept = sorted(engine.triage.suppression.silences.all(), key=lambda each: (not each.in_force, -each.no))
    sees = seen_alerts(token, engine)
    views = (
        silence_view(each, roster=engine.roster, hiding=engine.triage.suppression.hiding(each.id, sees))
        for each in kept
        if _reaches(token, engine, each.demands("site"))
    )
    return answers.json({"items": [*views]})


@needs(Act.OPERATE)
async def plan(request: web.Request) -> web.Response:
    """Plan a silence: alerts that meet every matcher are hidden until it ends."""
    answers.known_parameters(request)
    asked = answers.parsed(PlanSilence, await answers.small_body(request))
    site = next((each.value for each in asked.matchers if each.name == "site" and each.op == "="), None)
    if not _reaches(request[TOKEN], tenant_of(request).pipeline.engine, site):
        raise NotAllowed("this token does not reach all that the silence would hide", code="forbidden")
    args = {**asked.model_dump(), "ends_at": to_ms(asked.ends_at)}
    return answers.json(await done(request, "plan_silence", "", args), status=201)


@needs(Act.OPERATE)
async def end(request: web.Request) -> web.Response:
    """End a silence now."""
    answers.known_parameters(request)
    engine, name = tenant_of(request).pipeline.engine, request.match_info["id"]
    silence = engine.triage.suppression.silences.get(name)
    if silence is None or not _reaches(request[TOKEN], engine, silence.demands("site")):
        raise NotFound(f"there is no silence {name}")
    return answers.json(await done(request, "end_silence", name, {}))


def _reaches(token: Token, engine: Engine, site: str | None) -> bool:
    """Tell whether a token reaches all of a site, or of everything for None."""
    return token.sees(site=site, client=engine.roster.client(site))
