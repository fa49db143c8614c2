"""What people and sites show now: the five signals, each with its quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from nocd.api import answers
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import DESK, tenant_of
from nocd.domain.instant import MINUTE_MS, rfc3339, rfc3339_or_none
from nocd.domain.token import Act
from nocd.errors import NotFound
from nocd.signals.activity import WINDOW_MAX_MS, WINDOW_MIN_MS
from nocd.signals.report import PersonReport, person_report, site_report

if TYPE_CHECKING:
    from nocd.domain.signal import Metric, Signal
    from nocd.engine import Engine

_WINDOW_MINUTES = 120


def routes() -> list[web.RouteDef]:
    """Return the routes of telemetry."""
    return [
        web.get("/v1/telemetry/people/{id:[^/]+}/signals", person),
        web.get("/v1/telemetry/sites/{id:[^/]+}/signals", site),
    ]


@needs(Act.READ)
async def person(request: web.Request) -> web.Response:
    """Answer one person's signals in the window that ends now."""
    engine, now, window_ms = _asked(request)
    person_id, token = request.match_info["id"], request[TOKEN]
    entry = engine.roster.people.get(person_id)
    told = person_report(engine.activities, engine.presence, person_id, now=now, window_ms=window_ms)
    places = {*(entry.sites if entry else ()), told.site}
    if entry is None or not any(token.sees(site=place, client=engine.roster.client(place)) for place in places):
        msg = f"there is no person {person_id}"
        raise NotFound(msg)
    return _answer(request, _person(engine, told, now=now, window_ms=window_ms))


@needs(Act.READ)
async def site(request: web.Request) -> web.Response:
    """Answer a site's signals: the sum over the people on duty there now."""
    engine, now, window_ms = _asked(request)
    site_id = request.match_info["id"]
    entry = engine.roster.sites.get(site_id)
    if entry is None or not request[TOKEN].sees(site=site_id, client=entry.client or None):
        msg = f"there is no site {site_id}"
        raise NotFound(msg)
    signals, people = site_report(engine.activities, engine.presence, site_id, now=now, window_ms=window_ms)
    view = {
        "site": site_id,
        "site_name": entry.name,
        "client": entry.client or None,
        "as_of": rfc3339(now),
        "window_minutes": window_ms // MINUTE_MS,
        "people_on_duty": len(people),
        "signals": _signals(signals),
        "people": [_person(engine, each, now=now, window_ms=window_ms) for each in people],
    }
    return _answer(request, view)


def _asked(request: web.Request) -> tuple[Engine, int, int]:
    answers.known_parameters(request, "window_minutes")
    minutes = answers.whole_number(
        request,
        "window_minutes",
        default=_WINDOW_MINUTES,
        low=WINDOW_MIN_MS // MINUTE_MS,
        high=WINDOW_MAX_MS // MINUTE_MS,
    )
    return tenant_of(request).pipeline.engine, request.app[DESK].now_ms(), minutes * MINUTE_MS


def _person(engine: Engine, told: PersonReport, *, now: int, window_ms: int) -> dict[str, Any]:
    return {
        "person": told.person,
        "person_name": engine.roster.person_name(told.person) or told.person,
        "site": told.site,
        "on_duty": told.site is not None,
        "as_of": rfc3339(now),
        "window_minutes": window_ms // MINUTE_MS,
        "heard_at": rfc3339_or_none(told.heard_at),
        "signals": _signals(told.signals),
        "suspect_steps": told.suspect_steps,
    }


def _signals(signals: dict[Metric, Signal]) -> dict[str, Any]:
    return {
        metric.value: {"value": round(signal.value, 1), "quality": signal.quality} for metric, signal in signals.items()
    }


def _answer(request: web.Request, view: dict[str, Any]) -> web.Response:
    return web.Response(body=answers.seen_by(request[TOKEN], orjson.dumps(view)), content_type="application/json")
