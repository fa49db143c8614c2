"""How long a ticket may wait and take, on clocks that may rest at night and at the weekend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from nocd.domain.instant import MINUTE_MS, local, to_ms, zone
from nocd.domain.ticket import TicketPriority
from nocd.triage.priority import hours_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nocd.domain.directory import Site

Clock = Literal["response", "resolution"]
WARN_SHARE: Final = 0.75
DAY_MINUTES: Final = 1_440
_DAYS_MAX: Final = 400  # of rest before a clock that nothing moves is given up on

# Minutes to answer and to be done, by priority.
TARGETS_MINUTES: Final[dict[TicketPriority, dict[Clock, int]]] = {
    TicketPriority.P1: {"response": 30, "resolution": 240},
    TicketPriority.P2: {"response": 60, "resolution": 480},
    TicketPriority.P3: {"response": 240, "resolution": 1_440},
    TicketPriority.P4: {"response": 480, "resolution": 4_320},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When clocks run, on a site's wall clock: on the week's days `days`, from minute `start` to `end` of each."""

    timezone: str
    days: frozenset[int]
    start: int = 0
    end: int = DAY_MINUTES

    @property
    def always(self) -> bool:
        """Tell whether they never rest."""
        return len(self.days) == 7 and self.end - self.start >= DAY_MINUTES  # noqa: PLR2004 - days of a week


ALWAYS: Final = Hours(timezone="UTC", days=frozenset(range(7)))


def hours_at(site: Site | None) -> Hours:
    """Return when the clocks of a site's tickets run; around the clock unless the site says otherwise."""
    if site is None or site.sla_hours == "always":
        return ALWAYS
    if site.sla_hours == "weekdays":
        return Hours(timezone=site.timezone, days=frozenset(range(5)))
    first, last, start, end = hours_of(site.business_hours)
    days = frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))
    return Hours(timezone=site.timezone, days=days, start=start, end=end if end > start else end + DAY_MINUTES)


def counted_ms(hours: Hours, start: int, end: int) -> int:
    """Return how much of `start` to `end` (UTC ms) the clocks run."""
    if hours.always:
        return max(0, end - start)
    total = 0
    for opens, closes in _spans(hours, start):
        if opens >= end:
            break
        total += max(0, min(end, closes) - max(start, opens))
    return total


def reached(hours: Hours, start: int, length_ms: int) -> int | None:
    """Return when the clocks have run `length_ms` after `start` (UTC ms), None where they never will."""
    if hours.always or length_ms <= 0:
        return start + max(0, length_ms)
    left = length_ms
    for opens, closes in _spans(hours, start):
        runs = closes - max(start, opens)
        if runs >= left:
            return max(start, opens) + left
        left -= max(0, runs)
    return None


def _spans(hours: Hours, start: int) -> Iterator[tuple[int, int]]:
    """Yield when the clocks run (UTC ms), from the day before `start` on, for `_DAYS_MAX` days."""
    wall = zone(hours.timezone)
    first = local(start, hours.timezone).date() - timedelta(days=1)
    for step in range(_DAYS_MAX):
        day = first + timedelta(days=step)
        if day.weekday() in hours.days:
            midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - made aware below, after the minutes are on it
            opens, closes = (midnight + timedelta(minutes=minute) for minute in (hours.start, hours.end))
            yield to_ms(opens.replace(tzinfo=wall)), to_ms(closes.replace(tzinfo=wall))


def target_ms(priority: TicketPriority, clock: Clock) -> int:
    """Return how long a clock may run."""
    return TARGETS_MINUTES[priority][clock] * MINUTE_MS
