"""Incidents put together and taken apart by hand: created, merged, split, linked, hung under another, and put back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.domain.command import Command, Refused
from nocd.domain.incident import ALERTS_MAX, BY_HAND, LINKS_MAX, CloseWhen, Incident, IncidentStatus, IncidentUndo

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.triage.book import AlertBook
    from nocd.triage.incidents import IncidentBook

DEPTH_MAX: Final = 10


class Regrouping:
    """Moves alerts between incidents as people say."""

    def __init__(self, incidents: IncidentBook, book: AlertBook) -> None:
        """Work on both."""
        self._incidents = incidents
        self._book = book

    def create(self, command: Command, *, now: int) -> Incident:
        """Make an incident of alerts that stand; raises Refused."""
        alerts = [self._standing(alert_id) for alert_id in dict.fromkeys(command.args["alerts"])]
        made = self._made("made", alerts[0], str(command.args["title"]), now)
        made.close_when = CloseWhen(command.args.get("close_when") or made.close_when)
        for alert in alerts:
            self._incidents.join(made.id, alert.id, f"put together by {command.actor}", now=now, actor=command.actor)
        return made

    def touches(self, verb: str, incident: Incident, command: Command) -> list[Incident]:
        """Return every incident that a command changes, itself first; raises Refused where it cannot be."""
        return [incident, *getattr(self, f"_touched_by_{verb}")(incident, command)]

    def carry_out(self, verb: str, incident_id: str, command: Command, *, now: int) -> tuple[str | None, list[str]]:
        """Do what `touches` allowed; return the incident it made, and the alerts it moved."""
        made: tuple[str | None, list[str]] = getattr(self, f"_{verb}")(incident_id, command, now)
        return made

    def put_back(self, incident_id: str, undo: IncidentUndo, *, actor: str, now: int) -> None:
        """Put moved alerts back where they were, those that are still where they were put."""
        there = undo.made or incident_id
        reason = f"the {undo.verb} was taken back"
        for alert_id, former in undo.alerts.items():
            alert = self._book.get(alert_id)
            if alert is None or alert.incident != there or not alert.unresolved:
                continue
            if former is not None and self._incidents.get(former) is not None:
                self._incidents.join(former, alert_id, reason, now=now, actor=actor)
            else:
                self._incidents.part(there, alert_id, reason, now=now, actor=actor)
        for other in undo.before:
            if other != incident_id and self._incidents.get(other) is not None:
                self._incidents.decide(self._incidents.edit(other), "undone", reason, now=now, actor=actor)
                self._incidents.tell(self._incidents.edit(other).key, other)

    def _touched_by_merge(self, incident: Incident, command: Command) -> list[Incident]:
        others = [self._other(incident, other_id) for other_id in command.args["incidents"]]
        for other in others:
            if not other.unresolved:
                raise Refused("not_in_this_status", f"{other.id} is resolved; reopen it first")
        self._room(incident, sum(other.standing for other in others))
        return others

    def _merge(self, incident_id: str, command: Command, now: int) -> tuple[None, list[str]]:
        moved: list[str] = []
        for other_id in dict.fromkeys(command.args["incidents"]):
            other = self._incidents.edit(other_id)
            other.close_when, closes = CloseWhen.NEVER, other.close_when
            for alert_id in other.ids:
                reason = f"merged from {other_id}"
                self._incidents.join(incident_id, alert_id, reason, now=now, actor=command.actor)
                moved.append(alert_id)
            other.close_when, other.merged_into = closes, incident_id
            self._incidents.resolve(other, f"merged into {incident_id}", now=now, actor=command.actor)
            self._incidents.tell(other.key, incident_id)
        return None, moved

    def _touched_by_split(self, incident: Incident, command: Command) -> list[Incident]:
        leaving = set(command.args["alerts"])
        strange = leaving - set(incident.ids)
        if strange:
            raise Refused("not_in_it", f"{', '.join(sorted(strange))} does not stand in {incident.id}")
        if len(leaving) == incident.standing:
            raise Refused("nothing_left", f"these are all that stands in {incident.id}; a split leaves some")
        return []

    def _split(self, incident_id: str, command: Command, now: int) -> tuple[str, list[str]]:
        moved = list(dict.fromkeys(command.args["alerts"]))
        made = self._made("split", self._standing(moved[0]), str(command.args.get("title") or ""), now)
        for alert_id in moved:
            reason = f"split from {incident_id}"
            self._incidents.join(made.id, alert_id, reason, now=now, actor=command.actor)
        return made.id, moved

    def _touched_by_link(self, incident: Incident, command: Command) -> list[Incident]:
        others = [self._other(incident, other_id) for other_id in command.args.get("incidents") or ()]
        if any(len({*each.links, *(other.id for other in others)}) > LINKS_MAX for each in (incident, *others)):
            raise Refused("too_many_links", f"an incident has at most {LINKS_MAX} links")
        alerts = [self._standing(alert_id) for alert_id in command.args.get("alerts") or ()]
        if alerts and incident.status is IncidentStatus.RESOLVED:
            raise Refused(
                "not_in_this_status", f"no alert can join {incident.id} while it is resolved; reopen it first"
            )
        if not others and not alerts:
            raise Refused("nothing_to_link", "name incidents or alerts to link")
        self._room(incident, len(alerts))
        former = (self._incidents.standing(alert.incident) for alert in alerts)
        left = {each.id: each for each in former if each is not None and each.id != incident.id}
        return [*{**{other.id: other for other in others}, **left}.values()]

    def _link(self, incident_id: str, command: Command, now: int) -> tuple[None, list[str]]:
        others = list(command.args.get("incidents") or ())
        moved = list(dict.fromkeys(command.args.get("alerts") or ()))
        for one, other in [(incident_id, other) for other in others] + [(other, incident_id) for other in others]:
            incident = self._incidents.edit(one)
            if other not in incident.links:
                incident.links.append(other)
                self._incidents.decide(incident, "linked", f"with {other}", now=now, actor=command.actor)
        for alert_id in moved:
            reason = f"linked by {command.actor}"
            self._incidents.join(incident_id, alert_id, reason, now=now, actor=command.actor)
        return None, moved

    def _touched_by_reparent(self, incident: Incident, command: Command) -> list[Incident]:
        parent = command.args.get("parent")
        above = self._other(incident, parent) if parent is not None else None
        for _ in range(DEPTH_MAX):
            if above is None:
                return []
            if above.id == incident.id:
                raise Refused("in_a_circle", f"{parent} is part of {incident.id} already")
            above = self._incidents.get(above.parent)
        raise Refused("too_deep", f"incidents hang at most {DEPTH_MAX} deep")

    def _reparent(self, incident_id: str, command: Command, now: int) -> tuple[None, list[str]]:
        incident = self._incidents.edit(incident_id)
        incident.parent = command.args.get("parent")
        words = f"part of {incident.parent}" if incident.parent else "part of no other"
        self._incidents.decide(incident, "reparented", words, now=now, actor=command.actor)
        return None, []

    def _other(self, incident: Incident, other_id: str) -> Incident:
        other = self._incidents.get(other_id)
        if other is None:
            raise Refused("not_found", f"there is no incident {other_id}")
        if other.id == incident.id:
            raise Refused("itself", f"{incident.id} cannot be put together with itself")
        return other

    def _standing(self, alert_id: str) -> Alert:
        alert = self._book.get(alert_id)
        if alert is None:
            raise Refused("not_found", f"no alert {alert_id} stands")
        if not alert.unresolved:
            raise Refused("not_in_this_status", f"{alert_id} is resolved; reopen it first")
        return alert

    def _made(self, key: str, alert: Alert, title: str, now: int) -> Incident:
        made = self._incidents.open(f"{key}:{alert.id}", alert, score=1.0, parts={BY_HAND: 1.0}, now=now, title=title)
        if made is None:
            raise Refused("too_many_incidents", "so many incidents are held that no more can be; resolve some")
        return made

    @staticmethod
    def _room(incident: Incident, more: int) -> None:
        if incident.standing + more > ALERTS_MAX:
            raise Refused("too_many_alerts", f"an incident carries at most {ALERTS_MAX} alerts")
