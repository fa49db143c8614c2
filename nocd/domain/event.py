"""One immutable observation, as the engine sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nocd.domain.observation import Data


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened (`time`) and when it reached us (`received_at`), both UTC milliseconds.

    `claimed_time` is set where the sender's clock was ahead and `time` is therefore `received_at`;
    `late` where it is older than the learning horizon. `body` is the received JSON, as kept.
    """

    id: str
    source: str
    type: str
    time: int
    received_at: int
    data: Data
    body: bytes
    claimed_time: int | None = None
    late: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Return (source, id), which an event shares only with its own repeats."""
        return self.source, self.id
