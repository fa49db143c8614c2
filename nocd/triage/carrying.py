"""Storms: one incident carries what comes at once, and the stories of a device are told apart by their pauses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.triage.correlation import device_of
from nocd.triage.incidents import STORIES, quiet
from nocd.triage.weather import BEGINS_MAX, STORM_ALERTS, Skies, begin, has_rhythm, paused, see, stormy, thick

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.domain.incident import Incident, Story, Weather
    from nocd.domain.roster import Roster
    from nocd.domain.shelf import Shelves
    from nocd.triage.book import AlertBook
    from nocd.triage.incidents import IncidentBook

_STORM_SCORE: Final = {"storm": 1.0}
_DEVICE_SCORE: Final = {"same_device": 0.5, "time": 0.3}


class Carrying:
    """Knows the weather where alerts come from, and finds the incidents of those that come in storms."""

    def __init__(
        self, shelves: Shelves, book: AlertBook, incidents: IncidentBook, *, roster: Roster, window_ms: int
    ) -> None:
        """Take up the weather; what is seen again after more than `window_ms` begins anew."""
        self._shelves = shelves
        self._book = book
        self._incidents = incidents
        self._roster = roster
        self._window_ms = window_ms
        self._skies = Skies(shelves)
        self._stories: dict[str, Story] = shelves.kind(STORIES)

    def begins(self, alert: Alert, now: int) -> bool:
        """Take in an alert that opened or came back; tell whether a storm has found its incident."""
        weather = self._weather(alert)
        if weather is None:
            return False
        if _from_outside(alert):
            see(weather, alert.last_seen)
        begin(weather, alert.last_seen, alert.id)
        if self._storm(weather, alert, now):
            return True
        if not self._in_storm(weather, alert):
            return False
        self._carried(weather, alert, now, begins=True)
        return True

    def seen(self, alert: Alert, now: int) -> bool:
        """Take in one more sighting; tell whether a storm has found its incident."""
        weather = self._weather(alert) if _from_outside(alert) else None
        if weather is None:
            return False
        see(weather, alert.last_seen)
        if not self._in_storm(weather, alert):
            return False
        again = alert.seen_before is not None and alert.last_seen - alert.seen_before > self._window_ms
        self._carried(weather, alert, now, begins=again)
        return True

    def shelters(self, alert: Alert, now: int) -> None:
        """Let the storm carry an alert that belongs nowhere else, while it takes in what begins."""
        weather = self._weather(alert)
        storm = self._shelter(None, weather, alert.last_seen) if weather is not None else None
        if storm is not None:
            self._incidents.join(storm.id, alert.id, "one of the storm", now=now)

    def forget_before(self, instant: int) -> None:
        """Let go of the weather of places from which nothing came since `instant` (ms)."""
        self._skies.forget_before(instant)

    def _carried(self, weather: Weather, alert: Alert, now: int, *, begins: bool) -> None:
        """Find the incident of a sighting in a storm: its device's story, or after a pause a new one."""
        at, key = alert.last_seen, f"device:{device_of(alert)}"
        if not begins and self._put_by_hand(alert, key):
            self._incidents.seen(str(alert.incident), alert)
            return
        story = self._stories.get(key)
        incident = self._incidents.going_on(key, at)
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
            self._incidents.join(incident.id, alert.id, "on the same device in a storm", now=now)
        self._mark(key, incident.id, at if begins else None)

    def _put_by_hand(self, alert: Alert, key: str) -> bool:
        """Tell whether an alert stands in a story that is neither its device's nor a storm: there people put it."""
        incident = self._incidents.standing(alert.incident)
        return incident is not None and incident.key != key and not incident.storm

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
        reason = f"more than {STORM_ALERTS} alerts of the site within 5 min"
        for each in carried:
            self._incidents.join(made.id, each.id, reason, now=now)
            if (device := device_of(each)) is not None:
                self._mark(f"device:{device}", made.id, each.last_seen)
        return True

    def _keeps_apart(self, alert: Alert) -> bool:
        """Tell whether an alert stands in a story that is a flood by itself, or that somebody has in hand."""
        incident = self._incidents.standing(alert.incident)
        return incident is not None and (incident.sightings > STORM_ALERTS or incident.in_hand)

    def _in_storm(self, weather: Weather, alert: Alert) -> bool:
        return _from_outside(alert) and device_of(alert) is not None and stormy(weather, alert.last_seen)

    def _weather(self, alert: Alert) -> Weather | None:
        """Return the weather where an alert comes from, about to change; None for what comes from nowhere."""
        place = alert.site or (None if alert.source == "nocd" else f"source:{alert.source}")
        return None if place is None else self._skies.over(place)

    def _mark(self, key: str, incident_id: str, began: int | None) -> None:
        """Know which incident is the latest about a device, and when an alert began on it."""
        self._incidents.tell(key, incident_id)
        if began is not None:
            story: Story = self._shelves.edit(STORIES, key)
            story.begins = [*story.begins, began][-BEGINS_MAX:]


def _from_outside(alert: Alert) -> bool:
    """Tell whether another monitoring system tells of something that is no person."""
    return alert.fingerprint.startswith("outside|") and alert.person is None
