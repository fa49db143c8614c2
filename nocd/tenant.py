"""One tenant: its store, engine, pipeline and hub, wired; nothing of it is shared with another tenant."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nocd.batch import Limits, Started, load_holidays
from nocd.domain.instant import MINUTE_MS
from nocd.domain.shelf import Shelves
from nocd.dryrun import DryRun
from nocd.engine import Engine
from nocd.feed.hub import Hub
from nocd.ingest.decode import decode_body
from nocd.outcome import RECORD_TYPES, Outcome
from nocd.pipeline import Pipeline
from nocd.store import queries
from nocd.store.codec import decode_command, decode_predictions, decoders, encode
from nocd.store.rows import InputKind, InputRow
from nocd.store.store import Store
from nocd.triage.intake import Limits as TriageLimits
from nocd.triage.kpis import count
from nocd.triage.routes import Routes
from nocd.triage.runbooks import Runbooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nocd.batch import Accepted, Predict
    from nocd.detect.rules import Rules
    from nocd.domain.change import NumberedChange
    from nocd.domain.command import Command, Reply
    from nocd.domain.event import Event
    from nocd.domain.observation import Punch
    from nocd.metrics import Metrics
    from nocd.store.rows import Loaded
    from nocd.triage.kpis import Figures

TAIL_SLICE = 256
FIGURES_FRESH_MS = 10_000
_DECODERS = decoders(RECORD_TYPES)


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantLimits:
    """The limits of one tenant's rooms."""

    pipeline: Limits = field(default_factory=Limits)
    triage: TriageLimits = field(default_factory=TriageLimits)
    lateness_ms: int = 10 * MINUTE_MS
    rules: Rules | None = None
    runbooks: Runbooks = field(default_factory=Runbooks)
    routes: Routes = field(default_factory=Routes)


class Tenant:
    """Takes events and commands, answers reads, feeds subscribers."""

    def __init__(
        self,
        name: str,
        *,
        store: Store,
        hub: Hub,
        metrics: Metrics,
        limits: TenantLimits,
        now_ms: Callable[[], int],
        monotonic_s: Callable[[], float],
        event_clock: bool = False,
    ) -> None:
        """Wire the rooms; use `open`."""
        self.name = name
        self.store = store
        self.hub = hub
        self.log = StoredFeed(store)
        self.runbooks = limits.runbooks
        self.explain: Predict | None = None  # asks a model for its reasons too, whatever the score
        self._limits = limits
        self._task: asyncio.Task[None] | None = None
        self._figures: tuple[int, dict[str | None, Figures]] = (-FIGURES_FRESH_MS, {})
        self.pipeline = Pipeline(
            store=store,
            rebuild=self._rebuild,
            tells=hub,
            metrics=metrics,
            limits=limits.pipeline,
            now_ms=now_ms,
            monotonic_s=monotonic_s,
            event_clock=event_clock,
        )

    @classmethod
    async def open(
        cls,
        name: str,
        path: Path,
        *,
        metrics: Metrics,
        limits: TenantLimits,
        now_ms: Callable[[], int],
        monotonic_s: Callable[[], float],
        event_clock: bool = False,
    ) -> Tenant:
        """Open the file at `path`, fold what its state lags behind, and begin to work."""
        store = await Store.open(path, now=now_ms())
        try:
            loaded = await store.load()
            hub = Hub(epoch=loaded.epoch, seq=loaded.last_seq, later=asyncio.get_running_loop().call_later)
            tenant = cls(
                name,
                store=store,
                hub=hub,
                metrics=metrics,
                limits=limits,
                now_ms=now_ms,
                monotonic_s=monotonic_s,
                event_clock=event_clock,
            )
            await tenant.pipeline.start()
        except BaseException:
            await store.close()
            raise
        tenant._task = asyncio.create_task(tenant.pipeline.run(), name=f"pipeline-{name}")
        return tenant

    async def post(self, events: list[Event]) -> Accepted:
        """Return once all of `events` are durable."""
        return await self.pipeline.post(events)

    async def ask(self, command: Command) -> Reply:
        """Return a command's reply once what it did is durable."""
        return await self.pipeline.ask(command)

    async def dry_run(self, event: Event, data: Punch) -> dict[str, Any]:
        """Return what a punch would score if it came now, and why; nothing changes."""
        await load_holidays(site.country for site in [self.pipeline.engine.roster.sites.get(data.site)] if site)
        trial = DryRun(self.pipeline.engine.scene, event, data, copied=copied)
        said = None if self.explain is None else await self.explain(trial.features)
        if said is not None:
            trial.predicted(said)
        return trial.told(ticket_severities=self._limits.triage.ticket_severities)

    async def figures(self, now: int) -> dict[str | None, Figures]:
        """Return the key figures of each site at `now` (UTC ms) or up to `FIGURES_FRESH_MS` before, for reading."""
        at, figures = self._figures
        if not at <= now < at + FIGURES_FRESH_MS:
            counting = count(self.pipeline.engine.parts, now)
            while True:
                try:
                    next(counting)
                except StopIteration as done:
                    figures = done.value
                    break
                await asyncio.sleep(0)
            self._figures = now, figures
        return figures

    async def renew(self, limits: TenantLimits) -> None:
        """Go on with other rules, runbooks, routes and limits of triage, as a restart would; nobody is cut off."""
        await self.pipeline.renew(lambda: self._adopt(limits))

    def _adopt(self, limits: TenantLimits) -> None:
        self._limits, self.runbooks = limits, limits.runbooks

    async def close(self) -> None:
        """Commit what waits, save the state, close the file."""
        await self.pipeline.drain()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self.pipeline.end()  # a task cancelled before its first step ends nothing itself
        try:
            await self.pipeline.save()
        finally:
            await self.store.close()

    async def _rebuild(self) -> Started:
        """Return an engine true at the last durable input: the saved state, and the inputs after it folded again."""
        loaded = await self.store.load()
        shelves = restored(loaded)
        await load_holidays(site.country for site in shelves.kind("site").values())
        limits = self._limits
        engine = Engine(
            shelves,
            limits.triage,
            lateness_ms=limits.lateness_ms,
            rules=limits.rules,
            runbooks=limits.runbooks,
            routes=limits.routes,
        )
        no = loaded.saved_to
        while rows := await self.store.tail(no, TAIL_SLICE):
            await load_holidays(_countries(rows))
            refold(engine, rows)
            no = rows[-1].no
            await asyncio.sleep(0)
        engine.heard.events.clear()  # what was folded again was counted before
        engine.unscored()  # and scored before
        return Started(engine=engine, last_no=loaded.last_no, last_seq=loaded.last_seq, saved_to=loaded.saved_to)


class StoredFeed:
    """The feed's durable side, read by subscribers that resume."""

    def __init__(self, store: Store) -> None:
        """Read from `store`."""
        self._store = store

    async def read(self, after: int, *, limit: int) -> list[NumberedChange]:
        """Return up to `limit` changes numbered after `after`."""
        return await self._store.read(queries.changes, after=after, limit=limit)

    async def bounds(self) -> tuple[int, int]:
        """Return the oldest and newest kept numbers."""
        return await self._store.read(queries.bounds)

    async def events_between(self, first_no: int, last_no: int) -> list[tuple[int, int, bytes]]:
        """Return (no, received_at, body) of events by number, both ends included."""
        return await self._store.read(queries.events_between, first_no, last_no)


def restored(loaded: Loaded) -> Shelves:
    """Return shelves holding the saved records."""
    shelves = Shelves(encode)
    for kind, key, body in loaded.state:
        shelves.restore(kind, key, _DECODERS[kind](body))
    return shelves


def refold(engine: Engine, rows: list[InputRow]) -> Outcome:
    """Fold stored inputs again, in order; return what they decide, which is what they decided."""
    for row in rows:
        if row.kind is InputKind.EVENT:
            engine.fold([event_of(row)])
        elif row.kind is InputKind.COMMAND:
            engine.apply(decode_command(row.body))
        elif row.kind is InputKind.PREDICTIONS:
            engine.predict(decode_predictions(row.body))
        else:
            engine.tick(row.time)
    return engine.finish()


def _countries(rows: list[InputRow]) -> Iterator[str]:
    """Yield the countries of sites among stored events; few bodies name one."""
    for row in rows:
        if row.kind is InputKind.EVENT and b'"country"' in row.body:
            yield getattr(event_of(row).data, "country", "")


def read_record(kind: str, body: bytes) -> object:
    """Return a saved record; raises ValueError where it cannot be read."""
    return _DECODERS[kind](body)


def copied(kind: str, record: object) -> Any:
    """Return a record as it would be after a restart, which shares nothing with this one."""
    return _DECODERS[kind](encode(record))


def read_input(row: InputRow) -> object:
    """Return what a stored input says; raises ValueError where it cannot be read."""
    if row.kind == InputKind.EVENT:
        return event_of(row)
    if row.kind == InputKind.PREDICTIONS:
        return decode_predictions(row.body)
    return decode_command(row.body) if row.kind == InputKind.COMMAND else row.time


def event_of(row: InputRow) -> Event:
    """Return the event a stored input is."""
    return decode_body(
        row.body, time=row.time, received_at=row.received_at, claimed_time=row.claimed_time, late=row.late
    )
