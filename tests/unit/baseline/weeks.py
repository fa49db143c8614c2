"""Weeks of hours for baselines to learn from, made without a clock."""

from __future__ import annotations

from math import exp
from random import Random
from typing import TYPE_CHECKING, Any

from nocd.baseline.calendar import slot
from nocd.baseline.hours import close_hour
from nocd.baseline.profile import Profile
from nocd.domain.baseline import Baseline, Judgement, Slot
from nocd.domain.instant import DAY_MS, HOUR_MS
from nocd.history.baseline_watch import DictBuckets

if TYPE_CHECKING:
    from collections.abc import Callable

MONDAY = 1_735_516_800_000  # 2024-12-30 00:00 UTC
WEEK_MS = 7 * DAY_MS


def fresh(**known) -> Any:
    return Profile(Baseline(id="b", series="s", metric=known.pop("metric", "phone_events"), **known), DictBuckets())


def close(profile: Profile, at: Slot, total: float, **more) -> Any:
    return close_hour(profile, at, total, **more)


def poisson(random: Random, mean: float) -> int:
    limit, product, count = exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count


def busy(at: Slot) -> float:
    """Twenty an hour by day, six by night."""
    return 20.0 if 8 <= at.hour < 20 else 6.0


def steady(at: Slot) -> float:
    return busy(at)


def chancy(seed: int, mean: Callable[[Slot], float] = busy) -> Callable[[Slot], float]:
    random = Random(seed)
    return lambda at: float(poisson(random, mean(at)))


def run(
    profile: Profile,
    days: float,
    value: Callable[[Slot], float] = steady,
    *,
    start: int = MONDAY,
    timezone: str = "UTC",
    **more,
) -> list[Judgement]:
    """Close the hours of so many days, and return what was judged."""
    slots = (slot(start + hour * HOUR_MS, timezone) for hour in range(int(days * 24)))
    judged = (close_hour(profile, at, value(at), **more) for at in slots)
    return [told for told in judged if told is not None]
