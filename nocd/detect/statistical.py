"""An hour unlike what is usual for its hour of the week."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nocd.domain.baseline import Level
from nocd.domain.finding import Category, Finding
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from nocd.domain.baseline import Baseline, Judgement


class _Metric(NamedTuple):
    noun: str
    category: Category


SIGNALS: Final = {
    "phone_events": _Metric("phone events", Category.DEVICE_HEALTH),
    "location_updates": _Metric("location updates", Category.DEVICE_HEALTH),
    "movement_distance_m": _Metric("m of movement", Category.OPERATIONAL),
    "tasks_completed": _Metric("tasks completed", Category.OPERATIONAL),
    "tour_checkpoints": _Metric("checkpoints scanned", Category.SECURITY),
}
COUNTED: Final = frozenset(SIGNALS) - {"movement_distance_m"}
# Every type a baseline can give; a sampled metric is named in evidence and entity.
TYPES: Final = tuple(
    f"ANOMALY_{metric.upper()}_{side}" for metric in (*SIGNALS, "sample") for side in ("ABOVE", "BELOW")
)

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PARTS: Final = ((22, "nights"), (18, "evenings"), (12, "afternoons"), (6, "mornings"), (0, "nights"))
_SATURDAY: Final = 5
_CRITICAL_MARGIN: Final = 2.0
_HIGH_MARGIN: Final = 1.0
_CONFIDENCE: Final = 0.7
_CONFIDENCE_BORROWED: Final = 0.5
_CONFIDENCE_PER_MARGIN: Final = 0.1
_LONG: Final = 100


def statistical(
    about: Baseline, told: Judgement, *, time: int, site: str | None, site_name: str | None, so_far: bool = False
) -> Finding | None:
    """Turn a judgement into a finding at `time` (UTC ms) if it is anomalous; `so_far` while the hour still runs."""
    if not told.anomalous:
        return None
    side = "ABOVE" if told.z > 0 else "BELOW"
    known = about.metric if about.metric in SIGNALS else "sample"
    margin = abs(told.z) - told.threshold
    base = _CONFIDENCE_BORROWED if told.borrowed else _CONFIDENCE
    return Finding(
        type=f"ANOMALY_{known.upper()}_{side}",
        category=SIGNALS[known].category if known in SIGNALS else Category.OPERATIONAL,
        severity=severity(margin, borrowed=told.borrowed),
        confidence=round(base + _CONFIDENCE_PER_MARGIN * min(margin, _CRITICAL_MARGIN), 2),
        time=time,
        reason=reason(about, told, place=site_name or site, so_far=so_far),
        site=site,
        entity_type="baseline",
        entity_id=about.id,
        evidence=_evidence(about, told),
    )


def severity(margin: float, *, borrowed: bool = False) -> Severity:
    """Return MEDIUM from the threshold, HIGH from 1 above it, CRITICAL from 2; at most MEDIUM on peers' experience."""
    if borrowed or margin < _HIGH_MARGIN:
        return Severity.MEDIUM
    return Severity.CRITICAL if margin >= _CRITICAL_MARGIN else Severity.HIGH


def _evidence(about: Baseline, told: Judgement) -> dict[str, Any]:
    return {
        "metric": about.metric,
        "observed": round(_shown(about, told, told.observed), 3),
        "expected": round(_shown(about, told, told.expected), 2),
        "spread": round(_shown(about, told, told.spread), 3),
        "z": round(told.z, 2),
        "threshold": told.threshold,
        "hour_of_week": told.hour_of_week,
        "level": str(told.level),
        "effective_samples": round(told.effective_n, 1),
        "span_h": told.span_h,
        "heads": told.heads,
        "usual_low": round(_shown(about, told, told.usual_low), 2),
        "usual_high": round(_shown(about, told, told.usual_high), 2),
        "baseline": about.id,
    }


def reason(about: Baseline, told: Judgement, *, place: str | None = None, so_far: bool = False) -> str:
    """Say in one sentence what was seen, when, and what is usual there."""
    low, high = (_shown(about, told, bound) for bound in (told.usual_low, told.usual_high))
    if about.metric in COUNTED:
        low, high = ceil(low), floor(high)
    seen = _number(_shown(about, told, told.observed))
    noun = SIGNALS[about.metric].noun if about.metric in SIGNALS else None
    what = f"{seen} {noun}" if noun else f"{about.metric} at {seen}"
    at = f" at {place}" if place else ""
    first = (told.hour_of_week % 24 + 1 - told.span_h) % 24
    end = told.hour_of_week % 24 + 1
    when = f"{'so far ' if so_far else ''}between {first:02d} and {end:02d}"
    return f"{what}{at} {when}, usual {_number(low)}–{_number(high)} {_occasion(told)}"


def _occasion(told: Judgement) -> str:
    """Name the hours that the judgement rests on: no more exactly than they do."""
    weekday, hour = divmod(told.hour_of_week, 24)
    part = next(name for start, name in _PARTS if hour >= start)
    if told.level is Level.BUCKET:
        return f"on {_DAYS[weekday]} {part}"
    if told.level is Level.WEEKPART:
        return f"on {'weekend' if weekday >= _SATURDAY else 'weekday'} {part}"
    return f"on {part}" if told.level is Level.HOUR else f"on {part} at like sites"


def _shown(about: Baseline, told: Judgement, total: float) -> float:
    """Return a total as people know it: a signal's total, a sampled metric's mean over its points."""
    return total if about.metric in SIGNALS else total / told.heads


def _number(value: float) -> str:
    """Write a number with three digits or all of its whole part."""
    return f"{value:.0f}" if value == int(value) or abs(value) >= _LONG else f"{value:.3g}"
