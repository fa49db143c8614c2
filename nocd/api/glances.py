"""Glances: where and when things happened, and the people worth a look."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web

from nocd.api import answers
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import DESK, tenant_of
from nocd.domain.instant import MINUTE_MS, rfc3339, rfc3339_or_none
from nocd.domain.token import Act, Right
from nocd.store import glances
from nocd.store.reports import since_midnight

if TYPE_CHECKING:
    from nocd.domain.directory import Person
    from nocd.domain.token import Token
    from nocd.engine import Engine

STEPS_MAX: Final = 200
STEP_MINUTES_MAX: Final = 24 * 60
SCORED_DAYS: Final = 7


def routes() -> list[web.RouteDef]:
    """Return the routes of glances."""
    return [web.get("/v1/reports/heat", heat), web.get("/v1/reports/people", people)]


@needs(Act.READ)
async def heat(request: web.Request) -> web.Response:
    """Answer what happened at each site by step of time, the one that runs last; the busiest site comes first."""
    answers.known_parameters(request, "step_minutes", "steps")
    minutes = answers.whole_number(request, "step_minutes", default=60, low=1, high=STEP_MINUTES_MAX)
    steps = answers.whole_number(request, "steps", default=24, low=1, high=STEPS_MAX)
    tenant, token, step_ms = tenant_of(request), request[TOKEN], minutes * MINUTE_MS
    start = (request.app[DESK].now_ms() // step_ms + 1 - steps) * step_ms
    limits = token.sites, token.clients
    found = await tenant.store.read(glances.heat, start=start, step_ms=step_ms, steps=steps, limits=limits)
    roster, sees_scores = tenant.pipeline.engine.roster, Right.FRAUD in token.rights
    busiest = sorted(found, key=lambda site: (-sum(found[site]["alerts"]) - sum(found[site]["findings"]), site or ""))
    items = [
        {
            "site": site,
            "site_name": roster.site_name(site),
            "client": roster.client(site),
            **found[site],
            "fraud": found[site]["fraud"] if sees_scores else None,
        }
        for site in busiest
    ]
    return answers.json({"start": rfc3339(start), "step_minutes": minutes, "steps": steps, "items": items})


@needs(Act.READ)
async def people(request: web.Request) -> web.Response:
    """Answer the people of the directory, those with high scores and open alerts first, then those on duty."""
    answers.known_parameters(request, "site", "limit")
    tenant, token, now = tenant_of(request), request[TOKEN], request.app[DESK].now_ms()
    since, limits = since_midnight(now, SCORED_DAYS), (token.sites, token.clients)
    scored = await tenant.store.read(glances.scored, since=since, days=SCORED_DAYS, limits=limits)
    engine, site = tenant.pipeline.engine, request.query.get("site")
    alerts = Counter(
        alert.person for alert in engine.shelves.kind("alert").values() if alert.person and alert.unresolved
    )
    seen = [entry for entry in engine.roster.people.values() if entry.active and _seen(engine, token, entry, site, now)]

    days = scored if Right.FRAUD in token.rights else {}

    def worth(entry: Person) -> tuple[float, int, bool, str]:
        most = max((score for score in days.get(entry.id, ()) if score is not None), default=0.0)
        return -most, -alerts[entry.id], engine.duties.on_duty(entry.id) is None, entry.id

    shown = sorted(seen, key=worth)[: answers.limit(request)]
    body = {
        "time": rfc3339(now),
        "total": len(seen),
        "on_duty": sum(engine.duties.on_duty(entry.id) is not None for entry in seen),
        "items": [_glance(engine, entry, days.get(entry.id), alerts[entry.id], now) for entry in shown],
    }
    return web.Response(body=answers.seen_by(token, orjson.dumps(body)), content_type="application/json")


def _seen(engine: Engine, token: Token, entry: Person, site: str | None, now: int) -> bool:
    """Tell whether a token sees someone at one of their sites, or where they are on duty; `site` narrows to one."""
    if site is None and not token.limited:
        return True
    places = {*entry.sites, engine.presence.site_of(entry.id, now)}
    if site is not None and site not in places:
        return False
    return any(token.sees(site=place, client=engine.roster.client(place)) for place in places)


def _glance(engine: Engine, entry: Person, days: list[float | None] | None, alerts: int, now: int) -> dict[str, Any]:
    site = engine.presence.site_of(entry.id, now)
    return {
        "person": entry.id,
        "person_name": entry.name,
        "role": entry.role,
        "sites": list(entry.sites),
        "site": site,
        "on_duty": site is not None,
        "heard_at": rfc3339_or_none(engine.activities.heard_at(entry.id)),
        "alerts": alerts,
        "fraud_score": max((score for score in days or () if score is not None), default=None),
        "days": days,
    }
