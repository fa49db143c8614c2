"""Places on the ground: moving a point by metres, and what a phone says of where it is."""

from __future__ import annotations

from math import cos, pi, radians, sin
from typing import TYPE_CHECKING, NamedTuple

from nocd.domain.geo import EARTH_RADIUS_M

if TYPE_CHECKING:
    from random import Random

METRES_PER_DEGREE = EARTH_RADIUS_M * pi / 180
_HALF_ROUND = 180.0
_BEST_ACCURACY_M = 5.0
_WORST_ACCURACY_M = 35.0


class Point(NamedTuple):
    """A position in degrees."""

    lat: float
    lon: float


class Fix(NamedTuple):
    """A position as a phone reports it: never further off than half the accuracy it claims."""

    lat: float
    lon: float
    accuracy_m: float

    def fields(self) -> dict[str, float]:
        """Return it as the fields an event carries."""
        return {"lat": self.lat, "lon": self.lon, "accuracy_m": self.accuracy_m}


def move(origin: Point, *, bearing: float, metres: float) -> Point:
    """Return the point `metres` away (flat earth, good to 1 % within a few hundred kilometres); bearing in radians."""
    north = metres * cos(bearing) / METRES_PER_DEGREE
    east = metres * sin(bearing) / (METRES_PER_DEGREE * cos(radians(origin.lat)))
    return Point(round(origin.lat + north, 6), round(_on_the_globe(origin.lon + east), 6))


def _on_the_globe(lon: float) -> float:
    """Return a longitude within 180 degrees, whichever way round the globe."""
    return lon if abs(lon) <= _HALF_ROUND else (lon + _HALF_ROUND) % (2 * _HALF_ROUND) - _HALF_ROUND


def measure(rng: Random, truth: Point) -> Fix:
    """Return what an honest phone standing at `truth` reports: 5 to 35 m of accuracy, some metres of error."""
    accuracy = min(_WORST_ACCURACY_M, _BEST_ACCURACY_M + rng.expovariate(0.2))
    seen = move(truth, bearing=2 * pi * rng.random(), metres=accuracy / 2 * rng.random())
    return Fix(seen.lat, seen.lon, round(accuracy, 1))
