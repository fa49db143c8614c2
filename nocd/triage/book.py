"""The alerts that stand: found by id and fingerprint, numbered, and with every decision about them on record."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from nocd.domain.alert import Alert, Status
from nocd.domain.change import LedgerRow
from nocd.domain.finding import Category
from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.domain.severity import Severity
from nocd.triage.backlog import Backlog
from nocd.triage.priority import priority

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nocd.domain.roster import Roster
    from nocd.domain.shelf import Shelves
    from nocd.signals.duty import Duties

KIND = "alert"
REOPEN_WITHIN_MS = 5 * MINUTE_MS
FLAPPING_OPENS = 3
DAY_HOURS = 24
SYSTEM = "nocd"


@dataclass(slots=True, kw_only=True)
class Touch:
    """An alert and what a batch did to it: its status before, the last decision with its reason and author."""

    alert: Alert
    created: bool
    old_status: Status | None
    decision: str = ""
    reason: str = ""
    actor: str = SYSTEM


@dataclass(slots=True, kw_only=True)
class Told:
    """What a batch did to the alerts in the end: each touched alert once, and the ledger rows behind it."""

    touched: list[Touch] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)


def never_quiet(alert: Alert) -> bool:
    """Tell whether an alert waits for a person however quiet it is: CRITICAL, SAFETY, and what does not last."""
    return not alert.condition or alert.severity is Severity.CRITICAL or alert.category is Category.SAFETY


class AlertBook:
    """Holds unresolved alerts, and resolved ones for as long as a finding may still reopen them."""

    def __init__(self, shelves: Shelves, roster: Roster, duties: Duties) -> None:
        """Take up what the shelves hold."""
        self._shelves = shelves
        self._roster = roster
        self._duties = duties
        self._alerts: dict[str, Alert] = shelves.kind(KIND)
        self._by_fingerprint: dict[str, str] = {}
        self._open_at_site: Counter[str | None] = Counter()
        self._touched: dict[str, Touch] = {}
        self._ledger: dict[tuple[str, int], LedgerRow] = {}
        self._due: list[tuple[int, str]] = []
        self._planned: dict[str, int] = {}
        self._decided_at = max((alert.updated_at for alert in self._alerts.values()), default=0)
        self.news: deque[tuple[str, str]] = deque()  # (alert, decision) that nobody has followed up yet
        self.backlog = Backlog()
        self.unresolved = 0
        # Of alerts that share a fingerprint the unresolved one counts, else the one resolved last: as `move` leaves it.
        for alert in sorted(self._alerts.values(), key=lambda kept: (kept.unresolved, kept.resolved_at or 0, kept.no)):
            self._by_fingerprint[alert.fingerprint] = alert.id
            self._count(alert, 1)
            self._plan(alert)

    def get(self, alert_id: str) -> Alert | None:
        """Return an alert for reading, or None where it is not held."""
        return self._alerts.get(alert_id)

    def all(self) -> Iterable[Alert]:
        """Return every alert that is held, for reading."""
        return self._alerts.values()

    def standing(self, fingerprint: str) -> Alert | None:
        """Return the alert that a sighting with this fingerprint belongs to, resolved a moment ago included."""
        alert_id = self._by_fingerprint.get(fingerprint)
        return None if alert_id is None else self._alerts.get(alert_id)

    def next_no(self) -> int:
        """Return the number of the next alert."""
        number = (self._shelves.get("counter", KIND) or 0) + 1
        self._shelves.put("counter", KIND, number)
        return int(number)

    def add(self, alert: Alert) -> None:
        """Put a new alert in the book."""
        self._shelves.put(KIND, alert.id, alert)
        self._by_fingerprint[alert.fingerprint] = alert.id
        self._touched[alert.id] = Touch(alert=alert, created=True, old_status=None)
        self._count(alert, 1)

    def recall(self, alert: Alert) -> None:
        """Take an alert back that the book had let go of; a newer one keeps the fingerprint."""
        self._shelves.put(KIND, alert.id, alert)
        self._by_fingerprint.setdefault(alert.fingerprint, alert.id)
        self._plan(alert)

    def edit(self, alert_id: str) -> Alert:
        """Return an alert that is about to change."""
        alert: Alert = self._shelves.edit(KIND, alert_id)
        if alert_id not in self._touched:
            self._touched[alert_id] = Touch(alert=alert, created=False, old_status=alert.status)
        return alert

    def move(self, alert: Alert, status: Status) -> None:
        """Change an alert's status, keeping counts right."""
        self._count(alert, -1)
        alert.status = status
        self._count(alert, 1)
        self._by_fingerprint[alert.fingerprint] = alert.id

    def come_again(self, alert: Alert, now: int) -> None:
        """Open a resolved alert because its trouble is back; thrice within five minutes is flapping."""
        self.move(alert, Status.OPEN)
        alert.recent_opens = [at for at in alert.recent_opens if at > now - REOPEN_WITHIN_MS] + [now]
        alert.flapping = len(alert.recent_opens) >= FLAPPING_OPENS

    def recount(self, alert: Alert, severity: Severity) -> None:
        """Change an alert's severity, keeping counts right."""
        self._count(alert, -1)
        alert.severity = severity
        self._count(alert, 1)

    def decide(self, alert: Alert, decision: str, reason: str, *, now: int, actor: str = SYSTEM) -> None:
        """Put a decision on record: a ledger row, and what the feed will say happened."""
        touch = self._touched[alert.id]
        old = self._last_status(alert, touch)
        alert.renewals = 0
        alert.ledger_rows += 1
        touch.decision, touch.reason, touch.actor = decision, reason, actor
        self._record(alert, decision, reason, now=now, actor=actor, old=old)
        self.news.append((alert.id, decision))

    def follow(self, alert: Alert, decision: str, reason: str, *, now: int, actor: str = SYSTEM) -> None:
        """Put on record what follows from a decision; the feed goes on to tell the decision itself."""
        touch = self._touched[alert.id]
        told = touch.decision, touch.reason, touch.actor
        self.decide(alert, decision, reason, now=now, actor=actor)
        if told[0]:
            touch.decision, touch.reason, touch.actor = told

    def renew(self, alert: Alert, *, now: int) -> None:
        """Count another sighting; a run of them shares one ledger row, which moves on."""
        touch = self._touched[alert.id]
        if alert.renewals == 0:
            alert.ledger_rows += 1
        alert.renewals += 1
        reason = f"seen {alert.renewals} more times, {alert.count} in all"
        if not touch.decision:
            touch.decision, touch.reason = "renewed", reason
        elif touch.decision == "renewed":
            touch.reason = reason
        self._record(alert, "renewed", reason, now=now, actor=SYSTEM, old=alert.status)
        self.news.append((alert.id, "renewed"))

    def due(self, now: int) -> list[Alert]:
        """Return, for reading, the alerts for which something may be due by `now`, each at most once a call."""
        alerts = []
        while self._due and self._due[0][0] <= now:
            planned, alert_id = heappop(self._due)
            alert = self._alerts.get(alert_id)
            if alert is None or self._planned.get(alert_id) != planned:
                continue
            del self._planned[alert_id]
            if deadline(alert) <= now:
                alerts.append(alert)
            else:
                self._plan(alert)
        return sorted(alerts, key=lambda due: due.no)

    def next_due(self) -> int | None:
        """Return the instant of the earliest deadline, or None."""
        heads = (self._due[0][0] if self._due else None, self.backlog.next_due(self._decided_at))
        return min((at for at in heads if at is not None), default=None)

    def let_go(self, alert_id: str) -> None:
        """Forget a resolved alert that can no longer be reopened by a finding."""
        alert = self._alerts[alert_id]
        if self._by_fingerprint.get(alert.fingerprint) == alert_id:
            del self._by_fingerprint[alert.fingerprint]
        self._planned.pop(alert_id, None)
        self._shelves.drop(KIND, alert_id)

    def open_at(self, site: str) -> int:
        """Return how many alerts of a site are unresolved."""
        return self._open_at_site[site]

    def finish(self) -> Told:
        """End the batch and return what happened in it."""
        told = Told(ledger=list(self._ledger.values()))
        told.touched = list(self._touched.values())
        self._touched, self._ledger = {}, {}
        return told

    def _plan(self, alert: Alert) -> None:
        """Keep one deadline an alert; a later one replaces an earlier one when that comes up."""
        at = deadline(alert)
        if at < self._planned.get(alert.id, at + 1):
            self._planned[alert.id] = at
            heappush(self._due, (at, alert.id))

    def _rank(self, alert: Alert, now: int) -> None:
        """Set the priority at each decision, not at a batch's end: the same inputs give the same, however batched."""
        alert.updated_at = self._decided_at = now
        alert.priority, alert.priority_parts = priority(
            alert,
            site=self._roster.sites.get(alert.site) if alert.site else None,
            heads=self._duties.heads(alert.site) if alert.site else 0,
            open_at_site=self._open_at_site[alert.site],
            now=now,
        )

    def _record(self, alert: Alert, decision: str, reason: str, *, now: int, actor: str, old: Status | None) -> None:
        self._rank(alert, now)
        self._plan(alert)
        self._ledger[alert.id, alert.ledger_rows] = LedgerRow(
            alert=alert.id,
            row=alert.ledger_rows,
            time=now,
            decision=decision,
            reason=reason,
            actor=actor,
            old_status=old,
            new_status=alert.status,
        )

    def _last_status(self, alert: Alert, touch: Touch) -> Status | None:
        row = self._ledger.get((alert.id, alert.ledger_rows))
        return Status(row.new_status) if row is not None and row.new_status else touch.old_status

    def _count(self, alert: Alert, by: int) -> None:
        if not alert.unresolved:
            return
        self.unresolved += by
        self._open_at_site[alert.site] += by
        if by > 0:
            self.backlog.enter(alert)
        else:
            self.backlog.leave(alert)


def deadline(alert: Alert) -> int:
    """Return when something may be due for an alert by time alone (UTC milliseconds)."""
    if alert.status is Status.RESOLVED:
        return (alert.resolved_at or 0) + REOPEN_WITHIN_MS
    candidates = [alert.renewed_at + DAY_HOURS * HOUR_MS * 365]
    if alert.quiet_for_ms is not None and not never_quiet(alert):
        candidates.append(alert.renewed_at + alert.quiet_for_ms)
    if alert.ack_expires_at is not None:
        candidates.append(alert.ack_expires_at)
    if alert.flapping:
        candidates.append(calm_at(alert))
    return min(candidates)


def calm_at(alert: Alert) -> int:
    """Return when an alert that flaps counts as calm unless it opens again (UTC milliseconds)."""
    return (alert.recent_opens[-1] if alert.recent_opens else alert.opened_at) + REOPEN_WITHIN_MS
