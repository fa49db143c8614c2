"""Distances, and what is sure of them for little."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from nocd.domain.geo import haversine_m, surely_within

LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)


@example(0.0, 0.0, 0.0, 0.009, 1_000.8)
@example(48.0, 11.0, 48.005, 11.005, 1_112.0)
@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES, st.floats(0, 30_000_000))
def test_what_is_surely_within_is_within(
    lat: float, lon: float, other_lat: float, other_lon: float, limit_m: float
) -> None:
    if surely_within(limit_m, lat, lon, other_lat, other_lon):
        assert haversine_m(lat, lon, other_lat, other_lon) <= limit_m


def test_two_positions_a_walk_apart_are_surely_within_a_kilometre() -> None:
    assert surely_within(1_000.0, 48.0, 11.0, 48.004, 11.003)
    assert not surely_within(1_000.0, 48.0, 11.0, 48.1, 11.0)
