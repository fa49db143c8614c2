"""What fraud scores were worth once verdicts came: of the model, the rules alone, and the model in the shadow."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from nocd.api import answers
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import DESK, tenant_of
from nocd.domain.instant import DAY_MS, rfc3339
from nocd.domain.token import Act, Right
from nocd.fraud.performance import ROWS_MAX, Judged, Trial, middle
from nocd.store import model_rows
from nocd.store.model_rows import Counted, JudgedRow, Scope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from nocd.store.scores import Limits
    from nocd.store.store import Store

    Reckon = Callable[[Store, Scope], Awaitable[dict[str, Any]]]

DAYS_MAX: Final = 60
APART_MAX: Final = 10
FRESH_MS: Final = 60_000
KEPT_MAX: Final = 64
_ACTIVE, _RULES, _SHADOW = range(3)


class PerformanceRoutes:
    """Answers what scores were worth; one is reckoned at a time, and stands for a minute."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._kept: dict[tuple[object, ...], tuple[int, dict[str, Any]]] = {}
        self._reckoning = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of what scores were worth."""
        return [
            web.get("/v1/fraud/models/performance", self.performance),
            web.get("/v1/models/compare", self.compare),
        ]

    @needs(Act.READ, Right.FRAUD)
    async def performance(self, request: web.Request) -> web.Response:
        """Answer what the scores were worth since the model was put in force, at most 60 days back."""
        return await self._answer(request, _performance)

    @needs(Act.READ, Right.FRAUD)
    async def compare(self, request: web.Request) -> web.Response:
        """Answer how the model and the one in its shadow differ on the same punches."""
        return await self._answer(request, _compare)

    async def _answer(self, request: web.Request, reckon: Reckon) -> web.Response:
        answers.known_parameters(request)
        tenant, token, now = tenant_of(request), request[TOKEN], request.app[DESK].now_ms()
        async with self._reckoning:
            version, _ = await request.app[DESK].versions.in_force(tenant.name)
            asked = (reckon, tenant.name, version, token.sites, token.clients)
            at, body = self._kept.pop(asked, (-FRESH_MS, {}))
            if not at <= now < at + FRESH_MS:
                limits = (token.sites, token.clients)
                scope = await _scope(tenant.store, version, limits, now=now)
                span = {"version": version, "since": rfc3339(scope.since), "until": rfc3339(now)}
                at, body = now, {**span, **await reckon(tenant.store, scope)}
            self._kept[asked] = at, body
            if len(self._kept) > KEPT_MAX:
                del self._kept[next(iter(self._kept))]
        return answers.json(body)


async def _scope(store: Store, version: str | None, limits: Limits, *, now: int) -> Scope:
    """Return the scores of the model in force since it was put there; without one, all of them, by rules alone."""
    last = await store.read(model_rows.put_in_force)
    earliest = now - DAYS_MAX * DAY_MS
    since = max(earliest, last.time) if last is not None and last.version == version else earliest
    return Scope(since=since, version=version, limits=limits)


async def _performance(store: Store, scope: Scope) -> dict[str, Any]:
    counts = await store.read(model_rows.counted, scope)
    rows = await store.read(model_rows.judged, scope, limit=ROWS_MAX)
    shadow = await _shadow(store, scope)
    told = await asyncio.to_thread(_worths, counts, rows)
    return {**told, "shadow": None if shadow is None else shadow["worth"]}


async def _compare(store: Store, scope: Scope) -> dict[str, Any]:
    shadow = await _shadow(store, scope)
    if shadow is None:
        lone = f"no other model scored in the shadow of {scope.version}"
        return {"why": "no model is in force" if scope.version is None else lone, "apart": []}
    same = replace(scope, shadow=shadow["worth"]["version"])
    return {"why": None, **shadow, "apart": await store.read(model_rows.apart, same, limit=APART_MAX)}


async def _shadow(store: Store, scope: Scope) -> dict[str, Any] | None:
    """Return the model and the latest in its shadow on the same punches, None where there is none."""
    version = None if scope.version is None else await store.read(model_rows.shadow_of, scope)
    if version is None:
        return None
    same = replace(scope, shadow=version)
    counts = await store.read(model_rows.counted, same)
    return await asyncio.to_thread(
        _compared, version, counts, await store.read(model_rows.judged, same, limit=ROWS_MAX)
    )


def _worths(counts: Counted, rows: Sequence[JudgedRow]) -> dict[str, Any]:
    measured = [row for row in rows if not row.chosen]
    trial = _trial(measured)
    days = [max(0, row.judged_at - row.time) / DAY_MS for row in rows]
    return {
        "punches": counts.punches,
        "judged": len(measured),
        "frauds": sum(row.label for row in measured),
        "chosen": len(rows) - len(measured),
        "label_delay": {"median_days": _rounded(middle(days)), "p90_days": _rounded(middle(days, 0.9))},
        "active": _worth(trial, _ACTIVE, counts.punches, counts.alerts, counts.tickets),
        "rules": _worth(trial, _RULES, counts.punches, counts.rule_alerts, counts.rule_tickets),
    }


def _compared(version: str, counts: Counted, rows: Sequence[JudgedRow]) -> dict[str, Any]:
    trial = _trial([row for row in rows if not row.chosen])
    return {
        "both": counts.both_alerts,
        "only_active": counts.alerts - counts.both_alerts,
        "only_shadow": counts.shadow_alerts - counts.both_alerts,
        "rules": _worth(trial, _RULES, counts.punches, counts.rule_alerts, counts.rule_tickets),
        "worth": {
            "version": version,
            "punches": counts.punches,
            "judged": len(trial.rows),
            "frauds": sum(row.label for row in trial.rows),
            "active": _worth(trial, _ACTIVE, counts.punches, counts.alerts, counts.tickets),
            "shadow": _worth(trial, _SHADOW, counts.punches, counts.shadow_alerts, counts.shadow_tickets),
            "difference": trial.difference(_SHADOW, _ACTIVE).told(),
        },
    }


def _trial(rows: Sequence[JudgedRow]) -> Trial:
    return Trial(
        [
            Judged(
                row.person,
                row.label,
                row.weight,
                (row.score, row.rules, row.rules if row.shadow is None else row.shadow),
            )
            for row in rows
        ]
    )


def _worth(trial: Trial, scorer: int, punches: int, alerts: int, tickets: int) -> dict[str, Any]:
    judged, precision = trial.tickets(scorer)
    return {
        "alerts": alerts,
        "alert_rate": _rounded(alerts / punches) if punches else None,
        "tickets": tickets,
        "pr_auc": trial.pr_auc(scorer).told(),
        "judged_tickets": judged,
        "ticket_precision": precision.told(),
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 6)
