"""Fraud scores as the API and the feed show them; every time is RFC 3339 UTC."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nocd.wire.requests import Note, Request
from nocd.wire.views import VerdictName, View

LevelName = Literal["MINIMAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
MethodName = Literal["rules", "model", "both"]


class CheckView(View):
    """What a check adds to a score by itself, and why; `counts` is false where another stands for the same jump."""

    check: str
    share: float
    confidence: float
    counts: bool
    words: str


class DeviationView(View):
    """How a punch is unlike its person's others of 90 days, with what is usual; `strength` is from 1 to 5."""

    name: str
    words: str
    strength: int


class MovedView(View):
    """A feature's part in a model's score, in words; `strength` from 0 to 5."""

    feature: str
    words: str
    direction: Literal["raises", "lowers"]
    strength: int
    share: float


class ModelView(View):
    """What a version of the model says of a punch: its probability, what such scores turned out to be, and why."""

    version: str
    score: float
    alike: str
    latency_ms: float
    reasons: list[MovedView]


class FraudScored(View):
    """How much a punch looks like fraud: the checks behind it, and what could not be judged with the reason.

    Its deviations from what is usual are reasons of their own; the rule score does not count them.
    """

    id: str
    punch: str
    punched_at: str
    person: str
    person_name: str | None = None
    site: str
    site_name: str | None = None
    client: str | None = None
    direction: str | None = None
    shift: str | None = None
    device: str | None = None
    device_kind: Literal["phone", "terminal", "sensor", "other"] | None = None
    fraud_score: float
    rule_score: float
    model_score: float | None = None
    level: LevelName
    method: MethodName
    model: ModelView | None = None
    checks: list[CheckView]
    deviations: list[DeviationView] = Field(default_factory=list)
    not_judged: dict[str, str]
    alert: str | None = None


class ScoreView(FraudScored):
    """A score with its features (null where one is missing), and what it turned out to be.

    `label` is 1 for fraud, 0 for none and null while that is open: of its own verdict, else of its alert's.
    """

    features: dict[str, float | None] | None = None
    verdict: VerdictName | None = None
    judged_at: str | None = None
    judged_by: str | None = None
    note: str | None = None
    label: Literal[0, 1] | None = None


class ReviewView(ScoreView):
    """A score that was put up for review, at random or chosen for what it looks like; `weight` punches stand for it."""

    put_at: str
    how: Literal["random", "chosen"]
    weight: float


class Foreseen(View):
    """Whether something would come of a punch, and why or why not."""

    would: bool
    why: str


class DryRunView(View):
    """What a punch would score if it came now: a score as it would be told, without an id, and what it would lead to.

    Nothing is stored or changed. Silences and what correlates with other trouble are not foreseen.
    """

    score: FraudScored
    features: dict[str, float | None]
    alert: Foreseen
    ticket: Foreseen


class ScoredDay(View):
    """The scores of a person's day (UTC); `high` counts those of level HIGH or CRITICAL."""

    day: str
    mean: float
    max: float
    count: int
    high: int


class PersonHistory(View):
    """How a person's punches scored, day by day."""

    person: str
    person_name: str | None = None
    days: int
    items: list[ScoredDay]


class SiteRisk(View):
    """The scores of a site's punches; `share` is its part of the sum of all that are shown.

    `trend` is the mean against that of as long a time before, null where nothing was.
    """

    site: str
    site_name: str | None = None
    client: str | None = None
    mean: float
    max: float
    count: int
    high: int
    critical: int
    share: float
    trend: float | None = None


class HeatMap(View):
    """Where punches look like fraud, the greatest share first."""

    hours: int
    items: list[SiteRisk]


class JudgeScore(Request):
    """Say what a punch turned out to be."""

    verdict: VerdictName
    note: Note | None = None
