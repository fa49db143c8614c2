"""The sheet of a handover: what stands, who holds it, and what changed in the shift, section by section."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from nocd.baseline.acts import CHANGES_KIND
from nocd.domain.alert import Alert, Status
from nocd.domain.instant import HOUR_MS, rfc3339
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nocd.domain.incident import Incident
    from nocd.domain.roster import Roster
    from nocd.domain.shelf import Shelves
    from nocd.domain.silence import Silence
    from nocd.domain.threshold import ThresholdChange
    from nocd.domain.ticket import Ticket
    from nocd.triage.suppression import Suppression

ITEMS_MAX: Final = 50  # of a section; all are counted
STALE_MS: Final = HOUR_MS
SILENT: Final = frozenset({"DEVICE_OFFLINE", "SOURCE_SILENT"})
_HELD: Final = frozenset({Status.ACKNOWLEDGED, Status.ASSIGNED, Status.IN_PROGRESS})
_LEVELS: Final = {1: Severity.CRITICAL, 2: Severity.HIGH, 3: Severity.MEDIUM}
Item = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Section:
    """One kind of thing: how many there are, how many of them want somebody, and the first of them."""

    key: str
    title: str
    urgent_word: str = ""
    count: int = 0
    urgent: int = 0
    items: list[Item] = field(default_factory=list)

    def add(self, item: Item, *, urgent: bool = False) -> None:
        """Count something, and keep it while there is room."""
        self.count += 1
        self.urgent += urgent
        if len(self.items) < ITEMS_MAX:
            self.items.append(item)

    def view(self) -> dict[str, Any]:
        """Return the section as `SectionView`."""
        names = ("key", "title", "count", "urgent", "urgent_word", "items")
        return {name: getattr(self, name) for name in names}


class Sheets:
    """Draws up the sheet from what the engine holds, for reading."""

    def __init__(self, shelves: Shelves, roster: Roster, suppression: Suppression) -> None:
        """Read these."""
        self._shelves, self._roster, self._suppression = shelves, roster, suppression

    def draw(self, *, now: int, since: int) -> list[dict[str, Any]]:
        """Return the sections of the sheet at `now`, with what changed from `since` on (UTC ms)."""
        sections = [*self._alerts(now), self._incidents(), self._tickets(), self._silences(), self._changes(since)]
        order = ("p1", "p2", "p3", "incidents", "tickets", "silences", "stale_acks", "silent_devices", "rule_changes")
        return [each.view() for each in sorted(sections, key=lambda each: order.index(each.key))]

    def _alerts(self, now: int) -> Iterator[Section]:
        levels = {
            severity: Section(key=f"p{level}", title=f"P{level}", urgent_word="unacked")
            for level, severity in _LEVELS.items()
        }
        stale = Section(key="stale_acks", title="acked over an hour ago, not ended", urgent_word="")
        silent = Section(key="silent_devices", title="devices without signal")
        alerts: Iterable[Alert] = self._shelves.kind("alert").values()
        standing = [each for each in alerts if each.unresolved and each.status is not Status.SUPPRESSED]
        for alert in sorted(standing, key=lambda each: (-each.severity.rank, each.opened_at)):
            item = self._item(alert)
            if alert.severity in levels:
                levels[alert.severity].add(item, urgent=alert.acknowledged_at is None)
            if alert.status in _HELD and now - (alert.acknowledged_at or now) > STALE_MS:
                stale.add(item)
            if alert.type in SILENT:
                silent.add(item)
        yield from (*levels.values(), stale, silent)

    def _item(self, alert: Alert) -> Item:
        return {
            **self._about(alert.site, alert.person),
            "id": alert.id,
            "text": alert.title,
            "severity": alert.severity,
            "status": alert.status,
            "since": rfc3339(alert.opened_at),
            "who": alert.assignee or alert.acknowledged_by,
        }

    def _about(self, site: str | None, person: str | None) -> Item:
        return {
            "site": site,
            "site_name": self._roster.site_name(site),
            "person": person,
            "person_name": self._roster.person_name(person),
        }

    def _incidents(self) -> Section:
        section = Section(key="incidents", title="incidents", urgent_word="nobody's")
        incidents: Iterable[Incident] = self._shelves.kind("incident").values()
        for each in sorted(incidents, key=lambda each: (-each.severity.rank, each.no)):
            if each.unresolved:
                item = {
                    **self._about(each.site, each.person),
                    "id": each.id,
                    "text": each.title,
                    "severity": each.severity,
                    "status": each.status,
                    "since": rfc3339(each.opened_at),
                    "who": each.owner or each.acknowledged_by,
                }
                section.add(item, urgent=item["who"] is None)
        return section

    def _tickets(self) -> Section:
        section = Section(key="tickets", title="tickets", urgent_word="late")
        tickets: Iterable[Ticket] = self._shelves.kind("ticket").values()
        for each in sorted(tickets, key=lambda each: (each.priority.rank, each.no)):
            if each.open:
                item = {
                    **self._about(each.site, each.person),
                    "id": each.id,
                    "text": f"{each.number} {each.title}",
                    "severity": each.severity,
                    "status": each.status,
                    "since": rfc3339(each.created_at),
                    "who": self._roster.person_name(each.assignee) or each.assignee,
                }
                section.add(item, urgent="resolution_breached" in each.steps)
        return section

    def _silences(self) -> Section:
        section = Section(key="silences", title="silences", urgent_word="hit nothing")
        active = [each for each in self._suppression.silences.all() if each.in_force]
        for each in sorted(active, key=lambda each: (each.ends_at is None, each.ends_at or 0, each.no)):
            hits = self._suppression.hiding(each.id).count
            item = {
                **self._about(each.demands("site"), each.demands("person")),
                "id": each.id,
                "text": _scope(each),
                "since": rfc3339(each.starts_at),
                "until": None if each.ends_at is None else rfc3339(each.ends_at),
                "who": each.author,
            }
            section.add(item, urgent=not hits)
        return section

    def _changes(self, since: int) -> Section:
        section = Section(key="rule_changes", title="thresholds changed this shift")
        kept: Iterable[list[ThresholdChange]] = self._shelves.kind(CHANGES_KIND).values()
        recent = [change for changes in kept for change in reversed(changes) if change.time >= since]
        for each in sorted(recent, key=lambda each: -each.no):
            item = {
                "id": each.id,
                "text": f"{each.baseline} {each.old:g} > {each.new:g}: {each.reason}",
                "since": rfc3339(each.time),
                "who": each.actor,
            }
            section.add(item)
        return section


def _scope(silence: Silence) -> str:
    words = " ".join(f"{each.name}{each.op}{each.value}" for each in silence.matchers)
    return f"{words}  {silence.comment}".rstrip()
