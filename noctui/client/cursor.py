"""Where in the feed the console is: the law of numbers, without a socket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class StartOver(Exception):
    """The feed cannot carry on from the number held: a new snapshot is needed, and the sentence says why."""

    def __init__(self, reason: str, *, hole: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hole = hole


@dataclass(slots=True)
class Cursor:
    """Everything up to `seq` of `epoch` was told; `promised` is the number the daemon last said it had told."""

    epoch: str
    seq: int
    promised: int = 0

    def take(self, frame: Mapping[str, Any]) -> None:
        """Move past a frame, or raise StartOver; what was told before is let through for the model to leave alone."""
        kind = frame.get("type")
        if kind == "batch":
            self._batch(int(frame["from"]), int(frame["to"]))
        elif kind == "hello":
            self._hello(str(frame["epoch"]), int(frame["seq"]))
        elif kind in {"heartbeat", "caught_up"}:
            self._promise(int(frame["seq"]))
        elif kind == "gap":
            raise StartOver(f"changes {frame.get('from')}-{frame.get('to')} are no longer kept: {frame.get('reason')}")

    def _batch(self, first: int, last: int) -> None:
        if first > self.seq + 1:
            raise StartOver(f"changes {self.seq + 1}-{first - 1} did not arrive", hole=True)
        self.seq = max(self.seq, last)

    def _hello(self, epoch: str, seq: int) -> None:
        if epoch != self.epoch:
            raise StartOver("nocd was restored from a backup and starts its numbers over")
        if seq < self.seq:
            raise StartOver(f"nocd knows {seq} changes, this console already {self.seq}")

    def _promise(self, seq: int) -> None:
        """Notice a loss at the end: a number promised by the last sign of life and still not told by this one."""
        if self.promised > self.seq:
            raise StartOver(f"changes {self.seq + 1}-{self.promised} did not arrive", hole=True)
        self.promised = seq
