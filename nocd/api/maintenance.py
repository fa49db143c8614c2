"""Maintenance windows: what is hidden by plan, planned and ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from nocd.api import answers
from nocd.api.asking import done
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import DESK, tenant_of
from nocd.api.silences import seen_alerts
from nocd.detect.registry import CATALOG
from nocd.domain.instant import to_ms
from nocd.domain.token import Act
from nocd.errors import InputError, NotAllowed, NotFound
from nocd.wire.present import maintenance_view
from nocd.wire.requests import PlanMaintenance

if TYPE_CHECKING:
    from nocd.domain.maintenance import Maintenance
    from nocd.domain.roster import Roster


def routes() -> list[web.RouteDef]:
    """Return the routes of maintenance windows."""
    return [
        web.get("/v1/maintenance", index),
        web.post("/v1/maintenance", plan),
        web.delete("/v1/maintenance/{id}", end),
    ]


@needs(Act.READ)
async def index(request: web.Request) -> web.Response:
    """Answer every window that is kept, those that end last first."""
    answers.known_parameters(request)
    engine, now = tenant_of(request).pipeline.engine, request.app[DESK].now_ms()
    windows = sorted(engine.scene.plans.all(), key=lambda window: (-window.end, window.id))
    seen = [window for window in windows if _sees(request, engine.roster, window.scope, window.target)]
    sees = seen_alerts(request[TOKEN], engine)
    views = (
        maintenance_view(each, roster=engine.roster, now=now, hiding=engine.triage.suppression.hiding(each.id, sees))
        for each in seen
    )
    return answers.json({"items": [*views]})


@needs(Act.OPERATE)
async def plan(request: web.Request) -> web.Response:
    """Plan a maintenance window: findings of its scope open no alert while it lasts."""
    answers.known_parameters(request)
    asked = answers.parsed(PlanMaintenance, await answers.small_body(request))
    unknown = [name for name in asked.types if name not in CATALOG]
    if unknown:
        raise InputError(f"types: no finding type is called {', '.join(unknown)}", code="bad_value")
    if (asked.scope == "all") != (asked.target == ""):
        raise InputError("target: names the client, site or device; empty for scope all", code="bad_value")
    if not _sees(request, tenant_of(request).pipeline.engine.roster, asked.scope, asked.target):
        raise NotAllowed("this token does not reach all that the window would hide", code="forbidden")
    args = {**asked.model_dump(), "start": to_ms(asked.start), "end": to_ms(asked.end)}
    return answers.json(await done(request, "plan_maintenance", "", args), status=201)


@needs(Act.OPERATE)
async def end(request: web.Request) -> web.Response:
    """End a window now, or call it off before it begins."""
    answers.known_parameters(request)
    engine = tenant_of(request).pipeline.engine
    window = _found(request, engine.roster, request.match_info["id"])
    return answers.json(await done(request, "end_maintenance", window.id, {}))


def _found(request: web.Request, roster: Roster, name: str) -> Maintenance:
    windows = tenant_of(request).pipeline.engine.scene.plans.all()
    window = next((window for window in windows if window.id == name), None)
    if window is None or not _sees(request, roster, window.scope, window.target):
        raise NotFound(f"there is no maintenance window {name}")
    return window


def _sees(request: web.Request, roster: Roster, scope: str, target: str) -> bool:
    """Tell whether the token reaches all of a scope."""
    token = request[TOKEN]
    if scope == "client":
        return token.sees(site=None, client=target)
    site = target if scope == "site" else roster.device_site(target) if scope == "device" else None
    return token.sees(site=site, client=roster.client(site))
