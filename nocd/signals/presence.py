"""Who is on duty where: inside a duty by their punches, or inside a shift by plan."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from nocd.domain.instant import to_ms
from nocd.domain.spans import Span, joined

if TYPE_CHECKING:
    from nocd.domain.directory import Shift
    from nocd.domain.roster import Roster
    from nocd.signals.duty import Duties


class Presence:
    """Answers from duties and shifts together."""

    def __init__(self, duties: Duties, roster: Roster) -> None:
        """Read both; neither is changed."""
        self._duties = duties
        self._roster = roster

    def site_of(self, person: str, time: int) -> str | None:
        """Return where a person is on duty at `time` (ms, about now), or None; a punch counts before a plan."""
        duty = self._duties.on_duty(person)
        if duty is not None and duty.start <= time:
            return duty.site
        shift = self._roster.shift_of(person, time)
        return None if shift is None else shift.site

    def place_of(self, person: str, time: int) -> str | None:
        """Return where what a person does at `time` belongs: where they are on duty, else the one site they have.

        The latter only where nobody knows who is on duty: elsewhere someone off duty does nothing for the site.
        """
        site = self.site_of(person, time)
        if site is not None:
            return site
        entry = self._roster.people.get(person)
        home = entry.sites[0] if entry is not None and len(entry.sites) == 1 else None
        return None if home is None or self.heads_known(home) else home

    def spans(self, site: str, start: int, end: int) -> dict[str, list[Span]]:
        """Return when each person was on duty at a site from `start` to `end` (ms), overlaps joined."""
        planned = (
            (shift.person, max(to_ms(shift.start), start), min(to_ms(shift.end), end))
            for shift in self._roster.shifts_at(site, start, end)
        )
        spans: dict[str, list[Span]] = {}
        for person, first, last in sorted(chain(self._duties.at(site, start, end), planned)):
            spans.setdefault(person, []).append((first, last))
        return {person: joined(mine) for person, mine in spans.items()}

    def came(self, shift: Shift) -> int | None:
        """Return when a shift's person punched in at its site for it (UTC ms), or None; who is there already has."""
        start, end = to_ms(shift.start), to_ms(shift.end)
        there = (duty for duty in self._duties.of(shift.person) if duty.site == shift.site)
        return min((duty.start for duty in there if duty.start < end and duty.until > start), default=None)

    def heads_known(self, site: str) -> bool:
        """Tell whether anything is known of who is on duty at a site, now or at other hours."""
        return self._roster.planned(site) or self._duties.known_at(site)
