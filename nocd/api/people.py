"""One person over HTTP: habits, risk, a day in order, and where their phone was."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web

from nocd.api import answers
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import DESK, tenant_of
from nocd.domain.directory import Tour
from nocd.domain.instant import DAY_MS, HOUR_MS, local, rfc3339, to_ms, zone
from nocd.domain.roster import due_ms
from nocd.domain.token import Act, Right
from nocd.errors import InputError, NotAllowed, NotFound
from nocd.fraud.portrait import portrait
from nocd.fraud.profile import KIND as PROFILE_KIND
from nocd.store import people as stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nocd.detect.scene import Scene
    from nocd.domain.directory import Shift, Task
    from nocd.domain.roster import Roster
    from nocd.fraud.profile import Profile

RISK_DAYS: Final = 30
TRACE_HOURS_MAX: Final = 24
_TRACE_HOURS: Final = 8
_BLANK: Final = dict.fromkeys(("person_name", "fraud_score", "level", "severity"))
_YEARS: Final = range(1970, 9_999)
_PEOPLE: Final = "/v1/people/{id:[^/]+}"


def routes() -> list[web.RouteDef]:
    """Return the routes of one person."""
    return [
        web.get(f"{_PEOPLE}/profile", profile),
        web.get(f"{_PEOPLE}/risk", risk),
        web.get(f"{_PEOPLE}/day", day),
        web.get(f"{_PEOPLE}/trace", trace),
    ]


@needs(Act.READ, Right.FRAUD)
async def profile(request: web.Request) -> web.Response:
    """Answer what is usual of a person's punches of 90 days."""
    answers.known_parameters(request)
    person, roster = _person(request), _roster(request)
    kept: Profile | None = tenant_of(request).pipeline.engine.shelves.get(PROFILE_KIND, person)
    _permit_whole(request, person, () if kept is None else kept.by_site())
    return _answer(request, person, portrait(kept, at=request.app[DESK].now_ms(), site_name=roster.site_name))


@needs(Act.READ, Right.FRAUD)
async def risk(request: web.Request) -> web.Response:
    """Answer how a person's punches of the last 30 days scored, beside the 30 days before."""
    answers.known_parameters(request)
    person, now, token = _person(request), request.app[DESK].now_ms(), request[TOKEN]
    told = await tenant_of(request).store.read(
        stored.risk, person, since=now - RISK_DAYS * DAY_MS, now=now, limits=(token.sites, token.clients)
    )
    return _answer(request, person, {"days": RISK_DAYS, **told})


@needs(Act.READ, Right.FRAUD)
async def day(request: web.Request) -> web.Response:
    """Answer what was planned for a person on a `date` and what happened, in order of time."""
    answers.known_parameters(request, "date")
    person, roster = _person(request), _roster(request)
    timezone = _timezone(roster, person)
    on = _date(request, local(request.app[DESK].now_ms(), timezone).date())
    start, end = (to_ms(datetime.combine(each, time(), zone(timezone))) for each in (on, on + timedelta(days=1)))
    rows = await tenant_of(request).store.read(stored.day, person, start=start, end=end)
    sees = _sees(request)
    items = [*_happened(rows), *_planned(tenant_of(request).pipeline.engine.scene, person, start, end)]
    items = sorted((each for each in items if sees(each["site"])), key=lambda each: (each["time"], each["id"]))
    body = {
        "date": on.isoformat(),
        "timezone": timezone,
        "start": rfc3339(start),
        "end": rfc3339(end),
        "items": [
            {**_BLANK, "site_name": roster.site_name(each["site"]), **each} for each in items[: stored.DAY_ROWS_MAX]
        ],
        "left_out": max(0, len(items) - stored.DAY_ROWS_MAX),
    }
    return _answer(request, person, body)


@needs(Act.READ, Right.FRAUD)
async def trace(request: web.Request) -> web.Response:
    """Answer where a person's phone was `from` an instant `to` another, up to 24 h, page by page."""
    answers.known_parameters(request, "from", "to", "limit", "cursor")
    token, person = request[TOKEN], _person(request)
    if Right.PII not in token.rights:
        raise NotAllowed(f"token {token.name!r} lacks the right {Right.PII.value!r}")
    _permit_whole(request, person, ())
    since, until, span_ms = _instant(request, "from"), _instant(request, "to"), _TRACE_HOURS * HOUR_MS
    end = until or (request.app[DESK].now_ms() if since is None else since + span_ms)
    start = end - span_ms if since is None else since
    if not 0 <= end - start <= TRACE_HOURS_MAX * HOUR_MS:
        raise InputError(f"from lies before to, by at most {TRACE_HOURS_MAX} h", code="bad_parameter")
    place = answers.from_cursor(request, 1)
    items, after = await tenant_of(request).store.read(
        stored.fixes, person, start=start, end=end, after=0 if place is None else place[0], limit=answers.limit(request)
    )
    return answers.page(map(orjson.dumps, items), answers.to_cursor(None if after is None else (after,)))


def _person(request: web.Request) -> str:
    """Return whom a path names; one that this token does not see is not there."""
    person = request.match_info["id"]
    entry, sees = _roster(request).people.get(person), _sees(request)
    if entry is None or not (not request[TOKEN].limited or any(map(sees, entry.sites))):
        raise NotFound(f"there is no person {person}")
    return person


def _permit_whole(request: web.Request, person: str, sites: Any) -> None:
    """Pass who sees every site of a person: what is told of all their sites together is not for who sees a part."""
    places = {*_roster(request).people[person].sites, *sites}
    if not all(map(_sees(request), places)):
        raise NotAllowed("this takes in sites that a limited token does not see")


def _sees(request: web.Request) -> Callable[[str | None], bool]:
    token, roster = request[TOKEN], _roster(request)
    return lambda site: token.sees(site=site, client=roster.client(site))


def _roster(request: web.Request) -> Roster:
    return tenant_of(request).pipeline.engine.roster


def _timezone(roster: Roster, person: str) -> str:
    """Return the clock of the first of a person's sites that is known, else UTC."""
    known = (roster.sites.get(site) for site in roster.people[person].sites)
    return next((site.timezone for site in known if site is not None), "UTC")


def _happened(rows: stored.DayRows) -> Iterator[dict[str, Any]]:
    for score in rows.scores:
        yield {
            "time": score["punched_at"],
            "kind": "punch",
            "id": score["punch"],
            "site": score["site"],
            "words": f"punched {(score.get('direction') or 'in or out').replace('_', ' ')}",
            "fraud_score": score["fraud_score"],
            "level": score["level"],
        }
    for alert in rows.alerts:
        yield {
            "time": alert["first_seen"],
            "kind": "alert",
            "id": alert["id"],
            "site": alert["site"],
            "words": alert["title"],
            "severity": alert["severity"],
            "person_name": alert["person_name"],
        }


def _planned(scene: Scene, person: str, start: int, end: int) -> Iterator[dict[str, Any]]:
    roster = scene.roster

    def clock(site: str, moment: datetime) -> str:
        return scene.wall(site, to_ms(moment), told_at=start)

    for shift in roster.shifts_of(person, start, end):
        words = f"{'on call' if shift.on_call else 'shift'} until {clock(shift.site, shift.end)}"
        yield _item("shift", shift, to_ms(shift.start), words)
    sites = {*roster.people[person].sites, *(shift.site for shift in roster.shifts_of(person, start, end))}
    for due in (due for site in sorted(sites) for due in roster.dues(site, person, start, end)):
        if isinstance(due, Tour):
            closed = "open" if due.closed_at is None else f"closed at {clock(due.site, due.closed_at)}"
            words = f"{due.kind.lower()} tour, {'cancelled' if due.cancelled else closed}"
            yield _item("tour", due, to_ms(due.planned_start), words)
        else:
            done = "open" if due.completed_at is None else f"done at {clock(due.site, due.completed_at)}"
            yield _item("task", due, due_ms(due), f"{due.priority} task due, {done}")


def _item(kind: str, entry: Shift | Tour | Task, at: int, words: str) -> dict[str, Any]:
    return {"time": rfc3339(at), "kind": kind, "id": entry.id, "site": entry.site, "words": words}


def _date(request: web.Request, today: date) -> date:
    text = request.query.get("date")
    try:
        on = today if text is None else date.fromisoformat(text)
    except ValueError:
        on = date.min
    if on.year not in _YEARS:
        raise InputError("date is a day like 2026-01-31", code="bad_parameter")
    return on


def _instant(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min  # noqa: DTZ901 - as good as none: it names no offset either
    if moment.tzinfo is None or moment.year not in _YEARS:
        raise InputError(f"{name} is RFC 3339 with an offset, like 2026-01-31T22:00:00Z", code="bad_parameter")
    return to_ms(moment)


def _answer(request: web.Request, person: str, told: dict[str, Any]) -> web.Response:
    """Answer what is told of a person, with who it is and as of when, in the form its reader may see."""
    name, now = _roster(request).person_name(person), request.app[DESK].now_ms()
    body = {"person": person, "person_name": name, "as_of": rfc3339(now), **told}
    return web.Response(body=answers.seen_by(request[TOKEN], orjson.dumps(body)), content_type="application/json")
