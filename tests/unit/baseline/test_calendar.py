"""Local hours of the week: clock changes, holidays, odd zones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nocd.baseline.calendar import slot
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, to_ms


def at(year: int, month: int, day: int, hour: int = 0) -> int:
    return to_ms(datetime(year, month, day, hour, tzinfo=UTC))


def test_the_week_begins_on_monday_at_local_midnight():
    assert slot(at(2025, 3, 3), "UTC").hour_of_week == 0
    assert slot(at(2025, 3, 9, 23), "UTC").hour_of_week == 167
    assert slot(at(2025, 3, 2, 23), "Europe/Berlin").hour_of_week == 0


def test_all_of_an_hour_is_one_slot_and_starts_where_the_clock_says():
    first = slot(at(2025, 3, 3, 5), "Asia/Kolkata")
    assert first.hour_of_week == 10
    assert first.start == at(2025, 3, 3, 5) - 30 * MINUTE_MS
    assert {slot(first.start + minute * MINUTE_MS, "Asia/Kolkata") for minute in range(60)} == {first}


def test_a_public_holiday_counts_as_a_sunday():
    christmas = at(2025, 12, 25, 12)  # a Thursday
    assert slot(christmas, "UTC", "DE").hour_of_week == 6 * 24 + 12
    assert slot(christmas, "UTC", "de") == slot(christmas, "UTC", "DE")
    assert slot(christmas, "UTC").hour_of_week == 3 * 24 + 12
    assert slot(christmas, "UTC", "DE").day == slot(christmas, "UTC").day


@pytest.mark.parametrize("country", ["", None, "ZZ", "Atlantis"])
def test_an_unknown_country_has_no_holidays(country):
    assert slot(at(2025, 12, 25, 12), "UTC", country).hour_of_week == 3 * 24 + 12


@pytest.mark.parametrize(
    ("timezone", "forward", "back"),
    [
        ("Europe/Berlin", at(2025, 3, 30), at(2025, 10, 26)),
        ("America/Los_Angeles", at(2025, 3, 9), at(2025, 11, 2)),
        ("Australia/Sydney", at(2025, 10, 5), at(2025, 4, 6)),
    ],
)
def test_a_clock_change_skips_an_hour_or_shows_it_twice(timezone, forward, back):
    def week(start: int) -> list[tuple[int, int]]:
        monday = start - 7 * DAY_MS
        slots = (slot(monday + hour * HOUR_MS, timezone) for hour in range(14 * 24))
        return [(told.hour_of_week, told.day) for told in slots]

    skipped, twice = week(forward), week(back)
    assert len(set(skipped)) == len(skipped)
    assert {hour for hour, _ in skipped[:-24]} | {hour for hour, _ in skipped} == set(range(168))
    assert len(set(twice)) == len(twice) - 1
