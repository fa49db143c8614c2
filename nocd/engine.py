"""The pure heart: events, commands and ticks in, changes out; control flow only.

The same inputs in the same order give the same alerts, whatever the machine and however they were batched.
"""

from __future__ import annotations

from dataclasses import replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from nocd.baseline.acts import VERBS as THRESHOLD_VERBS
from nocd.baseline.acts import ThresholdActs
from nocd.detect.attendance import unpaired
from nocd.detect.distress import distress
from nocd.detect.entities import unknown_entity
from nocd.detect.failures import JOB_FAILED, job_failed
from nocd.detect.hours import Closed, SiteHours
from nocd.detect.samples import Sampled, Samples
from nocd.domain.change import Change
from nocd.domain.command import HEARTBEAT, Command, Refused, Reply
from nocd.domain.directory import DIRECTORY_TYPES, Removal, Shift
from nocd.domain.finding import fingerprint
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.domain.observation import OutsideAlert, PhoneEvent, Punch, Sample
from nocd.domain.roster import Entered, Roster
from nocd.outcome import Outcome
from nocd.signals.activity import COUNTED, HOURS_KEPT_MS, Activities
from nocd.signals.duty import Claim, Duties, Withdrawn
from nocd.signals.presence import Presence
from nocd.triage.acts import Acts
from nocd.triage.book import AlertBook, Touch
from nocd.triage.expiry import expire
from nocd.triage.intake import Intake, Limits
from nocd.triage.lifecycle import VERBS
from nocd.wire.present import alert_view, closed_hour_view, found_view, threshold_change_view, threshold_changed_view

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nocd.domain.alert import Alert
    from nocd.domain.event import Event
    from nocd.domain.finding import Finding
    from nocd.domain.shelf import Shelves

SHIFT, PERSON = "noc.shift", "noc.person"
DIRECTORY_KEPT_MS = 35 * DAY_MS
STOPPED_MS = 11 * MINUTE_MS  # two heartbeats and a little
STOPS_KEPT = 32


class Engine:
    """Folds inputs into state; `finish` ends a batch and says what was decided."""

    def __init__(self, shelves: Shelves, limits: Limits, *, lateness_ms: int = 10 * MINUTE_MS) -> None:
        """Take up the state on `shelves`; a closed window waits `lateness_ms` for events that arrive late."""
        self.shelves = shelves
        self.roster = Roster(shelves)
        self.duties = Duties(shelves, self.roster)
        self.book = AlertBook(shelves, self.roster, self.duties)
        self._intake = Intake(self.book, limits)
        self._lateness_ms = lateness_ms
        self.presence = Presence(self.duties, self.roster)
        self.activities = Activities(shelves)
        self.hours = SiteHours(
            shelves, self.roster, presence=self.presence, activities=self.activities, lateness_ms=lateness_ms
        )
        self.samples = Samples(shelves, self.roster, baselines=self.hours.baselines, lateness_ms=lateness_ms)
        self._thresholds = ThresholdActs(shelves)
        self._acts = Acts(self.book, ack_expires_ms=limits.ack_expires_ms)
        self._outcome = Outcome()
        self._now: int = shelves.get("counter", "now") or 0
        self._duty_due: list[tuple[int, str]] = []
        for at, person in self.duties.deadlines():
            heappush(self._duty_due, (at, person))

    def fold(self, events: Sequence[Event]) -> None:
        """Take new events in, in order."""
        for event in events:
            self._live(max(self._now, event.received_at))
            data = event.data
            if event.type in DIRECTORY_TYPES:
                self._direct(event)
            self._provide(event)
            if type(data) in COUNTED:
                self._count(event)
            react = _REACTIONS.get(type(data))
            if react is not None:
                react(self, event)

    def apply(self, command: Command) -> Reply:
        """Carry out a command; the reply says what became of it, refusals included."""
        now = max(self._now, command.time)
        if command.verb in THRESHOLD_VERBS:
            return self._steer(command, now)
        if command.verb in VERBS:
            return self._act(command, now)
        return self._told_of_itself(command, now)

    def _act(self, command: Command, now: int) -> Reply:
        """Carry out a command on an alert."""
        recalled = command.recalled if self.book.get(command.target) is None else None
        if recalled is not None:
            self.book.recall(recalled)
        try:
            alert = self._acts.act(command.target, command, now=now)
        except Refused as refused:
            if recalled is not None:
                self.book.let_go(recalled.id)
            return _refusal(404 if refused.code == "not_found" else 409, refused.code, refused.detail)
        self._live(now)  # only what is logged moves the clock: a refused command is not
        if command.verb == "note":
            self._tell_note(alert, command)
        return Reply(status=200, body=self._view(alert))

    def _told_of_itself(self, command: Command, now: int) -> Reply:
        """Take in what the daemon says of itself: that it lives, that a job of it failed."""
        if command.verb not in (HEARTBEAT, JOB_FAILED):
            return _refusal(400, "unknown_command", f"there is no command {command.verb}")
        self._live(now)
        if command.verb == HEARTBEAT:
            self._beat(now)
        else:
            self._found(job_failed(command, time=now))
        return Reply(status=200, body={})

    def holds(self, alert_id: str) -> bool:
        """Tell whether an alert is in memory; a command on any other needs it recalled."""
        return self.book.get(alert_id) is not None

    def lacks(self, command: Command) -> bool:
        """Tell whether a command is about an alert that must be recalled first."""
        return command.verb in VERBS and not self.holds(command.target)

    def tick(self, now: int) -> bool:
        """Let time pass to `now` (UTC ms); tell whether anything came of it."""
        former = self._now
        self._now = max(self._now, now)
        changed = bool(expire(self.book, now))
        for closed in self.hours.tick(now, stops=self.shelves.get("stops", "") or []):
            self._close_hour(closed)
            changed = True
        if (due := self.samples.next_due()) is not None and due <= now:
            self._sampled(self.samples.tick(now))
            changed = True
        while self._duty_due and self._duty_due[0][0] <= now:
            at, person = heappop(self._duty_due)
            duty = self.duties.on_duty(person)
            if duty is None or duty.deadline != at:
                continue  # it ended, or its shift moved, since this was planned
            self._settle(person, *self.duties.judge(person, now))
            changed = True
        if not changed:
            self._now = former  # only what is logged moves the clock
        return changed

    def next_due(self) -> int | None:
        """Return when the next tick has something to do (UTC ms), or None."""
        heads = [self.book.next_due(), self.hours.next_due(), self.samples.next_due()]
        heads.append(self._duty_due[0][0] if self._duty_due else None)
        return min((at for at in heads if at is not None), default=None)

    def finish(self) -> Outcome:
        """End the batch and return what it decided."""
        self.shelves.put("counter", "now", self._now)
        outcome, self._outcome = self._outcome, Outcome()
        told = self.book.finish()
        outcome.ledger = told.ledger
        for touch in told.touched:
            view = self._view(touch.alert)
            outcome.alerts.append((touch.alert, view))
            outcome.changes.append(_alert_change(touch, view, self._now))
        return outcome

    @property
    def now(self) -> int:
        """Return the engine's clock (UTC ms): the newest input's."""
        return self._now

    def _live(self, now: int) -> None:
        """Move the clock to a logged input's time; once an hour let go of minutes that no window reaches any more."""
        former, self._now = self._now, now
        if now // HOUR_MS != former // HOUR_MS:
            open_since = self.hours.open_since()
            self.activities.forget_before(min(now - HOURS_KEPT_MS, now if open_since is None else open_since))

    def _beat(self, now: int) -> None:
        """Know that the daemon lives; where the last sign of it is long ago, it did not between."""
        former = self.shelves.get("counter", HEARTBEAT)
        self.shelves.put("counter", HEARTBEAT, now)
        if former is not None and now - former > STOPPED_MS:
            stops = self.shelves.get("stops", "") or []
            self.shelves.put("stops", "", [*stops[1 - STOPS_KEPT :], (former, now)])

    def _count(self, event: Event) -> None:
        """Count what a person's phone tells, for them and for the site they are on duty at."""
        person: str = event.data.person  # type: ignore[union-attr, assignment]  # all that is counted has one
        if person not in self.roster.people:
            return  # past the bound on provisional people
        metric = self.activities.take(event, watermark=self._now - self._lateness_ms)
        found = self.hours.count(person, metric, event.time) if metric is not None else None
        if metric is not None and found is not None:
            site, finding = found
            self.hours.remember(site, metric.value, self._found(finding))

    def _close_hour(self, closed: Closed) -> None:
        """Tell of a closed hour: what was learned, what was found, what no longer stands."""
        for kind, finding, baseline in closed.refuted:
            self._withdraw(Withdrawn(kind=kind, finding=finding, site=closed.site), None)
            self._intake.withdrawn(finding, fingerprint(kind, closed.site, f"baseline:{baseline}"), now=self._now)
        for found in closed.found:
            self._found(found)
        if not closed.hours:
            return
        self._outcome.hours += closed.hours
        self._tell(
            "baseline_updated", closed_hour_view(closed.site, closed.hours, roster=self.roster), site=closed.site
        )

    def _sample(self, event: Event) -> None:
        self._sampled(self.samples.take(event, event.data, now=self._now))  # type: ignore[arg-type]  # dispatched by type

    def _sampled(self, sampled: Sampled) -> None:
        """Tell of a sampled series' closed hours, and of what was found in it."""
        for site, hour in sampled.hours:
            self._outcome.hours.append(hour)
            self._tell("baseline_updated", closed_hour_view(site, [hour], roster=self.roster), site=site)
        for found in sampled.found:
            self._found(found)

    def _steer(self, command: Command, now: int) -> Reply:
        """Carry out a command on a threshold."""
        try:
            baseline, changes = self._thresholds.act(command, now=now)
        except Refused as refused:
            return _refusal(404 if refused.code == "not_found" else 409, refused.code, refused.detail)
        self._live(now)
        site = baseline.series if baseline.series in self.roster.sites else None
        client = self.roster.client(site)
        for change in changes:
            self._outcome.threshold_changes.append((change, site, client))
            self._tell("threshold_changed", threshold_changed_view(change, baseline, roster=self.roster), site=site)
        body = {"id": baseline.id, "change": threshold_change_view(changes[-1]) if changes else None}
        return Reply(status=200, body=body)

    def _direct(self, event: Event) -> None:
        """Keep the directory; whose shifts change is paired again, for a duty ends by its shift."""
        self._forget_the_past()
        former = self.shelves.get("shift", event.data.id) if event.type == SHIFT else None  # type: ignore[union-attr]  # a directory entry
        self._entered(self.roster.enter(event.type, event.data))  # type: ignore[arg-type]  # the type names its kind
        if isinstance(event.data, Removal) and event.type == PERSON:
            self.activities.forget(event.data.id)
        if event.type == SHIFT:
            people = {shift.person for shift in (former, event.data) if isinstance(shift, Shift)}
            for person in sorted(people):
                self._settle(person, *self.duties.again(person))

    def _forget_the_past(self) -> None:
        """Once a day let go of what was over weeks ago; with an input, so that a replay does it at the same place."""
        day = self._now // DAY_MS
        if day != self.shelves.get("counter", "forgot_day"):
            self.shelves.put("counter", "forgot_day", day)
            self.roster.forget_before(self._now - DIRECTORY_KEPT_MS)

    def _provide(self, event: Event) -> None:
        site, person = getattr(event.data, "site", None), getattr(event.data, "person", None)
        for entered in self.roster.provide(site=site, person=person):
            self._entered(entered)
            self._found(unknown_entity(entered.kind, entered.id, time=event.time, site=site))

    def _punched(self, event: Event) -> None:
        data: Punch = event.data  # type: ignore[assignment]  # dispatched by type
        if data.person not in self.roster.people:
            return  # past the bound on provisional people: stored, but no duty is kept for it
        self._settle(data.person, *self.duties.punch(event, data))

    def _phoned(self, event: Event) -> None:
        data: PhoneEvent = event.data  # type: ignore[assignment]  # dispatched by type
        if data.kind == "panic":
            duty = self.duties.on_duty(data.person)
            site = duty.site if duty else None
            self._found(distress(event, data, site=site, person_name=self.roster.person_name(data.person)))

    def _alerted(self, event: Event) -> None:
        self._intake.outside(event, event.data, now=self._now)  # type: ignore[arg-type]  # dispatched by type

    def _settle(self, person: str, fresh: list[Claim], withdrawn: list[Withdrawn], deadline: int | None) -> None:
        for gone in withdrawn:
            self._withdraw(gone, person)
        for claim in fresh:
            name = self.roster.person_name(person) or person
            self.duties.remember(person, claim, self._found(unpaired(claim, person=person, person_name=name)))
        if deadline is not None:
            heappush(self._duty_due, (deadline, person))

    def _found(self, finding: Finding) -> str:
        number = (self.shelves.get("counter", "finding") or 0) + 1
        self.shelves.put("counter", "finding", number)
        finding = replace(finding, id=f"F-{number}")
        alert = self._intake.finding(finding, now=self._now)
        self._outcome.findings.append((finding, alert))
        data = found_view(finding, roster=self.roster, alert=alert)
        kind = "anomaly_detected" if finding.type.startswith("ANOMALY_") else "finding_created"
        self._tell(kind, data, site=finding.site, person=finding.person, severity=finding.severity)
        return finding.id

    def _withdraw(self, gone: Withdrawn, person: str | None) -> None:
        self._outcome.withdrawn.append(gone.finding)
        data: dict[str, Any] = {
            "id": gone.finding,
            "finding_type": gone.kind,
            "reason": "late_evidence",
            "evidence": {},
            "site_name": self.roster.site_name(gone.site),
            "person_name": self.roster.person_name(person),
        }
        self._tell("finding_withdrawn", data, site=gone.site, person=person)

    def _entered(self, entered: Entered | None) -> None:
        if entered is None:
            return
        data = {"kind": entered.kind, "id": entered.id, "name": entered.name, "happened": entered.happened}
        site = entered.id if entered.kind == "site" else None
        person = entered.id if entered.kind == "person" else None
        self._tell("directory_changed", data, site=site, person=person)

    def _tell_note(self, alert: Alert, command: Command) -> None:
        data = {
            "alert": alert.id,
            "text": command.args["text"],
            "actor": command.actor,
            "site_name": self.roster.site_name(alert.site),
        }
        self._tell("note_added", data, site=alert.site, person=alert.person)

    def _tell(
        self,
        kind: str,
        data: dict[str, Any],
        *,
        site: str | None = None,
        person: str | None = None,
        severity: str | None = None,
    ) -> None:
        self._outcome.changes.append(
            Change(
                type=kind,
                time=self._now,
                data=data,
                site=site,
                client=self.roster.client(site),
                person=person,
                severity=severity,
            )
        )

    def _view(self, alert: Alert) -> dict[str, Any]:
        return alert_view(
            alert,
            site_name=self.roster.site_name(alert.site),
            client=self.roster.client(alert.site),
            person_name=self.roster.person_name(alert.person),
        )


_REACTIONS: dict[type, Callable[[Engine, Event], None]] = {
    Punch: Engine._punched,  # noqa: SLF001 - the engine's own table
    PhoneEvent: Engine._phoned,  # noqa: SLF001 - the engine's own table
    Sample: Engine._sample,  # noqa: SLF001 - the engine's own table
    OutsideAlert: Engine._alerted,  # noqa: SLF001 - the engine's own table
}


def _alert_change(touch: Touch, view: dict[str, Any], now: int) -> Change:
    alert = touch.alert
    data = {
        **view,
        "old_status": touch.old_status,
        "new_status": alert.status,
        "happened": touch.decision,
        "why": touch.reason,
        "actor": touch.actor,
    }
    return Change(
        type="alert_created" if touch.created else "alert_updated",
        time=now,
        data=data,
        site=alert.site,
        client=view["client"],
        person=alert.person,
        severity=alert.severity,
    )


def _refusal(status: int, code: str, detail: str) -> Reply:
    return Reply(status=status, body={"code": code, "detail": detail})
