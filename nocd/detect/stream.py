"""A detector for any metric at any cadence, asking whether a value is new and still worth telling.

Three questions, each answered in powers of ten by how rarely there was as much news as now (nocd/detect/novelty.py):
is the level new (the value or its short mean), is it new for this hour (how far the value or its short mean is from
what is usual then), and is the scatter new. A value and its mean say much the same, so of each pair the larger counts;
the three are added, since what is worth telling is new in more than one way or very new in one. A fourth watches for a
value that stopped moving. Once told, a burst is told again only where it grows.

One set of constants for every metric, no range or length known in advance, O(1) memory; measured by tests/bench/nab.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from nocd.detect.novelty import LEARNING_POINTS, Ground, newness
from nocd.detect.season import Season, residual
from nocd.domain.finding import Category, Finding
from nocd.domain.instant import DAY_MS
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

PROBATION_POINTS = LEARNING_POINTS
MEAN_POINTS = 5  # the mean's memory: long enough to see past one odd value, short enough to tell while it lasts
SPREAD_POINTS = 20  # the spread's: fewer values tell no spread, more tell it late
DECADES = 4.0  # rarer than once in 10^4 points, about a month of five-minute values, is a score above one half
LOUDER = 1.1  # a burst is told again when it grows by a tenth: decades creep up with every point
HIGH_SCORE = 2 / 3  # twice as many decades as the threshold asks for
FROZEN_POINTS = 60  # an hour of minutes, as long as a burst: a shorter standstill is no trouble yet
FROZEN_TIMES = 4  # and so many times longer than any standstill before
FROZEN_DECADES = 6.0  # certain enough to tell, and never HIGH
WEEK_MS = 7 * DAY_MS
LARGEST = 1e100  # larger values count as this: their squares stay finite

VALUE, MEAN, SPREAD, OFF, MEAN_OFF, FROZEN = range(6)


@dataclass(slots=True, kw_only=True)
class State:
    """What is remembered of one series: a few KB, whatever its length; JSON there and back changes nothing."""

    first_ms: int | None = None
    newest_ms: int = 0
    points: int = 0
    last: float = 0.0
    repeats: int = 0
    repeats_max: int = 0
    mean: float = 0.0
    centre: float = 0.0
    variance: float = 0.0
    mean_off: float = 0.0
    season: Season = field(default_factory=Season)
    grounds: list[Ground] = field(default_factory=lambda: [Ground() for _ in range(FROZEN)])
    loud_at: int = -(2**31)
    loudest: float = 0.0


class Step(NamedTuple):
    """One value judged: score in [0, 1], anomalous above the threshold, why, and the usual range (None in learning)."""

    time: int
    value: float
    score: float
    threshold: float
    anomalous: bool
    reason: str
    usual: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamDetector:
    """Judges the values of one series in the order of their times; a value not newer than the newest is not taken."""

    name: str = "stream"
    threshold: float = 0.5
    hold_points: int = 60
    memory_points: int = 2_016  # a week of five-minute values; at least, see _memory_points

    def start(self) -> State:
        """Return the memory of a series of which nothing is known."""
        return State()

    def step(self, state: State, time_ms: int, value: float) -> Step:
        """Judge a finite value and remember it in `state`; silent for the first 200 values."""
        if state.first_ms is None:
            state.first_ms = time_ms
        elif time_ms <= state.newest_ms:
            return self._quiet(time_ms, value, "not newer than the newest value, so not taken")
        state.newest_ms = time_ms
        state.points += 1
        news = self._news(state, time_ms, max(-LARGEST, min(LARGEST, value)))
        if state.points <= PROBATION_POINTS:
            return self._quiet(time_ms, value, f"learning, {state.points} of {PROBATION_POINTS} values")
        decades = max(news[VALUE], news[MEAN]) + max(news[OFF], news[MEAN_OFF]) + news[SPREAD] + news[FROZEN]
        if not decades:
            return self._quiet(time_ms, value, "usual")
        score = decades / (decades + DECADES)
        if score <= self.threshold:
            return Step(time_ms, value, score, self.threshold, anomalous=False, reason="a little unusual")
        if not self._louder(state, decades):
            return self._quiet(time_ms, value, "belongs to what was told already")
        usual = _usual(state.grounds[VALUE])
        points = min(state.points - 1, self._memory_points(state))
        reason = _reason(state, news, value, usual=usual, points=points)
        return Step(time_ms, value, score, self.threshold, anomalous=True, reason=reason, usual=usual)

    def _quiet(self, time_ms: int, value: float, reason: str) -> Step:
        return Step(time_ms, value, 0.0, self.threshold, anomalous=False, reason=reason)

    def _news(self, state: State, time_ms: int, value: float) -> list[float]:
        """Take the value into every memory; return how new it is to each, in powers of ten."""
        off = residual(state.season, time_ms, value, learn=not self._holding(state))
        numbers = (*_follow(state, value), *_follow_off(state, off))
        scale = abs(value)
        memory = self._memory_points(state)
        news = [
            0.0 if number is None else newness(ground, number, scale=scale, memory_points=memory)
            for ground, number in zip(state.grounds, numbers, strict=True)
        ]
        news.append(_frozen(state, value))
        return news

    def _memory_points(self, state: State) -> int:
        """Return how many points ground is kept: a week where values come fast, so that nothing weekly is ever new."""
        lasted_ms = state.newest_ms - (state.first_ms or 0)
        return max(self.memory_points, state.points * WEEK_MS // lasted_ms) if lasted_ms else self.memory_points

    def _holding(self, state: State) -> bool:
        return state.points - state.loud_at <= self.hold_points

    def _louder(self, state: State, decades: float) -> bool:
        """Tell whether this opens a burst or makes more of it than was told; every loud value prolongs it."""
        told = LOUDER * state.loudest if self._holding(state) else 0.0
        state.loud_at = state.points
        if decades <= told:
            return False
        state.loudest = decades
        return True


def _follow(state: State, value: float) -> tuple[float, float, float]:
    """Return the value, its short mean and its short spread, both fading exponentially."""
    newest = 1 / state.points
    state.mean += max(newest, 1 / MEAN_POINTS) * (value - state.mean)
    gain = max(newest, 1 / SPREAD_POINTS)
    off = value - state.centre
    state.centre += gain * off
    state.variance = (1 - gain) * (state.variance + gain * off * off)
    return value, state.mean, math.sqrt(state.variance)


def _follow_off(state: State, off: float | None) -> tuple[float, float] | tuple[None, None]:
    """Return the distance from the usual and its short mean; None where nothing is usual yet."""
    if off is None:
        return None, None
    state.mean_off += (off - state.mean_off) / MEAN_POINTS
    return off, state.mean_off


def _frozen(state: State, value: float) -> float:
    """Count how long the value has stood still; speak once, where that is long for this series."""
    if value != state.last:
        state.repeats_max = max(state.repeats_max, state.repeats)
        state.last, state.repeats = value, 0
        return 0.0
    state.repeats += 1
    return FROZEN_DECADES if state.repeats == max(FROZEN_POINTS, FROZEN_TIMES * state.repeats_max) else 0.0


def _usual(ground: Ground) -> tuple[float, float]:
    """Return the range of the ground as it was before its newest cell."""
    cells = [cell for cell, at in zip(ground.cells, ground.visits, strict=True) if at < ground.points] or ground.cells
    return ground.origin + cells[0] * ground.width, ground.origin + (cells[-1] + 1) * ground.width


def _reason(state: State, news: Sequence[float], value: float, *, usual: tuple[float, float], points: int) -> str:
    """Return one sentence: on the value itself where that is news, else on what has most to say."""
    low, high = usual
    lately = f"in the last {points} values"
    known = f"{low:.4g} to {high:.4g}"
    match VALUE if news[VALUE] else max(range(len(news)), key=news.__getitem__):
        case 0 if low <= value <= high:
            why = f"within the usual {known}, but far from every value {lately}"
        case 0:
            why = f"{'above' if value > high else 'below'} everything {lately} ({known})"
        case 1:
            why = f"the latest values average {state.mean:.4g}, as never {lately}, of which each was {known}"
        case 2:
            why = f"the latest values scatter by {math.sqrt(state.variance):.4g}, as never {lately}"
        case 3 | 4:
            why = f"{'below' if state.mean_off < 0 else 'above'} what is usual at this hour, as never {lately}"
        case _:
            why = f"has not moved for {state.repeats} values, {FROZEN_TIMES} times longer than ever before"
    return f"{value:.6g}: {why}"


def stream_finding(step: Step, *, metric: str, series: str, site: str | None) -> Finding:
    """Turn an anomalous step of the series `series` into a finding.

    MEDIUM from the threshold, HIGH from a score of 2/3; never CRITICAL, since one number alone does not know why.
    """
    low, high = step.usual or (step.value, step.value)
    return Finding(
        type="ANOMALY_STREAM",
        category=Category.OPERATIONAL,
        severity=Severity.HIGH if step.score >= HIGH_SCORE else Severity.MEDIUM,
        confidence=step.score,
        time=step.time,
        reason=f"{metric} {step.reason}",
        site=site,
        entity_type="metric",
        entity_id=series,
        evidence={
            "metric": metric,
            "observed": step.value,
            "score": step.score,
            "threshold": step.threshold,
            "usual_low": low,
            "usual_high": high,
        },
    )
