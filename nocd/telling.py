"""From what was decided to what is told: findings numbered and handed to triage, changes for the feed, rows to keep."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from nocd.detect.watches import Standing
from nocd.domain.change import Change
from nocd.domain.handover import DeskNote, Handover
from nocd.domain.instant import MINUTE_MS
from nocd.domain.verdict import FRAUD
from nocd.fraud import steps
from nocd.fraud.scoring import Scoring, fraud_finding, punch_key, scored, severity, suspicious
from nocd.outcome import Outcome
from nocd.triage.maintenance import subject_of, words_of
from nocd.triage.together import Together, punch_of
from nocd.wire.present import alert_view, found_view, maintenance_view, silence_view
from nocd.wire.present_handovers import handover_view, note_view
from nocd.wire.present_incidents import incident_view
from nocd.wire.present_tickets import ticket_view

if TYPE_CHECKING:
    from nocd.detect.kinds import Rule
    from nocd.detect.scene import Scene
    from nocd.domain.alert import Alert
    from nocd.domain.delivery import Delivery
    from nocd.domain.finding import Finding
    from nocd.domain.maintenance import Maintenance
    from nocd.domain.model_step import ModelStep
    from nocd.domain.playbook import Run
    from nocd.domain.roster import Entered
    from nocd.domain.score import PunchScore, ScoreVerdict
    from nocd.fraud.scoring import Judged
    from nocd.triage.book import Touch
    from nocd.triage.incidents import IncidentTouch
    from nocd.triage.intake import Intake
    from nocd.triage.suppression import Suppression
    from nocd.triage.ticket_book import TicketsTold

HELD_KIND: Final = "held"
HIDDEN_KIND: Final = "hidden"
HELD_MAX: Final = 10_000  # fingerprints counted towards an alert; past it one opens at once


class Telling:
    """Collects what one batch decides."""

    def __init__(self, scene: Scene, intake: Intake) -> None:
        """Tell of what happens on `scene`; findings go to `intake`."""
        self._scene = scene
        self._roster = scene.roster
        self._shelves = scene.shelves
        self._intake = intake
        self._together = Together(scene.shelves, intake)
        self.scoring = Scoring(scene)
        self._of_punches: list[Finding] = []
        self._looked_at = 0
        self.outcome = Outcome()

    def found(self, finding: Finding, *, lasting: bool = False) -> str:
        """Give a finding its number and hand it to triage, unless something holds it back; return its id.

        One of a condition that lasts, hidden by plan, is kept until it is hidden no more. Of a type that is off nothing
        is told, and its id is empty.
        """
        if self._scene.rule(finding.type, finding.site).mode == "off":
            return ""
        number = (self._shelves.get("counter", "finding") or 0) + 1
        self._shelves.put("counter", "finding", number)
        finding = replace(finding, id=f"F-{number}")
        punch = punch_of(finding)
        if punch is not None and self._scene.rule(finding.type, finding.site).mode == "on":
            self.scoring.found(finding, punch)
        held = self._held_back(finding)
        if lasting and held and self._window(finding, finding.time) is not None:
            self._shelves.put(HIDDEN_KIND, finding.id, finding)
        if held is None and punch is not None:
            self._of_punches.append(finding)
        else:
            self._found(finding, None if held else self._intake.finding(finding, now=self._scene.now), held)
        return finding.id

    def settle(self) -> None:
        """Hand to triage what an input let find of punches, what is of one punch together."""
        judged = self.scoring.settle() if self.scoring.waits else ()
        for each in judged:
            self._judge(each.record)
        found, self._of_punches = self._of_punches, []
        alerts = {}
        for finding, alert in self._together.take(found, now=self._scene.now) if found else ():
            self._found(finding, alert, None)
            alerts[finding.id] = alert
        for each in judged:
            self._scored(each, alerts)

    def _judge(self, record: PunchScore) -> None:
        """Claim that a punch is a fraud, or take it back, as its score says now."""
        if suspicious(record) and not record.finding:
            record.finding = self.found(fraud_finding(record, self._scene))
        elif record.finding and not suspicious(record):
            claim = fraud_finding(record, self._scene)
            gone, record.finding, record.alert = record.finding, "", None
            self.refuted(
                Standing(
                    findings=[gone],
                    type=FRAUD,
                    fingerprint=claim.fingerprint,
                    since=record.time,
                    site=record.site,
                    person=record.person,
                )
            )

    def _scored(self, judged: Judged, alerts: dict[str, str]) -> None:
        """Give its score to the alert of a punch that looks like fraud, and keep it; `alerts` are those of findings."""
        record = judged.record
        known = alerts.get(record.finding) or record.alert or self._together.alert_of(punch_key(record))
        record.alert = known or next((alerts[finding] for finding in record.checks if finding in alerts), None)
        if record.alert is not None and suspicious(record):
            self._intake.scored(record.alert, record.score, severity(record), now=self._scene.now)
        made, before = scored(judged, self._scene), self.outcome.scores.get(record.id)
        if before is not None:
            made = replace(made, told=made.told or before.told, features=before.features)
        self.outcome.scores[record.id] = made

    def judged(self, verdict: ScoreVerdict) -> None:
        """Keep what a punch turned out to be."""
        self.outcome.judged.append(verdict)

    def stepped(self, step: ModelStep) -> None:
        """Keep and tell a step of a model's life; a drift is a finding too."""
        self.outcome.model_steps.append(step)
        self.tell(step.kind, steps.told(step), severity=steps.severity(step))
        if (finding := steps.drifted(step, self._shelves)) is not None:
            self.found(finding)

    def _found(self, finding: Finding, alert: str | None, held: str | None) -> None:
        self.outcome.findings.append((finding, alert))
        data = found_view(finding, roster=self._roster, alert=alert, held_back=held)
        kind = "anomaly_detected" if finding.anomaly else "finding_created"
        self.tell(kind, data, site=finding.site, person=finding.person, severity=finding.severity)

    def uncovered(self, now: int) -> bool:
        """Hand to triage what was hidden by plan, still lasts and is hidden no more; tell whether anything was."""
        self._looked_at = now
        hidden: dict[str, Finding] = self._shelves.kind(HIDDEN_KIND)
        bare = [finding for finding in hidden.values() if self._window(finding, now) is None]
        for finding in sorted(bare, key=lambda each: (each.time, each.id)):
            self._shelves.drop(HIDDEN_KIND, finding.id)
            if self._held_back(finding, at=now) is None:
                self.outcome.opened.append((finding.id, self._intake.finding(finding, now=now)))
        return bool(bare)

    def next_due(self) -> int | None:
        """Return when something hidden by plan may next be hidden no more (UTC ms), or None."""
        if not self._shelves.kind(HIDDEN_KIND):
            return None
        return min((window.end for window in self._scene.plans.all() if window.end > self._looked_at), default=None)

    def refuted(self, claim: Standing) -> None:
        """Withdraw findings that later evidence refutes, and their alert where it stands on nothing else."""
        self.settle()
        self._no_longer_hidden(claim)
        told = [finding for finding in claim.findings if finding]
        for finding in told:
            self.outcome.withdrawn.append(finding)
            data: dict[str, Any] = {
                "id": finding,
                "finding_type": claim.type,
                "reason": "late_evidence",
                "evidence": {},
                "site_name": self._roster.site_name(claim.site),
                "person_name": self._roster.person_name(claim.person),
            }
            self.tell("finding_withdrawn", data, site=claim.site, person=claim.person)
        self.scoring.withdrawn(told)
        self._intake.withdrawn(told, claim.fingerprint, now=self._scene.now)
        self.outcome.opened += self._together.withdrawn(told, now=self._scene.now)

    def over(self, claim: Standing, reason: str) -> None:
        """End the alert of a condition that is over, unless it stands on another finding by now."""
        self._no_longer_hidden(claim)
        self._intake.over(claim.findings, claim.fingerprint, reason, now=self._scene.now)

    def entered(self, entered: Entered | None) -> None:
        """Tell of what became of a directory entry."""
        if entered is None:
            return
        data = {"kind": entered.kind, "id": entered.id, "name": entered.name, "happened": entered.happened}
        site = entered.id if entered.kind == "site" else None
        person = entered.id if entered.kind == "person" else None
        self.tell("directory_changed", data, site=site, person=person)

    def noted(self, alert: Alert, *, text: str, actor: str) -> None:
        """Tell of a note on an alert."""
        data = {
            "alert": alert.id,
            "title": alert.title,
            "text": text,
            "actor": actor,
            "site_name": self._roster.site_name(alert.site),
            "client": self._roster.client(alert.site),
            "person_name": self._roster.person_name(alert.person),
        }
        self.tell("note_added", data, site=alert.site, person=alert.person)

    def handed_over(self, made: DeskNote | Handover, happened: str, *, actor: str) -> dict[str, Any]:
        """Tell of a note of the desk or a handover, keep the latter, and return it as the API shows it."""
        view = note_view(made) if isinstance(made, DeskNote) else handover_view(made)
        if isinstance(made, Handover):
            self.outcome.handovers.append((made, view))
        subject = "note" if isinstance(made, DeskNote) else "handover"
        self.tell("handover", {"happened": happened, "actor": actor, subject: view})
        return view

    def tell(
        self,
        kind: str,
        data: dict[str, Any],
        *,
        site: str | None = None,
        person: str | None = None,
        severity: str | None = None,
    ) -> None:
        """Put a change on the feed."""
        self.outcome.changes.append(
            Change(
                type=kind,
                time=self._scene.now,
                data=data,
                site=site,
                client=self._roster.client(site),
                person=person,
                severity=severity,
            )
        )

    def post(self, delivery: Delivery) -> None:
        """Put a message in the outbox."""
        self.outcome.outbox.append(delivery)

    def ran(self, run: Run, view: dict[str, Any]) -> None:
        """Keep where a playbook's run stands; it is told once a batch."""
        self.outcome.runs[run.id] = run, view

    def view(self, alert: Alert) -> dict[str, Any]:
        """Return an alert as the feed and the API show it."""
        return alert_view(
            alert,
            site_name=self._roster.site_name(alert.site),
            client=self._roster.client(alert.site),
            person_name=self._roster.person_name(alert.person),
        )

    def touched(self, touch: Touch) -> None:
        """Tell what a batch did to an alert."""
        alert = touch.alert
        view = self.view(alert)
        self.outcome.alerts.append((alert, view))
        data = {
            **view,
            "old_status": touch.old_status,
            "new_status": alert.status,
            "happened": touch.decision,
            "why": touch.reason,
            "actor": touch.actor,
        }
        kind = "alert_created" if touch.created else "alert_updated"
        self.tell(kind, data, site=alert.site, person=alert.person, severity=alert.severity)

    def hidden(self, suppression: Suppression) -> None:
        """Tell what became of silences and maintenance windows, and what they hide."""
        for name, happened in suppression.news():
            hiding, now = suppression.hiding(name), self._scene.now
            window, silence = self._scene.plans.get(name), suppression.silences.get(name)
            if window is not None:
                view = maintenance_view(window, roster=self._roster, now=now, hiding=hiding)
                site = window.target if window.scope == "site" else None
                self.tell("maintenance_window", {**view, "happened": happened}, site=site)
            elif silence is not None:
                view = silence_view(silence, roster=self._roster, hiding=hiding)
                self.tell("silence", {**view, "happened": happened}, site=silence.demands("site"))

    def worked(self, told: TicketsTold) -> None:
        """Tell what a batch did to tickets, each change of status by itself."""
        for news in told.news:
            ticket = news.ticket
            data = {
                **ticket_view(ticket, roster=self._roster),
                "old_status": news.old_status,
                "new_status": ticket.status,
                "happened": news.decision,
                "why": news.reason,
                "actor": news.actor,
            }
            kind = "ticket_created" if news.created else "ticket_updated"
            self.tell(kind, data, site=ticket.site, person=ticket.person, severity=ticket.severity)
        self.outcome.tickets = [(ticket, ticket_view(ticket, roster=self._roster)) for ticket in told.tickets]
        self.outcome.timeline = told.timeline

    def incident_touched(self, touch: IncidentTouch) -> None:
        """Tell what a batch did to an incident; where only more sightings were counted, nothing is told."""
        incident = touch.incident
        view = incident_view(incident, roster=self._roster)
        self.outcome.incidents.append((incident, view))
        if not touch.decision:
            return
        data = {
            **view,
            "old_status": touch.old_status,
            "new_status": incident.status,
            "happened": "opened" if touch.created else touch.decision,
            "why": touch.reason,
            "actor": touch.actor,
        }
        kind = "correlation_identified" if touch.created else "incident_updated"
        self.tell(kind, data, site=incident.site, person=incident.person, severity=incident.severity)

    def finish(self) -> Outcome:
        """End the batch and return what it decided."""
        for run, view in self.outcome.runs.values():
            self.tell("playbook_run", view, site=run.site, person=run.person, severity=run.severity)
        for made in self.outcome.scores.values():
            if made.told:
                self.tell("fraud_scored", made.view, site=made.view["site"], person=made.view["person"])
        outcome, self.outcome = self.outcome, Outcome()
        return outcome

    def forget_before(self, instant: int) -> None:
        """Let go of what was counted towards alerts that never opened."""
        for trouble in [key for key, times in self._shelves.kind(HELD_KIND).items() if times[-1] < instant]:
            self._shelves.drop(HELD_KIND, trouble)
        self._together.forget_before(instant)

    def _no_longer_hidden(self, claim: Standing) -> None:
        hidden = self._shelves.kind(HIDDEN_KIND)
        for finding in claim.findings if hidden else ():
            if finding in hidden:
                self._shelves.drop(HIDDEN_KIND, finding)

    def _held_back(self, finding: Finding, *, at: int | None = None) -> str | None:
        """Return why a finding opens or renews no alert at an instant (UTC ms), its own unless given, or None."""
        rule: Rule = self._scene.rule(finding.type, finding.site)
        if rule.mode == "shadow":
            return f"{finding.type} is in shadow: findings are kept and counted, alerts are not opened"
        if finding.severity.rank < rule.alert_from.rank:
            return f"{finding.severity} is evidence only; alerts open from {rule.alert_from}"
        window = self._window(finding, finding.time if at is None else at)
        if window is not None and not self._intake.stands(finding.fingerprint):
            return words_of(window, finding, self._scene)
        return self._too_few(finding, rule)

    def _window(self, finding: Finding, at: int) -> Maintenance | None:
        """Return the window that hides a finding at an instant (UTC ms), or None."""
        return self._scene.plans.covers(subject_of(finding, client=self._roster.client(finding.site)), at)

    def _too_few(self, finding: Finding, rule: Rule) -> str | None:
        """Count towards the findings that open an alert; one that stands is renewed by each."""
        wanted, within = rule.open_after.count, rule.open_after.minutes
        if wanted == 1 or self._intake.stands(finding.fingerprint):
            return None
        held = self._shelves.kind(HELD_KIND)
        now = self._scene.now
        times = [at for at in held.get(finding.fingerprint, ()) if at > now - within * MINUTE_MS]
        if len(times) + 1 >= wanted or (len(held) >= HELD_MAX and finding.fingerprint not in held):
            self._shelves.drop(HELD_KIND, finding.fingerprint)
            return None
        self._shelves.put(HELD_KIND, finding.fingerprint, [*times, now])
        return f"{len(times) + 1} of the {wanted} findings within {within} min that open an alert"
