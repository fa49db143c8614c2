"""Weighted moments of values whose weight halves every eight weeks: learning one is O(1), pooling is exact.

Welford (1962) with weights after West (1979); merging after Chan, Golub and LeVeque (1983).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from nocd.domain.baseline import Bucket

HALF_LIFE_DAYS: Final = 56


@lru_cache(maxsize=4_096)
def fade(days: float) -> float:
    """Return what weight a value keeps after so many days; a half after eight weeks."""
    return float(2.0 ** (-max(days, 0.0) / HALF_LIFE_DAYS))


def learned(bucket: Bucket | None, value: float, day: int, *, trust: float = 1.0) -> Bucket:
    """Return a bucket that has learned one more value on a local date (ordinal) after its last.

    `trust` (0-1) is what its former values keep beside their age.
    """
    if bucket is None:
        return (1.0, 1.0, value, 0.0, value, value, float(day), 0.0)
    weight, squares, mean, deviations, low, high, last, _ = bucket
    kept = fade(day - last) * trust
    weight = weight * kept + 1.0
    step = value - mean
    moved = mean + step / weight
    return (
        weight,
        squares * kept * kept + 1.0,
        moved,
        deviations * kept + step * (value - moved),
        min(low, value),
        max(high, value),
        float(day),
        0.0,
    )


def odd_times(bucket: Bucket, side: float, *, times: float = 1.0) -> float:
    """Return how often in a row a bucket was unusual to one side, this time counted as `times`; negative below."""
    former = bucket[7]
    return (former if former * side > 0 else 0.0) + (times if side > 0 else -times)


@dataclass(slots=True)
class Pool:
    """Several buckets' values as one: weight, squared weights, mean, squared deviations from it.

    `within` are those from the buckets' own means, with `freedom` degrees; `parts` is how many buckets there are,
    `heavy` the sum of their squared weights.
    """

    weight: float = 0.0
    squares: float = 0.0
    mean: float = 0.0
    deviations: float = 0.0
    within: float = 0.0
    freedom: float = 0.0
    parts: int = 0
    heavy: float = 0.0

    def add(self, bucket: Bucket, day: int) -> None:
        """Merge a bucket, faded to the local date `day`."""
        weight, squares, mean, deviations, _, _, last, _ = bucket
        kept = fade(day - last)
        weight *= kept
        squares *= kept * kept
        deviations *= kept
        self.freedom += weight - squares / weight
        self.within += deviations
        self.parts += 1
        self.heavy += weight * weight
        self._merge(weight, squares, mean, deviations)

    def join(self, other: Pool) -> None:
        """Merge another pool."""
        if other.weight:
            self.freedom += other.freedom
            self.within += other.within
            self.parts += other.parts
            self.heavy += other.heavy
            self._merge(other.weight, other.squares, other.mean, other.deviations)

    def _merge(self, weight: float, squares: float, mean: float, deviations: float) -> None:
        total = self.weight + weight
        step = mean - self.mean
        self.deviations += deviations + step * step * self.weight * weight / total
        self.mean += step * weight / total
        self.weight = total
        self.squares += squares

    @property
    def effective_n(self) -> float:
        """Return how many equally weighted values this is worth (Kish 1965): (Σw)² / Σw²."""
        return self.weight * self.weight / self.squares if self.squares else 0.0
