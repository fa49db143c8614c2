"""One simulated stretch of days with every trouble in it, played to the engine in several ways."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from typing import TYPE_CHECKING

import orjson

from nocd.domain.directory import DIRECTORY_TYPES
from nocd.domain.instant import MINUTE_MS
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.ingest.decode import Decoder
from nocd.outcome import RECORD_TYPES
from nocd.simulate.events import events as simulated
from nocd.simulate.truth import RATES
from nocd.simulate.world import World
from nocd.store.codec import decoders, encode
from nocd.triage.intake import Limits

if TYPE_CHECKING:
    from nocd.domain.event import Event
    from nocd.domain.finding import Finding

START_MS = 1_767_571_200_000  # Monday 2026-01-05
_EVER = 221_845_392_000_000
_DECODERS = decoders(RECORD_TYPES)


@cache
def stretch(seed: int = 5, days: int = 3) -> tuple[Event, ...]:
    """Return the events of three sites and their people in order of time, each received as it happened."""
    rates = {kind: min(1.0, 12 * rate) for kind, rate in RATES.items()}
    world = World(seed, sites=3, people=24, start_ms=START_MS, days=days, rates=rates)
    decoder = Decoder(new_id=lambda: "-", max_age_ms=_EVER)
    lines = (orjson.dumps(envelope) for envelope in simulated(world))
    events = (decoder.line(line, received_at=_EVER, source="-") for line in lines)
    return tuple(replace(event, received_at=event.time) for event in events)


def shuffled(events: tuple[Event, ...], *, seed: int, lateness_ms: int = 9 * MINUTE_MS) -> list[Event]:
    """Return the events as they arrive when each but the directory's may take up to `lateness_ms`."""
    rng = Random(seed)
    late = [
        event if event.type in DIRECTORY_TYPES else replace(event, received_at=event.time + rng.randrange(lateness_ms))
        for event in events
    ]
    return sorted(late, key=lambda event: event.received_at)


@dataclass(slots=True)
class Play:
    """An engine fed in order of receipt, ticked on whole minutes; keeps what was found and withdrawn."""

    engine: Engine = field(default_factory=lambda: Engine(Shelves(encode), Limits()))
    made: list[Finding] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)

    def take(self, events: list[Event] | tuple[Event, ...]) -> Play:
        for event in events:
            self.pass_time(event.received_at)
            self.engine.fold([event])
        self._finish()
        return self

    def pass_time(self, now: int) -> Play:
        while (due := self.engine.next_due()) is not None:
            minute = -(-due // MINUTE_MS) * MINUTE_MS
            if minute > now:
                break
            self.engine.tick(minute)
        self._finish()
        return self

    def again(self) -> Play:
        """Stop, and start from what is kept."""
        self.engine.finish()
        shelves = Shelves(encode)
        for kind, key, body in self.engine.shelves:
            if body is not None:
                shelves.restore(kind, key, _DECODERS[kind](body))
        self.engine = Engine(shelves, Limits())
        return self

    @property
    def standing(self) -> list[Finding]:
        return [finding for finding in self.made if finding.id not in self.gone]

    def _finish(self) -> None:
        outcome = self.engine.finish()
        self.made += [finding for finding, _ in outcome.findings]
        self.gone |= set(outcome.withdrawn)
