"""What scores were worth once verdicts came: ranking and tickets with 90 % bounds, two scorers on the same punches.

The figures are those of package `ml` (its tests hold them together), in plain arithmetic: the daemon reads them live.
"""

from __future__ import annotations

from itertools import pairwise
from math import isnan, nan, sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

from nocd.fraud.rules import TICKET_FROM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROWS_MAX: Final = 2_000
ROUNDS: Final = 200
BOUNDS: Final = (0.05, 0.95)
_Z_90: Final = 1.6448536269514722  # of a normal distribution, 5 % lie beyond
_SEED: Final = 20_261_125
_STEP, _MORE, _MASK = 6_364_136_223_846_793_005, 1_442_695_040_888_963_407, 2**64 - 1  # D. Knuth's MMIX


class Interval(NamedTuple):
    """A value with its 90 % bounds; NaN where nothing can be said."""

    value: float
    low: float
    high: float

    def told(self) -> list[float | None]:
        """Return value, low and high, None for what is not known."""
        return [None if isnan(number) else round(number, 6) for number in self]


class Judged(NamedTuple):
    """A punch whose label is known: whose it is, 1 for fraud, how many it stands for, and each scorer's score."""

    person: str
    label: int
    weight: float
    scores: tuple[float, ...]


class Trial:
    """Judged punches under several scorers, all on the same bootstrap samples, which draw whole people."""

    def __init__(self, rows: Sequence[Judged], *, rounds: int = ROUNDS) -> None:
        """Measure the first `ROWS_MAX` rows, the newest where they come newest first."""
        self.rows = rows[:ROWS_MAX]
        self._weight = [row.weight for row in self.rows]
        people = {person: at for at, person in enumerate(dict.fromkeys(row.person for row in self.rows))}
        self._cluster = [people[row.person] for row in self.rows]
        self._found: dict[int, tuple[float, list[float]]] = {}
        self._samples = [self._sample(times) for times in drawn(len(people), rounds)] if people else []

    def pr_auc(self, scorer: int) -> Interval:
        """Return a scorer's PR-AUC."""
        return bounded(*self._ranked(scorer))

    def difference(self, scorer: int, other: int) -> Interval:
        """Return by how much a scorer's PR-AUC is above another's."""
        (one, ones), (two, twos) = self._ranked(scorer), self._ranked(other)
        return bounded(one - two, [a - b for a, b in zip(ones, twos, strict=True)])

    def tickets(self, scorer: int) -> tuple[int, Interval]:
        """Return how many would be tickets, and which share of such is fraud."""
        found = [row for row in self.rows if row.scores[scorer] >= TICKET_FROM]
        weights = [row.weight for row in found]
        hits = sum(row.weight for row in found if row.label)
        return len(found), share(hits, sum(weights), rows_worth(weights))

    def _ranked(self, scorer: int) -> tuple[float, list[float]]:
        """Return a scorer's PR-AUC, and that of each sample."""
        if scorer not in self._found:
            ranking = Ranking(self.rows, scorer)
            samples = [ranking.average_precision(weights) for weights in self._samples]
            self._found[scorer] = ranking.average_precision(self._weight), samples
        return self._found[scorer]

    def _sample(self, times: Sequence[int]) -> list[float]:
        return [weight * times[at] for weight, at in zip(self._weight, self._cluster, strict=True)]


class Ranking:
    """Rows in falling order of one score; equal scores are one step."""

    def __init__(self, rows: Sequence[Judged], scorer: int) -> None:
        """Sort once, for many weightings."""
        order = sorted(range(len(rows)), key=lambda at: -rows[at].scores[scorer])
        falling = [rows[at].scores[scorer] for at in order]
        ends = [*(one != two for one, two in pairwise(falling)), True]
        self._steps = [(at, rows[at].label, end) for at, end in zip(order, ends, strict=False)]

    def average_precision(self, weights: Sequence[float]) -> float:
        """Return PR-AUC: precision, averaged over the recall that each step adds; NaN without frauds."""
        fraud = honest = gained = summed = 0.0
        for at, label, end in self._steps:
            if label:
                gained += weights[at]
            else:
                honest += weights[at]
            if end and gained > 0:
                fraud += gained
                summed += gained * fraud / (fraud + honest)
                gained = 0.0
        return summed / fraud if fraud else nan


def drawn(count: int, rounds: int) -> Iterator[list[int]]:
    """Yield how often each of `count` is drawn in a bootstrap sample of as many; the same whenever it is asked."""
    state = _SEED
    for _ in range(rounds):
        times = [0] * count
        for _ in range(count):
            state = (state * _STEP + _MORE) & _MASK
            times[(state >> 32) * count >> 32] += 1
        yield times


def bounded(value: float, samples: Sequence[float]) -> Interval:
    """Return a value with the 90 % bounds of its samples, those that say nothing left out."""
    known = sorted(sample for sample in samples if not isnan(sample))
    return Interval(value, *(_quantile(known, part) for part in BOUNDS)) if known else Interval(value, nan, nan)


def share(part: float, whole: float, rows: float) -> Interval:
    """Return part of whole with its 90 % bounds as if of `rows` equal rows (E. B. Wilson, JASA 22, 1927)."""
    if whole <= 0 or rows <= 0:
        return Interval(nan, 0.0, 1.0)
    value, spread = part / whole, _Z_90**2 / rows
    centre = (value + spread / 2) / (1 + spread)
    half = sqrt(value * (1 - value) * spread + spread**2 / 4) / (1 + spread)
    return Interval(value, max(0.0, centre - half), min(1.0, centre + half))


def rows_worth(weights: Sequence[float]) -> float:
    """Return how many equal rows say as much as these (L. Kish, Survey Sampling, 1965)."""
    square = sum(weight**2 for weight in weights)
    return sum(weights) ** 2 / square if square > 0 else 0.0


def middle(values: Sequence[float], part: float = 0.5) -> float | None:
    """Return the value that so great a part of all lies below, None without any."""
    return _quantile(sorted(values), part) if values else None


def _quantile(ordered: Sequence[float], part: float) -> float:
    place = part * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
