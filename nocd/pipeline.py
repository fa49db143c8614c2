"""The spine: one bounded inbox, one batch at a time through the engine, one commit, and only then is anyone told."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import orjson

from nocd import log
from nocd.batch import (
    Accepted,
    Asked,
    Batch,
    Inbox,
    Started,
    Submission,
    events_stored,
    first_reply,
    load_holidays,
    reply_key,
    rows_due,
    what_was_asked,
    worth_a_commit,
)
from nocd.domain.audit import carried_out, standing
from nocd.domain.change import Change, NumberedChange
from nocd.domain.instant import MINUTE_MS
from nocd.errors import NocdError, UnavailableError
from nocd.feed.hub import Committed
from nocd.store.rows import Commit, InputKind, InputRow, JobRun
from nocd.wire.present import change_body

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nocd.domain.command import Command, Reply
    from nocd.domain.event import Event
    from nocd.engine import Engine
    from nocd.metrics import Metrics
    from nocd.outcome import Outcome
    from nocd.store.store import Store

SLICE_EVENTS = 64  # a few milliseconds of deciding


class Tells(Protocol):
    """What is told once a batch is durable."""

    def publish(self, committed: Committed) -> None:
        """Hand a commit to whoever listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much waits, how much goes into one commit, and when the lagging state is saved."""

    batch_events_max: int = 1_000
    inbox_events_max: int = 20_000
    save_every_events: int = 10_000


class Pipeline:
    """Turns submissions, commands and ticks into commits; `run` is its one task."""

    def __init__(
        self,
        *,
        store: Store,
        rebuild: Callable[[], Awaitable[Started]],
        tells: Tells,
        metrics: Metrics,
        limits: Limits,
        now_ms: Callable[[], int],
        monotonic_s: Callable[[], float],
        event_clock: bool = False,
    ) -> None:
        """Wire the spine; nothing runs before `start`. With `event_clock` events bring time along, as in a replay."""
        self._event_clock = event_clock
        self._store = store
        self._rebuild = rebuild
        self._tells = tells
        self._metrics = metrics
        self._limits = limits
        self._now_ms = now_ms
        self._monotonic_s = monotonic_s
        self._inbox = Inbox(batch_events_max=limits.batch_events_max, inbox_events_max=limits.inbox_events_max)
        self._drained = asyncio.Event()
        self._save_no: int | None = None  # while a save is under way, `_save_share` of its rows go with each input
        self._save_wanted = self._working = False
        self.accepted = 0
        self.refusal: NocdError | None = None
        self.broken: NocdError | None = None
        self._ended: NocdError | None = None
        self.engine: Engine
        self.last_no = self.last_seq = self.saved_to = 0

    async def start(self) -> None:
        """Bring the engine up from the store; raises what makes that impossible."""
        self._take_up(await self._rebuild())

    async def post(self, events: list[Event]) -> Accepted:
        """Return once all of `events` are durable; raises UnavailableError where that cannot be now."""
        if (error := self._ended or self.broken or self.refusal) is not None:
            raise error
        if not events:
            return Accepted(accepted=0, duplicates=0)
        done: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self._inbox.submit(Submission(events=events, since_s=self._monotonic_s(), done=done))
        return await done

    async def ask(self, command: Command) -> Reply:
        """Return a command's reply once what it did is durable; commands are never refused for load or for room."""
        if (error := self._ended or self.broken) is not None:
            raise error
        done: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._inbox.commands.append(Asked(command=command, done=done))
        self._inbox.arrived.set()
        return await done

    def tick(self, now: int) -> None:
        """Let time pass; the newest tick replaces one that still waits."""
        due = self.engine.next_due()
        if due is not None and due <= now and self.broken is None:
            self._inbox.tick = now
            self._inbox.arrived.set()

    def announce(self, change: Change, run: JobRun | None = None) -> None:
        """Put a change that no input made (a job's end, the system's state) on the feed with the next commit."""
        self._inbox.announced.append((change, run))
        self._inbox.arrived.set()

    async def run(self) -> None:
        """Work until cancelled; every batch answers its callers, with success or with why not."""
        try:
            while True:
                await self._inbox.arrived.wait()
                self._inbox.arrived.clear()
                self._working = True
                while await self._step_safely():
                    pass
                self._working = False
                self._drained.set()
        finally:
            self.end()

    def end(self) -> None:
        """Tell whoever waits, or comes later, that nothing is taken in any more."""
        self._ended = UnavailableError("the daemon is stopping")
        self._inbox.fail_all(self._ended)

    def rest(self) -> None:
        """Use a quiet moment: repair what is broken, save what lags."""
        self._save_wanted = True
        self._inbox.arrived.set()

    async def drain(self) -> None:
        """Return once nothing waits, or nothing can be done about what waits."""
        while not self.idle and self.broken is None:
            self._drained.clear()
            await self._drained.wait()

    async def save(self) -> None:
        """Save all lagging state, for a clean end; `run` must have ended."""
        while self.broken is None and (self._save_no is not None or self.last_no > self.saved_to):
            await self._save_step()

    @property
    def idle(self) -> bool:
        """Tell whether nothing waits and nothing is under way."""
        return not self._inbox and not self._working

    async def _step_safely(self) -> bool:
        """Take a step; a defect outside the engine is logged and repaired like a failed commit, never the end."""
        try:
            return await self._step()
        except Exception as error:  # noqa: BLE001 - this is the one task everything waits for
            log.event("step_failed", level=logging.ERROR, error=error)
            self.broken = UnavailableError(f"the pipeline stumbled ({error})", code="engine_failed")
            self._inbox.fail_all(self.broken)
            return False

    async def _step(self) -> bool:
        if self.broken is not None:
            return await self._repair()
        if self._inbox:
            batch = self._inbox.take()
            self._metrics.inbox.set(self._inbox.waiting_events)
            await self._work(batch)
            return True
        if self._save_no is None and (not self._save_wanted or self.last_no == self.saved_to):
            self._save_wanted = False
            return False
        await self._save_step()
        return True

    async def _work(self, batch: Batch) -> None:
        try:
            outcome = await self._decide(batch)
            self._fill(batch, outcome)
            if worth_a_commit(batch.commit):
                await self._commit(batch.commit)
        except asyncio.CancelledError:
            stopping = self.broken = UnavailableError("the daemon is stopping")  # half-way: nothing of it is saved
            self._inbox.fail(batch, stopping)
            raise
        except NocdError as error:
            self.broken = error
            self._inbox.fail(batch, error)
        except Exception as error:  # noqa: BLE001 - a defect must not stop the spine: it is logged, and callers are answered
            log.event("batch_failed", level=logging.ERROR, error=error)
            self.broken = UnavailableError(f"the engine could not take this in ({error})", code="engine_failed")
            if len(batch.parts) > 1 and not batch.commands:
                self._inbox.put_back(batch)  # one bad submission is to fail alone
            else:
                self._inbox.fail(batch, self.broken)
        else:
            self._tell(batch, outcome)

    async def _decide(self, batch: Batch) -> Outcome:
        for asked in batch.commands:
            await self._decide_command(batch, asked)
        if batch.tick is not None and self.engine.tick(batch.tick):
            self._log(batch, InputKind.TICK, batch.tick, str(batch.tick).encode())
            self.tick(batch.tick)  # a tick does little at a time: what is left comes with the next batch
        await self._decide_events(batch)
        return self.engine.finish()

    async def _decide_command(self, batch: Batch, asked: Asked) -> None:
        command = asked.command
        if command.key is not None and (repeated := await first_reply(self._store, batch.commit, command)) is not None:
            batch.replies.append((asked, repeated))
            return
        if self.engine.lacks(command):
            command = replace(command, recalled=await self._store.recall(command.target))
        command = await self._store.complete(command, *self.engine.lacks_work(command))
        shelves = self.engine.shelves
        before = standing(shelves, command)
        body, reply = orjson.dumps(command), self.engine.apply(command)  # first: the act changes what it recalled
        if reply.ok:
            self._log(batch, InputKind.COMMAND, command.time, body)
            client = self.engine.roster.client
            batch.commit.audit += carried_out(command, reply, before=before, shelves=shelves, client=client)
        if command.key is not None:
            batch.commit.replies.append((reply_key(command), command.time, what_was_asked(command), reply))
        batch.replies.append((asked, reply))

    async def _decide_events(self, batch: Batch) -> None:
        events = batch.events
        if not events:
            return
        known = await self._store.known([event.key for event in events])
        fresh = [event for event, repeat in zip(events, known, strict=True) if not repeat]
        answers = iter(known)
        for part in batch.parts:
            part.repeats = sum(next(answers) for _ in part.events)
        await load_holidays(getattr(event.data, "country", "") for event in fresh)
        started = self._monotonic_s()
        for start in range(0, len(fresh), SLICE_EVENTS):
            if start:
                await asyncio.sleep(0)
            self._fold(batch, fresh[start : start + SLICE_EVENTS])
        if fresh:
            self._metrics.engine.observe((self._monotonic_s() - started) / len(fresh))

    def _fold(self, batch: Batch, events: list[Event]) -> None:
        if not self._event_clock:
            self.engine.fold(events)
            self._log_events(batch, events)
            return
        for event in events:
            self._pass_time(batch, event.received_at)
            self.engine.fold([event])
            self._log_events(batch, [event])

    def _pass_time(self, batch: Batch, now: int) -> None:
        """Tick at every whole minute up to `now` at which something is due."""
        while (due := self.engine.next_due()) is not None:
            minute = -(-due // MINUTE_MS) * MINUTE_MS
            if minute > now:
                return
            if self.engine.tick(minute):
                self._log(batch, InputKind.TICK, minute, str(minute).encode())

    def _log_events(self, batch: Batch, events: list[Event]) -> None:
        numbered = list(enumerate(events, self.last_no + 1))
        self.last_no += len(events)
        batch.stored += numbered
        batch.commit.keys += [(event.source, event.id, no) for no, event in numbered]
        batch.commit.inputs += [
            InputRow(no, InputKind.EVENT, event.time, event.received_at, event.claimed_time, event.late, event.body)
            for no, event in numbered
        ]

    def _log(self, batch: Batch, kind: InputKind, time: int, body: bytes) -> None:
        self.last_no += 1
        batch.commit.inputs.append(InputRow(self.last_no, kind, time, time, None, False, body))  # noqa: FBT003 - a row's columns in order

    def _fill(self, batch: Batch, outcome: Outcome) -> None:
        commit = batch.commit
        changes = outcome.changes + [change for change, _ in batch.announced]
        commit.job_runs = [run for _, run in batch.announced if run is not None]
        commit.hours, commit.threshold_changes, commit.opened = outcome.hours, outcome.threshold_changes, outcome.opened
        if batch.stored:
            changes.append(events_stored(batch.stored, self._now_ms()))
        commit.changes = [self._numbered(change) for change in changes]
        commit.alerts, commit.ledger, commit.withdrawn = outcome.alerts, outcome.ledger, outcome.withdrawn
        commit.tickets, commit.timeline = outcome.tickets, outcome.timeline
        commit.incidents = outcome.incidents
        commit.outbox, commit.runs = outcome.outbox, list(outcome.runs.values())
        commit.scores, commit.judged = list(outcome.scores.values()), outcome.judged
        commit.handovers = outcome.handovers
        commit.findings = [
            (finding, alert, self.engine.roster.client(finding.site)) for finding, alert in outcome.findings
        ]
        commit.now = self._now_ms()

    def _numbered(self, change: Change) -> NumberedChange:
        self.last_seq += 1
        body = change_body(self.last_seq, change)
        return NumberedChange(seq=self.last_seq, no=self.last_no, change=change, body=body)

    async def _commit(self, commit: Commit) -> None:
        if self._save_no is not None:
            commit.state = await rows_due(self.engine.shelves, share=self._save_share, inputs=len(commit.inputs))
            commit.save_complete = not self.engine.shelves.saving
        started = self._monotonic_s()
        complete = await self._store.commit(commit)
        self._metrics.commit.observe(self._monotonic_s() - started)
        if complete and self._save_no is not None:
            self.saved_to, self._save_no = self._save_no, None
        if self._save_no is None and self.last_no - self.saved_to >= self._limits.save_every_events:
            await self._begin_save()

    async def _begin_save(self) -> None:
        self._save_no = self.last_no
        self._save_share = self.engine.shelves.begin_save() / (2 * self._limits.save_every_events)
        await self._store.begin_save(self.last_no)

    async def _save_step(self) -> None:
        try:
            if self._save_no is None:
                await self._begin_save()
            await self._commit(Commit())
        except NocdError as error:
            self.broken = error

    def _tell(self, batch: Batch, outcome: Outcome) -> None:
        now_s = self._monotonic_s()
        since_s = min((part.submission.since_s for part in batch.parts), default=now_s)
        for part in batch.parts:
            submission = part.submission
            submission.duplicates += part.repeats
            submission.accepted += len(part.events) - part.repeats
            if submission.accepted + submission.duplicates == len(submission.events) and not submission.done.done():
                self._metrics.to_commit.observe(now_s - submission.since_s)
                submission.done.set_result(Accepted(accepted=submission.accepted, duplicates=submission.duplicates))
        for asked, reply in batch.replies:
            if not asked.done.done():
                asked.done.set_result(reply)
        if batch.commit.changes:
            latency_ms = round((now_s - since_s) * 1_000, 2)
            self._tells.publish(
                Committed(changes=tuple(batch.commit.changes), events=tuple(batch.stored), latency_ms=latency_ms)
            )
        self._count(batch, outcome, self._monotonic_s() - since_s)

    def _count(self, batch: Batch, outcome: Outcome, to_feed_s: float) -> None:
        if batch.parts:
            self.accepted += len(batch.stored)
            self._metrics.accepted.inc(len(batch.stored))
            self._metrics.duplicates.inc(sum(part.repeats for part in batch.parts))
            self._metrics.batch.observe(len(batch.stored))
            self._metrics.to_feed.observe(to_feed_s)
        for finding, _ in outcome.findings:
            self._metrics.findings.labels(finding.type).inc()
        judged = (asked.command for asked, reply in batch.replies if reply.ok and asked.command.verb == "resolve")
        for command in judged:
            self._metrics.verdicts.labels(command.args["verdict"]).inc()

    async def _repair(self) -> bool:
        """Drop the engine, which is ahead of the disk, and rebuild it from the store; False where that must wait."""
        try:
            self._take_up(await self._rebuild())
        except NocdError as error:
            self.broken = error
            self._inbox.fail_all(error)
            return False
        self._metrics.rebuilds.inc()
        return True

    def _take_up(self, started: Started) -> None:
        self.engine = started.engine
        self.last_no, self.last_seq, self.saved_to = started.last_no, started.last_seq, started.saved_to
        self._save_no = None
        self.broken = None
