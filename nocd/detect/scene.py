"""What a detector may look at: the directory, who is on duty, what people did, the rules in force, and the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nocd.domain.instant import local

if TYPE_CHECKING:
    from nocd.detect.rules import Rules
    from nocd.domain.maintenance import Plans
    from nocd.domain.roster import Roster
    from nocd.domain.shelf import Shelves
    from nocd.signals.activity import Activities
    from nocd.signals.duty import Duties
    from nocd.signals.presence import Presence


@dataclass(slots=True, kw_only=True)
class Scene:
    """The engine's knowledge, for reading; `now` is its clock (UTC ms)."""

    shelves: Shelves
    roster: Roster
    duties: Duties
    presence: Presence
    activities: Activities
    rules: Rules
    plans: Plans
    lateness_ms: int
    now: int = 0

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

    def wall(self, site: str | None, instant: int) -> str:
        """Return an instant as `21:45` on the site's clock, UTC where there is none."""
        entry = self.roster.sites.get(site) if site is not None else None
        return f"{local(instant, entry.timezone if entry is not None else 'UTC'):%H:%M}"

    def unheard(self, start: int, end: int) -> bool:
        """Tell whether the daemon was stopped at any time between two instants: then silence says nothing."""
        stops: list[tuple[int, int]] = self.shelves.get("stops", "") or []
        return any(first < end and last > start for first, last in stops)
