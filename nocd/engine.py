"""The pure heart: events, commands and ticks in, changes out; control flow only.

The same inputs in the same order give the same alerts, whatever the machine and however they were batched.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from nocd.commanding import Commands
from nocd.detect.distress import distress
from nocd.detect.entities import unknown_entity
from nocd.detect.hours import Closed, SiteHours
from nocd.detect.registry import CATALOG, DETECTORS
from nocd.detect.rules import Rules
from nocd.detect.samples import Sampled, Samples
from nocd.detect.scene import Scene
from nocd.detect.unpaired import unpaired
from nocd.detect.watches import Standing, Watches
from nocd.domain.directory import DIRECTORY_TYPES, Removal, Shift
from nocd.domain.finding import fingerprint
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.domain.maintenance import Plans
from nocd.domain.observation import OutsideAlert, PhoneEvent, Punch, Sample
from nocd.domain.roster import Roster
from nocd.signals.activity import COUNTED, HOURS_KEPT_MS, Activities
from nocd.signals.duty import Claim, Duties, Withdrawn
from nocd.signals.heard import Heard
from nocd.signals.presence import Presence
from nocd.telling import Telling
from nocd.triage.book import AlertBook
from nocd.triage.expiry import expire
from nocd.triage.intake import Intake, Limits
from nocd.triage.kpis import Parts
from nocd.triage.lifecycle import VERBS
from nocd.triage.routes import Routes
from nocd.triage.runbooks import Runbooks
from nocd.triage.ticket_acts import VERBS as TICKET_VERBS
from nocd.triage.wiring import wired
from nocd.wire.present import closed_hour_view

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nocd.domain.command import Command, Reply
    from nocd.domain.event import Event
    from nocd.domain.prediction import Predictions
    from nocd.domain.shelf import Shelves
    from nocd.outcome import Outcome

SHIFT, PERSON = "noc.shift", "noc.person"
DIRECTORY_KEPT_MS = 35 * DAY_MS


class Engine:
    """Folds inputs into state; `finish` ends a batch and says what was decided."""

    def __init__(
        self,
        shelves: Shelves,
        limits: Limits,
        *,
        lateness_ms: int = 10 * MINUTE_MS,
        rules: Rules | None = None,
        runbooks: Runbooks | None = None,
        routes: Routes | None = None,
    ) -> None:
        """Take up the state on `shelves`; a closed window waits `lateness_ms` for events that arrive late."""
        self.shelves = shelves
        self.roster = Roster(shelves)
        self.duties = Duties(shelves, self.roster)
        self.book = AlertBook(shelves, self.roster, self.duties)
        self._intake = Intake(self.book, limits, runbooks or Runbooks())
        self.presence = Presence(self.duties, self.roster)
        self.activities = Activities(shelves)
        self.scene = Scene(
            shelves=shelves,
            roster=self.roster,
            duties=self.duties,
            presence=self.presence,
            activities=self.activities,
            rules=rules or Rules(CATALOG),
            plans=Plans(shelves),
            lateness_ms=lateness_ms,
            now=shelves.get("counter", "now") or 0,
        )
        self._telling = Telling(self.scene, self._intake)
        self._wire_detection()
        self.triage = wired(
            self.scene,
            self.book,
            self._telling,
            live=self._live,
            limits=limits,
            runbooks=runbooks or Runbooks(),
            routes=Routes() if routes is None else routes,
        )
        self._commands = Commands(self.scene, self._telling, self.triage, live=self._live)
        self.heard = Heard(self.duties, since=self.scene.now)
        self.parts = Parts(shelves, self.roster, self.duties, self.heard)
        self._duty_due: list[tuple[int, str]] = []
        for at, person in self.duties.deadlines():
            heappush(self._duty_due, (at, person))

    def _wire_detection(self) -> None:
        """Put together what finds: hours against what is usual, samples, and the detectors."""
        scene = self.scene
        self.hours = SiteHours(
            scene.shelves,
            scene.roster,
            presence=scene.presence,
            activities=scene.activities,
            plans=scene.plans,
            lateness_ms=scene.lateness_ms,
        )
        self.samples = Samples(
            scene.shelves,
            scene.roster,
            baselines=self.hours.baselines,
            plans=scene.plans,
            lateness_ms=scene.lateness_ms,
        )
        scene.hours, scene.open_alerts = self.hours, self.book.open_at
        self.watches = Watches(DETECTORS, scene, self._telling)
        scene.standing = self.watches.standing_at

    def fold(self, events: Sequence[Event]) -> None:
        """Take new events in, in order."""
        for event in events:
            self._live(max(self.scene.now, event.received_at))
            data = event.data
            if event.type in DIRECTORY_TYPES:
                self._direct(event)
            self._provide(event)
            self.heard.take(event)
            if type(data) in COUNTED:
                self._count(event)
            react = _REACTIONS.get(type(data))
            if react is not None:
                react(self, event)
            if not event.late:
                self.watches.take(event)
            self._settle_triage()

    def apply(self, command: Command) -> Reply:
        """Carry out a command; the reply says what became of it, refusals included."""
        reply = self._commands.carry_out(command, now=max(self.scene.now, command.time))
        self._settle_triage()
        return reply

    def unscored(self) -> dict[str, tuple[float, ...]]:
        """Return the features of punches folded since the last call, for a model to judge."""
        return self._telling.scoring.unscored()

    def predict(self, predictions: Predictions) -> None:
        """Take up what a model says of punches; no feature depends on it."""
        self._telling.scoring.predicted(predictions)
        self._settle_triage()

    def holds(self, alert_id: str) -> bool:
        """Tell whether an alert is in memory; a command on any other needs it recalled."""
        return self.book.get(alert_id) is not None

    def lacks(self, command: Command) -> bool:
        """Tell whether a command is about an alert that must be recalled first."""
        return command.verb in VERBS and not self.holds(command.target)

    def lacks_work(self, command: Command) -> tuple[bool, list[str]]:
        """Return whether a command's ticket must be recalled first, and the ids of alerts that must be."""
        if command.verb in TICKET_VERBS:
            return self.triage.ticket_acts.lacks(command)
        return False, self.triage.incident_acts.lacks(command)

    def tick(self, now: int) -> bool:
        """Let time pass to `now` (UTC ms); tell whether anything came of it."""
        former = self.scene.now
        self.scene.now = max(self.scene.now, now)
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
        changed |= self.watches.tick(now)
        changed |= self._telling.uncovered(now)
        self._settle_triage()
        changed |= self.triage.followers.tick(now)
        self._settle_triage()
        if not changed:
            self.scene.now = former  # only what is logged moves the clock
        return changed

    def next_due(self) -> int | None:
        """Return when the next tick has something to do (UTC ms), or None."""
        heads = [self.book.next_due(), self.hours.next_due(), self.samples.next_due(), self.watches.next_due()]
        heads += [
            self._telling.next_due(),
            self.triage.followers.next_due(),
            self._duty_due[0][0] if self._duty_due else None,
        ]
        return min((at for at in heads if at is not None), default=None)

    def finish(self) -> Outcome:
        """End the batch and return what it decided."""
        self.shelves.put("counter", "now", self.scene.now)
        told = self.book.finish()
        for touch in told.touched:
            self._telling.touched(touch)
        self._telling.hidden(self.triage.suppression)
        self._telling.worked(self.triage.tickets.finish())
        for each in self.triage.incidents.finish():
            self._telling.incident_touched(each)
        outcome = self._telling.finish()
        outcome.ledger = told.ledger
        return outcome

    @property
    def now(self) -> int:
        """Return the engine's clock (UTC ms): the newest input's."""
        return self.scene.now

    def _settle_triage(self) -> None:
        """Have what an input let find, and what was decided of it, followed up."""
        self._telling.settle()
        if self.book.news:
            self.triage.followers.settle(self.scene.now)

    def _live(self, now: int) -> None:
        """Move the clock to a logged input's time; once an hour let go of minutes that no window reaches any more."""
        former, self.scene.now = self.scene.now, now
        if now // HOUR_MS != former // HOUR_MS:
            open_since = self.hours.open_since()
            self.activities.forget_before(min(now - HOURS_KEPT_MS, now if open_since is None else open_since))

    def _count(self, event: Event) -> None:
        """Count what a person's phone tells, for them and for the site they are on duty at."""
        person: str = event.data.person  # type: ignore[union-attr, assignment]  # all that is counted has one
        if person not in self.roster.people:
            return  # past the bound on provisional people
        metric = self.activities.take(event, watermark=self.scene.watermark)
        found = self.hours.count(person, metric, event.time) if metric is not None else None
        if metric is not None and found is not None:
            site, finding = found
            self.hours.remember(site, metric.value, self._telling.found(finding))

    def _close_hour(self, closed: Closed) -> None:
        """Tell of a closed hour: what was learned, what was found, what no longer stands."""
        for kind, finding, baseline in closed.refuted:
            trouble = fingerprint(kind, closed.site, f"baseline:{baseline}")
            self._telling.refuted(_standing(kind, finding, trouble, site=closed.site))
        for found in closed.found:
            self._telling.found(found)
        if not closed.hours:
            return
        self._telling.outcome.hours += closed.hours
        self._telling.tell(
            "baseline_updated", closed_hour_view(closed.site, closed.hours, roster=self.roster), site=closed.site
        )

    def _sample(self, event: Event) -> None:
        self._sampled(self.samples.take(event, event.data, now=self.scene.now))  # type: ignore[arg-type]  # dispatched by type

    def _sampled(self, sampled: Sampled) -> None:
        """Tell of a sampled series' closed hours, and of what was found in it."""
        for site, hour in sampled.hours:
            self._telling.outcome.hours.append(hour)
            self._telling.tell("baseline_updated", closed_hour_view(site, [hour], roster=self.roster), site=site)
        for found in sampled.found:
            self._telling.found(found)

    def _direct(self, event: Event) -> None:
        """Keep the directory; whose shifts change is paired again, for a duty ends by its shift."""
        self._forget_the_past()
        former = self.shelves.get("shift", event.data.id) if event.type == SHIFT else None  # type: ignore[union-attr]  # a directory entry
        self._telling.entered(self.roster.enter(event.type, event.data))  # type: ignore[arg-type]  # the type names its kind
        if isinstance(event.data, Removal) and event.type == PERSON:
            self.activities.forget(event.data.id)
        if event.type == SHIFT:
            people = {shift.person for shift in (former, event.data) if isinstance(shift, Shift)}
            for person in sorted(people):
                self._settle(person, *self.duties.again(person))

    def _forget_the_past(self) -> None:
        """Once a day let go of what was over weeks ago; with an input, so that a replay does it at the same place."""
        day = self.scene.now // DAY_MS
        if day != self.shelves.get("counter", "forgot_day"):
            self.shelves.put("counter", "forgot_day", day)
            self.roster.forget_before(self.scene.now - DIRECTORY_KEPT_MS)
            self._telling.forget_before(self.scene.now - DAY_MS)
            self._commands.forget_before(self.scene.now - DIRECTORY_KEPT_MS)

    def _provide(self, event: Event) -> None:
        site, person = getattr(event.data, "site", None), getattr(event.data, "person", None)
        for entered in self.roster.provide(site=site, person=person):
            self._telling.entered(entered)
            self._telling.found(unknown_entity(entered.kind, entered.id, time=event.time, site=site))

    def _punched(self, event: Event) -> None:
        data: Punch = event.data  # type: ignore[assignment]  # dispatched by type
        if data.person not in self.roster.people:
            return  # past the bound on provisional people: stored, but no duty is kept for it
        settled = self.duties.punch(event, data)
        self._telling.scoring.punched(event, data)
        self._settle(data.person, *settled)

    def _phoned(self, event: Event) -> None:
        data: PhoneEvent = event.data  # type: ignore[assignment]  # dispatched by type
        if data.kind == "panic":
            duty = self.duties.on_duty(data.person)
            site = duty.site if duty else None
            self._telling.found(distress(event, data, site=site, person_name=self.roster.person_name(data.person)))

    def _alerted(self, event: Event) -> None:
        data: OutsideAlert = event.data  # type: ignore[assignment]  # dispatched by type
        if data.status == "acknowledged":
            self.triage.acts.acknowledged(self._intake.named(data), event, now=self.scene.now)
        else:
            self._intake.outside(event, data, now=self.scene.now)

    def _settle(self, person: str, fresh: list[Claim], withdrawn: list[Withdrawn], deadline: int | None) -> None:
        for gone in withdrawn:
            trouble = fingerprint(gone.kind, gone.site, person)
            self._telling.refuted(_standing(gone.kind, gone.finding, trouble, site=gone.site, person=person))
        for claim in fresh:
            name = self.roster.person_name(person) or person
            self.duties.remember(person, claim, self._telling.found(unpaired(claim, person=person, person_name=name)))
        if deadline is not None:
            heappush(self._duty_due, (deadline, person))


_REACTIONS: dict[type, Callable[[Engine, Event], None]] = {
    Punch: Engine._punched,  # noqa: SLF001 - the engine's own table
    PhoneEvent: Engine._phoned,  # noqa: SLF001 - the engine's own table
    Sample: Engine._sample,  # noqa: SLF001 - the engine's own table
    OutsideAlert: Engine._alerted,  # noqa: SLF001 - the engine's own table
}


def _standing(kind: str, finding: str, trouble: str, *, site: str, person: str | None = None) -> Standing:
    return Standing(findings=[finding], type=kind, fingerprint=trouble, since=0, site=site, person=person)
