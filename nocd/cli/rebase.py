"""Move a recorded history in time: every event by the same span, so that what it says of itself stays true."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.domain.instant import to_ms
from nocd.domain.observation import EVENT_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable

# The instants inside `data` by event type: a shift's start moves with the punch that belongs to it.
MOMENTS: Final = {
    name: tuple(field.name for field in fields(kind) if "datetime" in str(field.type))
    for name, kind in EVENT_TYPES.items()
}


def instant(text: object) -> int | None:
    """Return the UTC milliseconds of an RFC 3339 time with an offset; None for anything else."""
    moment = _moment(text)
    return None if moment is None else to_ms(moment)


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def last_time(lines: Iterable[bytes]) -> int | None:
    """Return the latest event time of NDJSON lines in UTC milliseconds; None where no line has one."""
    times = (instant(event.get("time")) for event in map(as_object, lines) if event is not None)
    return max((time for time in times if time is not None), default=None)


def as_object(line: bytes) -> dict[str, Any] | None:
    """Return a line's JSON object; None for a line that is none, which the daemon will refuse by name."""
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return event if isinstance(event, dict) else None


@dataclass(frozen=True, slots=True)
class Rebase:
    """Moves events by `shift_ms`; ids stay, so that posting the same file again is all duplicates."""

    shift_ms: int

    def event(self, event: dict[str, Any]) -> None:
        """Move the event's `time` and the instants of its `data`, in place."""
        self._move(event, "time")
        data = event.get("data")
        if isinstance(data, dict):
            for name in MOMENTS.get(str(event.get("type")), ()):
                self._move(data, name)

    def line(self, line: bytes) -> bytes:
        """Return an event's line moved; a line that is no JSON object is returned as it is."""
        event = as_object(line)
        if event is None:
            return line
        self.event(event)
        return orjson.dumps(event)

    def _move(self, holder: dict[str, Any], name: str) -> None:
        before = _moment(holder.get(name))
        if before is not None:
            holder[name] = (before + timedelta(milliseconds=self.shift_ms)).isoformat()
