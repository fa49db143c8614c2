"""Fraud scores: those of late, a person's days, where they are high, and what a punch turned out to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web

from nocd.api import answers
from nocd.api.asking import done
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import DESK, tenant_of
from nocd.domain.alert import Verdict
from nocd.domain.instant import HOUR_MS, rfc3339, rfc3339_or_none
from nocd.domain.observation import Punch
from nocd.domain.token import Act, Right
from nocd.errors import Conflict, InputError, NotFound
from nocd.fraud.acts import JUDGE
from nocd.fraud.features import NAMES
from nocd.fraud.labels import label
from nocd.store import scores as stored
from nocd.store.reports import since_midnight
from nocd.wire.fraud import JudgeScore

if TYPE_CHECKING:
    from nocd.store.scores import Limits, ScoreRow

LIVE_HOURS: Final = 24
DAYS_MAX: Final = 365
HOURS_MAX: Final = 24 * 90
_MIN_SCORE: Final = 0.5
_LATER: Final = ("direction", "shift", "device", "device_kind", "model")  # what older scores do not tell


def routes() -> list[web.RouteDef]:
    """Return the routes of fraud scores."""
    return [
        web.get("/v1/fraud/scores/live", live),
        web.get("/v1/fraud/people/{id}/history", history),
        web.get("/v1/fraud/heatmap", heatmap),
        web.get("/v1/fraud/reviews", reviews),
        web.post("/v1/fraud/scores/{id}/verdict", verdict),
        web.post("/v1/fraud/score", dry_run),
    ]


@needs(Act.READ, Right.FRAUD)
async def live(request: web.Request) -> web.Response:
    """Answer the scores of the last day's punches, newest first, from `min_score` on."""
    answers.known_parameters(request, "min_score", "site", "person", "limit")
    rows = await tenant_of(request).store.read(
        stored.live,
        since=request.app[DESK].now_ms() - LIVE_HOURS * HOUR_MS,
        least=_share(request, "min_score", default=_MIN_SCORE),
        site=request.query.get("site"),
        person=request.query.get("person"),
        limits=_limits(request),
        limit=answers.limit(request),
    )
    return answers.page((_seen(request, row) for row in rows), None)


@needs(Act.READ, Right.FRAUD)
async def history(request: web.Request) -> web.Response:
    """Answer how a person's punches scored on each of the last `days`, the newest first."""
    answers.known_parameters(request, "days")
    days = answers.whole_number(request, "days", default=30, low=1, high=DAYS_MAX)
    tenant, person = tenant_of(request), request.match_info["id"]
    since = since_midnight(request.app[DESK].now_ms(), days)
    items = await tenant.store.read(stored.history, person, since=since, limits=_limits(request))
    name = tenant.pipeline.engine.roster.person_name(person)
    if not items and name is None:
        raise NotFound(f"there is no person {person}")
    body = {"person": person, "person_name": name, "days": days, "items": items}
    return web.Response(body=answers.seen_by(request[TOKEN], orjson.dumps(body)), content_type="application/json")


@needs(Act.READ, Right.FRAUD)
async def heatmap(request: web.Request) -> web.Response:
    """Answer each site's scores of the last `hours`, of those with enough of them, the greatest share first."""
    answers.known_parameters(request, "hours", "min_predictions")
    hours = answers.whole_number(request, "hours", default=LIVE_HOURS, low=1, high=HOURS_MAX)
    least = answers.whole_number(request, "min_predictions", default=5, low=1, high=10_000)
    tenant, now = tenant_of(request), request.app[DESK].now_ms()
    since = now - hours * HOUR_MS
    items = await tenant.store.read(stored.heatmap, since=since, now=now, least=least, limits=_limits(request))
    roster = tenant.pipeline.engine.roster
    return answers.json(
        {"hours": hours, "items": [{"site_name": roster.site_name(each["site"]), **each} for each in items]}
    )


@needs(Act.READ, Right.FRAUD)
async def reviews(request: web.Request) -> web.Response:
    """Answer the scores that were put up for review, the last first; with `open=1` those that nobody has judged."""
    answers.known_parameters(request, "open", "limit")
    rows = await tenant_of(request).store.read(
        stored.up_for_review,
        waiting=answers.word(request, "open", ("0", "1", "false", "true")) in ("1", "true"),
        limits=_limits(request),
        limit=answers.limit(request),
    )
    bodies = (_seen(request, row, put_at=rfc3339(at), how=how, weight=weight) for at, how, weight, row in rows)
    return answers.page(bodies, None)


@needs(Act.OPERATE, Right.FRAUD)
async def verdict(request: web.Request) -> web.Response:
    """Say what the punch of a score turned out to be, and answer with the score after it."""
    answers.known_parameters(request)
    args = answers.parsed(JudgeScore, await answers.small_body(request)).model_dump(exclude_none=True)
    score_id = request.match_info["id"]
    await _find(request, score_id)
    await done(request, JUDGE, score_id, args)
    return web.Response(body=_seen(request, await _find(request, score_id)), content_type="application/json")


@needs(Act.READ, Right.FRAUD)
async def dry_run(request: web.Request) -> web.Response:
    """Answer what a punch would score if it came now, and why; the body is that of an event, and nothing is stored."""
    answers.known_parameters(request)
    tenant, desk, body = tenant_of(request), request.app[DESK], await answers.small_body(request)
    event = desk.decoder.line(body, received_at=desk.now_ms(), source=request[TOKEN].name)
    data = event.data
    if not isinstance(data, Punch):
        raise InputError(f"a dry run takes a noc.attendance.punch, not a {event.type}", code="bad_value")
    _permit(request, data)
    if event.late:
        raise InputError("so old a punch would be stored and not scored", code="bad_time")
    if (await tenant.store.known([event.key]))[0]:
        raise Conflict(f"the event {event.id} is stored already; see its score", code="conflict")
    told = await tenant.dry_run(event, data)
    return web.Response(body=answers.seen_by(request[TOKEN], orjson.dumps(told)), content_type="application/json")


def _permit(request: web.Request, data: Punch) -> None:
    """Pass a token that sees the site and, where known, the person: what is said of them depends on both."""
    token, roster = request[TOKEN], tenant_of(request).pipeline.engine.roster

    def sees(site: str) -> bool:
        return token.sees(site=site, client=roster.client(site))

    if not sees(data.site):
        raise NotFound(f"there is no site {data.site}")
    entry = roster.people.get(data.person)
    if token.limited and entry is not None and not any(map(sees, entry.sites)):
        raise NotFound(f"there is no person {data.person}")


async def _find(request: web.Request, score_id: str) -> ScoreRow:
    """Return a score that this token sees; one it does not see is not there."""
    no = answers.number_of(score_id, "FS")
    row = None if no is None else await tenant_of(request).store.read(stored.score, no)
    if row is None or not request[TOKEN].sees(site=row.site, client=row.client):
        raise NotFound(f"there is no score {score_id}")
    return row


def _seen(request: web.Request, row: ScoreRow, **more: Any) -> bytes:
    """Return a score as `ScoreView` and what more is told of it, in the form its reader may see."""
    features = None if row.x is None else dict(zip(NAMES, orjson.loads(row.x), strict=False))
    view: dict[str, Any] = {
        **dict.fromkeys(_LATER),
        "deviations": [],
        **orjson.loads(row.body),
        "features": features,
        "verdict": row.verdict,
        "judged_at": rfc3339_or_none(row.judged_at),
        "judged_by": row.judged_by,
        "note": row.note,
        "label": label(_verdict(row.verdict), of_alert=_verdict(row.alert_verdict), alert_type=row.alert_type),
        **more,
    }
    return answers.seen_by(request[TOKEN], orjson.dumps(view))


def _verdict(word: str | None) -> Verdict | None:
    return None if word is None else Verdict(word)


def _limits(request: web.Request) -> Limits:
    return request[TOKEN].sites, request[TOKEN].clients


def _share(request: web.Request, name: str, *, default: float) -> float:
    """Return a query parameter from 0 to 1; raises InputError."""
    text = request.query.get(name)
    try:
        value = default if text is None else float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise InputError(f"{name} must be a number from 0 to 1", code="bad_parameter")
    return value
