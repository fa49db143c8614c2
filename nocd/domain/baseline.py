"""Baselines: what is usual for one metric of one series at each hour of the week, as it is stored and as it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from nocd.domain.deviation import Law

HOURS: Final = 168
STABLE_SAMPLES: Final = 10
THRESHOLD: Final = 3.0
VALUE_MAX: Final = 1e30  # beyond it a value counts as this: squares of squares stay numbers
OWN_MIN: Final = 0.5  # the variance of a count is at least this

# One bucket as it is stored: sum of weights, sum of their squares, mean, sum of squared deviations, lowest, highest,
# the local date (ordinal) it last learned on, to which the weights are true, and how often in a row it has been too
# unusual to learn (negative: too low). A plain tuple: 312 bytes, left alone
# by the garbage collector, replaced as a whole. Records of kind "bucket" are of this type.
Bucket = tuple[float, float, float, float, float, float, float, float]
# A closed hour that later hours may be judged together with: start (UTC ms), total, expected total, the variance that
# is its own, the standard deviation that it shares with its neighbours, heads.
Recent = tuple[int, float, float, float, float, float]


# Twenty hours in which phi was 0.05 and twenty in which Poisson explained all.
_LAW_AT_FIRST: Final = (20.0, 0.0, 8_000.0, 20.0, 400.0)


@dataclass(slots=True, kw_only=True)
class Baseline:
    """What one baseline keeps beside its buckets: who it is, its threshold, and what it learned over all hours.

    `span_min_h`: how many hours are judged together at the least. `counts`: every value was a whole number of things,
    so that spread is at least Poisson's; `signed`: there were values below zero. The variance of a count is fano ·
    Poisson's + phi · mean², solved from the sums of products in `law`. `variance` is the mean squared residual, `size`
    the mean absolute value, `heads` the mean of heads, each with the weight it stands on. `lately` and `lately_usual`
    are what hours of the last week had and were expected to have: seasons move faster than buckets forget. `seen_to`
    (UTC ms) is the end of the last hour that was judged.
    """

    id: str
    series: str
    metric: str
    counts: bool = True
    threshold: float = THRESHOLD
    pinned: bool = False
    calm_tunings: int = 0
    span_min_h: int = 1
    since: int = 0
    seen_to: int = 0
    signed: bool = False
    fano: float = 1.0
    phi: float = 0.05
    law: list[float] = field(default_factory=lambda: list(_LAW_AT_FIRST))
    variance: float = 0.0
    variance_weight: float = 0.0
    size: float = 0.0
    heads: float = 1.0
    size_weight: float = 0.0
    lately: float = 0.0
    lately_usual: float = 0.0
    recent: list[Recent] = field(default_factory=list)


class Level(StrEnum):
    """The pool of hours that carries a judgement, from the narrowest to the widest."""

    BUCKET = "hour_of_week"
    WEEKPART = "hour_of_weekday_or_weekend"
    HOUR = "hour_of_day"
    PEERS = "peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A local hour: hour of the week (Monday 00:00 = 0, holidays as Sundays), date (ordinal), start (UTC ms)."""

    hour_of_week: int
    day: int
    start: int

    @property
    def hour(self) -> int:
        """Return the hour of the day, 0-23."""
        return self.hour_of_week % 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What is usual for one head in one hour: mean, and a spread in two parts.

    `own` is the variance of one head that is independent of other heads and hours (Poisson's), `shared` the standard
    deviation that heads and neighbouring hours have in common, so that it does not average out.
    """

    mean: float
    own: float
    shared: float
    level: Level
    effective_n: float
    stable: bool
    borrowed: bool
    leans: bool = True

    def law(self, heads: float = 1.0) -> Law:
        """Return the law of the total over `heads` heads."""
        own = max(heads * self.own, OWN_MIN) if self.own else 0.0
        return Law(heads * self.mean, own, heads * self.shared, self.leans)

    def spread(self, heads: float = 1.0) -> float:
        """Return the standard deviation of the total over `heads` heads; never zero."""
        return self.law(heads).spread

    def plain_z(self, total: float, heads: float = 1.0) -> float:
        """Return how many spreads a total over `heads` heads lies off, above and below alike."""
        return self.law(heads).plain_z(total)

    def z(self, total: float, heads: float = 1.0) -> float:
        """Return how many spreads a total over `heads` heads lies from what is usual."""
        return self.law(heads).z(total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One hour, or several in a row, against what is usual; `observed`, `expected` and band are totals over all heads.

    `spread` is to the side of `observed`, so that z = (observed − expected) / spread. `usual_low` to `usual_high` is
    what the threshold allows. `why` says why it was not learned. `hour_expected` and `hour_spread` are of the last hour
    alone.
    """

    observed: float
    expected: float
    spread: float
    z: float
    threshold: float
    level: Level
    effective_n: float
    stable: bool
    borrowed: bool
    span_h: int
    heads: float
    hour_of_week: int
    start: int
    usual_low: float
    usual_high: float
    learned: bool
    why: str = ""
    hour_expected: float
    hour_spread: float

    @property
    def anomalous(self) -> bool:
        """Tell whether it is stable and |z| lies above the threshold, strictly."""
        return self.stable and abs(self.z) > self.threshold
