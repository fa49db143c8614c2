"""From one alert to its incident: what matches joins one story, what comes in storms is told apart by its pauses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.domain.incident import CloseWhen, Incident, Story
from nocd.domain.instant import HOUR_MS
from nocd.triage.book import never_quiet
from nocd.triage.correlation import INCIDENT_FROM, WINDOW_MS, Facet, Match, correlate, device_of, facet, with_signals
from nocd.triage.incidents import STORIES, quiet
from nocd.triage.intake import end
from nocd.triage.weather import (
    BEGINS_MAX,
    STORM_ALERTS,
    Skies,
    begin,
    has_rhythm,
    paused,
    see,
    stormy,
    thick,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nocd.domain.alert import Alert
    from nocd.domain.incident import Weather
    from nocd.domain.roster import Roster
    from nocd.domain.shelf import Shelves
    from nocd.triage.book import AlertBook
    from nocd.triage.incidents import IncidentBook
    from nocd.triage.signs import Signs

_STORM_SCORE: Final = {"storm": 1.0}
_DEVICE_SCORE: Final = {"same_device": 0.5, "time": 0.3}


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
        self._skies = Skies(shelves)
        self._stories: dict[str, Story] = shelves.kind(STORIES)
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
        self._skies.forget_before(now - 2 * HOUR_MS)

    def _begins(self, alert: Alert, now: int) -> None:
        """Find the incident of an alert that opened, or came back."""
        if not alert.unresolved:
            return
        self.sweep(now)
        self._index(alert)
        weather = self._weather(alert)
        if weather is not None:
            if _from_outside(alert):
                see(weather, alert.last_seen)
            begin(weather, alert.last_seen, alert.id)
            if self._storm(weather, alert, now):
                return
            if self._in_storm(weather, alert):
                self._carried(weather, alert, now, begins=True)
                return
        if self._comes_back(alert, now) or self._matched(alert, now) or self._with_signals(alert, now):
            return
        storm = self._shelter(None, weather, alert.last_seen) if weather is not None else None
        if storm is not None:
            self._join(storm, alert, "one of the storm", now)

    def _seen(self, alert: Alert, now: int) -> None:
        """Count one more sighting in its incident; in a storm it may be the first of another one."""
        if not alert.unresolved:
            return
        if _from_outside(alert):
            weather = self._weather(alert)
            if weather is not None:
                see(weather, alert.last_seen)
                if self._in_storm(weather, alert):
                    again = alert.seen_before is not None and alert.last_seen - alert.seen_before > self._window_ms
                    self._carried(weather, alert, now, begins=again)
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
        incident = self._incidents.get(alert.incident)
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
            if self._story(incident.key, alert.last_seen) is not None:
                return False
            incident = self._incidents.come_again(incident.id, f"{alert.id} is back", now=now)
            self._incidents.tell(incident.key, incident.id)
        self._incidents.join(incident.id, alert.id, "it is back", now=now)
        return True

    def _matched(self, alert: Alert, now: int) -> bool:
        """Join the story of another alert, or begin one with it."""
        one = self._facet(alert)
        best = max(self._matches(one, alert), key=lambda found: (found[0].score, *found[2]), default=None)
        if best is None:
            return False
        match, other, _ = best
        incident = self._incidents.standing(other.incident)
        if incident is None or quiet(incident, alert.last_seen) or self._incidents.full(incident):
            incident = self._story(match.key, alert.last_seen) or self._open(match, other, now)
        if incident is None:
            return False
        for joins in (other, alert):
            if joins.incident != incident.id or not incident.alerts.get(joins.id):
                self._join(incident, joins, f"{match.reason} ({match.score:.1f})", now)
        self._strengthen(incident, match)
        self._incidents.tell(match.key, incident.id)
        return True

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
        incident = self._story(match.key, alert.last_seen) or self._open(match, alert, now)
        if incident is None:
            return False
        self._join(incident, alert, f"{match.reason}: {shown.reason} ({match.score:.1f})", now)
        self._strengthen(incident, match)
        self._incidents.tell(match.key, incident.id)
        return True

    def _carried(self, weather: Weather, alert: Alert, now: int, *, begins: bool) -> None:
        """Find the incident of a sighting in a storm: its device's story, or after a pause a new one."""
        at, key = alert.last_seen, f"device:{device_of(alert)}"
        story = self._stories.get(key)
        incident = self._story(key, at)
        anew = begins and self._begins_anew(story, incident, weather, at)
        if incident is None or anew:
            incident = (self._shelter(incident, weather, at) if begins else None) or self._incidents.open(
                key, alert, score=round(sum(_DEVICE_SCORE.values()), 3), parts=dict(_DEVICE_SCORE), now=now
            )
            if incident is None:
                return
        if alert.incident == incident.id and incident.alerts.get(alert.id):
            self._incidents.seen(incident.id, alert)
        else:
            self._join(incident, alert, "on the same device in a storm", now)
        self._mark(key, incident.id, at if begins else None)

    @staticmethod
    def _begins_anew(story: Story | None, incident: Incident | None, weather: Weather, at: int) -> bool:
        """Tell whether what begins on a device now is another story than the one before."""
        if story is None or incident is None:
            return True
        if incident.id == weather.storm and thick(weather, at) and not has_rhythm(story.begins, at):
            return False
        return paused(story.begins, at)

    def _shelter(self, former: Incident | None, weather: Weather, at: int) -> Incident | None:
        """Return the storm's incident while it takes in what begins; not what comes after a story that stands apart."""
        storm = self._incidents.standing(weather.storm)
        apart = former is not None and (former.id == weather.storm or former.sightings > STORM_ALERTS)
        if storm is None or apart or not thick(weather, at) or self._incidents.full(storm):
            return None
        return storm

    def _storm(self, weather: Weather, alert: Alert, now: int) -> bool:
        """Let one incident carry what began together, more than 20 alerts in five minutes; tell whether it has this."""
        storm = self._incidents.standing(weather.storm)
        going_on = storm is not None and not quiet(storm, alert.last_seen) and not self._incidents.full(storm)
        if going_on or not thick(weather, alert.last_seen):
            return False
        began = [self._book.get(alert_id) for _, alert_id in weather.begins]
        carried = [each for each in began if each is not None and each.unresolved and not self._keeps_apart(each)]
        if len(carried) <= STORM_ALERTS // 2 or alert not in carried:
            return False
        title = f"Storm of alerts at {self._roster.site_name(alert.site) or alert.site or alert.source}"
        made = self._incidents.open("storm", carried[0], score=1.0, parts=dict(_STORM_SCORE), now=now, title=title)
        if made is None:
            return False
        made.storm, made.person, weather.storm = True, None, made.id
        for each in carried:
            self._join(made, each, f"more than {STORM_ALERTS} alerts of the site within 5 min", now)
            if (device := device_of(each)) is not None:
                self._mark(f"device:{device}", made.id, each.last_seen)
        return True

    def _keeps_apart(self, alert: Alert) -> bool:
        """Tell whether an alert stands in a story that is a flood by itself."""
        incident = self._incidents.standing(alert.incident)
        return incident is not None and incident.sightings > STORM_ALERTS

    def _in_storm(self, weather: Weather, alert: Alert) -> bool:
        return _from_outside(alert) and device_of(alert) is not None and stormy(weather, alert.last_seen)

    def _weather(self, alert: Alert) -> Weather | None:
        """Return the weather where an alert comes from, about to change; None for what comes from nowhere."""
        place = alert.site or (None if alert.source == "nocd" else f"source:{alert.source}")
        return None if place is None else self._skies.over(place)

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

    def _story(self, key: str, at: int) -> Incident | None:
        """Return the incident that stands about a key and was not quiet for an hour at an event time (ms)."""
        incident = self._incidents.latest(key)
        if incident is None or not incident.unresolved or quiet(incident, at) or self._incidents.full(incident):
            return None
        return incident

    def _mark(self, key: str, incident_id: str, began: int | None) -> None:
        """Know which incident is the latest about a device, and when an alert began on it."""
        self._incidents.tell(key, incident_id)
        if began is not None:
            story: Story = self._shelves.edit(STORIES, key)
            story.begins = [*story.begins, began][-BEGINS_MAX:]

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


def _from_outside(alert: Alert) -> bool:
    """Tell whether another monitoring system tells of something that is no person."""
    return alert.fingerprint.startswith("outside|") and alert.person is None
