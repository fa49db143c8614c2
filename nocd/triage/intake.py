"""From one sighting to one alert: opened, renewed, made worse, reopened or ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nocd.domain.alert import Alert, Status
from nocd.domain.finding import Category, Finding, fingerprint
from nocd.domain.incident import CloseWhen
from nocd.domain.instant import HOUR_MS, MINUTE_MS, SECOND_MS
from nocd.domain.severity import Severity, worst
from nocd.triage.backlog import BACKPRESSURE
from nocd.triage.book import REOPEN_WITHIN_MS, SYSTEM, AlertBook
from nocd.triage.correlation import WINDOW_MS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nocd.domain.event import Event
    from nocd.domain.observation import OutsideAlert
    from nocd.triage.runbooks import Runbooks

ALERT_FROM = Severity.MEDIUM
FLOOD = "ALERT_FLOOD"
ESCALATE_MINUTES = {Severity.CRITICAL: 15, Severity.HIGH: 30, Severity.MEDIUM: 60, Severity.LOW: 120}
ANOMALY_QUIET_MS = 2 * HOUR_MS  # hours are judged one by one: the next usual one says nothing, two do
CONDITION_QUIET_MIN_MS = 15 * MINUTE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long outside alerts may be quiet before they end, how many alerts may stand, how long an ack holds.

    `ticket_severities` are those of alerts that open a ticket; an alert nobody touches goes up after its severity's
    `escalate_minutes`, unless it has a runbook of its own. The desk's shifts begin at `shift_starts`, minutes of the
    day in `timezone`.
    """

    outside_quiet_ms: int = HOUR_MS
    ack_expires_ms: int = HOUR_MS
    alerts_open_max: int = 50_000
    ticket_severities: frozenset[Severity] = frozenset({Severity.CRITICAL, Severity.HIGH})
    tickets_open_max: int = 10_000
    escalate_minutes: Mapping[Severity, int] = field(default_factory=lambda: dict(ESCALATE_MINUTES))
    correlation_window_ms: int = WINDOW_MS
    incident_close_when: CloseWhen = CloseWhen.ALL
    shift_starts: tuple[int, ...] = (360, 840, 1_320)
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One more sign of a trouble, from a detector or from outside, in the form the book keeps."""

    fingerprint: str
    type: str
    category: Category
    severity: Severity
    title: str
    reason: str
    site: str | None
    person: str | None
    entity_type: str
    entity_id: str
    source: str
    time: int
    condition: bool
    quiet_for_ms: int | None
    evidence: dict[str, Any]
    labels: dict[str, str]


class Intake:
    """Takes sightings in and decides which alert they belong to."""

    def __init__(self, book: AlertBook, limits: Limits, runbooks: Runbooks) -> None:
        """Work on `book` within `limits`; alerts get their steps from `runbooks`."""
        self._book = book
        self._runbooks = runbooks
        self._limits = limits

    def outside(self, event: Event, data: OutsideAlert, *, now: int) -> None:
        """Take in what another monitoring system says: firing opens or renews, resolved ends."""
        sighting = self._from_outside(event, data)
        if data.status == "firing":
            self._seen(sighting, now=now)
        else:
            self._ended(sighting, now=now)

    def named(self, data: OutsideAlert) -> Alert | None:
        """Return the unresolved alert that another monitoring system is about, or None."""
        standing = self._book.standing(_trouble(data))
        return standing if standing is not None and standing.unresolved else None

    def finding(self, finding: Finding, *, now: int) -> str:
        """Take in a finding; return its alert's id."""
        return self._seen(_from_finding(finding), now=now)

    def stands(self, fingerprint: str) -> bool:
        """Tell whether an unresolved alert with this fingerprint stands."""
        standing = self._book.standing(fingerprint)
        return standing is not None and standing.unresolved

    def holds(self, alert_id: str) -> bool:
        """Tell whether an alert is known and unresolved."""
        alert = self._book.get(alert_id)
        return alert is not None and alert.unresolved

    def beside(self, alert_id: str, finding: Finding, *, now: int) -> None:
        """Put a finding beside the one an alert stands on, as more evidence of the same trouble."""
        alert = self._book.edit(alert_id)
        alert.evidence = {**alert.evidence, "also": {**alert.evidence.get("also", {}), finding.id: finding.reason}}
        if worst(alert.severity, finding.severity) is not alert.severity:
            self._worsen(alert, finding.severity, now=now)
        self._book.follow(alert, "evidence", f"{_title_of(finding)}, of the same punch: {finding.reason}", now=now)

    def superseded(self, alert_id: str, by: str, *, now: int) -> bool:
        """End an alert whose punch another leads now; what is CRITICAL, seen to or of more than it goes on standing."""
        alert = self._book.get(alert_id)
        untouched = alert is not None and alert.status in (Status.OPEN, Status.SUPPRESSED) and alert.ticket is None
        if alert is None or not untouched or alert.severity is Severity.CRITICAL or alert.count > 1:
            return False
        alert = self._book.edit(alert_id)
        end(self._book, alert, f"{by} leads what is found of its punch from now on", now=now)
        alert.ended_unseen = False
        return True

    def scored(self, alert_id: str, score: float, severity: Severity, *, now: int) -> None:
        """Give an alert the fraud score of its punch, of several punches the highest."""
        standing = self._book.get(alert_id)
        if standing is None or not standing.unresolved:
            return
        score = score if standing.count == 1 else max(score, standing.fraud_score or 0.0)
        if score == standing.fraud_score:
            return
        alert = self._book.edit(alert_id)
        former, alert.fraud_score = alert.fraud_score, score
        if former is not None:
            words = "more" if score > former else "less"
            self._book.follow(alert, "evidence", f"it looks {words} like fraud than before", now=now)
        if worst(alert.severity, severity) is not alert.severity:
            self._worsen(alert, severity, now=now)

    def no_longer_beside(self, alert_id: str, finding: str, *, now: int) -> None:
        """Take withdrawn evidence from an alert that goes on standing."""
        if not self.holds(alert_id):
            return
        alert = self._book.edit(alert_id)
        also = {name: reason for name, reason in alert.evidence.get("also", {}).items() if name != finding}
        alert.evidence = {**alert.evidence, "also": also}
        self._book.follow(alert, "evidence", f"{finding} was withdrawn: late evidence", now=now)

    def withdrawn(self, findings: Sequence[str], fingerprint: str, *, now: int) -> None:
        """Withdraw a claim's findings from their alert: one that stands on nothing else ends with them."""
        standing = self._last_of(findings, fingerprint)
        if standing is not None and standing.count <= len(findings):
            end(self._book, self._book.edit(standing.id), f"{findings[-1]} was withdrawn: late evidence", now=now)

    def over(self, findings: Sequence[str], fingerprint: str, reason: str, *, now: int) -> None:
        """End the alert of a condition that is over; one that another finding renewed since goes on."""
        standing = self._last_of(findings, fingerprint)
        if standing is not None:
            end(self._book, self._book.edit(standing.id), reason, now=now)

    def _last_of(self, findings: Sequence[str], fingerprint: str) -> Alert | None:
        """Return the unresolved alert whose latest finding is one of these, or None."""
        standing = self._book.standing(fingerprint)
        if standing is None or not standing.unresolved or standing.evidence.get("finding") not in findings:
            return None
        return standing

    def _seen(self, sighting: Sighting, *, now: int) -> str:
        standing = self._book.standing(sighting.fingerprint)
        if standing is None or (not standing.unresolved and not self._reopens(standing, sighting, now)):
            if standing is not None and sighting.time < (standing.ended_time or 0):
                return standing.id  # told late: it was over before this was sent
            return self._open(sighting, now=now)
        alert = self._book.edit(standing.id)
        was_resolved = not alert.unresolved
        self._see_again(alert, sighting, now=now)
        if was_resolved:
            self._reopen(alert, now=now)
        else:
            self._book.renew(alert, now=now)
        return alert.id

    def _open(self, sighting: Sighting, *, now: int) -> str:
        if self._full(sighting):
            return self._seen(_flood(sighting, self._limits.alerts_open_max), now=now)
        number = self._book.next_no()
        alert = Alert(
            id=f"A-{number}",
            no=number,
            fingerprint=sighting.fingerprint,
            type=sighting.type,
            category=sighting.category,
            severity=sighting.severity,
            title=sighting.title,
            reason=sighting.reason,
            entity_type=sighting.entity_type,
            entity_id=sighting.entity_id,
            source=sighting.source,
            first_seen=sighting.time,
            last_seen=sighting.time,
            opened_at=now,
            renewed_at=now,
            site=sighting.site,
            person=sighting.person,
            condition=sighting.condition,
            quiet_for_ms=sighting.quiet_for_ms,
            evidence=sighting.evidence,
            baseline=sighting.evidence.get("baseline"),
            labels=sighting.labels,
            hourly=[(now // HOUR_MS, 1)],
            recent_opens=[now],
        )
        self._runbooks.give(alert)
        self._book.add(alert)
        self._book.decide(alert, "opened", f"no alert with its fingerprint stood: {sighting.reason}", now=now)
        return alert.id

    def _full(self, sighting: Sighting) -> bool:
        """Tell whether a new trouble is only counted; CRITICAL has as much room again, so that a flood hides none."""
        room = self._limits.alerts_open_max * (2 if sighting.severity is Severity.CRITICAL else 1)
        return self._book.unresolved >= room and sighting.fingerprint != fingerprint(FLOOD)

    def _see_again(self, alert: Alert, sighting: Sighting, *, now: int) -> None:
        alert.count += 1
        alert.renewed_at = now
        alert.first_seen = min(alert.first_seen, sighting.time)
        alert.seen_before = alert.last_seen
        _tally(alert, now // HOUR_MS)
        if sighting.time >= alert.last_seen:
            alert.last_seen = sighting.time
            alert.reason, alert.evidence, alert.labels = sighting.reason, sighting.evidence, sighting.labels
            alert.quiet_for_ms = sighting.quiet_for_ms
        if worst(alert.severity, sighting.severity) is not alert.severity:
            self._worsen(alert, sighting.severity, now=now)

    def _worsen(self, alert: Alert, severity: Severity, *, now: int) -> None:
        former = alert.severity
        self._book.recount(alert, severity)
        self._runbooks.give(alert)
        self._book.decide(alert, "severity_raised", f"seen as {severity}, was {former}", now=now)
        if (
            alert.status is Status.SUPPRESSED
            and alert.suppressed_by == BACKPRESSURE
            and severity.rank >= ALERT_FROM.rank
        ):
            alert.show()
            self._book.move(alert, Status.OPEN)
            self._book.decide(alert, "unsuppressed", f"{severity} is never held back by {BACKPRESSURE}", now=now)

    def _reopen(self, alert: Alert, *, now: int) -> None:
        alert.resolved_at = alert.resolved_by = alert.verdict = alert.ended_time = alert.undo = None
        alert.show()
        alert.ended_unseen = False
        self._book.come_again(alert, now)
        minutes = REOPEN_WITHIN_MS // MINUTE_MS
        reason = f"seen again within {minutes} min of its end"
        if alert.flapping:
            reason += f"; flapping: opened {len(alert.recent_opens)} times in {minutes} min"
        self._book.decide(alert, "reopened", reason, now=now)

    def _reopens(self, alert: Alert, sighting: Sighting, now: int) -> bool:
        late = alert.ended_time is not None and sighting.time < alert.ended_time
        return not late and now <= (alert.resolved_at or 0) + REOPEN_WITHIN_MS

    def _ended(self, sighting: Sighting, *, now: int) -> None:
        standing = self._book.standing(sighting.fingerprint)
        if standing is None or not standing.unresolved or sighting.time < standing.last_seen:
            return
        alert = self._book.edit(standing.id)
        alert.reason, alert.ended_time = sighting.reason, sighting.time
        end(self._book, alert, f"{sighting.source} says it is over", now=now)

    def _from_outside(self, event: Event, data: OutsideAlert) -> Sighting:
        return Sighting(
            fingerprint=_trouble(data),
            type=data.alert_type,
            category=Category.OPERATIONAL,
            severity=data.severity,
            title=_title(data),
            reason=data.message or data.alert_type,
            site=data.site,
            person=data.person,
            entity_type=data.entity_type,
            entity_id=data.entity_id,
            source=event.source,
            time=event.time,
            condition=True,
            quiet_for_ms=self._limits.outside_quiet_ms
            if data.resolve_timeout_s is None
            else data.resolve_timeout_s * SECOND_MS,
            evidence={"message": data.message, "event": event.id, "source": event.source},
            labels=data.labels,
        )


def end(book: AlertBook, alert: Alert, reason: str, *, now: int) -> None:
    """Resolve an alert that ended by itself; a HIGH or CRITICAL one nobody acknowledged stays listed as unseen."""
    unseen = alert.acknowledged_at is None and alert.assignee is None
    alert.ended_unseen = unseen and alert.severity.rank >= Severity.HIGH.rank
    alert.resolved_at, alert.resolved_by = now, SYSTEM
    alert.undo = alert.ack_expires_at = None
    alert.show()
    book.move(alert, Status.RESOLVED)
    book.decide(alert, "ended", reason, now=now)


def _tally(alert: Alert, hour: int) -> None:
    """Count a sighting in its hour; 24 hours are kept."""
    if alert.hourly and alert.hourly[-1][0] == hour:
        alert.hourly[-1] = (hour, alert.hourly[-1][1] + 1)
    else:
        alert.hourly = [kept for kept in alert.hourly if kept[0] > hour - 24] + [(hour, 1)]


def _trouble(data: OutsideAlert) -> str:
    """Return the fingerprint of what another monitoring system is about."""
    if data.dedup_key:
        return fingerprint("outside", data.dedup_key)
    return fingerprint("outside", data.alert_type, data.site, data.person or f"{data.entity_type}:{data.entity_id}")


def _title(data: OutsideAlert) -> str:
    what = data.alert_type.replace("_", " ")
    what = what[:1].upper() + what[1:]
    return f"{what} on {data.entity_id}" if data.entity_id else what


def _title_of(finding: Finding) -> str:
    """Return a type in words; of an anomaly, its metric and side: `Phone events below usual`."""
    words = finding.type.replace("_", " ").lower()
    if words.startswith("anomaly "):
        metric, side = str(finding.evidence["metric"]).replace("_", " "), words.rpartition(" ")[2]
        words = f"{metric} {side} usual" if side in ("above", "below") else f"{metric} unlike its past"
    return words[:1].upper() + words[1:]


def _from_finding(finding: Finding) -> Sighting:
    return Sighting(
        fingerprint=finding.fingerprint,
        type=finding.type,
        category=finding.category,
        severity=finding.severity,
        title=_title_of(finding),
        reason=finding.reason,
        site=finding.site,
        person=finding.person,
        entity_type=finding.entity_type,
        entity_id=finding.entity_id,
        source="nocd",
        time=finding.time,
        condition=finding.condition or finding.anomaly,
        quiet_for_ms=_quiet_for_ms(finding),
        evidence={**finding.evidence, "confidence": finding.confidence, "finding": finding.id},
        labels={},
    )


def _quiet_for_ms(finding: Finding) -> int | None:
    if finding.anomaly:
        return ANOMALY_QUIET_MS
    return CONDITION_QUIET_MIN_MS if finding.condition else None


def _flood(sighting: Sighting, alerts_open_max: int) -> Sighting:
    return Sighting(
        fingerprint=fingerprint(FLOOD),
        type=FLOOD,
        category=Category.OPERATIONAL,
        severity=worst(Severity.HIGH, sighting.severity),
        title="Alert flood",
        reason=f"{alerts_open_max} alerts stand already; more are counted here, the newest: {sighting.title}",
        site=None,
        person=None,
        entity_type="system",
        entity_id="nocd",
        source="nocd",
        time=sighting.time,
        condition=True,
        quiet_for_ms=HOUR_MS,
        evidence={"newest": sighting.title, "newest_fingerprint": sighting.fingerprint},
        labels={},
    )
