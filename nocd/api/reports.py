"""Reports: where every site stands now, and how the past days went."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from nocd.api import answers
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import DESK, tenant_of
from nocd.domain.instant import DAY_MS, rfc3339
from nocd.domain.token import Act
from nocd.errors import InputError, NotAllowed, NotFound
from nocd.store import kpis, reports
from nocd.store.scorecards import cards
from nocd.triage.kpis import GAUGES, STATES, Figures, condition, required, total

if TYPE_CHECKING:
    from nocd.engine import Engine

DAYS_MAX: Final = 800
TROUBLED_MAX: Final = 100
CLIENTS_MAX: Final = 500


def routes() -> list[web.RouteDef]:
    """Return the routes of reports and of a site's state."""
    return [
        web.get("/v1/sites/{id:[^/]+}/state", state),
        web.get("/v1/scorecards", scorecards),
        web.get("/v1/reports/overview", overview),
        web.get("/v1/reports/mtta", mtta),
        web.get("/v1/reports/noise", noise),
        web.get("/v1/reports/trends", trends),
        web.get("/v1/reports/triage-load", triage_load),
    ]


@needs(Act.READ)
async def state(request: web.Request) -> web.Response:
    """Answer the state of a site, why it is so, and its key figures."""
    answers.known_parameters(request)
    site, now = request.match_info["id"], request.app[DESK].now_ms()
    found = await _sites(request, now)
    if site not in found:
        raise NotFound(f"there is no site {site}")
    engine = tenant_of(request).pipeline.engine
    return answers.json({"time": rfc3339(now), **_state(engine, site, found[site], now)})


@needs(Act.READ)
async def overview(request: web.Request) -> web.Response:
    """Answer the key figures of all that the token sees, how many sites are in which state, and those not normal."""
    answers.known_parameters(request)
    engine, now = tenant_of(request).pipeline.engine, request.app[DESK].now_ms()
    found = await _sites(request, now)
    states = [_state(engine, site, figures, now) for site, figures in found.items()]
    counted = [each["state"] for each in states]
    troubled = [each for each in states if each["state"] != "NORMAL"]
    troubled.sort(key=lambda each: (-STATES.index(each["state"]), each["site"]))
    body = {
        "time": rfc3339(now),
        "figures": _gauges(total(found.values())),
        "states": {state: counted.count(state) for state in STATES},
        "troubled": troubled[:TROUBLED_MAX],
        "clients": _clients(states, found),
    }
    return answers.json(body)


@needs(Act.READ)
async def mtta(request: web.Request) -> web.Response:
    """Answer how long alerts of the last `days` waited for a person and took one, by severity and site."""
    days, since = _days(request, default=30)
    told = await tenant_of(request).store.read(reports.response_times, since=since, limits=_limits(request))
    return answers.json({"days": days, **told})


@needs(Act.READ)
async def noise(request: web.Request) -> web.Response:
    """Answer the sites with most alerts in the last `days`, and what they were about."""
    days, since = _days(request, "limit", default=7)
    limit = answers.whole_number(request, "limit", default=10, low=1, high=100)
    sites = await tenant_of(request).store.read(reports.noise, since=since, limits=_limits(request), limit=limit)
    return answers.json({"days": days, "items": sites})


@needs(Act.READ)
async def triage_load(request: web.Request) -> web.Response:
    """Answer how much of what was found each day needed no person, and the CRITICAL ones nobody looked at."""
    days, since = _days(request, default=7)
    items = await tenant_of(request).store.read(reports.triage_load, since=since, limits=_limits(request))
    return answers.json({"days": days, "items": items})


@needs(Act.READ)
async def trends(request: web.Request) -> web.Response:
    """Answer the key figures over the last `days` of a site, a client or all: samples, hours or days by the span."""
    days, _ = _days(request, "site", "client", default=7)
    store, now = tenant_of(request).store, request.app[DESK].now_ms()
    return answers.json(await store.read(kpis.trend, _scope(request), span_ms=days * DAY_MS, now=now))


@needs(Act.READ)
async def scorecards(request: web.Request) -> web.Response:
    """Answer the scorecards of the last `days`, newest first, of the clients the token sees; at most 500."""
    token, (_, since) = request[TOKEN], _days(request, "client", default=7)
    items = await tenant_of(request).store.read(
        cards, since=since, client=request.query.get("client"), clients=sorted(token.clients) if token.limited else None
    )
    return web.Response(body=b'{"items":[' + b",".join(items) + b"]}", content_type="application/json")


def _scope(request: web.Request) -> str:
    """Return whose figures are asked for; raises NotAllowed for more than the token sees."""
    token, site, client = request[TOKEN], request.query.get("site"), request.query.get("client")
    if site is not None and client is not None:
        raise InputError("name a site or a client, not both", code="bad_parameter")
    if site is None and client is None:
        if token.limited:
            raise NotAllowed("a token that is limited to sites or clients names one of them")
        return "all"
    owner = tenant_of(request).pipeline.engine.roster.client(site) if site is not None else client
    if not token.sees(site=site, client=owner):
        raise NotFound(f"there is no {'site' if site else 'client'} {site or client}")
    return f"site:{site}" if site is not None else f"client:{client}"


def _days(request: web.Request, *others: str, default: int) -> tuple[int, int]:
    """Return how many days are asked for, and when they began (UTC ms)."""
    answers.known_parameters(request, "days", *others)
    days = answers.whole_number(request, "days", default=default, low=1, high=DAYS_MAX)
    return days, reports.since_midnight(request.app[DESK].now_ms(), days)


def _limits(request: web.Request) -> reports.Limits:
    token = request[TOKEN]
    return token.sites, token.clients


async def _sites(request: web.Request, now: int) -> dict[str, Figures]:
    """Return the figures of the sites the token sees."""
    tenant, token = tenant_of(request), request[TOKEN]
    figures, roster = await tenant.figures(now), tenant.pipeline.engine.roster
    return {
        site: mine
        for site, mine in figures.items()
        if site is not None and site in roster.sites and token.sees(site=site, client=roster.client(site))
    }


def _state(engine: Engine, site: str, figures: Figures, now: int) -> dict[str, Any]:
    needed, silent_ms = required(engine.parts, site, figures), engine.heard.silent_ms(site, now)
    name, reasons = condition(figures, required=needed, silent_ms=silent_ms)
    return {
        "site": site,
        "site_name": engine.roster.site_name(site),
        "client": engine.roster.client(site),
        "state": name,
        "reasons": reasons,
        "figures": _gauges(figures),
        "people_required": needed,
        "silent_s": max(0, silent_ms) // 1_000,
    }


def _clients(states: list[dict[str, Any]], found: dict[str, Figures]) -> list[dict[str, Any]]:
    """Return each client's sites summed up, in the worst state of them."""
    of_client: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in states:
        if each["client"]:
            of_client[each["client"]].append(each)
    return [
        {
            "client": client,
            "sites": len(sites),
            "state": max((each["state"] for each in sites), key=STATES.index),
            "figures": _gauges(total(found[each["site"]] for each in sites)),
        }
        for client, sites in sorted(of_client.items())[:CLIENTS_MAX]
    ]


def _gauges(figures: Figures) -> Figures:
    """Return what can be told of an instant: events are counted over time."""
    return {name: figures[name] for name in GAUGES}
