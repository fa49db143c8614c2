from __future__ import annotations

from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noctui.state.cells import width
from noctui.state.times import DAY_MS, HOUR_MS, MINUTE_MS, Look, age, clock, moment, parse, spell
from tests.unit.noctui.story import T0, rfc3339


@given(st.integers(0, 4_000_000_000_000))
def test_instants_of_the_wire_are_read_back(ms: int):
    assert parse(rfc3339(ms)) == ms


@pytest.mark.parametrize("text", [None, 7, "", "soon", "2026-01-31T22:00:00", "2026-13-01T00:00:00Z"])
def test_what_is_no_instant_is_none(text: object):
    assert parse(text) is None


@pytest.mark.parametrize(
    ("duration_ms", "shown"),
    [
        (-5, "0:00"),
        (41_999, "0:41"),
        (MINUTE_MS, "1:00"),
        (7 * MINUTE_MS + 41_000, "7:40"),
        (11 * MINUTE_MS, "11m"),
        (2 * HOUR_MS + 10 * MINUTE_MS, "2h10"),
        (DAY_MS + 2 * HOUR_MS, "1d02"),
    ],
)
def test_an_age_grows_coarser(duration_ms: int, shown: str):
    assert age(duration_ms) == shown


@given(st.integers(0, 99 * DAY_MS))
def test_an_age_fits_its_column(duration_ms: int):
    assert width(age(duration_ms)) <= 5


def test_durations_are_spelt_in_the_largest_unit_of_which_there_are_two():
    spelt = [spell(each) for each in (-1, 12_000, 119_000, 3 * MINUTE_MS, 90 * MINUTE_MS, 5 * HOUR_MS, 3 * DAY_MS)]
    assert spelt == ["0 s", "12 s", "119 s", "3 min", "90 min", "5 h", "3 d"]


def test_the_time_of_day_is_told_in_the_zone_given():
    assert clock(T0, UTC) == "14:00:00"
    assert clock(T0, timezone(timedelta(hours=9))) == "23:00:00"
    assert clock(None, UTC) == "-"
    assert len(clock(T0, None)) == 8


def test_a_moment_names_the_day_where_it_is_another():
    look = Look(now=T0, tz=UTC)
    assert moment(T0 - HOUR_MS, look) == "13:00:00"
    assert moment(T0 - DAY_MS, look) == "2026-11-21 14:00:00"
    assert moment(None, look) == "-"
