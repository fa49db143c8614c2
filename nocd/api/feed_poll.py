"""The long poll: changes after a number, at once where there are any, else as soon as there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from nocd.feed.resume import PAGE_ROWS, parts, runs
from nocd.feed.subscription import Subscription

if TYPE_CHECKING:
    from nocd.api.feed_query import AskedPoll
    from nocd.api.feed_server import FeedServer, FeedSource
    from nocd.domain.change import NumberedChange
    from nocd.feed.frames import Frame

PAGES_MAX = 40
ANSWER_BYTES_MAX = 4 * 1024 * 1024


class _Answer:
    """What was found so far; `seq` is where the next poll resumes."""

    def __init__(self, seq: int) -> None:
        self.seq = seq
        self.bodies: list[bytes] = []
        self.bytes = 0
        self.gap = False

    def json(self, *, epoch: str, oldest_seq: int) -> bytes:
        rest = orjson.dumps({"seq": self.seq, "oldest_seq": oldest_seq, "epoch": epoch, "gap": self.gap})
        return b'{"changes":[' + b",".join(self.bodies) + b"]," + rest[1:]


async def poll(server: FeedServer, source: FeedSource, asked: AskedPoll) -> bytes:
    """Return `{changes, seq, oldest_seq, epoch, gap}`; `gap` says that `after` is not where `changes` begins.

    Waits at most `wait_s` where nothing matches. Only so much of the log is looked through for one answer: an empty one
    may still move `seq`.
    """
    hub, log = source.hub, source.log
    oldest, stored = await log.bounds()
    newest = max(stored, hub.seq)
    after = hub.seq if asked.after is None else asked.after
    answer = _Answer(min(max(after, oldest - 1), newest))
    answer.gap = answer.seq != after
    await _scan(source, asked, answer)
    if not (answer.bodies or answer.gap) and asked.wait_s:
        await _wait(server, source, asked, answer)
        await _scan(source, asked, answer)
    return answer.json(epoch=hub.epoch, oldest_seq=oldest)


async def _scan(source: FeedSource, asked: AskedPoll, answer: _Answer) -> None:
    for _ in range(PAGES_MAX):
        rows = await source.log.read(answer.seq, limit=PAGE_ROWS)
        for run in runs(rows):
            if not await _take(source, asked, run, answer):
                return
        if answer.bodies or len(rows) < PAGE_ROWS:
            return


async def _take(source: FeedSource, asked: AskedPoll, run: list[NumberedChange], answer: _Answer) -> bool:
    """Take what matches of `run`, and move on past all that was looked at; return whether there is room for more."""
    answer.gap = answer.gap or run[0].seq > answer.seq + 1
    async for part in parts(source.log, asked.filter, run):
        answer.bodies.append(part.body)
        answer.bytes += len(part.body)
        answer.seq = part.seq
        if len(answer.bodies) >= asked.limit or answer.bytes >= ANSWER_BYTES_MAX:
            return False
    answer.seq = run[-1].seq
    return True


async def _wait(server: FeedServer, source: FeedSource, asked: AskedPoll, answer: _Answer) -> None:
    """Wait until the hub tells something that matches, `wait_s` are over, or the daemon stops."""
    hub = source.hub
    with server.poll() as woken:

        def told(_: Frame) -> bool:
            woken.set()
            return True

        subscription = Subscription(asked.filter, write=told, wake=woken.set, on_lag=woken.set)
        timer = server.later(asked.wait_s, woken.set)
        try:
            # Nothing is awaited between this look at the hub and the attachment, so no commit falls between them.
            if hub.seq <= answer.seq and not server.closing:
                hub.attach(subscription, at=answer.seq)
                await woken.wait()
        finally:
            timer.cancel()
            hub.detach(subscription)
