"""One tenant's live feed: a commit becomes one shared frame for each distinct filter, handed to all who wait for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nocd.errors import StateError
from nocd.feed.filters import events_range
from nocd.feed.frames import Frame, pack
from nocd.feed.subscription import Subscription, offer_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.domain.change import NumberedChange
    from nocd.domain.event import Event
    from nocd.feed.filters import Filter, StoredEvent
    from nocd.feed.frames import Part

COALESCE_OVER_CLIENTS = 50
COALESCE_S = 0.01
HELD_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What one commit made durable: its changes in order of `seq`, the events it stored, and how long they took."""

    changes: tuple[NumberedChange, ...]
    events: tuple[tuple[int, Event], ...] = ()
    latency_ms: float = 0.0

    @property
    def first(self) -> int:
        """Return the number of its first change."""
        return self.changes[0].seq

    @property
    def last(self) -> int:
        """Return the number of its last change."""
        return self.changes[-1].seq


def _merged(commits: list[Committed]) -> Committed:
    if len(commits) == 1:
        return commits[0]
    return Committed(
        changes=tuple(change for commit in commits for change in commit.changes),
        events=tuple(event for commit in commits for event in commit.events),
        latency_ms=max(commit.latency_ms for commit in commits),
    )


class Hub:
    """Tells commits, in order and without a hole, to subscriptions that are true at the number told last.

    `seq` is the newest number *told*; what is committed and held back to be told together is not in it. With more than
    `coalesce_over` subscriptions and a `later(seconds, call)`, a commit is told at once and those of the next
    `coalesce_s` seconds together after it, so that a client gets at most 1 / `coalesce_s` frames a second.
    """

    def __init__(
        self,
        *,
        epoch: str,
        seq: int,
        later: Callable[[float, Callable[[], None]], object] | None = None,
        coalesce_over: int = COALESCE_OVER_CLIENTS,
        coalesce_s: float = COALESCE_S,
    ) -> None:
        self.epoch = epoch
        self.seq = seq
        self.clients = 0
        self.deliveries = 0
        self.lagged = 0
        self._later = later
        self._coalesce_over = coalesce_over
        self._coalesce_s = coalesce_s
        self._coalescing = False
        self._committed = seq
        self._held: list[Committed] = []
        self._groups: dict[Filter, dict[Subscription, None]] = {}
        self._ahead: dict[Subscription, None] = {}

    def publish(self, committed: Committed) -> None:
        """Tell a commit, or hold it back for the next frame; raises StateError where it was told before.

        Changes may be missing before it, as after a commit that became durable and yet failed: then everyone is cut as
        lagged, and finds them in the log.
        """
        if not committed.changes:
            return
        if committed.first <= self._committed:
            detail = f"the feed is at {self._committed} and was given {committed.first}"
            raise StateError(detail, code="feed_out_of_order")
        if committed.first > self._committed + 1:
            self._skip_to(committed.first - 1)
        self._committed = committed.last
        self._held.append(committed)
        if self._coalescing and self._committed - self.seq < HELD_MAX:
            return
        self.flush()
        self._coalesce()

    def _skip_to(self, seq: int) -> None:
        self.flush()
        told, missed = self.seq, seq - self.seq
        self.seq = self._committed = seq
        for subscription in [*self._ahead, *(each for group in self._groups.values() for each in group)]:
            if not subscription.waiting:
                subscription.seq = max(subscription.seq, told)
            subscription.cut(missed)
            self._let_go(subscription)

    def _let_go(self, subscription: Subscription) -> None:
        self.detach(subscription)
        self.lagged += 1
        subscription.on_lag()

    def _coalesce(self) -> None:
        if self._later is not None and not self._coalescing and self.clients > self._coalesce_over:
            self._coalescing = True
            self._later(self._coalesce_s, self._end_coalescing)

    def _end_coalescing(self) -> None:
        self._coalescing = False
        if self._held:
            self.flush()
            self._coalesce()

    def flush(self) -> None:
        """Tell what is held back."""
        if not self._held:
            return
        commit, self._held = _merged(self._held), []
        self.seq = commit.last
        for wanted, group in list(self._groups.items()):
            for frame in _frames(wanted, commit, after=commit.first - 1):
                self.deliveries += len(group)
                for slow in offer_all(frame, group):
                    self._let_go(slow)
        for subscription in list(self._ahead):
            self._tell_ahead(subscription, commit)

    def _tell_ahead(self, subscription: Subscription, commit: Committed) -> None:
        """Tell one who knew more than had been told only what is new to it; caught up with, it joins the others."""
        frames = _frames(subscription.filter, commit, after=subscription.seq)
        if commit.last >= subscription.seq:
            del self._ahead[subscription]
            self._groups.setdefault(subscription.filter, {})[subscription] = None
        if not all(subscription.offer(frame) for frame in frames):
            self._let_go(subscription)

    def attach(self, subscription: Subscription, *, at: int) -> None:
        """Tell this subscription everything after `at`, which is no older than `seq`.

        It may be newer: a client can read of a commit in the store before the hub has told it.
        """
        if at < self.seq:
            raise StateError(f"the feed is at {self.seq}; {at} has to be caught up from the log", code="feed_behind")
        subscription.seq = at
        self.clients += 1
        if at > self.seq:
            self._ahead[subscription] = None
        else:
            self._groups.setdefault(subscription.filter, {})[subscription] = None

    def detach(self, subscription: Subscription) -> bool:
        """Tell this subscription nothing any more; return whether it was told anything until now."""
        group = self._groups.get(subscription.filter, {})
        if subscription in self._ahead:
            del self._ahead[subscription]
        elif subscription in group:
            del group[subscription]
            if not group:
                del self._groups[subscription.filter]
        else:
            return False
        self.clients -= 1
        return True


def _frames(wanted: Filter, commit: Committed, *, after: int) -> list[Frame]:
    """Return the frames that tell a client with this filter what it has not been told of a commit."""
    parts = (
        _part(wanted, numbered, commit)
        for numbered in commit.changes
        if numbered.seq > after and wanted.passes(numbered.change)
    )
    return list(pack(parts, first=after + 1, last=commit.last, latency_ms=commit.latency_ms))


def _part(wanted: Filter, numbered: NumberedChange, commit: Committed) -> Part:
    if not wanted.wants_events(numbered.change):
        return wanted.part(numbered)
    first, last = events_range(numbered)
    events: list[StoredEvent] = [
        (no, event.received_at, event.body) for no, event in commit.events if first <= no <= last
    ]
    return wanted.part(numbered, events)
