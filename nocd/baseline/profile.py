"""What is usual at one hour of the week, pooled from the narrowest hours known to the widest needed."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final, Protocol

from nocd.baseline.moments import Pool
from nocd.domain.baseline import STABLE_SAMPLES, Expectation, Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.domain.baseline import Baseline, Bucket, Slot

NEIGHBOURS: Final = ((0, 1.0), (-1, 0.5), (1, 0.5), (-2, 0.25), (2, 0.25))
# How many values the next wider level weighs: 1 to 50 beside a bucket's, ½ beside a weekpart's, peers 2 (sites differ).
_BUCKET_SHRINK_MIN: Final = 1.0
_BUCKET_SHRINK_MAX: Final = 50.0
_WEEKPART_SHRINK: Final = 0.5
_HOUR_SHRINK: Final = 2.0
# A metric that counts nothing: the variance of all hours weighs this many values in that of one hour.
_VARIANCE_SHRINK: Final = 4.0
# What hours of late say of all hours: a day of usual hours beside them, and never more than twofold.
_SEASON_DAMPING_H: Final = 24.0
_SEASON_MAX: Final = 2.0
# Ratios between hours are damped by this much, so that two almost empty hours do not make a huge one.
_COUNT_DAMPING: Final = 0.5
_SIZE_DAMPING: Final = 0.02
# The spread of a constant metric: two parts in a hundred of its size, and never nothing.
_SPREAD_MIN_SHARE: Final = 0.02
_SPREAD_MIN: Final = 1e-6
# One peer alone says little of how far sites differ; then half of the mean is assumed.
_PEER_SHARE: Final = 0.5
PEERS_MAX: Final = 16
_DIFFERS: Final = 2.0


class Buckets(Protocol):
    """A baseline's 168 buckets by hour of the week; those that learned nothing are None."""

    def get(self, hour_of_week: int, /) -> Bucket | None:
        """Return a bucket."""

    def put(self, hour_of_week: int, bucket: Bucket, /) -> None:
        """Replace a bucket."""


class Profile:
    """A baseline and its buckets; holds nothing itself."""

    def __init__(self, baseline: Baseline, buckets: Buckets) -> None:
        self.baseline = baseline
        self.buckets = buckets

    def expect(self, slot: Slot, peers: Sequence[Profile] = ()) -> Expectation | None:
        """Return what is usual at `slot`; None where neither this baseline nor a stable peer ever learned that hour.

        `peers` (profiles of the same metric at like sites) are asked only until the own count is stable.
        """
        days, group = self._hours(slot)
        own = days[0]
        if own.effective_n < STABLE_SAMPLES:
            borrowed = self._borrow(own, slot, peers)
            if borrowed is not None:
                return borrowed
            if not own.weight:
                return None
        return self._own(slot, days, group)

    def effective_ns(self, day: int) -> list[float]:
        """Return the effective count that carries each stable hour of the week, as of a local date (ordinal)."""
        counts = []
        for hour in range(24):
            week = [self.buckets.get(weekday * 24 + hour) for weekday in range(7)]
            every = _pooled(week, day)
            for part, times in ((week[:5], 5), (week[5:], 2)):
                for pool in (_pooled(part, day), every):
                    if pool.effective_n >= STABLE_SAMPLES:
                        counts += [pool.effective_n] * times
                        break
        return counts

    def _hours(self, slot: Slot) -> tuple[list[Pool], list[Pool]]:
        """Return pools of this hour of day and its neighbours, on all days and on this slot's part of the week."""
        weekend = slot.hour_of_week >= _SATURDAY
        days, group = [], []
        for offset, _ in NEIGHBOURS:
            hour = (slot.hour + offset) % 24
            week = [self.buckets.get(weekday * 24 + hour) for weekday in range(7)]
            parts = (_pooled(week[:5], slot.day), _pooled(week[5:], slot.day))
            group.append(parts[weekend])
            parts_all = Pool()
            parts_all.join(parts[0])
            parts_all.join(parts[1])
            days.append(parts_all)
        return days, group

    def _own(self, slot: Slot, days: list[Pool], group: list[Pool]) -> Expectation:
        mean = self._weekpart_mean(days, group)
        pool = Pool()
        bucket = self.buckets.get(slot.hour_of_week)
        if bucket is not None:
            pool.add(bucket, slot.day)
        wide = mean
        weighs = self._bucket_shrink(days, group)
        mean = (pool.weight * pool.mean + weighs * wide) / (pool.weight + weighs)
        mean *= self.season()
        own, shared = self._law(mean, days)
        level, count = Level.HOUR, days[0].effective_n
        if pool.effective_n >= STABLE_SAMPLES and _differs(pool, wide, own / self.baseline.heads + shared * shared):
            level, count = Level.BUCKET, pool.effective_n
        elif group[0].effective_n >= STABLE_SAMPLES:
            level, count = Level.WEEKPART, group[0].effective_n
        known = min(count, pool.weight + weighs)
        return _expectation(mean, own, shared, level, count, known=known, leans=self.baseline.counts)

    def _bucket_shrink(self, days: list[Pool], group: list[Pool]) -> float:
        """Return how many values the weekpart's mean weighs beside a bucket's own: noise over true differences.

        Empirical Bayes (Efron and Morris 1973) over the days of this part of the week, at this and neighbouring hours.
        """
        differ = room = 0.0
        for (_, share), part in zip(NEIGHBOURS, group, strict=True):
            if part.parts > 1:
                own, shared = self._law(part.mean, days)
                noise = (own / self.baseline.heads + shared * shared) * part.squares / part.weight
                differ += share * ((part.deviations - part.within) / noise - (part.parts - 1))
                room += share * (part.weight - part.heavy / part.weight)
        if differ * _BUCKET_SHRINK_MAX <= room:
            return _BUCKET_SHRINK_MAX
        return max(room / differ, _BUCKET_SHRINK_MIN)

    def season(self) -> float:
        """Return by what share all hours of late lie above or below their buckets, which remember two months."""
        about = self.baseline
        if about.signed or not about.lately_usual:
            return 1.0
        damping = _SEASON_DAMPING_H * about.size
        share = (about.lately + damping) / (about.lately_usual + damping)
        return min(max(share, 1.0 / _SEASON_MAX), _SEASON_MAX)

    def _weekpart_mean(self, days: list[Pool], group: list[Pool]) -> float:
        """Return the mean of this part of the week; neighbouring hours count after the day's own shape is taken out."""
        centre = days[0].mean
        weight = total = 0.0
        for (_, share), every, part in zip(NEIGHBOURS, days, group, strict=True):
            weight += share * part.weight
            total += share * part.weight * self._moved(part.mean, every.mean, centre)
        return (total + _WEEKPART_SHRINK * centre) / (weight + _WEEKPART_SHRINK)

    def _moved(self, part: float, every: float, centre: float) -> float:
        """Return what `part` of the days, at an hour where all days have `every`, says of an hour that has `centre`."""
        if self.baseline.signed:
            return part - every + centre
        damping = _COUNT_DAMPING if self.baseline.counts else _SIZE_DAMPING * self.baseline.size + _SPREAD_MIN
        return (part + damping) * (centre + damping) / (every + damping) - damping

    def _law(self, mean: float, days: Sequence[Pool]) -> tuple[float, float]:
        """Return the variance that is each head's own, and the standard deviation that heads and hours share.

        Counts: Poisson's mean + phi·mean² (negative binomial). Others: the variance within the buckets of this and the
        neighbouring hours, shrunk toward that of all hours.
        """
        about = self.baseline
        if about.counts:
            return about.fano * max(mean, 0.0) or _SPREAD_MIN, sqrt(max(about.phi, 0.0)) * max(mean, 0.0)
        within = sum(share * pool.within for (_, share), pool in zip(NEIGHBOURS, days, strict=False))
        freedom = sum(share * pool.freedom for (_, share), pool in zip(NEIGHBOURS, days, strict=False))
        variance = (within + _VARIANCE_SHRINK * about.variance) / (freedom + _VARIANCE_SHRINK)
        floor = max(_SPREAD_MIN_SHARE * max(abs(mean), about.size), _SPREAD_MIN)
        return 0.0, max(sqrt(variance), floor)

    def _borrow(self, own: Pool, slot: Slot, peers: Sequence[Profile]) -> Expectation | None:
        """Return what peers say is usual, drawn toward the few own values; None where no peer is stable."""
        known = [told for peer in peers[:PEERS_MAX] if (told := peer.expect(slot)) is not None and told.stable]
        if not known:
            return None
        theirs = sum(told.mean for told in known) / len(known)
        mean = (own.weight * own.mean + _HOUR_SHRINK * theirs) / (own.weight + _HOUR_SHRINK)
        share = _HOUR_SHRINK / (own.weight + _HOUR_SHRINK)
        apart = (share * _apart([told.mean for told in known], theirs)) ** 2
        shared = sqrt(sum(told.shared**2 for told in known) / len(known) + apart)
        variance = sum(told.own for told in known) / len(known)
        count = sum(told.effective_n for told in known)
        leans = all(told.leans for told in known)
        return _expectation(mean, variance, shared, Level.PEERS, count, known=count, borrowed=True, leans=leans)


_SATURDAY: Final = 5 * 24


def _pooled(buckets: Sequence[Bucket | None], day: int) -> Pool:
    pool = Pool()
    for bucket in buckets:
        if bucket is not None:
            pool.add(bucket, day)
    return pool


def _differs(pool: Pool, wide: float, variance: float) -> bool:
    """Tell whether a bucket's mean lies farther from its pool's than its noise explains."""
    return abs(pool.mean - wide) > _DIFFERS * sqrt(variance / pool.effective_n)


def _apart(means: list[float], middle: float) -> float:
    """Return the standard deviation between peers; assumed where there is one."""
    if len(means) == 1:
        return _PEER_SHARE * abs(middle)
    return sqrt(sum((mean - middle) ** 2 for mean in means) / (len(means) - 1))


def _expectation(
    mean: float,
    own: float,
    shared: float,
    level: Level,
    count: float,
    *,
    known: float,
    borrowed: bool = False,
    leans: bool = True,
) -> Expectation:
    """Widen both parts by what the mean itself may be off: one part in what it is known from."""
    wider = 1.0 + 1.0 / max(known, 1.0)
    return Expectation(
        mean=mean,
        own=own * wider,
        shared=shared * sqrt(wider),
        level=level,
        effective_n=count,
        stable=borrowed or count >= STABLE_SAMPLES,
        borrowed=borrowed,
        leans=leans,
    )
