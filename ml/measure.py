"""Figures about scores: ranking, bootstrap, intervals, tests. Labels are 0 and 1; every row may weigh other than 1."""

from __future__ import annotations

from dataclasses import dataclass
from math import cbrt, erfc, exp, fsum, sqrt
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

Z_90: Final = 1.6448536269514722  # of a normal distribution, 5 % lie beyond
BOUNDS: Final = (0.05, 0.95)
_KS_TERMS: Final = 101


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its 90 % bounds; NaN where nothing can be said."""

    value: float
    low: float
    high: float

    def told(self) -> list[float | None]:
        """Return value, low and high, None for what is not known."""
        return [rounded(number) for number in (self.value, self.low, self.high)]


def rounded(number: float, digits: int = 6) -> float | None:
    """Return a number as a report holds it, None for NaN."""
    return None if np.isnan(number) else round(float(number), digits)


class Ranking:
    """Rows in falling order of one score, sorted once for many weightings; equal scores are one step."""

    def __init__(self, label: Floats, score: Floats) -> None:
        self._order = np.argsort(-score, kind="stable")
        falling = score[self._order]
        self._ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
        self._fraud = label[self._order]
        self.thresholds: Floats = falling[self._ends]

    def steps(self, weight: Floats) -> tuple[Floats, Floats]:
        """Return, for each threshold from the highest down, the weight of frauds and of the others at or above it."""
        heavy = weight[self._order]
        fraud = np.cumsum(heavy * self._fraud)[self._ends]
        return fraud, np.cumsum(heavy)[self._ends] - fraud

    def average_precision(self, weight: Floats) -> float:
        """Return PR-AUC: precision, averaged over the recall that each step adds; NaN without frauds."""
        fraud, honest = self.steps(weight)
        gained = np.diff(fraud, prepend=0.0)
        told = gained > 0
        return float(np.sum(gained[told] * fraud[told] / (fraud + honest)[told]) / fraud[-1]) if told.any() else np.nan

    def roc_auc(self, weight: Floats) -> float:
        """Return the chance that a fraud ranks before an honest row; NaN without either."""
        fraud, honest = self.steps(weight)
        if fraud[-1] <= 0 or honest[-1] <= 0:
            return np.nan
        heights = np.append(0.0, fraud)
        area = np.sum(np.diff(honest, prepend=0.0) * (heights[1:] + heights[:-1]) / 2)
        return float(area / (fraud[-1] * honest[-1]))

    def precision_at_recall(self, weight: Floats, recall: float) -> float:
        """Return the precision at the highest threshold that reaches this recall; NaN without frauds."""
        return self.curve(weight, [recall])[0][0]

    def curve(self, weight: Floats, recalls: Sequence[float]) -> list[tuple[float, float]]:
        """Return (precision, threshold) at the highest threshold that reaches each recall; NaN without frauds."""
        fraud, honest = self.steps(weight)
        if fraud[-1] <= 0:
            return [(np.nan, np.nan)] * len(recalls)
        at = np.searchsorted(fraud, np.asarray(recalls) * fraud[-1] * (1 - 1e-12))
        precision = fraud[at] / (fraud[at] + honest[at])
        return list(zip(precision.tolist(), self.thresholds[at].tolist(), strict=True))

    def recall_at_rate(self, weight: Floats, rate: float) -> float:
        """Return the recall when the highest-ranking share of all rows is alerted; of equal scores, a part."""
        fraud, honest = self.steps(weight)
        if fraud[-1] <= 0:
            return np.nan
        flagged = np.append(0.0, fraud + honest)
        return float(np.interp(rate * flagged[-1], flagged, np.append(0.0, fraud)) / fraud[-1])


def resampled(cluster: Ints, weight: Floats, *, rounds: int, seed: int) -> Iterator[Floats]:
    """Yield the weights of `rounds` bootstrap samples that draw whole clusters (0, 1, …), with replacement."""
    generator = np.random.default_rng(seed)
    count = int(cluster.max()) + 1
    for _ in range(rounds):
        drawn = np.bincount(generator.integers(0, count, count), minlength=count)
        yield weight * drawn[cluster]


def bounds(value: float, drawn: Floats) -> Interval:
    """Return a value with the 90 % bounds of its bootstrap values, those that say nothing left out."""
    known = drawn[~np.isnan(drawn)]
    low, high = np.quantile(known, BOUNDS).tolist() if len(known) else (np.nan, np.nan)
    return Interval(value, low, high)


def share(part: float, whole: float, rows: float) -> Interval:
    """Return part of whole with its 90 % bounds as if of `rows` equal rows (E. B. Wilson, JASA 22, 1927)."""
    if whole <= 0 or rows <= 0:
        return Interval(np.nan, 0.0, 1.0)
    value = part / whole
    spread = Z_90**2 / rows
    middle = (value + spread / 2) / (1 + spread)
    half = sqrt(value * (1 - value) * spread + spread**2 / 4) / (1 + spread)
    return Interval(value, max(0.0, middle - half), min(1.0, middle + half))


def rows_worth(weight: Floats) -> float:
    """Return how many equal rows say as much as these (L. Kish, Survey Sampling, 1965)."""
    square = float(np.sum(weight**2))
    return float(np.sum(weight)) ** 2 / square if square > 0 else 0.0


def brier(label: Floats, probability: Floats, weight: Floats) -> float:
    """Return the mean squared distance between probability and what happened."""
    return float(np.average((probability - label) ** 2, weights=weight))


def chi_square_tail(value: float, freedom: float) -> float:
    """Return the chance of more than `value` (E. B. Wilson and M. M. Hilferty, PNAS 17, 1931)."""
    spread = 2 / (9 * freedom)
    z: float = (cbrt(value / freedom) - (1 - spread)) / sqrt(spread)
    return erfc(z / sqrt(2)) / 2


def kolmogorov_tail(distance: float, rows: float) -> float:
    """Return the chance that two equal distributions lie this far apart, of `rows` = n·m / (n + m) in effect."""
    root = sqrt(rows)
    scaled = (root + 0.12 + 0.11 / root) * distance  # M. A. Stephens, JRSS B 32, 1970
    if scaled < 0.2:  # noqa: PLR2004  below it the series does not settle, and the chance is 1
        return 1.0
    terms = ((-1) ** (k - 1) * exp(-2 * (k * scaled) ** 2) for k in range(1, _KS_TERMS))
    return min(1.0, max(0.0, 2 * fsum(terms)))
