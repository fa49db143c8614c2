"""The stream detector on small made-up series: what it must find, and where it must keep quiet."""

from __future__ import annotations

import math
from itertools import chain
from random import Random
from typing import TYPE_CHECKING

import orjson
import pytest
from pydantic import TypeAdapter

from nocd.detect.novelty import CELLS_MAX
from nocd.detect.stream import PROBATION_POINTS, State, Step, StreamDetector, stream_finding
from nocd.domain.finding import Category
from nocd.domain.instant import MINUTE_MS, SECOND_MS
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

DETECTOR = StreamDetector()
CADENCE_MS = 5 * MINUTE_MS
DAY_POINTS = 288
SEEDS = range(5)


def run(values: Iterable[float], state: State | None = None) -> list[Step]:
    state = DETECTOR.start() if state is None else state
    return [DETECTOR.step(state, at * CADENCE_MS, value) for at, value in enumerate(values)]


def alarms(steps: list[Step]) -> list[int]:
    return [at for at, step in enumerate(steps) if step.anomalous]


def noise(points: int, *, seed: int, mean: float = 20.0, spread: float = 1.0) -> list[float]:
    dice = Random(seed)
    return [dice.gauss(mean, spread) for _ in range(points)]


def days(points: int, *, seed: int) -> list[float]:
    dice = Random(seed)
    return [20 + 10 * math.sin(at / DAY_POINTS * math.tau) + dice.gauss(0, 0.5) for at in range(points)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_planted_spike_is_found_at_its_point(seed) -> None:
    values = noise(2_000, seed=seed)
    values[1_500] += 15
    assert 1_500 in alarms(run(values))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drop_is_found_like_a_spike(seed) -> None:
    values = noise(2_000, seed=seed)
    values[1_500] -= 15
    assert 1_500 in alarms(run(values))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_level_shift_is_told_once_and_then_is_usual(seed) -> None:
    values = noise(1_000, seed=seed) + noise(2_000, seed=seed + 100, mean=35)
    told = [at for at in alarms(run(values)) if at >= 1_000]
    assert told[0] == 1_000
    assert told[-1] < 1_020


@pytest.mark.parametrize("seed", SEEDS)
def test_a_season_once_seen_is_not_flagged(seed) -> None:
    assert not alarms(run(days(10 * DAY_POINTS, seed=seed)))


@pytest.mark.parametrize("seed", SEEDS)
def test_plain_noise_alarms_at_most_four_times_in_ten_thousand(seed) -> None:
    assert len(alarms(run(noise(10_000, seed=seed)))) <= 4


@pytest.mark.parametrize("seed", SEEDS)
def test_heavy_tails_alarm_at_most_twenty_times_in_ten_thousand(seed) -> None:
    dice = Random(seed)
    assert len(alarms(run(dice.lognormvariate(0, 1) for _ in range(10_000)))) <= 20


def test_noise_every_second_alarms_at_most_eight_times_in_a_day() -> None:
    state = DETECTOR.start()
    steps = [DETECTOR.step(state, at * SECOND_MS, value) for at, value in enumerate(noise(86_400, seed=1))]
    assert len(alarms(steps)) <= 8


def test_a_sensor_that_freezes_is_found() -> None:
    values = noise(1_500, seed=1)
    steps = run(chain(values, [values[-1]] * 300))
    told = [at for at in alarms(steps) if at >= 1_500]
    assert told
    assert told[0] < 1_600


def test_a_recurring_spike_talks_itself_down() -> None:
    values = noise(6_000, seed=3)
    for at in range(500, 6_000, 100):
        values[at] += 15
    told = alarms(run(values))
    assert told[0] == 500
    assert len([at for at in told if at > 2_000]) <= 4  # of 40


def test_nothing_is_said_in_probation_however_wild_the_values() -> None:
    steps = run([10.0**at if at % 2 else -1.0 for at in range(PROBATION_POINTS)])
    assert {(step.score, step.anomalous) for step in steps} == {(0.0, False)}
    assert "learning" in steps[0].reason


def test_probation_is_shorter_than_the_750_points_it_may_last() -> None:
    assert PROBATION_POINTS <= 750


@pytest.mark.parametrize("value", [0.0, 7.0, -3.5, 1e300, -1e300, 5e-324])
def test_a_constant_series_is_quiet_and_finite(value) -> None:
    steps = run([value] * 1_000)
    assert not alarms(steps)
    assert all(step.score == 0.0 for step in steps)


@pytest.mark.parametrize("wild", [1.7e308, -1.7e308, 1e200, 5e-324])
def test_the_largest_floats_stay_finite_and_in_the_unit_interval(wild) -> None:
    steps = run([*noise(300, seed=1), wild, -wild, wild, *noise(300, seed=2)])
    assert all(0 <= step.score <= 1 for step in steps)


def test_the_rounding_of_a_constant_is_no_news() -> None:
    assert not alarms(run([0.3, 0.1 + 0.2] * 500))
    assert not alarms(run([*[0.3] * 500, *[0.1 + 0.2] * 500]))


def test_state_stays_small_after_a_hundred_thousand_points() -> None:
    dice = Random(1)
    state = DETECTOR.start()
    walk = 0.0
    largest = 0
    for at in range(100_000):
        walk += dice.gauss(0, 1) * (1_000 if at % 997 == 0 else 1)
        DETECTOR.step(state, at * CADENCE_MS, walk)
        if at % 5_000 == 0:
            largest = max(largest, len(orjson.dumps(state)))
    assert largest < 16_384


def test_ground_never_has_more_cells_than_stated() -> None:
    dice = Random(1)
    state = DETECTOR.start()
    for at in range(3_000):
        wide = 10.0 ** dice.uniform(-6, 12) * dice.choice((-1, 1))
        DETECTOR.step(state, at * CADENCE_MS, dice.gauss(0, 1) if at < 300 else wide)
        assert all(len(ground.cells) <= CELLS_MAX for ground in state.grounds)


def test_one_absurd_value_in_probation_does_not_blind_it_for_good() -> None:
    values = noise(6_000, seed=1)
    values[100] = 1e4
    values[5_500] += 15
    assert 5_500 in alarms(run(values))


@pytest.mark.parametrize("factor", [1e3, 1e9, 1e21, 1e-9])
def test_a_shift_by_many_powers_of_ten_is_told_a_few_times_and_ends_quiet(factor) -> None:
    values = [*noise(300, seed=1), *(value * factor for value in noise(5_000, seed=2))]
    told = alarms(run(values))
    assert told[0] == 300
    assert len(told) <= 4
    assert told[-1] < 600


def test_points_not_newer_than_the_newest_are_not_taken_and_it_says_so() -> None:
    state = DETECTOR.start()
    for at, value in enumerate(noise(500, seed=1)):
        DETECTOR.step(state, at * CADENCE_MS, value)
    before = orjson.dumps(state)
    for time in (499 * CADENCE_MS, 17):
        step = DETECTOR.step(state, time, 1e6)
        assert (step.score, step.anomalous) == (0.0, False)
        assert "not taken" in step.reason
    assert orjson.dumps(state) == before


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([*noise(1_500, seed=1), 41.2], "41.2: above everything in the last 1500 values"),
        ([*noise(1_500, seed=1), -5.0], "-5: below everything in the last 1500 values"),
        ([*[0.0, 100.0] * 750, 50.0], "50: within the usual 0 to 101.6, but far from every value"),
        ([*noise(1_500, seed=4), *[19.0] * 61], "19: has not moved for 60 values"),
    ],
)
def test_the_reason_says_in_words_what_is_odd(values, words) -> None:
    assert [step.reason for step in run(values) if step.anomalous][-1].startswith(words)


def test_a_day_that_lacks_its_peak_is_told_as_odd_for_the_hour() -> None:
    values = days(10 * DAY_POINTS, seed=2)
    at_peak = range(8 * DAY_POINTS + 36, 8 * DAY_POINTS + 108)
    for at in at_peak:
        values[at] = min(values[at], 20.0)
    told = [step for step in run(values) if step.anomalous]
    assert [step.time // CADENCE_MS in at_peak for step in told].count(True) >= 1
    assert "at this hour" in told[0].reason


def test_saving_and_loading_after_every_point_changes_nothing() -> None:
    adapter = TypeAdapter(State)
    values = noise(400, seed=1) + noise(100, seed=2, mean=60) + days(300, seed=3)
    kept, saved = DETECTOR.start(), DETECTOR.start()
    for at, value in enumerate(values):
        saved = adapter.validate_json(orjson.dumps(saved))
        time = at * CADENCE_MS
        assert DETECTOR.step(saved, time, value) == DETECTOR.step(kept, time, value)
    assert saved == kept


def test_a_value_out_of_range_names_itself_and_the_usual_range() -> None:
    values = noise(1_500, seed=1, mean=20, spread=1)
    step = run([*values, 41.2])[-1]
    assert step.anomalous
    assert "41.2" in step.reason
    assert step.usual
    low, high = step.usual
    assert min(values) - 0.2 <= low <= high <= max(values) + 0.2


def anomalous_step() -> Step:
    return run([*noise(1_500, seed=1), 41.2])[-1]


def test_a_finding_carries_its_evidence_and_one_fingerprint_per_site_and_series() -> None:
    step = anomalous_step()
    finding = stream_finding(step, metric="temperature", series="temperature@rack-7", site="S1")
    assert (finding.type, finding.category) == ("ANOMALY_STREAM", Category.OPERATIONAL)
    assert step.usual
    assert finding.confidence == step.score
    assert finding.reason.startswith("temperature 41.2")
    assert finding.fingerprint == "ANOMALY_STREAM|S1|metric:temperature@rack-7"
    assert finding.evidence == {
        "metric": "temperature",
        "observed": 41.2,
        "score": step.score,
        "threshold": step.threshold,
        "usual_low": step.usual[0],
        "usual_high": step.usual[1],
    }


def test_severity_is_medium_at_the_threshold_high_well_above_and_never_critical() -> None:
    def severity(score: float) -> Severity:
        step = Step(time=0, value=1.0, score=score, threshold=0.5, anomalous=True, reason="1", usual=(0.0, 1.0))
        return stream_finding(step, metric="m", series="m", site=None).severity

    assert [severity(score) for score in (0.5, 0.6, 0.7, 1.0)] == [
        Severity.MEDIUM,
        Severity.MEDIUM,
        Severity.HIGH,
        Severity.HIGH,
    ]
