"""What nocd tells about one site, each body checked by the daemon's own models."""

from __future__ import annotations

from typing import Any

from nocd.wire.telemetry import (
    BaselineDetail,
    BaselineView,
    HourView,
    SimulationView,
    SiteSignals,
    ThresholdAnswer,
    ThresholdChangeView,
)
from noctui.state.times import HOUR_MS
from tests.unit.noctui.story import rfc3339

Body = dict[str, Any]
SITE = "NTH-04"
SUNDAY = 6
BY_DAY = (4, 3, 2, 2, 3, 6, 12, 20, 28, 34, 36, 38, 30, 26, 34, 36, 38, 36, 28, 20, 14, 10, 8, 6)
STABLE = {
    "phone_events": True,
    "location_updates": True,
    "movement_distance_m": True,
    "tasks_completed": False,
    "tour_checkpoints": True,
}
SCALE = {
    "phone_events": 1.0,
    "location_updates": 8.0,
    "movement_distance_m": 110.0,
    "tasks_completed": 0.1,
    "tour_checkpoints": 0.2,
}


def baseline_id(metric: str = "phone_events", site: str = SITE) -> str:
    return f"{metric}@{site}"


def signals(now: int, site: str = SITE, **fields: Any) -> Body:
    """Return SiteSignals with all three qualities: zeros that were seen, kept silent, and that nobody can tell."""
    told = {
        "phone_events": {"value": 61, "quality": "observed"},
        "location_updates": {"value": 0, "quality": "silent"},
        "movement_distance_m": {"value": 12_345.6, "quality": "observed"},
        "tasks_completed": {"value": 0, "quality": "observed"},
        "tour_checkpoints": {"value": 0, "quality": "unknown"},
    }
    body = {
        "site": site,
        "site_name": "Depot North",
        "client": "Acme",
        "as_of": rfc3339(now),
        "window_minutes": 120,
        "people_on_duty": 3,
        "signals": told,
        "people": [],
        **fields,
    }
    return SiteSignals.model_validate(body).model_dump()


def baseline(metric: str = "phone_events", site: str = SITE, **fields: Any) -> Body:
    body = {
        "id": baseline_id(metric, site),
        "series": site,
        "metric": metric,
        "site": site,
        "site_name": "Depot North",
        "client": "Acme",
        "timezone": "UTC",
        "threshold": 3.0,
        "pinned": False,
        "stable_hours": 150 if STABLE.get(metric, True) else 0,
        "effective_n": 12.4,
        "seen_to": "2026-11-22T14:00:00Z",
        **fields,
    }
    return BaselineView.model_validate(body).model_dump()


def baselines(site: str = SITE) -> Body:
    pinned = {"movement_distance_m": {"threshold": 4.25, "pinned": True}}
    return {"items": [baseline(metric, site, **pinned.get(metric, {})) for metric in STABLE], "cursor": None}


def usual(hour: int, metric: str = "phone_events") -> Body:
    """Return a bucket: weekends are quieter, and Wednesday night is still learned."""
    expected = BY_DAY[hour % 24] * SCALE[metric] * (0.5 if hour // 24 >= 5 else 1.0)
    stable = STABLE[metric] and not 48 <= hour < 54
    told: Body = {"hour_of_week": hour, "n": 4.0, "mean": expected, "min": expected / 2, "max": expected * 2}
    told |= {"stable": stable, "borrowed": False, "effective_n": 14.0 if stable else 4.0}
    if stable:
        told |= {"expected": expected, "spread": expected / 6 + 1, "level": "hour_of_weekday_or_weekend"}
        told |= {"low": max(expected / 2 - 3, 0.0), "high": expected * 1.5 + 3}
        told |= {"p5": expected * 0.8, "p25": expected * 0.9, "p50": expected, "p75": expected * 1.1}
        told |= {"p95": expected * 1.2, "p99": expected * 1.3}
    return told


def detail(metric: str = "phone_events", site: str = SITE, hour_now: int = SUNDAY * 24 + 14, **fields: Any) -> Body:
    body = {**baseline(metric, site), "hour_of_week_now": hour_now, **fields}
    body["buckets"] = [usual(hour, metric) for hour in range(168)]
    return BaselineDetail.model_validate(body).model_dump()


def hours(now: int, metric: str = "phone_events", count: int = 48, odd: dict[int, float] | None = None) -> Body:
    """Return the last closed hours, newest first; `odd` moves those so many hours ago by a factor."""
    factors = {3: 3.0, 20: 0.0} if odd is None else odd
    newest = now // HOUR_MS * HOUR_MS - HOUR_MS
    return {
        "items": [_hour(newest - ago * HOUR_MS, ago, factors.get(ago), metric) for ago in range(count)],
        "cursor": None,
    }


def _hour(start: int, ago: int, factor: float | None, metric: str) -> Body:
    hour_of_week = (SUNDAY * 24 + 13 - ago) % 168
    expected = usual(hour_of_week, metric)["mean"] * 3
    spread = expected / 6 + 1
    value = expected * (1.0 if factor is None else factor) + (ago % 3 - 1) * (factor is None) * spread / 2
    judged = STABLE[metric]
    body = {
        "hour": rfc3339(start),
        "hour_of_week": hour_of_week,
        "value": round(value),
        "heads": 3.0,
        "threshold": 3.0,
        "anomalous": judged and factor is not None,
        "learned": factor is None,
    }
    if judged:
        body |= {"expected": expected, "spread": spread, "z": (round(value) - expected) / spread}
    return HourView.model_validate(body).model_dump()


def threshold_change(change_id: str = "TC-7", **fields: Any) -> Body:
    body = {
        "id": change_id,
        "baseline": baseline_id(),
        "time": "2026-11-22T03:00:00Z",
        "old": 2.5,
        "new": 3.0,
        "delta": 0.5,
        "actor": "tuning",
        "reason": "more than 30 % were false",
        "pool": "site",
        "verdicts": 38,
        "alerts_before": 21,
        "alerts_after": 9,
        "false_positive_rate_before": 0.42,
        "false_positive_rate_after": 0.18,
        **fields,
    }
    return ThresholdChangeView.model_validate(body).model_dump()


def changes() -> Body:
    taken_back = threshold_change(
        "TC-6",
        time="2026-11-15T03:00:00Z",
        old=2.5,
        new=2.0,
        delta=-0.5,
        actor="mara",
        reason="quiet weeks",
        pool=None,
        verdicts=None,
        alerts_before=None,
        alerts_after=None,
        false_positive_rate_before=None,
        false_positive_rate_after=None,
        rolled_back_at="2026-11-16T09:30:00Z",
        rolled_back_by="tomas",
    )
    return {"items": [threshold_change(), taken_back], "cursor": None}


def simulation(wanted: float = 3.5, **fields: Any) -> Body:
    body = {
        "baseline": baseline_id(),
        "days": 30,
        "hours": 718,
        "verdicts": 38,
        "now": {"threshold": 3.0, "alerts": 9, "per_week": 2.1, "false_positive_rate": 0.31},
        "then": {"threshold": wanted, "alerts": 4, "per_week": 0.9, "false_positive_rate": 0.12},
        **fields,
    }
    return SimulationView.model_validate(body).model_dump()


def answer(**fields: Any) -> Body:
    body = {"baseline": baseline(**fields), "change": threshold_change("TC-8", old=3.0, new=fields.get("threshold", 3))}
    return ThresholdAnswer.model_validate(body).model_dump()
