"""Signals, baselines and thresholds as the console keeps them: what the wire tells, typed and harmless."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from noctui.state.cells import clean
from noctui.state.times import parse

Body = Mapping[str, Any]
METRICS = ("phone_events", "location_updates", "movement_distance_m", "tasks_completed", "tour_checkpoints")
QUANTILES = ("p5", "p25", "p50", "p75", "p95", "p99")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One signal now: `silent` means that a known device sent nothing, `unknown` that nobody can tell."""

    value: float
    quality: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """A site's signals over the window that ends at `as_of` (UTC milliseconds)."""

    as_of: int | None
    window_minutes: int
    people_on_duty: int
    readings: Mapping[str, Reading]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """One baseline's threshold, and how far it has learned."""

    id: str
    series: str
    metric: str
    threshold: float
    pinned: bool = False
    stable_hours: int = 0
    effective_n: float = 0.0
    seen_to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What is usual at one hour of the week; the band `low` to `high` is for one head where heads count."""

    hour_of_week: int
    n: float = 0.0
    mean: float | None = None
    least: float | None = None
    most: float | None = None
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    level: str = ""
    effective_n: float = 0.0
    stable: bool = False
    borrowed: bool = False
    quantiles: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The hours of the week that are known, by number (Monday 00:00 is 0), and the one that runs at the site."""

    hours: Mapping[int, Usual]
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """One closed hour as it was judged; `low` to `high` is what the threshold then in force allowed, for all heads."""

    start: int
    hour_of_week: int
    value: float
    threshold: float
    heads: float | None = None
    z: float | None = None
    low: float | None = None
    high: float | None = None
    anomalous: bool = False
    learned: bool = False

    @property
    def side(self) -> int:
        """Return 1 for an hour above its band, -1 for one below, 0 for one inside or not judged."""
        return 0 if not self.anomalous or self.z is None else 1 if self.z > 0 else -1


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdChange:
    """One move of a threshold: who, why, on which verdicts, and whether it was taken back."""

    id: str
    time: int | None
    old: float
    new: float
    actor: str = ""
    reason: str = ""
    pool: str = ""
    verdicts: int | None = None
    alerts: tuple[int, int] | None = None
    rates: tuple[float, float] | None = None
    rolled_back_by: str = ""
    rolled_back_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a threshold gives over the hours looked at; no verdicts, no rate."""

    threshold: float
    alerts: int
    per_week: float
    false_positive_rate: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """A threshold asked for beside the one in force."""

    baseline: str
    days: int
    hours: int
    verdicts: int
    now: Outcome = field(default_factory=lambda: Outcome(threshold=0.0, alerts=0, per_week=0.0))
    then: Outcome = field(default_factory=lambda: Outcome(threshold=0.0, alerts=0, per_week=0.0))


def number(value: object) -> float | None:
    """Return a JSON number, or None for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def items(body: Body) -> Iterator[Body]:
    """Yield the objects of a page that have an id."""
    for item in body.get("items") or ():
        if isinstance(item, Mapping) and item.get("id"):
            yield item


def read_signals(body: Body) -> Signals:
    """Return the signals in a SiteSignals of the wire."""
    told = body.get("signals")
    readings = {
        clean(name): Reading(value=number(each.get("value")) or 0.0, quality=clean(each.get("quality") or "unknown"))
        for name, each in (told.items() if isinstance(told, Mapping) else ())
    }
    return Signals(
        as_of=parse(body.get("as_of")),
        window_minutes=int(body.get("window_minutes") or 0),
        people_on_duty=int(body.get("people_on_duty") or 0),
        readings=readings,
    )


def read_baseline(body: Body) -> Baseline:
    """Return the baseline in a BaselineView; raises KeyError where it has no id."""
    return Baseline(
        id=clean(body["id"]),
        series=clean(body.get("series") or ""),
        metric=clean(body.get("metric") or ""),
        threshold=number(body.get("threshold")) or 0.0,
        pinned=bool(body.get("pinned")),
        stable_hours=int(body.get("stable_hours") or 0),
        effective_n=number(body.get("effective_n")) or 0.0,
        seen_to=parse(body.get("seen_to")),
    )


def read_week(body: Body) -> Week:
    """Return the week in a BaselineDetail."""
    hours = (_usual(each) for each in body.get("buckets") or () if isinstance(each, Mapping))
    return Week(hours={usual.hour_of_week: usual for usual in hours}, now=int(body.get("hour_of_week_now") or 0))


def _usual(body: Body) -> Usual:
    spans = ("mean", "expected", "low", "high")
    return Usual(
        hour_of_week=int(body.get("hour_of_week") or 0),
        n=number(body.get("n")) or 0.0,
        least=number(body.get("min")),
        most=number(body.get("max")),
        level=clean(body.get("level") or ""),
        effective_n=number(body.get("effective_n")) or 0.0,
        stable=bool(body.get("stable")),
        borrowed=bool(body.get("borrowed")),
        quantiles=tuple((name, value) for name in QUANTILES if (value := number(body.get(name))) is not None),
        **{name: number(body.get(name)) for name in spans},
    )


def read_hours(body: Body) -> tuple[Hour, ...]:
    """Return the closed hours of a page of HourViews, oldest first."""
    told = (each for each in body.get("items") or () if isinstance(each, Mapping) and parse(each.get("hour")))
    return tuple(sorted(map(_hour, told), key=lambda hour: hour.start))


def _hour(body: Body) -> Hour:
    expected, spread = number(body.get("expected")), number(body.get("spread"))
    threshold = number(body.get("threshold")) or 0.0
    known = expected is not None and spread is not None
    return Hour(
        start=parse(body.get("hour")) or 0,
        hour_of_week=int(body.get("hour_of_week") or 0),
        value=number(body.get("value")) or 0.0,
        threshold=threshold,
        heads=number(body.get("heads")),
        z=number(body.get("z")),
        low=(expected or 0.0) - threshold * (spread or 0.0) if known else None,
        high=(expected or 0.0) + threshold * (spread or 0.0) if known else None,
        anomalous=bool(body.get("anomalous")),
        learned=bool(body.get("learned")),
    )


def read_changes(body: Body) -> tuple[ThresholdChange, ...]:
    """Return the threshold changes of a page, newest first, as told."""
    return tuple(map(read_change, items(body)))


def read_change(body: Body) -> ThresholdChange:
    """Return the change in a ThresholdChangeView; raises KeyError where it has no id."""
    alerts = [number(body.get(f"alerts_{when}")) for when in ("before", "after")]
    rates = [number(body.get(f"false_positive_rate_{when}")) for when in ("before", "after")]
    verdicts = number(body.get("verdicts"))
    return ThresholdChange(
        id=clean(body["id"]),
        time=parse(body.get("time")),
        old=number(body.get("old")) or 0.0,
        new=number(body.get("new")) or 0.0,
        actor=clean(body.get("actor") or ""),
        reason=clean(body.get("reason") or ""),
        pool=clean(body.get("pool") or ""),
        verdicts=None if verdicts is None else int(verdicts),
        alerts=None if alerts[0] is None or alerts[1] is None else (int(alerts[0]), int(alerts[1])),
        rates=None if rates[0] is None or rates[1] is None else (rates[0], rates[1]),
        rolled_back_by=clean(body.get("rolled_back_by") or ""),
        rolled_back_at=parse(body.get("rolled_back_at")),
    )


def read_simulation(body: Body) -> Simulation:
    """Return the simulation in a SimulationView."""
    return Simulation(
        baseline=clean(body.get("baseline") or ""),
        days=int(body.get("days") or 0),
        hours=int(body.get("hours") or 0),
        verdicts=int(body.get("verdicts") or 0),
        now=_outcome(body.get("now")),
        then=_outcome(body.get("then")),
    )


def _outcome(body: object) -> Outcome:
    told: Body = body if isinstance(body, Mapping) else {}
    return Outcome(
        threshold=number(told.get("threshold")) or 0.0,
        alerts=int(told.get("alerts") or 0),
        per_week=number(told.get("per_week")) or 0.0,
        false_positive_rate=number(told.get("false_positive_rate")),
    )
