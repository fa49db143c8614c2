"""What reaches us of each site: how much, and when last; counted as it comes, for figures and not for decisions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from nocd.domain.event import Event
    from nocd.signals.duty import Duties

SITES_MAX: Final = 50_000  # past it the half that was heard longest ago is forgotten


class Heard:
    """Counts events by the site they name, else by where the person they name is on duty; the rest under None."""

    def __init__(self, duties: Duties, *, since: int) -> None:
        """Begin to listen at `since` (UTC ms): before, nothing is known."""
        self._duties = duties
        self.since = since
        self.events: Counter[str | None] = Counter()
        self.last: dict[str | None, int] = {}

    def take(self, event: Event) -> None:
        """Count an event."""
        data = event.data
        site = getattr(data, "site", None)
        if site is None:
            duty = self._duties.on_duty(getattr(data, "person", None) or "")
            site = None if duty is None else duty.site
        self.events[site] += 1
        self.last[site] = event.received_at
        if len(self.last) > SITES_MAX:
            self._forget()

    def silent_ms(self, site: str, now: int) -> int:
        """Return how long nothing reached us of a site, as far as we listened."""
        return now - self.last.get(site, self.since)

    def _forget(self) -> None:
        newest = sorted(self.last, key=self.last.__getitem__)[len(self.last) // 2 :]
        self.last = {site: self.last[site] for site in newest}
        self.events = Counter({site: self.events[site] for site in newest})
