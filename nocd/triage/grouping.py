"""From one alert to its incident: what matches joins one story, and what becomes of the alerts becomes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nocd.domain.incident import CloseWhen, Incident
from nocd.domain.instant import HOUR_MS
from nocd.triage.book import never_quiet
from nocd.triage.carrying import Carrying
from nocd.triage.correlation import INCIDENT_FROM, WINDOW_MS, Facet, Match, correlate, facet, with_signals
from nocd.triage.incidents import quiet
from nocd.triage.intake import end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nocd.domain.alert import Alert
    from nocd.domain.roster import Roster
    from nocd.domain.shelf import Shelves
    from nocd.triage.book import AlertBook
    from nocd.triage.incidents import IncidentBook
    from nocd.triage.signs import Signs

CROWD: Final = 50


class Grouping:
    """Follows what is decided about alerts, and keeps their incidents."""

    def __init__(
        self,
        shelves: Shelves,
        book: AlertBook,
        incidents: IncidentBook,
        *,
        roster: Roster,
        signs: Signs,
        window_ms: int = WINDOW_MS,
    ) -> None:
        """Group alerts of `book` into `incidents`; what is within `window_ms` (event time) can match."""
        self._shelves = shelves
        self._book = book
        self._incidents = incidents
        self._roster = roster
        self._signs = signs
        self._window_ms = window_ms
        self._carrying = Carrying(shelves, book, incidents, roster=roster, window_ms=window_ms)
        self._by_key: dict[str, dict[str, None]] = {}
        self._on: dict[str, Callable[[Alert, int], None]] = {
            "opened": self._begins,
            "reopened": self._begins,
            "undone": self._undone,
            "renewed": self._seen,
            "severity_raised": self._worse,
            "resolved": self._gone,
            "ended": self._gone,
        }
        for alert in shelves.kind("alert").values():
            self._index(alert)

    def heard(self, alert: Alert, decision: str, *, now: int) -> None:
        """Take in a decision about an alert."""
        react = self._on.get(decision)
        if react is not None:
            react(alert, now)

    def tick(self, now: int) -> bool:  # noqa: ARG002 - a follower's signature
        """Let time pass; incidents move with their alerts, never by time alone."""
        return False

    def next_due(self) -> None:
        """Return that nothing is due by time alone."""

    def sweep(self, now: int) -> None:
        """Once an hour let go of what nothing can match any more; with an input, so that a replay does it there too."""
        hour = now // HOUR_MS
        if hour == self._shelves.get("counter", "swept_incidents"):
            return
        self._shelves.put("counter", "swept_incidents", hour)
        self._incidents.forget_before(now)
        self._carrying.forget_before(now - 2 * HOUR_MS)

    def _begins(self, alert: Alert, now: int) -> None:
        """Find the incident of an alert that opened, or came back."""
        if not alert.unresolved:
            return
        self.sweep(now)
        self._index(alert)
        if not (
            self._carrying.begins(alert, now)
            or self._comes_back(alert, now)
            or self._matched(alert, now)
            or self._with_signals(alert, now)
        ):
            self._carrying.shelters(alert, now)
        self._forgets(alert, now)

    def _forgets(self, alert: Alert, now: int) -> None:
        """Let an alert that came back and stands in no story belong to none."""
        former = self._incidents.get(alert.incident)
        if alert.incident is None or (former is not None and former.alerts.get(alert.id)):
            return
        again, reason = self._book.edit(alert.id), f"{alert.incident}: it came back after that story"
        again.incident = None
        self._book.follow(again, "ungrouped", reason, now=now)

    def _seen(self, alert: Alert, now: int) -> None:
        """Count one more sighting in its incident; in a storm it may be the first of another one."""
        if not alert.unresolved or self._carrying.seen(alert, now):
            return
        incident = self._incidents.standing(alert.incident)
        if incident is not None:
            self._incidents.seen(incident.id, alert)

    def _worse(self, alert: Alert, now: int) -> None:
        incident = self._incidents.standing(alert.incident)
        if incident is not None and alert.severity.rank > incident.severity.rank:
            incident = self._incidents.edit(incident.id)
            self._incidents.worsen(incident, alert.severity)
            text = f"{alert.title} is {alert.severity} now"
            self._incidents.decide(incident, "severity_raised", text, now=now, alert=alert.id)

    def _gone(self, alert: Alert, now: int) -> None:
        """Let a resolved alert stand in its incident no more; the incident resolves with the last of them."""
        if alert.unresolved:
            return
        self._unindex(alert)
        standing = self._incidents.standing(alert.incident)
        if standing is None or not standing.alerts.get(alert.id):
            return
        incident = self._incidents.edit(standing.id)
        self._incidents.unmark(incident, alert.id)
        if incident.close_when is CloseWhen.ANY and incident.standing:
            self._end_the_others(incident, alert, now)
        if incident.standing == 0 and incident.close_when is not CloseWhen.NEVER:
            self._incidents.resolve(incident, f"{alert.id} is resolved, the last of its alerts", now=now)
        else:
            text = f"{alert.title} is resolved; {incident.standing} stand"
            self._incidents.decide(incident, "alert_resolved", text, now=now, alert=alert.id)

    def _end_the_others(self, incident: Incident, first: Alert, now: int) -> None:
        """End what stands in an incident that closes with any of its alerts, but what waits for a person."""
        for alert_id in incident.ids:
            other = self._book.get(alert_id)
            if other is not None and other.unresolved and not never_quiet(other):
                self._incidents.unmark(incident, alert_id)
                end(self._book, self._book.edit(alert_id), f"{incident.id} closes with {first.id}", now=now)

    def _undone(self, alert: Alert, now: int) -> None:
        """Take back in what an undo brought back; its incident is then no more resolved than it is."""
        if not alert.unresolved:
            return
        incident = self._incidents.heir(alert.incident)
        self._index(alert)
        if incident is None or incident.alerts.get(alert.id):
            return
        if not incident.unresolved:
            incident = self._incidents.come_again(incident.id, f"{alert.id} is back", now=now)
        self._incidents.join(incident.id, alert.id, "the resolve was taken back", now=now)

    def _comes_back(self, alert: Alert, now: int) -> bool:
        """Let an alert that came back stand in the incident it was in, unless that was quiet or another took over."""
        incident = self._incidents.get(alert.incident)
        if incident is None or incident.merged_into is not None or quiet(incident, alert.last_seen):
            return False
        if not incident.unresolved:
            if self._incidents.going_on(incident.key, alert.last_seen) is not None:
                return False
            incident = self._incidents.come_again(incident.id, f"{alert.id} is back", now=now)
            self._incidents.tell(incident.key, incident.id)
        self._incidents.join(incident.id, alert.id, "it is back", now=now)
        return True

    def _matched(self, alert: Alert, now: int) -> bool:
        """Join the story of another alert, or begin one with it; of one that came back, by when it did."""
        one = replace(self._facet(alert), first_seen=alert.last_seen)
        if self._joins_a_crowd(one, alert, now):
            return True
        best = max(self._matches(one, alert), key=lambda found: (found[0].score, *found[2]), default=None)
        if best is None:
            return False
        match, other, _ = best
        incident = self._incidents.standing(other.incident)
        if incident is None or quiet(incident, alert.last_seen) or self._incidents.full(incident):
            incident = self._incidents.going_on(match.key, alert.last_seen) or self._open(match, other, now)
        if incident is None:
            return False
        for joins in (other, alert):
            if joins.incident != incident.id or not incident.alerts.get(joins.id):
                self._join(incident, joins, f"{match.reason} ({match.score:.1f})", now)
        self._strengthen(incident, match)
        self._incidents.tell(match.key, incident.id)
        return True

    def _joins_a_crowd(self, one: Facet, alert: Alert, now: int) -> bool:
        """Join a story in which many stand already, and one of them lately: no need to look at each."""
        at = alert.last_seen
        for key in one.looks_for:
            incident = self._incidents.going_on(key, at)
            if incident is None or incident.standing <= CROWD or abs(at - incident.last_seen) > self._window_ms:
                continue
            self._join(incident, alert, "of the same story as many others", now)
            return True
        return False

    def _matches(self, one: Facet, alert: Alert) -> Iterator[tuple[Match, Alert, tuple[bool, int]]]:
        """Yield what an alert matches by the strongest key that leads to anything."""
        for key in (*one.looks_for, *self._phone(one)):
            found = False
            for other in self._others(key, alert):
                match = correlate(one, self._facet(other), window_ms=self._window_ms)
                if match is not None and match.score >= INCIDENT_FROM:
                    found = True
                    yield match, other, (self._incidents.standing(other.incident) is not None, -other.no)
            if found:
                return

    def _with_signals(self, alert: Alert, now: int) -> bool:
        """Make an incident of an alert and of what the signals of its person or site showed at that moment."""
        one = self._facet(alert)
        told = None if one.signal else self._signs.of(one, now=now)
        if told is None or told[0].severity is None:
            return False
        shown, low_phone = told
        match = with_signals(one, whose="person" if one.person is not None else "site", low_phone=low_phone)
        incident = self._incidents.going_on(match.key, alert.last_seen) or self._open(match, alert, now)
        if incident is None:
            return False
        self._join(incident, alert, f"{match.reason}: {shown.reason} ({match.score:.1f})", now)
        self._strengthen(incident, match)
        self._incidents.tell(match.key, incident.id)
        return True

    def _join(self, incident: Incident, alert: Alert, reason: str, now: int) -> None:
        self._incidents.join(incident.id, alert.id, reason, now=now)

    def _open(self, match: Match, alert: Alert, now: int) -> Incident | None:
        """Put a new incident in the book, with what its person's signals showed."""
        incident = self._incidents.open(match.key, alert, score=match.score, parts=match.parts, now=now)
        told = self._signs.of(self._facet(alert), now=now) if incident is not None else None
        if incident is not None and told is not None:
            incident.signals = told[0]
            if told[0].severity is not None:
                self._incidents.worsen(incident, told[0].severity)
        return incident

    @staticmethod
    def _strengthen(incident: Incident, match: Match) -> None:
        """Keep the strongest match's score, with its parts."""
        if match.score > incident.score:
            incident.score, incident.score_parts = match.score, match.parts

    def _facet(self, alert: Alert) -> Facet:
        device = self._roster.device(alert.entity_id) if alert.person is None and alert.entity_id else None
        return facet(alert, owner=device.person if device is not None else None)

    def _phone(self, one: Facet) -> tuple[str, ...]:
        """Return the key of the phone of whom an alert is about."""
        phone = self._roster.phone_of(one.person) if one.person is not None else None
        return () if phone is None else (f"device:device/{phone}",)

    def _others(self, key: str, alert: Alert) -> Iterator[Alert]:
        for other_id in self._by_key.get(key, ()):
            other = self._book.get(other_id)
            if other is not None and other.unresolved and other.id != alert.id:
                yield other

    def _index(self, alert: Alert) -> None:
        if alert.unresolved:
            for key in facet(alert).found_by:
                self._by_key.setdefault(key, {})[alert.id] = None

    def _unindex(self, alert: Alert) -> None:
        for key in facet(alert).found_by:
            alerts = self._by_key.get(key, {})
            alerts.pop(alert.id, None)
            if not alerts:
                self._by_key.pop(key, None)
