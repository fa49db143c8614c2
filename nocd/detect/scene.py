"""What a detector may look at: the directory, who is on duty, what people did, the rules in force, and the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nocd.detect.pace import KIND as SOURCES_KIND
from nocd.detect.sources import silences
from nocd.domain.instant import DAY_MS, local

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.detect.hours import SiteHours
    from nocd.detect.pace import Pace
    from nocd.detect.rules import Rules
    from nocd.domain.maintenance import Plans
    from nocd.domain.roster import Roster
    from nocd.domain.shelf import Shelves
    from nocd.signals.activity import Activities
    from nocd.signals.duty import Duties
    from nocd.signals.presence import Presence


def _none(*_: str | int) -> int:
    """Count nothing: what a scene answers that no engine has set up."""
    return 0


@dataclass(slots=True, kw_only=True)
class Scene:
    """The engine's knowledge, for reading; `now` is its clock (UTC ms).

    `open_alerts` counts a site's unresolved alerts, `standing` its claims of a type that began since an instant and
    are not over; `hours` is what is usual.
    """

    shelves: Shelves
    roster: Roster
    duties: Duties
    presence: Presence
    activities: Activities
    rules: Rules
    plans: Plans
    lateness_ms: int
    now: int = 0
    hours: SiteHours | None = None
    open_alerts: Callable[[str], int] = _none
    standing: Callable[[str, str, int], int] = _none

    @property
    def watermark(self) -> int:
        """Return the instant before which nothing that arrives changes a closed window."""
        return self.now - self.lateness_ms

    def rule(self, finding_type: str, site: str | None) -> Any:
        """Return the rule of a type at a site; the caller knows its class."""
        return self.rules.of(finding_type, site=site, client=self.roster.client(site))

    def person_name(self, person: str) -> str:
        """Return a person's name, their id where the directory has none."""
        return self.roster.person_name(person) or person

    def site_name(self, site: str) -> str:
        """Return a site's name, its id where the directory has none."""
        return self.roster.site_name(site) or site

    def wall(self, site: str | None, instant: int, *, told_at: int | None = None) -> str:
        """Return an instant as `21:45` on the site's clock, UTC where there is none.

        With its day, `Mon 23 Nov 21:45`, where it is told on another.
        """
        entry = self.roster.sites.get(site) if site is not None else None
        timezone = entry.timezone if entry is not None else "UTC"
        moment = local(instant, timezone)
        today = told_at is None or local(told_at, timezone).date() == moment.date()
        return f"{moment:%H:%M}" if today else f"{moment:%a %d %b %H:%M}"

    def unheard(self, start: int, end: int) -> bool:
        """Tell whether the daemon was stopped at any time between two instants: then silence says nothing."""
        stops = self.stops
        return bool(stops) and any(first < end and last > start for first, last in stops)

    @property
    def stops(self) -> list[tuple[int, int]]:
        """Return when (from, to) the daemon was stopped lately."""
        stops: list[tuple[int, int]] = self.shelves.get("stops", "") or []
        return stops

    def heard_out(self, start: int, length_ms: int) -> int:
        """Return when `length_ms` of listening after `start` (UTC ms) are over: a stop of the daemon begins it anew."""
        end = start + length_ms
        for first, last in self.stops:
            if first < end and last > start:
                end = max(end, last + length_ms)
        return end

    def source_silent(self, source: str, start: int | None = None, end: int | None = None) -> bool:
        """Tell whether a source was silent at any time between two instants, or is now."""
        start, end = self.now if start is None else start, self.now if end is None else end
        return any(since <= end and (until is None or until > start) for since, until in self.silences_of(source))

    def silences_of(self, source: str) -> list[tuple[int, int | None]]:
        """Return since when and until when (None while it is) a source was silent, of late."""
        record: Pace | None = self.shelves.get(SOURCES_KIND, source)
        silent = [] if record is None else silences(record, self)
        return [(since, until) for since, _, until in silent] if silent else []

    def unheard_spans(self, person: str) -> list[tuple[int, int]]:
        """Return when (from, to) nothing could be heard of a person: the daemon stopped, or their source silent."""
        source = self.activities.source_of(person)
        silent = None if source is None else self.silences_of(source)
        if not silent:
            return self.stops
        return [*self.stops, *((since, self.now + DAY_MS if until is None else until) for since, until in silent)]

    def deaf(self, person: str, start: int | None = None, end: int | None = None) -> str | None:
        """Return the silent source a person's phone speaks through, between two instants or now, or None.

        What it would tell of the person is then missing for everyone behind it: not judged.
        """
        source = self.activities.source_of(person)
        return source if source is not None and self.source_silent(source, start, end) else None

    def mute(self, person: str | None, start: int, end: int, *, site: str) -> bool:
        """Tell whether it says nothing that no one was heard from `start` to `end`.

        So it is where the daemon was stopped at any time between, or the person's source is silent at the end; for what
        is nobody's by name, those of all who are on duty at the site.
        """
        if self.unheard(start, end):
            return True
        people = {each for each, _, _ in self.duties.at(site, start, end)} if person is None else {person}
        return bool(people) and all(self.deaf(each, end, end) is not None for each in people)
