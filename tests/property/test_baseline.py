"""For any history: fading moments and their pools are exact, spread is finite, and saving anywhere changes nothing."""

from __future__ import annotations

from math import isfinite
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from nocd.baseline.calendar import slot
from nocd.baseline.hours import close_hour, judge
from nocd.baseline.moments import HALF_LIFE_DAYS, Pool, learned
from nocd.baseline.profile import Profile
from nocd.baseline.series import Series, SeriesRecord
from nocd.baseline.threshold import Score, budgeted, optimum, what_if
from nocd.baseline.tuning import PoolName, Verdicts, tune
from nocd.domain.baseline import Baseline, Bucket
from nocd.domain.deviation import Law
from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.history.baseline_watch import DictBuckets
from tests.examples import examples

MONDAY = 1_735_516_800_000
SAVED: dict[Any, Any] = {
    Baseline: TypeAdapter(Baseline),
    SeriesRecord: TypeAdapter(SeriesRecord),
    Bucket: TypeAdapter(Bucket),
}
POOLS: tuple[PoolName, ...] = ("site", "client", "all")
VALUES = st.floats(-1e6, 1e6)
STEPS = st.lists(st.tuples(st.integers(1, 60), VALUES), min_size=1, max_size=40)
TOTALS = st.one_of(st.integers(0, 1_000), st.floats(allow_nan=False, allow_infinity=False))


def slowly(samples: list[tuple[int, float]], day: int) -> tuple[float, float, float, float]:
    """Return weight, squares, mean and squared deviations from all samples at once."""
    weights = [2.0 ** (-(day - on) / HALF_LIFE_DAYS) for on, _ in samples]
    total = sum(weights)
    mean = sum(weight * value for weight, (_, value) in zip(weights, samples, strict=True)) / total
    off = sum(weight * (value - mean) ** 2 for weight, (_, value) in zip(weights, samples, strict=True))
    return total, sum(weight * weight for weight in weights), mean, off


def bucket_of(samples: list[tuple[int, float]]) -> Bucket:
    bucket = None
    for day, value in samples:
        bucket = learned(bucket, value, day)
    assert bucket is not None
    return bucket


def dated(steps: list[tuple[int, float]], day: int = 700_000) -> list[tuple[int, float]]:
    samples = []
    for days, value in steps:
        day += days
        samples.append((day, value))
    return samples


def near(value: float):
    return pytest.approx(value, rel=1e-6, abs=1e-3)


@given(STEPS)
def test_learning_one_at_a_time_is_learning_all_at_once(steps) -> None:
    samples = dated(steps)
    weight, squares, mean, off, low, high, last, _ = bucket_of(samples)
    assert (weight, squares, mean, off) == tuple(map(near, slowly(samples, samples[-1][0])))
    assert (low, high, last) == (min(value for _, value in samples), max(value for _, value in samples), samples[-1][0])


@given(st.lists(STEPS, min_size=1, max_size=6), st.integers(0, 200))
def test_a_pool_of_buckets_is_the_bucket_of_all(lists, later) -> None:
    each = [dated(steps) for steps in lists]
    day = max(samples[-1][0] for samples in each) + later
    pool, halves = Pool(), (Pool(), Pool())
    for at, samples in enumerate(each):
        pool.add(bucket_of(samples), day)
        halves[at % 2].add(bucket_of(samples), day)
    weight, squares, mean, off = slowly([sample for samples in each for sample in samples], day)
    assert (pool.weight, pool.squares, pool.mean, pool.deviations) == tuple(map(near, (weight, squares, mean, off)))
    assert pool.effective_n == near(weight * weight / squares)
    joined = Pool()
    joined.join(halves[0])
    joined.join(halves[1])
    assert (joined.weight, joined.mean, joined.deviations) == tuple(map(near, (weight, mean, off)))
    assert (joined.parts, joined.heavy) == (pool.parts, near(pool.heavy))


OWN = st.one_of(st.just(0.0), st.floats(0.5, 1e6))
TOTAL = st.floats(-1e7, 1e7)


@given(st.floats(0, 1e6), OWN, st.floats(1e-6, 1e6), st.booleans(), TOTAL, TOTAL)
def test_further_off_is_never_less_unusual_and_always_finite(usual, own, shared, leans, first, second) -> None:
    law = Law(usual, own, shared, leans)
    low, high = sorted((first, second))
    assert isfinite(law.z(low))
    assert law.z(low) <= law.z(high) + 1e-9
    assert (law.z(high) > 0) <= (high > usual)
    assert (law.z(low) < 0) <= (low < usual)
    assert law.at(-3) <= usual <= law.at(3)


@given(st.lists(TOTALS, min_size=1, max_size=400), st.floats(0.5, 50), TOTALS)
@examples(25)
def test_any_history_gives_finite_judgements_and_stores(totals, heads, last) -> None:
    buckets = DictBuckets()
    profile = Profile(Baseline(id="b", series="s", metric="m"), buckets)
    for hour in range(400):
        at = slot(MONDAY + hour * HOUR_MS, "UTC")
        told = close_hour(profile, at, totals[hour % len(totals)], heads=heads)
        assert told is None or (isfinite(told.z) and told.spread > 0 and isfinite(told.spread))
    at = slot(MONDAY + 400 * HOUR_MS, "UTC")
    expected = profile.expect(at)
    assert expected is not None
    assert isfinite(judge(profile.baseline, at, expected, min(max(last, -1e30), 1e30), heads=heads).z)
    assert saved(profile.baseline) == profile.baseline
    assert all(isfinite(number) for bucket in buckets.values() for number in bucket)


def saved(record):
    kind = Bucket if isinstance(record, tuple) else type(record)
    stored = orjson.dumps(record)
    back = SAVED[kind].validate_json(stored)
    assert orjson.dumps(back) == stored
    return back


@given(st.integers(1, 15 * 24), st.lists(st.integers(0, 40), min_size=5, max_size=50))
@settings(max_examples=25, deadline=None)
def test_saving_and_loading_anywhere_changes_nothing(stop, values) -> None:
    def live(profile, record) -> Any:
        return Series(profile, record, timezone="Europe/Berlin", country="DE")

    straight = live(Profile(Baseline(id="b", series="s", metric="m"), DictBuckets()), SeriesRecord())
    broken = live(Profile(Baseline(id="b", series="s", metric="m"), DictBuckets()), SeriesRecord())
    for at in range(15 * 24 * 4):
        if at == stop * 4:
            buckets = DictBuckets({hour: saved(bucket) for hour, bucket in broken.profile.buckets.items()})
            broken = live(Profile(saved(broken.profile.baseline), buckets), saved(broken.record))
        time, value = MONDAY + at * 15 * MINUTE_MS, values[at * 7 % len(values)]
        assert straight.step(time, value) == broken.step(time, value)
    assert straight.record == broken.record
    assert straight.profile.baseline == broken.profile.baseline
    assert straight.profile.buckets == broken.profile.buckets


ZS = st.lists(
    st.builds(
        Score,
        time=st.integers(0, 10_000).map(lambda hour: hour * HOUR_MS),
        z=st.floats(-9, 9),
        verdict=st.sampled_from([None, "true_positive", "false_positive"]),
    ),
    max_size=400,
    unique_by=lambda score: score.time,
).map(lambda scores: sorted(scores, key=lambda score: score.time))


@given(ZS, st.floats(1.5, 5), st.floats(0, 10))
def test_a_budget_moves_a_bounded_step_within_the_clamp(scores, old, per_week) -> None:
    solved = budgeted(scores, old=old, per_week=per_week).threshold
    assert solved is None or (1.5 <= solved <= 5 and abs(solved - old) <= 0.5 + 1e-9)


@given(ZS, st.integers(0, 20))
def test_a_budget_keeps_to_its_alerts_and_none_lower_would(scores, alerts) -> None:
    unknown = [score for score in scores if score.verdict != "true_positive"]
    per_week = alerts / max(1.0, len(scores) / 168)
    found = [budgeted(scores, old=old, per_week=per_week).threshold for old in (2.0, 3.0, 4.0, 5.0)]
    reached = {
        threshold
        for old, threshold in zip((2.0, 3.0, 4.0, 5.0), found, strict=True)
        if threshold and abs(threshold - old) < 0.5
    }
    hours = {score.time: score for score in unknown}
    for threshold in reached - {1.5, 5.0}:
        assert _runs({time for time, score in hours.items() if abs(score.z) > threshold}) <= alerts
        assert _runs({time for time, score in hours.items() if abs(score.z) >= threshold}) > alerts


def _runs(times: set[int]) -> int:
    return sum(time - HOUR_MS not in times for time in times)


@given(ZS, st.floats(1.5, 5), st.floats(1.5, 5))
def test_a_higher_threshold_never_finds_more(scores, old, new) -> None:
    told = what_if(scores, old=old, new=new)
    assert (told.findings_after <= told.findings_before) or new < old
    assert told.alerts_after <= told.findings_after


@given(ZS, st.floats(0, 1))
def test_the_optimum_keeps_its_promise(scores, rate) -> None:
    found = optimum(scores, fp_rate_max=rate)
    if found.threshold is None:
        assert found.reason
    else:
        told = what_if(scores, old=1.5, new=found.threshold).fp_rate_after
        assert told is None or told <= rate


@given(
    st.lists(st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=3, max_size=3),
    ZS,
    st.floats(1.5, 5),
    st.floats(0, 200),
    st.integers(0, 3),
    st.one_of(st.none(), st.floats(0, 9)),
)
def test_every_tuning_stays_in_bounds_and_says_why(counts, scores, old, effective_n, calm, per_week) -> None:
    pools = [
        Verdicts(pool=pool, verdicts=of, false_positives=false) for pool, (of, false) in zip(POOLS, counts, strict=True)
    ]
    told = tune(pools, old=old, effective_n=effective_n, calm_tunings=calm, scores=scores, per_week=per_week)
    assert 1.5 <= told.threshold <= 5
    assert told.reason
    if told.threshold < old and old > 3:
        assert calm >= 1
