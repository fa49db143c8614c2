"""Points of sampled series for tests, and an engine brought back from what another one saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nocd.domain.instant import MINUTE_MS
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.outcome import RECORD_TYPES
from nocd.store.codec import decoders, encode
from tests.build import ALONE, event
from tests.build_site import Run

if TYPE_CHECKING:
    from nocd.domain.event import Event

_DECODE = decoders(RECORD_TYPES)


def point(at: int, value: float, *, received_at: int | None = None, metric: str = "q", **more: Any) -> Event:
    """Return one value of the series `q` of the site S1."""
    placed = {"site": "S1", **more}
    return event("noc.sample", at=at, received_at=received_at, metric=metric, value=float(value), **placed)


def points(count: int, *, start: int, value: float = 5.0) -> list[Event]:
    """Return a value a minute."""
    return [point(start + minute * MINUTE_MS, value) for minute in range(count)]


def restarted(run: Run) -> Run:
    """Return a run that goes on with an engine brought back from all that `run`'s holds."""
    shelves = Shelves(encode)
    for kind, key, body in run.engine.shelves:
        if body is not None:
            shelves.restore(kind, key, _DECODE[kind](body))
    return Run(engine=Engine(shelves, ALONE))
