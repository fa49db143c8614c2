"""When signals were heard at all."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.instant import MINUTE_MS
from nocd.domain.observation import PhoneEvent, TaskDone, TourScan
from nocd.signals.traces import PAUSE_MS, TRACES_KEPT_MS, Traces, mark


def marked(times: list[int]) -> list[tuple[int, int]]:
    stretches: list[tuple[int, int]] = []
    for time in times:
        mark(stretches, time)
    return stretches


def test_events_nearer_than_a_pause_are_one_stretch_and_a_pause_parts_them() -> None:
    assert marked([0, PAUSE_MS - 1]) == [(0, PAUSE_MS - 1)]
    assert marked([0, PAUSE_MS]) == [(0, 0), (PAUSE_MS, PAUSE_MS)]


def test_what_comes_late_closes_the_pause() -> None:
    assert marked([0, 40 * MINUTE_MS, 20 * MINUTE_MS]) == [(0, 40 * MINUTE_MS)]
    assert marked([40 * MINUTE_MS, 20 * MINUTE_MS]) == [(20 * MINUTE_MS, 40 * MINUTE_MS)]
    assert marked([0, 90 * MINUTE_MS, 10 * MINUTE_MS]) == [(0, 10 * MINUTE_MS), (90 * MINUTE_MS, 90 * MINUTE_MS)]


def test_what_is_older_than_a_day_is_let_go_of() -> None:
    assert marked([0, TRACES_KEPT_MS]) == [(0, 0), (TRACES_KEPT_MS, TRACES_KEPT_MS)]
    assert marked([0, TRACES_KEPT_MS + 1]) == [(TRACES_KEPT_MS + 1, TRACES_KEPT_MS + 1)]


@given(st.lists(st.integers(0, 20 * 60), max_size=60), st.integers(0, 1_000))
def test_any_order_gives_the_same_stretches(minutes: list[int], seed: int) -> None:
    times = [minute * MINUTE_MS for minute in minutes]
    shuffled = list(times)
    Random(seed).shuffle(shuffled)
    assert marked(times) == marked(shuffled)
    assert all(any(first <= time <= last for first, last in marked(times)) for time in times)


def test_the_first_of_each_sort_is_kept_and_a_task_is_no_sign_of_a_device() -> None:
    traces, at_a_desk = Traces(), Traces()
    at_a_desk.take(TaskDone(task="K", person="P", site="S"), 1)
    assert at_a_desk == Traces(tasks=[(1, 1)])
    traces.take(PhoneEvent(person="P", kind="login"), 7)
    traces.take(PhoneEvent(person="P", kind="login"), 5)
    traces.take(TourScan(tour="R", checkpoint="C", person="P", site="S", scan="SKIP"), 9)
    assert (traces.since, traces.phone_since, traces.fixes_since) == (5, 5, None)
    assert not traces.scans
