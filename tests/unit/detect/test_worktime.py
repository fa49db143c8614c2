"""How long people work and rest."""

from __future__ import annotations

import pytest

from nocd.detect.worktime import first_over
from nocd.domain.event import Event
from nocd.domain.instant import HOUR_MS
from nocd.domain.severity import Severity
from tests.build_field import company, hours, played, punch, shift


def stints(*spans: tuple[float, float], person: str = "P1") -> list[Event]:
    return [punch(person, way, hours(at)) for span in spans for way, at in zip(("in", "out"), span, strict=True)]


def test_more_than_sixteen_hours_within_a_day_is_told_when_it_is_reached() -> None:
    run = played(company("P1"), shift("P1", 0, 20), punch("P1", "in", hours(0)), until=hours(16))
    assert run.of("OVERTIME_VIOLATION") == []
    run.pass_time(hours(16.1))
    found = run.of("OVERTIME_VIOLATION")[0]
    assert (found.severity, found.confidence) == (Severity.HIGH, 0.98)
    assert found.time == pytest.approx(hours(16), abs=1_000)
    assert found.reason == "Guard P1 worked more than 16 h within 24 h, on duty at Site S1 since 00:00"
    run.pass_time(hours(22))
    assert len(run.of("OVERTIME_VIOLATION")) == 1


def test_sixteen_hours_sharp_are_allowed_and_stints_add_up() -> None:
    assert not played(company("P1"), shift("P1", 0, 8), shift("P1", 8, 16), stints((0, 8), (8, 16))).of(
        "OVERTIME_VIOLATION"
    )
    plans = [shift("P1", 0, 9), shift("P1", 10, 19)]
    added = played(company("P1"), plans, stints((0, 9), (10, 19)))
    assert added.of("OVERTIME_VIOLATION")[0].time == pytest.approx(hours(17), abs=1_000)


def test_breaks_are_no_work() -> None:
    pause = [punch("P1", "break_start", hours(8)), punch("P1", "break_end", hours(10))]
    run = played(company("P1"), shift("P1", 0, 17), stints((0, 17.5)), pause)
    assert not run.of("OVERTIME_VIOLATION")
    open_break = [punch("P1", "in", hours(0)), punch("P1", "break_start", hours(8))]
    assert not played(company("P1"), shift("P1", 0, 20), open_break, until=hours(20)).of("OVERTIME_VIOLATION")


def test_a_break_whose_beginning_was_lost_hides_no_work_before_it() -> None:
    lost = [punch("P1", "in", hours(0)), punch("P1", "break_end", hours(8))]
    run = played(company("P1"), shift("P1", 0, 20), lost, until=hours(17))
    assert run.of("OVERTIME_VIOLATION")[0].time == pytest.approx(hours(16), abs=1_000)
    twice = [punch("P1", way, hours(at)) for way, at in (("break_start", 4), ("break_start", 5), ("break_end", 6))]
    again = played(company("P1"), shift("P1", 0, 20), punch("P1", "in", hours(0)), twice, until=hours(19))
    assert again.of("OVERTIME_VIOLATION")[0].time == pytest.approx(hours(18), abs=1_000)


def test_work_before_yesterday_does_not_count() -> None:
    run = played(company("P1"), [shift("P1", 0, 12), shift("P1", 24, 36)], stints((0, 12), (24, 36)))
    assert not run.of("OVERTIME_VIOLATION")


def test_a_late_out_takes_the_claim_back() -> None:
    run = played(company("P1"), shift("P1", 0, 20), punch("P1", "in", hours(0)), until=hours(17))
    assert run.of("OVERTIME_VIOLATION")
    run.feed([punch("P1", "out", hours(15), received_at=hours(17))])
    assert run.withdrawn("OVERTIME_VIOLATION") == 1


@pytest.mark.parametrize("later", [36.0, 41.5, 60.0, 72.03, 90.0])
def test_punches_of_later_days_take_no_overtime_back(later: float) -> None:
    plans = [shift("P1", 0, 9), shift("P1", 9, 18), shift("P1", 24, 33)]
    run = played(company("P1"), plans, stints((0, 9), (9.1, 17.9), (24.05, 30)), punch("P1", "in", hours(later)))
    told = run.of("OVERTIME_VIOLATION")
    assert [each.time for each in told] == [pytest.approx(hours(16.1), abs=1_000), hours(24.05)]
    assert run.withdrawn("OVERTIME_VIOLATION") == 0


def test_less_than_eight_hours_of_rest_is_short() -> None:
    plans = [shift("P1", 0, 8), shift("P1", 15, 23)]
    run = played(company("P1"), plans, stints((0, 8), (15, 23)))
    found = run.of("SHORT_REST")[0]
    assert (found.severity, found.confidence, found.evidence["rest_h"]) == (Severity.MEDIUM, 0.80, 7.0)
    assert found.reason == "Guard P1 came to Site S1 7.0 h after punching out at Site S1; 8 h of rest are due"


@pytest.mark.parametrize(
    ("plans", "spans"),
    [
        ([shift("P1", 0, 8), shift("P1", 16, 24)], [(0, 8), (16, 24)]),
        ([shift("P1", 0, 8), shift("P1", 8, 16)], [(0, 8), (8.5, 16)]),
        ([shift("P1", 0, 8)], [(0, 4), (6, 8)]),
        ([], [(0, 8), (9, 12)]),
    ],
)
def test_eight_hours_contiguous_shifts_one_shift_and_a_short_way_out_are_no_short_rest(plans, spans) -> None:
    assert not played(company("P1"), plans, stints(*spans)).of("SHORT_REST")


def test_without_an_out_nothing_is_known_of_the_rest() -> None:
    run = played(company("P1"), [punch("P1", "in", hours(0)), punch("P1", "in", hours(4))])
    assert not run.of("SHORT_REST")


def test_a_late_out_makes_a_rest_short_and_another_takes_it_back() -> None:
    run = played(company("P1"), [shift("P1", 0, 8), shift("P1", 12, 20)], punch("P1", "in", hours(0)))
    run.feed([punch("P1", "in", hours(12)), punch("P1", "out", hours(8), received_at=hours(12.1))])
    assert run.of("SHORT_REST")
    run.feed([punch("P1", "in", hours(2), received_at=hours(12.2), event_id="again")])
    assert len(run.of("SHORT_REST")) == 1


def test_the_amount_is_linear_between_its_borders() -> None:
    spans = [(0, 10 * HOUR_MS), (20 * HOUR_MS, 40 * HOUR_MS)]
    assert first_over(spans, 12 * HOUR_MS, 20 * HOUR_MS, 40 * HOUR_MS) == 22 * HOUR_MS + 1
    assert first_over(spans, 20 * HOUR_MS, 20 * HOUR_MS, 40 * HOUR_MS) is None
    assert first_over(spans, HOUR_MS, 20 * HOUR_MS, 40 * HOUR_MS) == 20 * HOUR_MS
