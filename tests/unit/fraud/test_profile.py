"""Habits counted: what is usual, of ninety days, whatever the order, within bounds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nocd.fraud import profile as made
from nocd.fraud.profile import PARTS_MAX, Profile, Seen, usual, usual_upto

SEEN = st.builds(
    Seen,
    part=st.integers(100, 112),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    weekday=st.integers(0, 6),
    site=st.sampled_from(["S1", "S2", "S3"]),
    device=st.sampled_from([None, "D1", "D2"]),
    distance_m=st.none() | st.floats(0, 10_000),
    late_minutes=st.none() | st.floats(-60, 600),
    match=st.none() | st.floats(0, 1),
)


def seen(**more: Any) -> Seen:
    return Seen(**{"part": 100, "hour": 6, "minute": 5, "weekday": 0, "site": "S1", **more})


def counted(*punches: Seen) -> Profile:
    profile = Profile()
    for each in punches:
        profile.add(each)
    return profile


def test_a_punch_is_counted_by_all_that_is_known_of_it() -> None:
    profile = counted(seen(device="D1", distance_m=70.0, late_minutes=-3.0, match=0.9), seen(hour=18, match=0.8))
    assert (profile.punches, profile.hours[6], profile.hours[18], profile.on_weekday(0)) == (2, 1, 1, 2)
    assert (profile.by_site(), profile.by_device()) == ({"S1": 2}, {"D1": 1})
    assert (profile.at_site("S2"), profile.with_device("D2"), profile.with_devices) == (0, 0, 1)
    assert (profile.metres, profile.minutes) == ([0, 0, 0, 1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0])
    assert profile.matches == 2
    assert profile.match() == pytest.approx((0.85, 0.05))


def test_the_hours_around_midnight_are_neighbours() -> None:
    profile = counted(seen(hour=23), seen(hour=0), seen(hour=1), seen(hour=3))
    assert (profile.near_hour(0), profile.near_hour(23), profile.near_hour(5)) == (3, 2, 0)


def test_what_is_older_than_the_span_is_forgotten_and_told_too_late_is_not_counted() -> None:
    profile = counted(seen(part=100, site="S2"), seen(part=105), seen(part=106))
    assert (profile.by_site(), [part.no for part in profile.parts]) == ({"S1": 2}, [105, 106])
    profile.add(seen(part=100))
    assert profile.punches == 2
    profile.add(seen(part=104, site="S3"))
    assert [part.no for part in profile.parts] == [104, 105, 106]
    assert profile.sites == ["S3", "S1"]  # the column of a site without a punch is free


def test_a_ninth_name_takes_the_place_of_the_rarest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "NAMES_MAX", 2)
    profile = counted(seen(site="S1"), seen(site="S2"), seen(site="S1"), seen(site="S3", part=101))
    assert (profile.by_site(), profile.at_site("S2"), profile.punches) == ({"S1": 2, "S3": 1}, 0, 4)


@pytest.mark.parametrize(
    ("counts", "columns", "upto"),
    [([0, 9, 1, 0], [1], 1), ([5, 4, 1], [0, 1], 1), ([1, 1, 1, 1], [0, 1, 2, 3], 3), ([0, 0, 8], [2], 2)],
)
def test_usual_is_what_nine_in_ten_are(counts: list[int], columns: list[int], upto: int) -> None:
    assert (usual(counts), usual_upto(counts)) == (columns, upto)


@settings(max_examples=50)
@given(st.lists(SEEN, max_size=30))
def test_in_any_order_the_sum_is_that_of_its_parts_and_the_parts_are_few(punches: list[Seen]) -> None:
    profile = counted(*punches)
    assert len(profile.parts) <= PARTS_MAX
    assert [part.no for part in profile.parts] == sorted({part.no for part in profile.parts})
    sums = [sum(column) for column in zip(*(part.counts for part in profile.parts), strict=True)]
    assert profile.counts == (sums or Profile().counts)
    assert min(profile.counts) >= 0
    newest = max((each.part for each in punches), default=0)
    profile.forget_before(newest + PARTS_MAX)
    assert (profile.punches, profile.parts) == (0, [])


@settings(max_examples=25)
@given(st.lists(SEEN, max_size=8).flatmap(lambda seen: st.tuples(st.just(seen), st.permutations(seen))))
def test_within_the_span_the_order_of_arrival_does_not_matter(orders: tuple[list[Seen], list[Seen]]) -> None:
    one, other = (counted(*(each._replace(part=each.part // 3) for each in order)) for order in orders)
    assert (one.hours, one.by_site(), one.by_device()) == (other.hours, other.by_site(), other.by_device())
    assert [part.no for part in one.parts] == [part.no for part in other.parts]
