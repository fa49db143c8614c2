"""One client's place in the feed: what it was told, and a bounded backlog of what it has yet to be told."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nocd.feed.filters import Filter
    from nocd.feed.frames import Frame

BACKLOG_MAX = 10_000
BACKLOG_BYTES_MAX = 32 * 1024 * 1024


class Subscription:
    """Takes shared frames in order; past its backlog it lets go of everything and says where to resume.

    `write` tries to hand a frame over at once and says whether it did; what it refuses waits here and `wake` is called.
    `backlog_max` counts changes and the events inside them. Nothing is copied: waiting frames are shared references.
    Everything up to `seq` was handed over; and, while nothing is waiting, all that was offered.
    """

    __slots__ = (
        "_backlog_bytes_max",
        "_backlog_max",
        "_bytes",
        "_wake",
        "backlog",
        "dropped",
        "filter",
        "lagged",
        "on_lag",
        "seq",
        "waiting",
        "write",
    )

    def __init__(
        self,
        wanted: Filter,
        *,
        write: Callable[[Frame], bool],
        wake: Callable[[], None],
        on_lag: Callable[[], None],
        backlog_max: int = BACKLOG_MAX,
        backlog_bytes_max: int = BACKLOG_BYTES_MAX,
    ) -> None:
        self.filter = wanted
        self.write = write
        self.on_lag = on_lag
        self.seq = 0
        self.waiting: deque[Frame] = deque()
        self.backlog = 0
        self.lagged = False
        self.dropped = 0
        self._bytes = 0
        self._wake = wake
        self._backlog_max = backlog_max
        self._backlog_bytes_max = backlog_bytes_max

    def offer(self, frame: Frame) -> bool:
        """Hand the frame over, or keep it for `take`; return False where the backlog was passed."""
        return (not self.waiting and self.write(frame)) or self.keep(frame)

    def keep(self, frame: Frame) -> bool:
        """Keep the frame for `take`; return False where the backlog was passed."""
        if not self.waiting:
            self.seq = frame.first - 1
        elif self._full_with(frame):
            self.cut(frame.weight)
            return False
        self.waiting.append(frame)
        self.backlog += frame.weight
        self._bytes += len(frame.wire)
        self._wake()
        return True

    def _full_with(self, frame: Frame) -> bool:
        return (
            self.backlog + frame.weight > self._backlog_max or self._bytes + len(frame.wire) > self._backlog_bytes_max
        )

    def take(self) -> Frame | None:
        """Return the oldest waiting frame, from now on counted as handed over; None where none is."""
        if not self.waiting:
            return None
        frame = self.waiting.popleft()
        self.backlog -= frame.weight
        self._bytes -= len(frame.wire)
        self.seq = frame.last
        return frame

    def cut(self, missed: int) -> None:
        """Give up on what waits and on `missed` changes more; the client resumes after `seq`."""
        self.lagged = True
        self.dropped += self.backlog + missed
        self.clear()

    def clear(self) -> None:
        """Let go of what is waiting."""
        self.waiting.clear()
        self.backlog = self._bytes = 0


def offer_all(frame: Frame, group: Iterable[Subscription]) -> list[Subscription]:
    """Offer a frame to each of a group and return those that passed their backlog.

    `Subscription.offer`, written out: this loop is what a delivery costs.
    """
    return [each for each in group if (each.waiting or not each.write(frame)) and not each.keep(frame)]
