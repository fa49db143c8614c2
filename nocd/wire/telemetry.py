"""Signals, baselines, thresholds and jobs, as the API tells and takes them; every time is RFC 3339 UTC."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nocd.wire.requests import Note, Request
from nocd.wire.views import View

QualityName = Literal["observed", "silent", "unknown"]
LevelName = Literal["hour_of_week", "hour_of_weekday_or_weekend", "hour_of_day", "peers"]


class SignalView(View):
    """One signal: `silent` means that a known device sent nothing, `unknown` that nobody can tell."""

    value: float
    quality: QualityName


class PersonSignals(View):
    """What one person did in the window that ends at `as_of`; `suspect_steps` were too fast for anyone."""

    person: str
    person_name: str
    site: str | None = Field(default=None, description="where they are on duty now, by punch or by plan")
    on_duty: bool
    as_of: str
    window_minutes: int
    heard_at: str | None = None
    signals: dict[str, SignalView]
    suspect_steps: int


class SiteSignals(View):
    """The sum over the people on duty at a site now; a signal is observed where it is for anybody."""

    site: str
    site_name: str
    client: str | None = None
    as_of: str
    window_minutes: int
    people_on_duty: int
    signals: dict[str, SignalView]
    people: list[PersonSignals]


class Usual(View):
    """What is usual at one hour of the week; `expected`, `spread` and the band are for one head where heads count."""

    hour_of_week: int
    n: float = Field(description="effective samples of this hour of the week alone")
    mean: float | None = None
    min: float | None = None
    max: float | None = None
    expected: float | None = None
    spread: float | None = None
    low: float | None = Field(default=None, description="below it the threshold is passed")
    high: float | None = Field(default=None, description="above it the threshold is passed")
    level: LevelName | None = None
    effective_n: float
    stable: bool
    borrowed: bool
    p5: float | None = None
    p25: float | None = None
    p50: float | None = None
    p75: float | None = None
    p95: float | None = None
    p99: float | None = None


class BaselineView(View):
    """One (series, metric) baseline: its threshold, and how far it has learned."""

    id: str
    series: str
    metric: str
    site: str | None = None
    site_name: str | None = None
    client: str | None = None
    timezone: str
    threshold: float
    pinned: bool
    stable_hours: int = Field(description="how many of the week's 168 hours are stable")
    effective_n: float = Field(description="median effective samples of the stable hours")
    seen_to: str | None = None


class BaselineDetail(BaselineView):
    """A baseline with the week's 168 hours; `hour_of_week_now` is the one that runs at its site."""

    hour_of_week_now: int
    buckets: list[Usual]


class HourView(View):
    """One closed hour: what was seen beside what was usual for all heads, as it was judged then."""

    hour: str
    hour_of_week: int
    value: float
    heads: float | None = None
    expected: float | None = None
    spread: float | None = None
    z: float | None = None
    threshold: float
    anomalous: bool
    learned: bool


class Simulated(View):
    """What a threshold would have given over stored hours; rates are null without verdicts."""

    threshold: float
    alerts: int
    per_week: float
    false_positive_rate: float | None = None


class SimulationView(View):
    """A threshold asked for beside the one in force, over the site-hours of the last `days`."""

    baseline: str
    days: int
    hours: int
    verdicts: int
    now: Simulated
    then: Simulated


class OptimumView(View):
    """The lowest threshold that keeps to a rate of false positives over past hours, or null, and why."""

    baseline: str
    threshold: float | None
    reason: str


class ProposalView(View):
    """A threshold proposed because its alerts were called false again and again; it is only ever set by a person."""

    baseline: str
    metric: str
    site: str | None = None
    site_name: str | None = None
    client: str | None = None
    old: float
    new: float
    reason: str
    false_positives: int
    alerts_before: int
    alerts_after: int


class ThresholdChangeView(View):
    """One move of a threshold: who, why, on which verdicts, and what the stored hours said it would do."""

    id: str
    baseline: str
    time: str
    old: float
    new: float
    delta: float
    actor: str
    reason: str
    pool: str | None = None
    verdicts: int | None = None
    alerts_before: int | None = None
    alerts_after: int | None = None
    false_positive_rate_before: float | None = None
    false_positive_rate_after: float | None = None
    rolled_back_at: str | None = None
    rolled_back_by: str | None = None


class ThresholdAnswer(View):
    """A baseline after an act on its threshold, and the change that was made, if any."""

    baseline: BaselineView
    change: ThresholdChangeView | None = None


class JobView(View):
    """A row of the timetable, and how its last run ended."""

    name: str
    plan: str
    next_run: str | None = None
    limit_s: float
    last_started: str | None = None
    last_outcome: Literal["ok", "failed"] | None = None
    last_seconds: float | None = None
    last_detail: str | None = None


class JobRunView(View):
    """One run of a job."""

    no: int
    job: str
    started: str
    seconds: float
    outcome: Literal["ok", "failed"]
    detail: str


class BaselineUpdated(View):
    """A site's hour closed: what each of its baselines saw, and whether it learned from it."""

    site_name: str | None = None
    client: str | None = None
    hour: str
    hour_of_week: int
    metrics: dict[str, HourView]


class ThresholdChanged(ThresholdChangeView):
    """A threshold moved, was pinned or let go of."""

    metric: str
    site_name: str | None = None
    client: str | None = None
    pinned: bool


Threshold = Annotated[float, Field(ge=1.5, le=5.0)]


class Simulate(Request):
    """Ask what a threshold would have given over the last `days`."""

    threshold: Threshold
    days: Annotated[int, Field(ge=1, le=400)] = 30


class Optimum(Request):
    """Ask for the threshold that keeps to a rate of false positives over the last `days`."""

    false_positive_rate: Annotated[float, Field(ge=0, le=1)]
    days: Annotated[int, Field(ge=1, le=400)] = 30


class SetThreshold(Request):
    """Set a threshold; the weekly tuning may move it again unless it is pinned."""

    threshold: Threshold
    note: Note | None = None


class Pin(Request):
    """Pin a threshold where it is, so that tuning leaves it alone, or let go of it."""

    pinned: bool = True
    note: Note | None = None


class Rollback(Request):
    """Take a threshold change back, once."""

    note: Note | None = None
