"""What surrounds an alert or incident: the stored past and the engine's present, for one reader."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from nocd.api.auth import TOKEN
from nocd.api.keys import DESK, tenant_of
from nocd.domain.instant import HOUR_MS, to_ms
from nocd.domain.showing import CHANGES_MAX
from nocd.store.context import Subject, around
from nocd.store.rows import number
from nocd.triage.surroundings import belongs_to, comings, surroundings

if TYPE_CHECKING:
    from aiohttp import web

    from nocd.detect.scene import Scene


def of_alert(view: dict[str, Any], *, now: int) -> Subject:
    """Return an alert's view as what is looked at."""
    return _subject(view, kind=view["type"], alerts=[view["id"]], now=now)


def of_incident(view: dict[str, Any], *, now: int) -> Subject:
    """Return an incident's view as what is looked at; similar is what is like its suspected cause."""
    cause = view["cause"]
    return _subject(view, kind="" if cause is None else cause["type"], alerts=view["alerts"], now=now)


async def context_of(request: web.Request, subject: Subject) -> dict[str, Any]:
    """Return what surrounds something, as `ContextView`: within the bounds there, and what this token sees."""
    token, tenant = request[TOKEN], tenant_of(request)
    stored = await tenant.store.read(around, subject)
    scene: Scene = tenant.pipeline.engine.scene

    def sees(site: str | None) -> bool:
        return token.sees(site=site, client=scene.roster.client(site))

    site, at, now = subject.site, subject.last_seen, request.app[DESK].now_ms()
    changes = [each for each in stored.changes if belongs_to(scene, site, each["kind"], each["id"])]
    changes = sorted([*changes, *comings(scene, site, subject.until)], key=lambda each: str(each["time"]), reverse=True)
    known = surroundings(scene, site=site, person=subject.person, at=at, now=now, sees=sees)
    return {
        "related": [
            orjson.loads(body) for body, where, client in stored.related if token.sees(site=where, client=client)
        ],
        "similar": stored.similar,
        "changes": changes[:CHANGES_MAX],
        "tickets": stored.tickets,
        **known,
    }


def _subject(view: dict[str, Any], *, kind: str, alerts: list[str], now: int) -> Subject:
    return Subject(
        site=view["site"],
        person=view["person"],
        type=kind,
        alerts=frozenset(number(alert) for alert in alerts),
        first_seen=_ms(view["first_seen"]),
        last_seen=_ms(view["last_seen"]),
        until=max(_ms(view["last_seen"]), min(now, _ms(view["last_seen"]) + HOUR_MS)),
    )


def _ms(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))
