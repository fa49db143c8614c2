"""Handing a shift over: what the desk keeps in mind, and what the next shift was told, by whom, and who took it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from nocd.domain.instant import local, to_ms

NOTE_KIND: Final = "desk_note"
HANDOVER_KIND: Final = "handover"
NOTES_MAX: Final = 200
WAITING_MAX: Final = 20  # handovers that nobody accepted yet; of more the oldest is let go of
DAY_MINUTES: Final = 1_440


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskNote:
    """Something the next shift must know; a pinned one is kept until somebody closes it. Times are UTC milliseconds."""

    id: str
    no: int
    text: str
    author: str
    at: int
    site: str | None = None
    pinned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """The shift an instant lies in (UTC ms)."""

    starts_at: int
    ends_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What one shift handed over: the sheet and the notes as they were when it signed, and who took it over."""

    id: str
    no: int
    shift: Shift
    signed_by: str
    signed_at: int
    comment: str
    sheet: list[dict[str, Any]]
    notes: list[DeskNote] = field(default_factory=list)
    accepted_by: str | None = None
    accepted_at: int | None = None
    remark: str = ""

    def accepted(self, by: str, at: int, remark: str) -> Handover:
        """Return the handover as somebody took it over."""
        return replace(self, accepted_by=by, accepted_at=at, remark=remark)


def shift_at(instant: int, *, starts: tuple[int, ...], timezone: str) -> Shift:
    """Return the shift an instant (UTC ms) lies in, where shifts begin at these minutes of the day in a zone."""
    now = local(instant, timezone)
    begins = sorted(_at(now, day, minute) for day in (-1, 0, 1) for minute in starts)
    before = [each for each in begins if each <= now]
    return Shift(starts_at=to_ms(before[-1]), ends_at=to_ms(begins[len(before)]))


def _at(now: datetime, day: int, minute: int) -> datetime:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return (midnight + timedelta(days=day)).replace(hour=minute // 60, minute=minute % 60)
