"""What every kind of receiver promises, and what came of one attempt to send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came of one attempt: it arrived, or why not; `gone` for good, or to be tried again no sooner than said."""

    ok: bool
    detail: str
    gone: bool = False
    retry_after_s: float | None = None


class Channel(Protocol):
    """A way to one receiver; it is used for one message at a time."""

    async def send(self, message_id: str, body: bytes, *, now: int) -> Sent:
        """Try once to deliver a message at `now` (UTC ms), within the channel's own time limit; never raises for it."""

    async def close(self) -> None:
        """Let go of connections and threads."""
