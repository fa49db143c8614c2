"""The commands of the operator: queued in order, and taken back while they can be."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

BULK = "bulk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One command on one alert (or on many: `bulk`), or on one baseline (or a `change` of its threshold).

    Any other goes `to` a path, given in parts. `key` is what makes its repeats harmless.
    """

    key: str
    verb: str
    alert: str = ""
    baseline: str = ""
    change: str = ""
    to: tuple[str, ...] = ()
    method: str = "POST"
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Return where it is sent."""
        if self.to:
            return "/".join(quote(part, safe="") for part in self.to)
        if self.verb == BULK:
            return f"alerts/{BULK}"
        if not self.baseline:
            return f"alerts/{quote(self.alert, safe='')}/{self.verb}"
        change = f"/changes/{quote(self.change, safe='')}" if self.change else ""
        return f"baselines/{quote(self.baseline, safe='')}{change}/{self.verb}"


class Orders:
    """Takes orders from any thread; until an order is first sent it can be taken back."""

    def __init__(self) -> None:
        self._waiting: deque[Order] = deque()
        self._lock = threading.Lock()
        self.came = asyncio.Event()

    def add(self, order: Order) -> None:
        """Queue an order."""
        with self._lock:
            self._waiting.append(order)

    def cancel(self, key: str) -> bool:
        """Take an order back, and tell whether that was still possible."""
        with self._lock:
            kept = [order for order in self._waiting if order.key != key]
            found = len(kept) < len(self._waiting)
            self._waiting = deque(kept)
            return found

    def claim(self) -> Order | None:
        """Take the next order to send it."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None
