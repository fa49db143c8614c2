"""What operators do to incidents: checked against the table, carried out on the incident and on its alerts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.alert import Verdict
from nocd.domain.command import Command, Refused
from nocd.domain.incident import Incident, IncidentStatus, IncidentUndo
from nocd.domain.severity import Severity
from nocd.triage.incident_table import NOUN, refusal
from nocd.triage.lifecycle import after_end
from nocd.triage.lifecycle import refusal as alert_refusal
from nocd.triage.regrouping import Regrouping
from nocd.triage.silences import UNDO_WITHIN_MS

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.triage.acts import Acts
    from nocd.triage.book import AlertBook
    from nocd.triage.incidents import IncidentBook

_KEPT: Final = (
    "status",
    "severity",
    "owner",
    "acknowledged_by",
    "acknowledged_at",
    "escalated_at",
    "resolved_by",
    "resolved_at",
    "verdict",
    "merged_into",
    "parent",
)
_AS_TEXT: Final[dict[str, Any]] = {"status": IncidentStatus, "severity": Severity, "verdict": Verdict}
_UNDOABLE: Final = frozenset({"ack", "resolve"})
_REGROUPING: Final = frozenset({"merge", "split", "link", "reparent"})
_REACHING_BACK: Final = frozenset({f"resolve_{NOUN}", f"reopen_{NOUN}", f"undo_{NOUN}"})
RECALLED_MAX: Final = 200  # of the alerts the book let go of, the last so many are reached


class IncidentActs:
    """Carries out commands on incidents."""

    def __init__(self, incidents: IncidentBook, book: AlertBook, acts: Acts) -> None:
        """Work on `incidents`; what is done to one is done to its alerts by `acts` on `book`."""
        self._incidents = incidents
        self._book = book
        self._acts = acts
        self._regrouping = Regrouping(incidents, book)

    def lacks(self, command: Command) -> list[str]:
        """Return the ids of an incident's alerts that a command reaches and that must be recalled first."""
        incident = self._incidents.get(command.target) if command.verb in _REACHING_BACK else None
        gone = [] if incident is None else [each for each in incident.alerts if self._book.get(each) is None]
        return gone[-RECALLED_MAX:]

    def act(self, command: Command, *, now: int) -> Incident:
        """Carry out a command and return the incident it is about; raises Refused."""
        verb = command.verb.removesuffix(f"_{NOUN}")
        if verb == "create":
            return self._regrouping.create(command, now=now)
        standing = self._incidents.get(command.target)
        if standing is None:
            raise Refused("not_found", f"there is no incident {command.target} any more that could be worked on")
        reason = refusal(verb, standing)
        if reason is not None:
            raise Refused("not_in_this_status", reason)
        if verb == "undo":
            return self._undo(standing, command, now)
        if verb in _REGROUPING:
            return self._regroup(verb, standing, command, now)
        if verb == "reopen":
            self._not_beside_another(standing)
        incident = self._incidents.edit(standing.id)
        undo = _undo_of(incident, verb, command, now) if verb in _UNDOABLE else None
        getattr(self, f"_{verb}")(incident, command, now)
        incident.undo = undo
        return incident

    def _ack(self, incident: Incident, command: Command, now: int) -> None:
        incident.status = IncidentStatus.ACKNOWLEDGED
        _take_on(incident, command.actor, now)
        self._decide(incident, "acknowledged", command, now)
        self._on_alerts("ack", incident, command, now)

    def _assign(self, incident: Incident, command: Command, now: int) -> None:
        incident.status = IncidentStatus.ACKNOWLEDGED
        incident.owner = str(command.args["assignee"])
        if incident.acknowledged_at is None:
            incident.acknowledged_at, incident.acknowledged_by = now, command.actor
        self._decide(incident, "assigned", command, now, f"to {incident.owner}")
        self._on_alerts("assign", incident, command, now)

    def _escalate(self, incident: Incident, command: Command, now: int) -> None:
        incident.escalated_at = now
        self._decide(incident, "escalated", command, now)
        self._on_alerts("escalate", incident, command, now)

    def _note(self, incident: Incident, command: Command, now: int) -> None:
        incident.notes += 1
        text = str(command.args["text"])
        self._incidents.decide(incident, "note", text, now=now, actor=command.actor)
        self._on_alerts("note", incident, command, now)

    def _resolve(self, incident: Incident, command: Command, now: int) -> None:
        """Resolve all that stands in it, with one verdict; an alert that has one of its own keeps it."""
        if incident.acknowledged_at is None:
            _take_on(incident, command.actor, now)
        verdict = Verdict(command.args["verdict"])
        words = _words(command, f"verdict {verdict}")
        self._incidents.resolve(incident, words, now=now, actor=command.actor, verdict=verdict)
        self._recall(command, [each for each in command.recalled_alerts if each.verdict is None])
        self._on_alerts("resolve", incident, command, now)
        for alert_id in incident.ids:
            self._incidents.unmark(incident, alert_id)

    def _recall(self, command: Command, gone: list[Alert]) -> None:
        """Take alerts of an incident back that the book had let go of."""
        for alert in gone:
            if alert.incident == command.target and self._book.get(alert.id) is None:
                self._book.recall(alert)

    def _reopen(self, incident: Incident, command: Command, now: int) -> None:
        """Open it again, and its alerts of late; of those long gone, what was resolved with it."""
        ended_at = incident.resolved_at or now
        self._recall(command, [each for each in command.recalled_alerts if (each.resolved_at or 0) >= ended_at])
        self._incidents.come_again(incident.id, _words(command), now=now, actor=command.actor)
        for alert_id in list(incident.alerts):
            self._on_alert("reopen", alert_id, command, now)

    def _on_alerts(self, verb: str, incident: Incident, command: Command, now: int) -> None:
        for alert_id in list(incident.alerts):
            self._on_alert(verb, alert_id, command, now)

    def _on_alert(self, verb: str, alert_id: str, command: Command, now: int) -> None:
        """Do to an alert of an incident what is done to the incident, where its own status allows it."""
        alert = self._book.get(alert_id)
        if alert is None or alert.incident != command.target or alert_refusal(verb, alert) is not None:
            return
        if (verb == "ack" and after_end(verb, alert)) or (verb == "note" and not alert.unresolved):
            return
        other = self._book.standing(alert.fingerprint)
        if verb == "reopen" and other is not None and other.unresolved:
            return
        note = ": ".join(filter(None, (f"with {command.target}", command.args.get("note"))))
        args = {**command.args, "note": note}
        self._acts.act(alert_id, replace(command, verb=verb, target=alert_id, args=args), now=now)

    def _regroup(self, verb: str, standing: Incident, command: Command, now: int) -> Incident:
        touched = self._regrouping.touches(verb, standing, command)
        before = {each.id: _fields(each) for each in touched}
        alerts = {alert_id: each.id for each in touched for alert_id in each.ids}
        made, moved = self._regrouping.carry_out(verb, standing.id, command, now=now)
        incident = self._incidents.edit(standing.id)
        incident.undo = IncidentUndo(
            verb=verb,
            actor=command.actor,
            until=now + UNDO_WITHIN_MS,
            before=before,
            alerts={alert_id: alerts.get(alert_id) for alert_id in moved},
            made=made,
        )
        return incident

    def _undo(self, standing: Incident, command: Command, now: int) -> Incident:
        """Put back all that an act replaced, on the incidents and on the alerts."""
        undo, reason = standing.undo, _not_undone(standing, command, now)
        if undo is None or reason:
            raise Refused("nothing_to_undo", reason)
        for incident_id, fields in undo.before.items():
            if self._incidents.get(incident_id) is not None:
                _put_back(self._incidents.edit(incident_id), fields)
        incident = self._incidents.edit(standing.id)
        incident.undo = None
        self._recall(command, [each for each in command.recalled_alerts if each.undo and each.undo.until == undo.until])
        if undo.verb in _REGROUPING:
            self._regrouping.put_back(standing.id, undo, actor=command.actor, now=now)
        self._incidents.decide(incident, "undone", f"{undo.verb} taken back", now=now, actor=command.actor)
        if undo.verb not in _REGROUPING:
            self._undo_on_alerts(incident, undo, command, now)
        return incident

    def _undo_on_alerts(self, incident: Incident, undo: IncidentUndo, command: Command, now: int) -> None:
        gone = [each for each in command.recalled_alerts if each.undo is not None and each.undo.until == undo.until]
        self._recall(command, gone)
        for alert_id in list(incident.alerts):
            alert = self._book.get(alert_id)
            mine = alert is not None and alert.undo is not None and alert.undo.until == undo.until
            if mine and alert is not None and alert.undo is not None and alert.undo.actor == command.actor:
                self._acts.act(alert_id, replace(command, verb="undo", target=alert_id), now=now)
                if alert.unresolved and not incident.alerts[alert_id]:
                    incident.alerts[alert_id] = True
                    incident.standing += 1

    def _not_beside_another(self, incident: Incident) -> None:
        other = self._incidents.latest(incident.key)
        if other is not None and other.unresolved and other.id != incident.id:
            raise Refused("another_stands", f"{other.id} stands for the same story already; work on that one")

    def _decide(self, incident: Incident, happened: str, command: Command, now: int, what: str = "") -> None:
        self._incidents.decide(incident, happened, _words(command, what), now=now, actor=command.actor)


def _undo_of(incident: Incident, verb: str, command: Command, now: int) -> IncidentUndo:
    before = {incident.id: _fields(incident)}
    return IncidentUndo(verb=verb, actor=command.actor, until=now + UNDO_WITHIN_MS, before=before)


def _fields(incident: Incident) -> dict[str, Any]:
    return {**{name: getattr(incident, name) for name in _KEPT}, "links": list(incident.links)}


def _put_back(incident: Incident, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        kind = _AS_TEXT.get(name)
        setattr(incident, name, kind(value) if kind is not None and value is not None else value)


def _take_on(incident: Incident, actor: str, now: int) -> None:
    incident.owner = incident.owner or actor
    incident.acknowledged_by = actor
    if incident.acknowledged_at is None:
        incident.acknowledged_at = now


def _not_undone(incident: Incident, command: Command, now: int) -> str:
    """Return why there is nothing for this actor to take back now, empty where there is."""
    undo, seconds = incident.undo, UNDO_WITHIN_MS // 1_000
    if undo is None:
        return f"nothing done to {incident.id} waits to be undone: an act can be, for {seconds} s"
    if undo.actor != command.actor:
        return f"the {undo.verb} of {incident.id} was by {undo.actor}, and only they can take it back"
    if now > undo.until:
        late = (now - undo.until) / 1_000
        return f"the {undo.verb} of {incident.id} can no longer be undone: its {seconds} s were over {late:.1f} s ago"
    return ""


def _words(command: Command, what: str = "") -> str:
    note = str(command.args.get("note") or "")
    return ": ".join(part for part in (what, note) if part) or f"by {command.actor}"
