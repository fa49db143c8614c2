"""What deciding costs by itself: every detector on, events heard as they happen, time passing between them."""

from __future__ import annotations

from dataclasses import replace
from time import process_time
from typing import TYPE_CHECKING

from nocd.clock import now_ms
from nocd.detect.registry import DETECTORS
from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.ingest.decode import Decoder
from nocd.store.codec import encode
from nocd.triage.intake import Limits
from tests.bench.rows import Row, paired
from tests.bench.traffic import EVERY_MS, Traffic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nocd.domain.event import Event
    from tests.bench.stored import Bench

BATCH = 200
_EVER_MS = 10**15
_WINDOW_MS = 2 * HOUR_MS


def people(bench: Bench) -> list[Row]:
    """What an event costs the engine with 5 000 people beside 500, two hours of signals behind it."""
    count = bench.size(20_000, 500)
    companies = [_Live(bench.size(people, 20)) for people in (500, 5_000)]
    for company in companies:
        company.cost_us(bench.size(company.events_in(_WINDOW_MS), 500))
    few, many = companies
    measured = paired(lambda: many.cost_us(count), lambda: few.cost_us(count), pairs=bench.pairs)
    more = {"detectors": len(DETECTORS), "findings_per_1000": round(1_000 * many.findings / many.events, 2)}
    return [Row(name="engine-people", must=1.2, at_most=True, unit="µs an event", more=more, **measured._asdict())]


class _Live:
    """An engine and a company of so many people, on the events' own clock."""

    def __init__(self, people: int) -> None:
        self._engine = Engine(Shelves(encode), Limits())
        self._decoder = Decoder(new_id=lambda: "-", max_age_ms=_EVER_MS)
        self._traffic = Traffic(people=people, seed=people)
        self.events = self.findings = 0
        for lines in self._traffic.directory():
            self._engine.fold(self._heard(lines))
            self._engine.finish()

    def events_in(self, span_ms: int) -> int:
        """Return how many events the company sends in so long a time."""
        return span_ms * (self._traffic.people + 1) // 2 // EVERY_MS

    def cost_us(self, count: int) -> float:
        """Return what each of the next events costs (µs of this process)."""
        events, before = self._heard(self._traffic.lines(count)), process_time()
        for start in range(0, count, BATCH):
            batch = events[start : start + BATCH]
            self._pass_time(batch[0].time)
            self._engine.fold(batch)
            self.findings += len(self._engine.finish().findings)
        spent_s = process_time() - before
        self.events += count
        return spent_s / count * 1e6

    def _pass_time(self, now: int) -> None:
        """Let the engine have its ticks, on whole minutes."""
        while (due := self._engine.next_due()) is not None and -(-due // MINUTE_MS) * MINUTE_MS <= now:
            self._engine.tick(-(-due // MINUTE_MS) * MINUTE_MS)

    def _heard(self, lines: Iterable[bytes]) -> list[Event]:
        """Return events received as they happen."""
        read = (self._decoder.line(line, received_at=now_ms(), source="-") for line in lines)
        return [replace(event, received_at=event.time) for event in read]
