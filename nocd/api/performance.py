"""What fraud scores were worth once verdicts came: of the model, the rules alone, and the model in the shadow."""

from __future__ import annotations

import asyncio
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
    from collections.abc import Sequence

DAYS_MAX: Final = 60
APART_MAX: Final = 10
_ACTIVE, _RULES, _SHADOW = range(3)


def routes() -> list[web.RouteDef]:
    """Return the routes of what scores were worth."""
    return [web.get("/v1/fraud/models/performance", performance), web.get("/v1/models/compare", compare)]


@needs(Act.READ, Right.FRAUD)
async def performance(request: web.Request) -> web.Response:
    """Answer what the scores were worth since the model was put in force, at most 60 days back."""
    answers.known_parameters(request)
    scope, read = await _scope(request), tenant_of(request).store.read
    counts, rows = await read(model_rows.counted, scope), await read(model_rows.judged, scope, limit=ROWS_MAX)
    body = await asyncio.to_thread(_performance, counts, rows)
    shadow = await _shadow(request, scope)
    return answers.json({**_span(request, scope), **body, "shadow": None if shadow is None else shadow["worth"]})


@needs(Act.READ, Right.FRAUD)
async def compare(request: web.Request) -> web.Response:
    """Answer how the model and the one in its shadow differ on the same punches."""
    answers.known_parameters(request)
    scope = await _scope(request)
    shadow = await _shadow(request, scope)
    if shadow is None:
        why = (
            "no model is in force"
            if scope.version is None
            else f"no other model scored in the shadow of {scope.version}"
        )
        return answers.json({**_span(request, scope), "why": why, "apart": []})
    return answers.json({**_span(request, scope), "why": None, **shadow})


async def _scope(request: web.Request) -> Scope:
    """Return the scores of the model in force since it was put there; without one, all of them, by rules alone."""
    tenant, desk = tenant_of(request), request.app[DESK]
    active, _ = await desk.versions.in_force(tenant.name)
    last = await tenant.store.read(model_rows.put_in_force)
    earliest = desk.now_ms() - DAYS_MAX * DAY_MS
    since = max(earliest, last[1]) if last is not None and last[0] == active else earliest
    return Scope(since=since, version=active, limits=(request[TOKEN].sites, request[TOKEN].clients))


def _span(request: web.Request, scope: Scope) -> dict[str, Any]:
    until = request.app[DESK].now_ms()
    return {"version": scope.version, "since": rfc3339(scope.since), "until": rfc3339(until)}


async def _shadow(request: web.Request, scope: Scope) -> dict[str, Any] | None:
    """Return the model and the latest in its shadow on the same punches, None where there is none."""
    read = tenant_of(request).store.read
    version = None if scope.version is None else await read(model_rows.shadow_of, scope)
    if version is None:
        return None
    same = Scope(since=scope.since, version=scope.version, shadow=version, limits=scope.limits)
    counts, rows = await read(model_rows.counted, same), await read(model_rows.judged, same, limit=ROWS_MAX)
    apart = await read(model_rows.apart, same, limit=APART_MAX)
    return {**await asyncio.to_thread(_compared, version, counts, rows), "apart": apart}


def _performance(counts: Counted, rows: Sequence[JudgedRow]) -> dict[str, Any]:
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
