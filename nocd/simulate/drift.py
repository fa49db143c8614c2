"""What devices tell otherwise from some day on, though people go on as ever: a drift for models to notice."""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING, Final, NamedTuple

from nocd.errors import InputError
from nocd.simulate.space import Point, move

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from nocd.simulate.observe import Raw

_OFF_M: Final = 80.0
_EAST: Final = pi / 2
_FACE: Final = ("match_distance", "confidence")


class Drift(NamedTuple):
    """What is told otherwise (`positions` or `faces`), and from when on (UTC milliseconds)."""

    kind: str
    since_ms: int


def drift(text: str, since_ms: int) -> Drift:
    """Return a drift by its name; raises InputError for one that nobody knows."""
    if text not in DRIFTS:
        raise InputError(f"{text!r} is nothing that drifts; known: {', '.join(DRIFTS)}")
    return Drift(text, since_ms)


def drifted(stream: Iterator[Raw], what: Drift | None) -> Iterator[Raw]:
    """Yield events as they are told once devices have changed."""
    if what is None:
        return stream
    change = DRIFTS[what.kind]
    return (change(raw) if raw.time >= what.since_ms else raw for raw in stream)


def _positions(raw: Raw) -> Raw:
    """Have phones report positions 80 m to the east."""
    if "lat" not in raw.data or not raw.source.startswith("/phones/"):
        return raw
    seen = move(Point(raw.data["lat"], raw.data["lon"]), bearing=_EAST, metres=_OFF_M)
    return raw._replace(data={**raw.data, "lat": seen.lat, "lon": seen.lon})


def _faces(raw: Raw) -> Raw:
    """Have nothing say how well a face matched."""
    if raw.data.get("method") != "FACE":
        return raw
    return raw._replace(data={name: value for name, value in raw.data.items() if name not in _FACE})


DRIFTS: Final[Mapping[str, Callable[[Raw], Raw]]] = {"positions": _positions, "faces": _faces}
