"""Made-up changes, commits, a log in memory and receivers, for every test of the feed."""

from __future__ import annotations

from typing import Any

import orjson

from nocd.domain.change import Change, NumberedChange
from nocd.domain.event import Event
from nocd.domain.observation import TaskDone
from nocd.feed.filters import Filter, StoredEvent
from nocd.feed.frames import PING, Frame
from nocd.feed.hub import Committed
from nocd.feed.log import FeedLog
from nocd.feed.subscription import Subscription

TIME = "2026-01-31T23:59:59.123Z"


def numbered(seq: int, kind: str = "note_added", **fields: Any) -> NumberedChange:
    data = fields.pop("data", None) or {"alert": "A-1", "text": f"note {seq}", "actor": "op"}
    change = Change(type=kind, time=1, data=data, **fields)
    shown = {name: value for name, value in fields.items() if name != "client"}
    return NumberedChange(
        seq=seq,
        no=seq,
        change=change,
        body=orjson.dumps({"seq": seq, "time": TIME, "type": kind, **shown, "data": data}),
    )


def stored(seq: int, first_no: int, last_no: int) -> NumberedChange:
    data = {"count": last_no - first_no + 1, "first_no": first_no, "last_no": last_no}
    return numbered(seq, "events_stored", data=data)


def event(no: int, body: bytes | None = None) -> tuple[int, Event]:
    data = TaskDone(task="T", person="P1", site="S1")
    body = body or orjson.dumps({"id": f"e{no}", "type": "noc.task.done"})
    return no, Event(id=f"e{no}", source="s", type="noc.task.done", time=1, received_at=no, data=data, body=body)


def commit(*changes: NumberedChange, events: tuple[tuple[int, Event], ...] = (), latency_ms: float = 1.5) -> Committed:
    return Committed(changes=changes, events=events, latency_ms=latency_ms)


def notes(first: int, last: int) -> Committed:
    """Return one commit of the plain changes `first` to `last`."""
    return commit(*(numbered(seq) for seq in range(first, last + 1)))


class MemoryLog(FeedLog):
    """A FeedLog in memory; `faults` are raised by the next reads, in order."""

    def __init__(self) -> None:
        self.rows: list[NumberedChange] = []
        self.events: list[StoredEvent] = []
        self.newest = 0
        self.faults: list[Exception] = []

    def store(self, committed: Committed) -> None:
        self.rows.extend(committed.changes)
        self.events.extend((no, each.received_at, each.body) for no, each in committed.events)
        self.newest = committed.last

    def forget_before(self, seq: int) -> None:
        self.rows = [row for row in self.rows if row.seq >= seq]

    async def read(self, after: int, *, limit: int) -> list[NumberedChange]:
        if self.faults:
            raise self.faults.pop(0)
        return [row for row in self.rows if row.seq > after][:limit]

    async def bounds(self) -> tuple[int, int]:
        return (self.rows[0].seq if self.rows else self.newest + 1), self.newest

    async def events_between(self, first_no: int, last_no: int) -> list[StoredEvent]:
        return [row for row in self.events if first_no <= row[0] <= last_no]


def payload(frame: Frame) -> bytes:
    """Return the text of a WebSocket frame, by the length its header gives."""
    wire = frame.wire.removeprefix(PING)
    length = wire[1]
    start, size = 2, length
    if length == 126:
        start, size = 4, int.from_bytes(wire[2:4], "big")
    elif length == 127:
        start, size = 10, int.from_bytes(wire[2:10], "big")
    assert wire[0] == 0x81
    assert len(wire) == start + size
    return wire[start:]


def said(frame: Frame) -> dict[str, Any]:
    message: dict[str, Any] = orjson.loads(payload(frame))
    return message


def seqs(frames: list[Frame]) -> list[int]:
    return [change["seq"] for frame in frames for change in said(frame).get("changes", [])]


class Receiver:
    """A client without a network: takes frames at once while it has `room`."""

    def __init__(self, wanted: Filter | None = None, **limits: int) -> None:
        self.room = True
        self.got: list[Frame] = []
        self.wakes = 0
        self.cuts = 0
        self.subscription = Subscription(
            wanted or Filter(), write=self._write, wake=self._wake, on_lag=self._lag, **limits
        )

    def _write(self, frame: Frame) -> bool:
        if self.room:
            self.got.append(frame)
        return self.room

    def _wake(self) -> None:
        self.wakes += 1

    def _lag(self) -> None:
        self.cuts += 1

    def drain(self) -> None:
        while (frame := self.subscription.take()) is not None:
            self.got.append(frame)
