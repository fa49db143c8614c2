"""For any schedule of commits, joins, slow readers and filters: each matching change once, in order, or a told hole."""

from __future__ import annotations

import types
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.token import Role, Token
from nocd.feed import frames
from nocd.feed.filters import Filter
from nocd.feed.frames import Frame
from nocd.feed.hub import Committed, Hub
from nocd.feed.resume import join
from nocd.feed.subscription import Subscription
from tests.examples import examples
from tests.unit.feed.made import MemoryLog, commit, event, numbered, said, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

    from nocd.domain.change import NumberedChange
    from nocd.feed.filters import StoredEvent

FILTERS = [
    Filter(),
    Filter(types=frozenset({"alert_created"})),
    Filter(sites=frozenset({"S1"})),
    Filter(min_rank=4),
    Filter(events=True),
    Filter(names=False),
    Filter(limits=Token(name="", role=Role.VIEWER, sites=frozenset({"S2"}))),
]


SESSIONS_MAX = 6


@types.coroutine
def turn() -> Generator[None, None, None]:
    """Let the schedule go on elsewhere."""
    yield


class SlowLog(MemoryLog):
    """Takes a turn before and after each read, so that anything may happen meanwhile."""

    async def read(self, after: int, *, limit: int) -> list[NumberedChange]:
        await turn()
        rows = await super().read(after, limit=min(limit, 3))
        await turn()
        return rows

    async def events_between(self, first_no: int, last_no: int) -> list[StoredEvent]:
        await turn()
        return await super().events_between(first_no, last_no)


class Session:
    """One connection, as the API serves one: join, then hand over what waits; `run` is stepped by the schedule."""

    def __init__(self, hub: Hub, log: SlowLog, wanted: Filter, after: int | None, backlog_max: int) -> None:
        self.after = after
        self.stored = log.newest
        self.got: list[dict[str, Any]] = []
        self.room = True
        self.live = False
        self.subscription = Subscription(
            wanted, write=self._write, wake=lambda: None, on_lag=self._lag, backlog_max=backlog_max
        )
        self.coroutine: Coroutine[Any, Any, None] | None = self._run(hub, log)

    async def _run(self, hub: Hub, log: SlowLog) -> None:
        def hello(seq: int, oldest: int) -> Frame:
            return frames.hello(epoch="e", seq=seq, oldest_seq=oldest, server_time="", version="", capabilities=[])

        await join(hub, log, self.subscription, after=self.after, send=self._send, hello=hello)
        self.live = True
        while True:
            while (frame := self.subscription.take()) is not None:
                await self._send(frame)
            await turn()

    async def _send(self, frame: Frame) -> None:
        self.got.append(said(frame))
        await turn()
        while not self.room:
            await turn()

    def _write(self, frame: Frame) -> bool:
        if self.room:
            self.got.append(said(frame))
        return self.room

    def _lag(self) -> None:
        assert self.coroutine is not None
        self.coroutine.close()
        self.coroutine = None
        self.got.append(said(frames.lagged(self.subscription.seq, self.subscription.dropped)))

    def step(self) -> None:
        if self.coroutine is not None:
            self.coroutine.send(None)

    def run_dry(self, turns_max: int) -> None:
        for _ in range(turns_max):
            if self.live and not self.subscription.waiting:
                return
            self.step()

    def close(self) -> None:
        if self.coroutine is not None:
            self.coroutine.close()


@dataclass
class World:
    """A tenant whose commits become readable first and are told later."""

    log: SlowLog = field(default_factory=SlowLog)
    changes: list[NumberedChange] = field(default_factory=list)
    untold: list[Committed] = field(default_factory=list)
    timers: list[Callable[[], None]] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hub = Hub(epoch="e", seq=0, later=lambda _, call: self.timers.append(call), coalesce_over=1)

    def commit(self, kinds: list[str]) -> None:
        made = [self._change(len(self.changes) + place, kind) for place, kind in enumerate(kinds, 1)]
        stored_events = tuple(event(change.seq) for change in made if change.change.type == "events_stored")
        committed = commit(*made, events=stored_events)
        self.changes += made
        self.log.store(committed)
        self.untold.append(committed)

    def _change(self, seq: int, kind: str) -> NumberedChange:
        if kind == "events":
            return stored(seq, seq, seq)
        site = None if kind == "none" else kind[:2]
        severity = "HIGH" if kind.endswith("!") else "LOW"
        type_ = "alert_created" if kind.endswith("!") else "note_added"
        return numbered(seq, type_, site=site, severity=severity)

    def tell(self) -> None:
        if self.untold:
            self.hub.publish(self.untold.pop(0))

    def fire(self) -> None:
        if self.timers:
            self.timers.pop(0)()

    def join(self, wanted: Filter, back: int | None, backlog_max: int, turns: int) -> None:
        if len(self.sessions) == SESSIONS_MAX:
            return
        after = None if back is None else max(0, len(self.changes) - back)
        self.sessions.append(Session(self.hub, self.log, wanted, after, backlog_max))
        for _ in range(turns):
            self.sessions[-1].step()

    def step(self, turns: int) -> None:
        for session in self.sessions:
            for _ in range(turns):
                session.step()

    def room(self, which: int, room: bool) -> None:  # noqa: FBT001 - drawn by the schedule
        if self.sessions:
            self.sessions[which % len(self.sessions)].room = room

    def resume(self) -> None:
        """Let the last client that was cut come back where it was told to."""
        for session in reversed(self.sessions):
            if session.coroutine is None and len(self.sessions) < SESSIONS_MAX:
                again = Session(self.hub, self.log, session.subscription.filter, session.subscription.seq, 10)
                self.sessions.append(again)
                return

    def forget(self, count: int) -> None:
        """Drop old changes, but none that the hub has still to tell."""
        self.log.forget_before(min(count, self.hub.seq + 1))

    def settle(self) -> None:
        for session in self.sessions:
            session.room = True
        while self.untold or self.timers:
            self.tell()
            self.fire()
        for session in self.sessions:
            session.run_dry(turns_max=100 + 10 * len(self.changes))


@dataclass
class Account:
    """What a session's messages add up to: where it began and is, what it was told, and what it was told is missing."""

    at: int
    begin: int
    told: list[int] = field(default_factory=list)
    holes: set[int] = field(default_factory=set)


def account(session: Session) -> Account:
    hello, *messages = session.got
    assert hello["type"] == "hello"
    assert session.after is None or hello["seq"] >= session.stored
    begin = hello["seq"] if session.after is None else min(session.after, hello["seq"])
    sums = Account(begin, begin)
    if session.after is not None and session.after > begin:
        from_the_future = messages.pop(0)
        assert (from_the_future["type"], from_the_future["from"]) == ("gap", begin + 1)
        assert from_the_future["to"] == session.after
    for message in messages:
        add(sums, message, joined=not (session.subscription.filter.narrows or limited(session)))
    return sums


def add(sums: Account, message: dict[str, Any], *, joined: bool) -> None:
    if message["type"] == "gap":
        assert message["from"] > sums.at
        sums.holes |= set(range(message["from"], message["to"] + 1))
    if message["type"] in {"gap", "batch"}:
        assert message["from"] == sums.at + 1 if joined else message["from"] > sums.at
        sums.told += [change["seq"] for change in message.get("changes", [])]
        sums.at = message["to"]
    elif message["type"] in {"caught_up", "lagged"}:
        assert message["seq"] == sums.at if joined else message["seq"] >= sums.at
        sums.at = message["seq"]


def limited(session: Session) -> bool:
    return session.subscription.filter.limits.limited


KINDS = st.lists(st.sampled_from(["S1", "S1!", "S2", "S2!", "none", "events"]), min_size=1, max_size=5)
JOIN = st.tuples(
    st.just("join"),
    st.sampled_from(FILTERS),
    st.one_of(st.none(), st.integers(0, 8), st.integers(-3, 30)),
    st.sampled_from([2, 4, 1_000]),
    st.integers(0, 20),
)
STEPS = st.lists(
    st.one_of(
        JOIN,
        st.tuples(st.just("commit"), KINDS),
        st.tuples(st.just("commit"), KINDS),
        st.tuples(st.just("tell")),
        st.tuples(st.just("tell")),
        st.tuples(st.just("fire")),
        st.tuples(st.just("step"), st.integers(1, 6)),
        st.tuples(st.just("step"), st.integers(1, 6)),
        st.tuples(st.just("room"), st.integers(0, 5), st.booleans()),
        st.tuples(st.just("room"), st.integers(0, 5), st.booleans()),
        st.tuples(st.just("resume")),
        st.tuples(st.just("forget"), st.integers(1, 30)),
    ),
    min_size=30,
    max_size=60,
)


def play(world: World, steps: list[tuple[Any, ...]]) -> None:
    for name, *arguments in steps:
        getattr(world, name)(*arguments)


@examples(80)
@given(STEPS)
def test_every_client_sees_each_matching_change_once_in_order_or_an_explicit_hole(steps: list[tuple[Any, ...]]) -> None:
    world = World()
    play(world, steps)
    world.settle()
    for session in world.sessions:
        sums = account(session)
        if session.coroutine is not None:
            assert session.live
            assert not session.subscription.waiting
        end = sums.at if session.coroutine is None else world.hub.seq
        passes = session.subscription.filter.passes
        due = [each.seq for each in world.changes if sums.begin < each.seq <= end and passes(each.change)]
        assert sums.told == [seq for seq in due if seq not in sums.holes]
        session.close()
    assert world.hub.seq == len(world.changes)


@examples(80)
@given(STEPS)
def test_a_backlog_never_grows_past_its_bound(steps: list[tuple[Any, ...]]) -> None:
    world = World()
    for step in steps:
        play(world, [step])
        for session in world.sessions:
            waiting = session.subscription.waiting
            assert session.subscription.backlog == sum(frame.weight for frame in waiting)
            assert session.subscription.backlog <= max(
                session.subscription._backlog_max, *(f.weight for f in waiting), 0
            )
    for session in world.sessions:
        session.close()
