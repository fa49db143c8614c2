"""The incidents that stand: numbered, found by id, with what joined and left them and every decision about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nocd.domain.incident import ALERTS_MAX, TIMELINE_MAX, Cause, CloseWhen, Incident, IncidentStatus, Moment, Story
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.domain.severity import Severity, worst
from nocd.triage.book import SYSTEM

if TYPE_CHECKING:
    from nocd.domain.alert import Alert, Verdict
    from nocd.domain.shelf import Shelves
    from nocd.triage.book import AlertBook

KIND: Final = "incident"
STORIES: Final = "story"
QUIET_MS: Final = HOUR_MS
INCIDENTS_MAX: Final = 20_000
RESOLVED_KEPT_MS: Final = DAY_MS
_TOGETHER_MS: Final = MINUTE_MS


@dataclass(slots=True, kw_only=True)
class IncidentTouch:
    """An incident and what a batch did to it: its status before, the last decision with its reason and author."""

    incident: Incident
    created: bool
    old_status: IncidentStatus | None
    decision: str = ""
    reason: str = ""
    actor: str = SYSTEM


class IncidentBook:
    """Holds incidents that stand, and resolved ones for a day, in which they may be reopened."""

    def __init__(self, shelves: Shelves, book: AlertBook, *, close_when: CloseWhen = CloseWhen.ALL) -> None:
        """Take up what the shelves hold; new incidents close as `close_when` says."""
        self._shelves = shelves
        self._book = book
        self._close_when = close_when
        self._incidents: dict[str, Incident] = shelves.kind(KIND)
        self._stories: dict[str, Story] = shelves.kind(STORIES)
        self._touched: dict[str, IncidentTouch] = {}

    def storm_of(self, alert: Alert) -> str | None:
        """Return why an alert is not told by itself: it is one of a storm that a standing incident carries, or None."""
        incident = self.standing(alert.incident)
        return f"it is one of the storm that {incident.id} carries" if incident is not None and incident.storm else None

    def get(self, incident_id: str | None) -> Incident | None:
        """Return an incident for reading, or None where it is not held."""
        return None if incident_id is None else self._incidents.get(incident_id)

    def standing(self, incident_id: str | None) -> Incident | None:
        """Return an unresolved incident for reading, or None."""
        incident = self.get(incident_id)
        return incident if incident is not None and incident.unresolved else None

    def heir(self, incident_id: str | None) -> Incident | None:
        """Return an incident for reading, or the one in which it went on after a merge; None where it is not held."""
        incident = self.get(incident_id)
        while incident is not None and incident.merged_into is not None:
            incident = self.get(incident.merged_into)
        return incident

    def open(
        self, key: str, alert: Alert, *, score: float, parts: dict[str, float], now: int, title: str = ""
    ) -> Incident | None:
        """Put a new incident about `alert` in the book, without the alert; None where too many are held already."""
        if len(self._incidents) >= INCIDENTS_MAX:
            return None
        number = int(self._shelves.get("counter", KIND) or 0) + 1
        self._shelves.put("counter", KIND, number)
        incident = Incident(
            id=f"I-{number}",
            no=number,
            key=key,
            title=title or alert.title,
            severity=alert.severity,
            score=score,
            score_parts=parts,
            first_seen=alert.first_seen if alert.seen_before is None else alert.last_seen,
            last_seen=alert.last_seen,
            opened_at=now,
            close_when=self._close_when,
            site=alert.site,
            person=alert.person,
        )
        self._shelves.put(KIND, incident.id, incident)
        self._touched[incident.id] = IncidentTouch(incident=incident, created=True, old_status=None)
        return incident

    def edit(self, incident_id: str) -> Incident:
        """Return an incident that is about to change."""
        incident: Incident = self._shelves.edit(KIND, incident_id)
        if incident_id not in self._touched:
            self._touched[incident_id] = IncidentTouch(incident=incident, created=False, old_status=incident.status)
        return incident

    def decide(
        self, incident: Incident, happened: str, text: str, *, now: int, actor: str = SYSTEM, alert: str | None = None
    ) -> None:
        """Put a decision on an incident's timeline, and in what the feed says happened."""
        touch = self._touched[incident.id]
        touch.decision, touch.reason, touch.actor = happened, text, actor
        incident.updated_at = now
        incident.timeline.append(Moment(time=now, happened=happened, text=text, actor=actor, alert=alert))
        del incident.timeline[:-TIMELINE_MAX]

    def join(self, incident_id: str, alert_id: str, reason: str, *, now: int, actor: str = SYSTEM) -> None:
        """Let an alert belong to an incident, and no longer to the one it stood in."""
        alert = self._book.edit(alert_id)
        if (former := self.standing(alert.incident)) is not None and former.id != incident_id:
            self.leave(former.id, alert, f"{alert.id} goes on in {incident_id}", now=now, actor=actor)
        incident = self.edit(incident_id)
        if alert.unresolved and not incident.alerts.get(alert.id):
            incident.standing += 1
        incident.alerts[alert.id] = alert.unresolved
        _forget_the_gone(incident)
        alert.incident = incident_id
        self._book.follow(alert, "grouped", f"{incident_id}: {reason}", now=now, actor=actor)
        incident.sightings += 1
        incident.last_seen = max(incident.last_seen, alert.last_seen)
        incident.cause = _cause(incident.cause, alert, incident.first_seen)
        self.worsen(incident, alert.severity)
        self.decide(incident, "joined", f"{alert.title}: {reason}", now=now, actor=actor, alert=alert.id)

    def leave(self, incident_id: str, alert: Alert, reason: str, *, now: int, actor: str = SYSTEM) -> None:
        """Let an alert stand in an incident no more; one in which nothing else stands resolves.

        Those that people move never belonged; those that went on in another story are part of what was.
        """
        incident = self.edit(incident_id)
        self.unmark(incident, alert.id)
        if actor != SYSTEM:
            incident.alerts.pop(alert.id, None)
        self.decide(incident, "left", reason, now=now, actor=actor, alert=alert.id)
        if incident.standing == 0 and incident.close_when is not CloseWhen.NEVER:
            self.resolve(incident, f"{reason}, and nothing else stands in it", now=now, actor=actor)

    def unmark(self, incident: Incident, alert_id: str) -> None:
        """Count an alert as standing in an incident (at hand for change) no more."""
        if incident.alerts.get(alert_id):
            incident.alerts[alert_id] = False
            incident.standing -= 1

    def seen(self, incident_id: str, alert: Alert) -> None:
        """Count one more sighting of an alert in its incident."""
        incident = self.edit(incident_id)
        incident.sightings += 1
        incident.last_seen = max(incident.last_seen, alert.last_seen)

    def worsen(self, incident: Incident, severity: Severity) -> None:
        """Give an incident at hand the worse of its severity and another."""
        incident.severity = worst(incident.severity, severity)

    def resolve(
        self, incident: Incident, reason: str, *, now: int, actor: str = SYSTEM, verdict: Verdict | None = None
    ) -> None:
        """Resolve an incident at hand; what was done to it before is not to be taken back any more."""
        incident.status, incident.undo = IncidentStatus.RESOLVED, None
        incident.resolved_at, incident.resolved_by, incident.verdict = now, actor, verdict
        self.decide(incident, "resolved", reason, now=now, actor=actor)

    def come_again(self, incident_id: str, reason: str, *, now: int, actor: str = SYSTEM) -> Incident:
        """Open a resolved incident again."""
        incident = self.edit(incident_id)
        incident.status, incident.undo = IncidentStatus.OPEN, None
        incident.resolved_at = incident.resolved_by = incident.verdict = incident.merged_into = None
        self.decide(incident, "reopened", reason, now=now, actor=actor)
        return incident

    def part(self, incident_id: str, alert_id: str, reason: str, *, now: int, actor: str) -> None:
        """Let an alert that stands belong to no incident any more."""
        alert = self._book.edit(alert_id)
        self.leave(incident_id, alert, reason, now=now, actor=actor)
        alert.incident = None
        self._book.follow(alert, "ungrouped", f"{incident_id}: {reason}", now=now, actor=actor)

    def latest(self, key: str) -> Incident | None:
        """Return the latest incident about a key, for reading, or None where none is held."""
        story = self._stories.get(key)
        return None if story is None else self.get(story.incident)

    def going_on(self, key: str, at: int) -> Incident | None:
        """Return what stands about a key, has room and was not quiet for an hour at an event time (ms), or None."""
        incident = self.latest(key)
        if incident is None or not incident.unresolved or quiet(incident, at) or self.full(incident):
            return None
        return incident

    def tell(self, key: str, incident_id: str) -> None:
        """Know which incident is the latest about a key."""
        story = self._stories.get(key)
        if story is None or story.incident != incident_id:
            self._shelves.put(STORIES, key, Story(incident=incident_id, begins=story.begins if story else []))

    def full(self, incident: Incident) -> bool:
        """Tell whether an incident carries as many alerts as one may."""
        return incident.standing >= ALERTS_MAX

    def forget_before(self, instant: int) -> None:
        """Let go of incidents resolved a day or more before `instant` (UTC ms)."""
        horizon = instant - RESOLVED_KEPT_MS
        over = [each.id for each in self._incidents.values() if (each.resolved_at or instant) < horizon]
        for incident_id in over:
            self._shelves.drop(KIND, incident_id)
        for key, story in list(self._stories.items()):
            incident = self.get(story.incident)
            if incident is None or (not incident.unresolved and incident.last_seen < instant - QUIET_MS):
                self._shelves.drop(STORIES, key)

    def finish(self) -> list[IncidentTouch]:
        """End the batch and return what happened to which incidents in it."""
        touched, self._touched = list(self._touched.values()), {}
        return touched


def quiet(incident: Incident, time: int) -> bool:
    """Tell whether an incident was quiet for an hour at an event time (UTC ms): what comes then is another story."""
    return not incident.first_seen - QUIET_MS <= time <= incident.last_seen + QUIET_MS


def _forget_the_gone(incident: Incident) -> None:
    """Keep an incident's alerts within bounds by forgetting the first of those that stand in it no more."""
    while len(incident.alerts) > ALERTS_MAX:
        gone = next((alert_id for alert_id, here in incident.alerts.items() if not here), None)
        if gone is None:
            return
        del incident.alerts[gone]


def _cause(former: Cause | None, alert: Alert, first_seen: int) -> Cause:
    """Return the earliest of what is suspected and an alert; of those that began together the more severe."""
    since = max(alert.first_seen, first_seen)
    cause = Cause(alert=alert.id, type=alert.type, title=alert.title, severity=alert.severity, since=since)
    if former is None or since < former.since - _TOGETHER_MS:
        return cause
    together = abs(since - former.since) <= _TOGETHER_MS
    return cause if together and cause.severity.rank > former.severity.rank else former
