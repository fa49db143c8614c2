"""What the pipeline works on: the inbox of what waits, and the batch made of it."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from nocd.baseline import calendar
from nocd.domain.change import Change
from nocd.domain.command import Reply
from nocd.errors import NocdError, Overloaded
from nocd.store.rows import Commit, JobRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nocd.domain.command import Command
    from nocd.domain.event import Event
    from nocd.domain.prediction import Predictions
    from nocd.domain.shelf import Row, Shelves
    from nocd.engine import Engine
    from nocd.feed.hub import Committed
    from nocd.metrics import Metrics
    from nocd.outcome import Outcome
    from nocd.store.store import Store

ANNOUNCED_MAX = 1_000
SLICE_ROWS = 256
SLICE_ROWS_MIN = 16
Announced = tuple[Change, JobRun | None]  # what no input made, and the run of a job that it tells of


class Predict(Protocol):
    """Asks a model."""

    async def __call__(self, punches: Mapping[str, tuple[float, ...]], /) -> Predictions | None:
        """Return what it says of the features of punches, None where it cannot say anything; never raises."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What became of a submission: how many events are new, how many were stored before."""

    accepted: int
    duplicates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """An engine true at input `last_no`, the newest change number, and how far its state is saved."""

    engine: Engine
    last_no: int
    last_seq: int
    saved_to: int


@dataclass(slots=True, kw_only=True)
class Submission:
    """Events posted together; `done` is answered once all of them are durable."""

    events: list[Event]
    since_s: float
    done: asyncio.Future[Accepted]
    taken: int = 0
    accepted: int = 0
    duplicates: int = 0


@dataclass(slots=True, kw_only=True)
class Part:
    """What of a submission is in this batch, and how many of it were stored before."""

    submission: Submission
    events: list[Event]
    repeats: int = 0


@dataclass(slots=True, kw_only=True)
class Asked:
    """A command and the future of its reply."""

    command: Command
    done: asyncio.Future[Reply]


@dataclass(slots=True, kw_only=True)
class Batch:
    """Everything that goes into one commit, and what comes of it on the way."""

    commands: list[Asked]
    announced: list[Announced]
    tick: int | None
    parts: list[Part]
    replies: list[tuple[Asked, Reply]] = field(default_factory=list)
    commit: Commit = field(default_factory=Commit)
    stored: list[tuple[int, Event]] = field(default_factory=list)

    @property
    def events(self) -> list[Event]:
        """Return the events of all parts, in order."""
        return [event for part in self.parts for event in part.events]


class Renewals:
    """Who waits for an engine that is built anew, and what each has adopted just before that."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._asked: list[tuple[Callable[[], None], asyncio.Future[None]]] = []

    def __bool__(self) -> bool:
        """Tell whether anybody waits."""
        return bool(self._asked)

    def ask(self, adopt: Callable[[], None]) -> asyncio.Future[None]:
        """Return what is done once the new engine works; `adopt` changes what it is built by."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append((adopt, done))
        return done

    def adopt(self) -> None:
        """Have everything adopted, in the order it was asked."""
        for adopt, _ in self._asked:
            adopt()

    def end(self, error: NocdError | None = None) -> None:
        """Tell everybody that the new engine works, or why there is none."""
        for done in [done for _, done in self._asked if not done.done()]:
            done.set_exception(error) if error else done.set_result(None)
        self._asked.clear()


class Inbox:
    """What waits for the next commits: events within a bound, commands, changes and the newest tick without one."""

    def __init__(self, *, batch_events_max: int, inbox_events_max: int) -> None:
        """Start empty."""
        self._batch_events_max = batch_events_max
        self._inbox_events_max = inbox_events_max
        self._submissions: deque[Submission] = deque()
        self._alone = 0
        self.waiting_events = 0
        self.commands: list[Asked] = []
        self.announced: list[Announced] = []
        self.tick: int | None = None
        self.arrived = asyncio.Event()

    def __bool__(self) -> bool:
        """Tell whether anything waits."""
        return bool(self._submissions or self.commands or self.announced or self.tick is not None)

    def submit(self, submission: Submission) -> None:
        """Let events wait; raises Overloaded where that would pass the bound. An empty inbox takes any request."""
        count = len(submission.events)
        if self.waiting_events and self.waiting_events + count > self._inbox_events_max:
            raise Overloaded(f"{self.waiting_events} events wait already (at most {self._inbox_events_max}); try again")
        self._submissions.append(submission)
        self.waiting_events += count
        self.arrived.set()

    def take(self) -> Batch:
        """Return the next batch: whatever waits, up to `batch_events_max` events."""
        room = self._batch_events_max
        parts: list[Part] = []
        while self._submissions and room > 0 and not (self._alone and parts):
            head = self._submissions[0]
            events = head.events[head.taken : head.taken + room]
            head.taken += len(events)
            room -= len(events)
            parts.append(Part(submission=head, events=events))
            if head.taken == len(head.events):
                self._submissions.popleft()
        self._alone = max(0, self._alone - 1)
        self.waiting_events -= sum(len(part.events) for part in parts)
        batch = Batch(commands=self.commands, announced=self.announced, tick=self.tick, parts=parts)
        self.commands, self.announced, self.tick = [], [], None
        return batch

    def put_back(self, batch: Batch) -> None:
        """Let a batch's events wait again, to be taken submission by submission."""
        for part in reversed(batch.parts):
            if part.submission.taken == len(part.submission.events):
                self._submissions.appendleft(part.submission)
            part.submission.taken -= len(part.events)
            self.waiting_events += len(part.events)
        self._alone = len(batch.parts)
        self._announce_again(batch)

    def fail(self, batch: Batch, error: NocdError) -> None:
        """Answer a batch that did not become durable; what still waits of its submissions fails with it."""
        futures: list[asyncio.Future[Any]] = [part.submission.done for part in batch.parts]
        futures += [asked.done for asked in batch.commands]
        for done in futures:
            if not done.done():
                done.set_exception(error)
        while self._submissions and self._submissions[0].done.done():
            gone = self._submissions.popleft()
            self.waiting_events -= len(gone.events) - gone.taken
        self._announce_again(batch)

    def fail_all(self, error: NocdError) -> None:
        """Answer everything that waits with `error`."""
        while self._submissions or self.commands:
            self.fail(self.take(), error)

    def _announce_again(self, batch: Batch) -> None:
        self.announced = (batch.announced + self.announced)[-ANNOUNCED_MAX:]


async def rows_due(shelves: Shelves, *, share: float, inputs: int) -> list[Row]:
    """Return the rows of a save that go with so many inputs, `share` each; a slice of it where there are none.

    Others may run between slices. A save under load then ends in time, and one beside single events holds nobody up.
    """
    wanted = max(SLICE_ROWS_MIN, math.ceil(share * inputs)) if inputs else SLICE_ROWS
    rows = shelves.take_slice(min(wanted, SLICE_ROWS))
    while len(rows) < wanted and shelves.saving:
        await asyncio.sleep(0)
        rows += shelves.take_slice(min(wanted - len(rows), SLICE_ROWS))
    return rows


def worth_a_commit(commit: Commit) -> bool:
    """Tell whether there is anything to make durable."""
    return bool(commit.inputs or commit.changes or commit.replies)


def decided(commit: Commit, outcome: Outcome, *, client: Callable[[str | None], str | None]) -> None:
    """Put what an engine decided into a commit; `client` names a site's client."""
    commit.hours, commit.threshold_changes, commit.opened = outcome.hours, outcome.threshold_changes, outcome.opened
    commit.alerts, commit.ledger, commit.withdrawn = outcome.alerts, outcome.ledger, outcome.withdrawn
    commit.tickets, commit.timeline = outcome.tickets, outcome.timeline
    commit.incidents = outcome.incidents
    commit.outbox, commit.runs = outcome.outbox, list(outcome.runs.values())
    commit.handovers = outcome.handovers
    commit.scores, commit.judged = list(outcome.scores.values()), outcome.judged
    commit.model_steps = outcome.model_steps
    commit.findings = [(finding, alert, client(finding.site)) for finding, alert in outcome.findings]


def events_stored(stored: list[tuple[int, Event]], now: int) -> Change:
    """Return the change that tells of a commit's events."""
    data = {"count": len(stored), "first_no": stored[0][0], "last_no": stored[-1][0]}
    return Change(type="events_stored", time=now, data=data)


def reply_key(command: Command) -> str:
    """Return what an idempotent command's first reply is kept under."""
    return f"{command.actor}\n{command.key}"


async def first_reply(store: Store, commit: Commit, command: Command) -> Reply | None:
    """Return the first answer under a command's idempotency key, of this batch or stored, or None where there is none.

    A key that was used for something else is refused.
    """
    key = reply_key(command)
    mine = ((asked, reply.status, orjson.dumps(reply.body)) for at, _, asked, reply in commit.replies if at == key)
    first = next(mine, None) or await store.reply(key)
    if first is None:
        return None
    asked, status, body = first
    if asked != what_was_asked(command):
        detail = "this Idempotency-Key was used for another command; use a new one"
        return Reply(status=422, body={"code": "idempotency_key_reused", "detail": detail})
    return Reply(status=status, body=orjson.loads(body))


def what_was_asked(command: Command) -> str:
    """Return a command's content, to tell a repeat from another command under the same key."""
    return f"{command.verb} {command.target} {orjson.dumps(command.args, option=orjson.OPT_SORT_KEYS).decode()}"


async def load_holidays(countries: Iterable[str]) -> None:
    """Read the holidays of countries that are not known yet, where it holds nobody up."""
    for country in {country for country in countries if not calendar.is_loaded(country)}:
        await asyncio.to_thread(calendar.load, country)


def tally(metrics: Metrics, batch: Batch, outcome: Outcome, *, to_feed_s: float) -> None:
    """Count what became of a batch that is durable and told."""
    if batch.parts:
        metrics.accepted.inc(len(batch.stored))
        metrics.duplicates.inc(sum(part.repeats for part in batch.parts))
        metrics.batch.observe(len(batch.stored))
        metrics.to_feed.observe(to_feed_s)
    for finding, _ in outcome.findings:
        metrics.findings.labels(finding.type).inc()
    for change in outcome.changes:
        if change.type == "ticket_created":
            metrics.tickets.labels(change.data["origin"]).inc()
    metrics.threshold_changes.inc(len(outcome.threshold_changes))
    judged = (asked.command for asked, reply in batch.replies if reply.ok and asked.command.verb == "resolve")
    for command in judged:
        metrics.verdicts.labels(command.args["verdict"]).inc()
