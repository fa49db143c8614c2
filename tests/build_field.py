"""A small company for detector tests: two sites 30 km apart, its people, and what they do, minute by minute."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nocd.domain.event import Event
from nocd.domain.instant import HOUR_MS, MINUTE_MS, from_ms
from tests.build import T0, event
from tests.build_site import Run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nocd.domain.finding import Finding

HERE = (52.5200, 13.4050)
THERE = (52.7900, 13.4050)  # 30 km to the north


def hours(count: float) -> int:
    """Return an instant so many hours after T0."""
    return T0 + round(count * HOUR_MS)


def minutes(count: float) -> int:
    """Return an instant so many minutes after T0."""
    return T0 + round(count * MINUTE_MS)


def company(*people: str, sites: tuple[str, ...] = ("S1",), **site: Any) -> list[Event]:
    """Return sites S1 (HERE) and S2 (THERE), the terminal T-… of each, and people who belong to `sites`."""
    placed: dict[str, Any] = {"timezone": "UTC", "client": "ACME", "radius_m": 200.0, **site}
    entries = [
        event("noc.site", id=name, name=f"Site {name}", lat=lat, lon=lon, **placed)
        for name, (lat, lon) in (("S1", HERE), ("S2", THERE))
    ]
    entries += [event("noc.device", id=f"T-{name}", kind="terminal", site=name) for name in ("S1", "S2")]
    return entries + [event("noc.person", id=person, name=f"Guard {person}", sites=sites) for person in people]


def shift(person: str, start: float, end: float, *, site: str = "S1", **more: Any) -> Event:
    """Return a shift from `start` to `end` (hours after T0), entered at T0."""
    given = {"id": f"H-{person}-{site}-{start:g}", **more}
    return event("noc.shift", site=site, person=person, start=from_ms(hours(start)), end=from_ms(hours(end)), **given)


def punch(person: str, direction: str, at: int, *, site: str = "S1", event_id: str | None = None, **more: Any) -> Event:
    """Return an honest punch at the site's terminal; `received_at` may be given."""
    given = {"method": "FACE", "confidence": 0.95, "verified": True, "device": f"T-{site}", **more}
    name = event_id or f"{person}-{direction}-{at}-{site}"
    received_at = given.pop("received_at", None)
    return event(
        "noc.attendance.punch",
        at=at,
        received_at=received_at,
        event_id=name,
        person=person,
        site=site,
        direction=direction,
        **given,
    )


@dataclass(slots=True)
class Field(Run):
    """A run that knows which findings stand."""

    told: list[str] = field(default_factory=list)

    @property
    def standing(self) -> list[Finding]:
        """Return the findings that were made and not withdrawn, in order."""
        gone = {name for outcome in self.outcomes for name in outcome.withdrawn}
        made = [finding for outcome in self.outcomes for finding, _ in outcome.findings]
        return [finding for finding in made if finding.id not in gone]

    def of(self, finding_type: str) -> list[Finding]:
        """Return the standing findings of a type."""
        return [finding for finding in self.standing if finding.type == finding_type]

    def withdrawn(self, finding_type: str) -> int:
        """Return how many findings of a type were withdrawn."""
        made = [finding for outcome in self.outcomes for finding, _ in outcome.findings]
        gone = {name for outcome in self.outcomes for name in outcome.withdrawn}
        return sum(finding.id in gone and finding.type == finding_type for finding in made)

    def alerts(self, finding_type: str) -> list[tuple[str, int]]:
        """Return (status, count) of every alert of a type, oldest first, as last told."""
        last = {alert.id: alert for outcome in self.outcomes for alert, _ in outcome.alerts}
        return [(str(alert.status), alert.count) for alert in last.values() if alert.type == finding_type]


def played(*parts: Event | Iterable[Event], until: int | None = None) -> Field:
    """Return a run of events in order of their receipt, with time passing after them to `until`."""
    run, events = Field(), list[Event]()
    for part in parts:
        events += [part] if isinstance(part, Event) else part
    run.feed(sorted(events, key=lambda each: each.received_at))
    if until is not None:
        run.pass_time(until)
    return run
