"""How far outside a site's fence a position lies, in metres."""

from __future__ import annotations

from math import cos, radians
from typing import TYPE_CHECKING, Final

from nocd.domain.geo import haversine_m

if TYPE_CHECKING:
    from nocd.domain.directory import Site

RADIUS_USUAL_M: Final = 200.0

Point = tuple[float, float]


def outside_m(site: Site, lat: float, lon: float, *, radius_m: float) -> float | None:
    """Return how many metres beyond the fence a position is, 0 or less inside, None where no fence is known.

    A polygon counts before a radius; `radius_m` is for a site that was given no radius of its own.
    """
    if site.polygon is not None:
        return _outside_polygon_m(site.polygon, lat, lon)
    if site.lat is None or site.lon is None:
        return None
    own_m = radius_m if site.radius_m == RADIUS_USUAL_M else site.radius_m
    return haversine_m(site.lat, site.lon, lat, lon) - own_m


def _outside_polygon_m(polygon: tuple[Point, ...], lat: float, lon: float) -> float:
    """Return 0 within a polygon, else the metres to its nearest edge.

    Corners are laid out flat about the position (equirectangular); a ray to the east crosses an odd number of edges
    from within.
    """
    shrink = cos(radians(lat))
    corners = [(_east(corner[1] - lon) * shrink, corner[0] - lat) for corner in polygon]
    inside, nearest, nearest_square = False, (0.0, 0.0), float("inf")
    for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
        if (start[1] > 0) != (end[1] > 0):
            crossed_at = start[0] + (end[0] - start[0]) * start[1] / (start[1] - end[1])
            inside ^= crossed_at > 0
        near = _nearest_to_origin(start, end)
        square = near[0] * near[0] + near[1] * near[1]
        if square < nearest_square:
            nearest, nearest_square = near, square
    if inside:
        return 0.0
    return haversine_m(lat, lon, lat + nearest[1], lon + nearest[0] / max(shrink, 1e-9))


def _nearest_to_origin(start: Point, end: Point) -> Point:
    """Return the point of an edge that is nearest to where the position is."""
    along = (end[0] - start[0], end[1] - start[1])
    length_square = along[0] * along[0] + along[1] * along[1]
    if length_square == 0:
        return start
    share = min(1.0, max(0.0, -(start[0] * along[0] + start[1] * along[1]) / length_square))
    return start[0] + share * along[0], start[1] + share * along[1]


def _east(degrees: float) -> float:
    """Return a difference of longitudes the short way round."""
    return (degrees + 180) % 360 - 180
