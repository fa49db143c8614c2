"""Baselines: what is usual, how it was judged, and the thresholds; simulated before they are moved."""

from __future__ import annotations

import asyncio
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from aiohttp import web

from nocd.api import answers
from nocd.api.asking import done
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import DESK, tenant_of
from nocd.baseline.acts import CHANGES_KIND
from nocd.baseline.calendar import slot
from nocd.baseline.threshold import optimum as best_threshold
from nocd.baseline.threshold import what_if
from nocd.domain.baseline import HOURS, Slot
from nocd.domain.instant import DAY_MS, rfc3339_or_none
from nocd.domain.token import Act
from nocd.errors import NotFound
from nocd.store import usual
from nocd.wire.telemetry import Optimum, Pin, Rollback, SetThreshold, Simulate

if TYPE_CHECKING:
    from nocd.baseline.profile import Profile
    from nocd.domain.baseline import Baseline, Expectation
    from nocd.engine import Engine
    from nocd.wire.requests import Request

_A_SLICE = 4  # hours or baselines worked out before the loop turns again
_PERCENTILE_DAYS = 182
_FORESEEN_DAYS = 30
_PERCENTILES = {"p5": 5, "p25": 25, "p50": 50, "p75": 75, "p95": 95, "p99": 99}
_SAMPLES_MIN = 5
_WEEK_H = 168


def routes() -> list[web.RouteDef]:
    """Return the routes of baselines."""
    one = "/v1/baselines/{id:[^/]+}"
    return [
        web.get("/v1/baselines", index),
        web.get(one, show),
        web.get(f"{one}/hours", hours),
        web.get(f"{one}/changes", changes),
        web.post(f"{one}/simulate", simulate),
        web.post(f"{one}/optimum", optimum),
        web.post(f"{one}/threshold", set_threshold),
        web.post(f"{one}/pin", pin),
        web.post(f"{one}/changes/{{change}}/rollback", roll_back),
    ]


@needs(Act.READ)
async def index(request: web.Request) -> web.Response:
    """Answer a page of baselines, by id."""
    answers.known_parameters(request, "site", "metric", "limit", "cursor")
    engine, limit = tenant_of(request).pipeline.engine, answers.limit(request)
    site, metric, after = request.query.get("site"), request.query.get("metric"), request.query.get("cursor", "")
    chosen = sorted(
        key
        for key, baseline in engine.hours.baselines.all.items()
        if key > after
        and site in (None, baseline.series)
        and metric in (None, baseline.metric)
        and visible(request, engine, baseline)
    )[: limit + 1]
    cursor = chosen[limit - 1] if len(chosen) > limit else None
    items = []
    for key in chosen[:limit]:
        items.append(_view(engine, key))
        if len(items) % _A_SLICE == 0:
            await asyncio.sleep(0)
    return answers.json({"items": items, "cursor": cursor})


@needs(Act.READ)
async def show(request: web.Request) -> web.Response:
    """Answer one baseline with the week's 168 hours."""
    answers.known_parameters(request)
    engine, profile = found(request)
    about, now = profile.baseline, request.app[DESK].now_ms()
    values = await tenant_of(request).store.read(usual.learned_values, about.id, after=now - _PERCENTILE_DAYS * DAY_MS)
    by_hour: dict[int, list[float]] = {}
    for hour, value in values:
        by_hour.setdefault(hour, []).append(value)
    at = _slot_now(engine, about, now)
    buckets = []
    for hour in range(HOURS):
        there = Slot(hour_of_week=hour, day=at.day, start=at.start)
        expected = engine.hours.expectation(profile, there, now=now)
        buckets.append(_bucket(profile, there, expected, by_hour.get(hour, [])))
        if hour % _A_SLICE == _A_SLICE - 1:
            await asyncio.sleep(0)
    return answers.json({**_view(engine, about.id), "hour_of_week_now": at.hour_of_week, "buckets": buckets})


@needs(Act.READ)
async def hours(request: web.Request) -> web.Response:
    """Answer a page of closed hours, newest first."""
    answers.known_parameters(request, "days", "limit", "cursor")
    days = answers.whole_number(request, "days", default=30, low=1, high=800)
    place, limit = answers.from_cursor(request, 1), answers.limit(request)
    items, before = await tenant_of(request).store.read(
        usual.hours,
        found(request)[1].baseline.id,
        before=None if place is None else place[0],
        after=request.app[DESK].now_ms() - days * DAY_MS,
        limit=limit,
    )
    return answers.json({"items": items, "cursor": answers.to_cursor(None if before is None else (before,))})


@needs(Act.READ)
async def changes(request: web.Request) -> web.Response:
    """Answer a page of the moves of a threshold, newest first."""
    answers.known_parameters(request, "limit", "cursor")
    place, limit = answers.from_cursor(request, 1), answers.limit(request)
    items, before = await tenant_of(request).store.read(
        usual.changes, found(request)[1].baseline.id, before=None if place is None else place[0], limit=limit
    )
    return answers.json({"items": items, "cursor": answers.to_cursor(None if before is None else (before,))})


@needs(Act.READ)
async def simulate(request: web.Request) -> web.Response:
    """Answer what a threshold would have given over past hours, beside the one in force."""
    answers.known_parameters(request)
    _, profile = found(request)
    about = profile.baseline
    asked = answers.parsed(Simulate, await answers.small_body(request))
    after = request.app[DESK].now_ms() - asked.days * DAY_MS
    rows = await tenant_of(request).store.read(usual.scored, about.id, after=after)
    told = what_if(rows, old=about.threshold, new=asked.threshold)
    weeks = max(len(rows) / _WEEK_H, 1 / 7)
    return answers.json(
        {
            "baseline": about.id,
            "days": asked.days,
            "hours": len(rows),
            "verdicts": sum(row.verdict is not None for row in rows),
            "now": _simulated(told.old, told.alerts_before, weeks, told.fp_rate_before),
            "then": _simulated(told.new, told.alerts_after, weeks, told.fp_rate_after),
        }
    )


@needs(Act.READ)
async def optimum(request: web.Request) -> web.Response:
    """Answer the lowest threshold that keeps to a rate of false positives over past hours."""
    answers.known_parameters(request)
    about = found(request)[1].baseline
    asked = answers.parsed(Optimum, await answers.small_body(request))
    after = request.app[DESK].now_ms() - asked.days * DAY_MS
    rows = await tenant_of(request).store.read(usual.scored, about.id, after=after)
    solved = best_threshold(rows, fp_rate_max=asked.false_positive_rate)
    return answers.json({"baseline": about.id, "threshold": solved.threshold, "reason": solved.reason})


@needs(Act.ADMINISTER)
async def set_threshold(request: web.Request) -> web.Response:
    """Set a threshold."""
    return await _steer(request, "set_threshold", SetThreshold)


@needs(Act.ADMINISTER)
async def pin(request: web.Request) -> web.Response:
    """Pin a threshold, or let go of it."""
    return await _steer(request, "pin", Pin)


@needs(Act.ADMINISTER)
async def roll_back(request: web.Request) -> web.Response:
    """Take a threshold change back, once."""
    return await _steer(request, "roll_back", Rollback, change=request.match_info["change"])


async def _steer(request: web.Request, verb: str, model: type[Request], **more: str) -> web.Response:
    args = answers.parsed(model, await answers.small_body(request)).model_dump(exclude_none=True)
    return await steer(request, verb, {**args, **more})


async def steer(request: web.Request, verb: str, args: dict[str, Any]) -> web.Response:
    """Ask the engine to move a threshold; answer with the baseline after it, or with why not."""
    answers.known_parameters(request)
    engine, profile = found(request)
    foreseen = await _foreseen(request, engine, verb, args)
    did = await done(request, verb, profile.baseline.id, args, foreseen=foreseen)
    return answers.json({"baseline": _view(engine, profile.baseline.id), "change": did["change"]})


async def _foreseen(request: web.Request, engine: Engine, verb: str, args: dict[str, Any]) -> dict[str, Any]:
    """Return what a move would have given over past hours, to be kept with it."""
    about = found(request)[1].baseline
    kept = engine.shelves.get(CHANGES_KIND, about.id) or []
    back = next((change.old for change in kept if change.id == args.get("change")), None)
    new = args.get("threshold") if verb == "set_threshold" else back
    if new is None:
        return {}
    after = request.app[DESK].now_ms() - _FORESEEN_DAYS * DAY_MS
    rows = await tenant_of(request).store.read(usual.scored, about.id, after=after)
    told = what_if(rows, old=about.threshold, new=new)
    return {
        "verdicts": sum(row.verdict is not None for row in rows),
        "alerts_before": told.alerts_before,
        "alerts_after": told.alerts_after,
        "false_positive_rate_before": told.fp_rate_before,
        "false_positive_rate_after": told.fp_rate_after,
    }


def found(request: web.Request) -> tuple[Engine, Profile]:
    """Return the engine and the profile the request names; raises NotFound, for one it may not see too."""
    engine, name = tenant_of(request).pipeline.engine, request.match_info["id"]
    profile = engine.hours.baselines.profile(name)
    if profile is None or not visible(request, engine, profile.baseline):
        msg = f"there is no baseline {name}"
        raise NotFound(msg)
    return engine, profile


def visible(request: web.Request, engine: Engine, baseline: Baseline) -> bool:
    """Tell whether the request's token sees a baseline."""
    site = baseline.series
    return request[TOKEN].sees(site=site, client=engine.roster.client(site))


def _view(engine: Engine, baseline_id: str) -> dict[str, Any]:
    profile = engine.hours.baselines.profile(baseline_id)
    if profile is None:
        msg = f"there is no baseline {baseline_id}"
        raise NotFound(msg)
    about = profile.baseline
    counts = profile.effective_ns(_slot_now(engine, about, about.seen_to).day)
    site = engine.roster.sites.get(about.series)
    return {
        "id": about.id,
        "series": about.series,
        "metric": about.metric,
        "site": None if site is None else site.id,
        "site_name": None if site is None else site.name,
        "client": engine.roster.client(about.series),
        "timezone": "UTC" if site is None else site.timezone,
        "threshold": about.threshold,
        "pinned": about.pinned,
        "stable_hours": len(counts),
        "effective_n": round(median(counts), 1) if counts else 0.0,
        "seen_to": rfc3339_or_none(about.seen_to or None),
    }


def _slot_now(engine: Engine, about: Baseline, now: int) -> Slot:
    site = engine.roster.sites.get(about.series)
    return slot(now, "UTC") if site is None else slot(now, site.timezone, site.country or None)


def _bucket(profile: Profile, at: Slot, expected: Expectation | None, values: list[float]) -> dict[str, Any]:
    bucket, threshold = profile.buckets.get(at.hour_of_week), profile.baseline.threshold
    own: dict[str, Any] = {"n": 0.0}
    if bucket is not None:
        weight, squares, mean, _, low, high = bucket[:6]
        own = {"n": round(weight * weight / squares, 1), "mean": _short(mean), "min": low, "max": high}
    told: dict[str, Any] = {"effective_n": 0.0, "stable": False, "borrowed": False}
    if expected is not None:
        law = expected.law()
        low = law.at(-threshold)
        told = {
            "expected": _short(expected.mean),
            "spread": _short(expected.spread()),
            "low": _short(low if profile.baseline.signed else max(low, 0.0)),
            "high": _short(law.at(threshold)),
            "level": expected.level,
            "effective_n": round(expected.effective_n, 1),
            "stable": expected.stable,
            "borrowed": expected.borrowed,
        }
    return {"hour_of_week": at.hour_of_week, **own, **told, **_percentiles(values)}


def _percentiles(values: list[float]) -> dict[str, float]:
    """Return the percentiles of what an hour of the week showed in the last half year, from five values on."""
    if len(values) < _SAMPLES_MIN:
        return {}
    cuts = quantiles(values, n=100, method="inclusive")
    return {name: _short(cuts[percent - 1]) for name, percent in _PERCENTILES.items()}


def _simulated(threshold: float, alerts: int, weeks: float, rate: float | None) -> dict[str, Any]:
    return {
        "threshold": threshold,
        "alerts": alerts,
        "per_week": round(alerts / weeks, 2),
        "false_positive_rate": None if rate is None else round(rate, 3),
    }


def _short(value: float) -> float:
    return round(value, 3)
