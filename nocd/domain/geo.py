"""Distances on the earth, in metres, always."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_000.0
_DEGREE_M = 111_195.0  # along a meridian or the equator, rounded up


def haversine_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the great-circle distance in metres on a sphere of 6 371 000 m (haversine formula)."""
    phi, other_phi = radians(lat), radians(other_lat)
    half_phi = sin((other_phi - phi) / 2)
    half_lambda = sin(radians(other_lon - lon) / 2)
    h = half_phi * half_phi + cos(phi) * cos(other_phi) * half_lambda * half_lambda
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(h)))


def surely_within(limit_m: float, lat: float, lon: float, other_lat: float, other_lon: float) -> bool:
    """Tell, for little, whether two positions are no farther apart than `limit_m`; False also where they may be.

    The way along a meridian and a parallel is no shorter than the straight one.
    """
    return (abs(other_lat - lat) + abs(other_lon - lon)) * _DEGREE_M <= limit_m
