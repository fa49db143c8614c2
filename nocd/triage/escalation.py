"""Alerts that nobody touches go up: after the minutes of their runbook, else of their severity, once."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from nocd.domain.alert import Alert, Status
from nocd.domain.instant import MINUTE_MS
from nocd.domain.severity import Severity
from nocd.triage.book import REOPEN_WITHIN_MS
from nocd.triage.runbooks import GENERIC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nocd.triage.book import AlertBook
    from nocd.triage.runbooks import Runbooks

ROLE: Final = "supervisor"  # where no runbook names another
# What leaves an alert untouched, from then on or as before.
_UNTOUCHED: Final = frozenset({"opened", "reopened", "ack_expired", "unsuppressed", "severity_raised", "undone"})


class Escalation:
    """Hands up what stands open for too long; INFO never, an alert once until it is reopened."""

    def __init__(self, book: AlertBook, runbooks: Runbooks, minutes: Mapping[Severity, int]) -> None:
        """Work on `book`; `minutes` are those by severity."""
        self._book = book
        self._runbooks = runbooks
        self._minutes = minutes
        self._due = [(alert.escalates_at, alert.id) for alert in book.all() if alert.escalates_at is not None]
        self._due.sort()

    def heard(self, alert: Alert, decision: str, *, now: int) -> None:
        """Take in a decision about an alert: what leaves it open starts the wait, what is worse shortens it."""
        if decision == "suppressed":
            self._book.edit(alert.id).escalates_at = None  # shown again it waits anew, from when that is heard
        if decision not in _UNTOUCHED or alert.status is not Status.OPEN:
            return
        again = decision == "reopened" and alert.escalated_at is not None
        minutes = self._wait_minutes(alert)
        if minutes is None or (alert.escalated_at is not None and not again):
            return
        alert = self._book.edit(alert.id)
        alert.escalated_at = None
        at = now + minutes * MINUTE_MS
        alert.escalates_at = min(at, alert.escalates_at or at) if _waits_on(alert, decision, now) else at
        if alert.escalates_at <= now:
            self._escalate(alert, now)
        else:
            heappush(self._due, (alert.escalates_at, alert.id))

    def tick(self, now: int) -> bool:
        """Hand up what is due by `now`; tell whether anything was."""
        done = False
        while self._due and self._due[0][0] <= now:
            standing = self._waiting(*heappop(self._due))
            if standing is not None:
                self._escalate(self._book.edit(standing.id), now)
                done = True
        return done

    def next_due(self) -> int | None:
        """Return when the next alert goes up (UTC ms), or None."""
        while self._due and self._waiting(*self._due[0]) is None:
            heappop(self._due)
        return self._due[0][0] if self._due else None

    def _waiting(self, at: int, alert_id: str) -> Alert | None:
        """Return an alert that still waits to go up at an instant, or None."""
        alert = self._book.get(alert_id)
        stands = alert is not None and alert.status is Status.OPEN and alert.escalated_at is None
        return alert if alert is not None and stands and alert.escalates_at == at else None

    def _escalate(self, alert: Alert, now: int) -> None:
        runbook = self._runbooks.of(alert)
        role = ROLE if runbook is None else runbook.role
        minutes = self._wait_minutes(alert)
        alert.escalated_at, alert.escalates_at, alert.undo = now, None, None
        self._book.move(alert, Status.ESCALATED)
        waited = f"nobody touched it for {minutes} min" if minutes else "its runbook says at once"
        self._book.follow(alert, "escalated", f"to the {role}: {waited}", now=now)

    def _wait_minutes(self, alert: Alert) -> int | None:
        """Return how long an alert may go untouched, None for one that never goes up."""
        if alert.severity is Severity.INFO:
            return None
        runbook = self._runbooks.of(alert)
        if runbook is not None and GENERIC not in runbook.applies_to:
            return runbook.escalation_minutes
        return self._minutes.get(alert.severity)


def _waits_on(alert: Alert, decision: str, now: int) -> bool:
    """Tell whether an alert goes on with the wait it had: what comes and goes untouched does not begin anew."""
    if decision == "reopened":
        return alert.acknowledged_at is None and (alert.escalates_at or 0) > now - REOPEN_WITHIN_MS
    return decision in ("severity_raised", "undone")
