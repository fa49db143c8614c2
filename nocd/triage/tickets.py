"""From an alert to work: which opens a ticket, which joins one, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nocd.detect import work
from nocd.domain.alert import Alert, Status
from nocd.domain.command import Refused
from nocd.domain.instant import HOUR_MS
from nocd.domain.severity import Severity
from nocd.domain.ticket import Origin, Ticket, TicketStatus, priority_of
from nocd.triage.book import SYSTEM, AlertBook
from nocd.triage.ticket_book import TicketBook, key_for, reopens_within_ms

if TYPE_CHECKING:
    from nocd.triage.intake import Limits
    from nocd.triage.ticket_desk import TicketDesk

FRAUD_SCORE_MIN: Final = 0.80
EVIDENCE_MAX: Final = 20  # lines of evidence in a ticket's text; all of it is beside
_ABOUT_TICKETS: Final = frozenset(kind.name for kind in work.KINDS)
_CONSIDERED: Final = frozenset({"opened", "reopened", "severity_raised", "unsuppressed"})
_TAKEN_ON: Final = frozenset({"acknowledged", "assigned", "started", "verified"})
_ENDED: Final = frozenset({"resolved", "ended"})


class Tickets:
    """Hears what is decided about alerts, and has work opened, joined, opened again or told that its trouble ended."""

    def __init__(self, alerts: AlertBook, tickets: TicketBook, desk: TicketDesk, limits: Limits) -> None:
        """Work on both books within `limits`; `desk` does what is done to a ticket."""
        self._alerts = alerts
        self._tickets = tickets
        self._desk = desk
        self._limits = limits

    def heard(self, alert: Alert, decision: str, *, now: int) -> None:
        """Take in a decision about an alert; what follows is on record with the alert and with the ticket."""
        last = self._desk.count(alert)
        if decision in _ENDED:
            self._ended(alert, now, last=last)
        elif decision in _CONSIDERED or self._scored(alert) or (decision == "undone" and alert.ticket is not None):
            self._consider(alert, now)
        elif decision == "escalated" or decision in _TAKEN_ON:
            ticket = self._work_on(alert)
            if ticket is not None:
                self._desk.seen_to(ticket, alert, decision, now=now)

    def tick(self, now: int) -> bool:
        """Do to tickets what time alone does; tell whether it did anything."""
        due = self._tickets.due(now)
        for ticket in due:
            self._desk.late(ticket, now=now)
        return bool(due)

    def next_due(self) -> int | None:
        """Return when time next has something to do (UTC ms), or None."""
        return self._tickets.next_due()

    def _scored(self, alert: Alert) -> bool:
        """Tell whether an alert that has no ticket yet looks enough like fraud for one."""
        scored = (alert.fraud_score or 0.0) >= FRAUD_SCORE_MIN and alert.ticket is None and alert.unresolved
        return scored and self._not_work(alert) is None  # else each sighting would say anew why not

    def _work_on(self, alert: Alert) -> Ticket | None:
        """Return the open ticket of an alert, or None."""
        ticket = None if alert.ticket is None else self._tickets.get(alert.ticket)
        return ticket if ticket is not None and ticket.open else None

    def _consider(self, alert: Alert, now: int) -> None:
        """Decide whether an alert is work, and whose; the reason is a row of its ledger either way."""
        if not alert.unresolved:
            return  # it ended before its turn came
        ticket = self._work_on(alert)
        if ticket is not None:
            self._desk.troubled(ticket, alert, now=now)
            return
        reason = self._not_work(alert)
        if reason is not None:
            self._alerts.follow(self._alerts.edit(alert.id), "not_ticketed", reason, now=now)
            return
        why = (
            f"as it is {alert.severity}"
            if self._grave(alert.severity)
            else f"as its fraud score is {alert.fraud_score or 0:.2f}"
        )
        self._place(alert, why, now)

    def wanted(self, alert: Alert, why: str, now: int) -> str:
        """Work on an alert because somebody's plan says so; return which ticket that is. Raises Refused."""
        ticket = self._work_on(alert)
        if ticket is not None:
            return ticket.number
        if (full := self._full(alert)) is not None:
            raise Refused("too_many_tickets", full)
        self._place(alert, why, now)
        placed = self._work_on(alert)
        assert placed is not None, "an alert that was placed has its ticket"
        return placed.number

    def _place(self, alert: Alert, why: str, now: int) -> None:
        """Join the ticket of an alert's key, open it again, or open a new one."""
        standing = self._tickets.of_key(_key(alert))
        if standing is None or not self._takes_in(standing, now):
            self._open(alert, why, now)
        elif standing.open:
            self._join(standing, alert, now)
        else:
            self._reopen(standing, alert, now)

    def _not_work(self, alert: Alert) -> str | None:
        """Return why an alert opens no ticket, or None where it does."""
        if alert.status is Status.SUPPRESSED:
            return f"it is suppressed by {alert.suppressed_by}: a ticket waits until that ends"
        if alert.type in _ABOUT_TICKETS and alert.source == SYSTEM:
            return f"it is about ticket {alert.evidence.get('ticket_number')}, which is the work already"
        if not self._grave(alert.severity) and (alert.fraud_score or 0.0) < FRAUD_SCORE_MIN:
            names = " and ".join(sorted(self._limits.ticket_severities)) or "no severity"
            return f"it is {alert.severity}: {names} would be work, or a fraud score from {FRAUD_SCORE_MIN}"
        return self._full(alert)

    def _full(self, alert: Alert) -> str | None:
        """Return why no ticket more can be opened for an alert, or None where one can."""
        room = self._limits.tickets_open_max * (2 if alert.severity is Severity.CRITICAL else 1)
        if self._tickets.open_count >= room and self._tickets.of_key(_key(alert)) is None:
            return f"{room} tickets are open already: close some, then open one by hand"
        return None

    def _grave(self, severity: Severity) -> bool:
        return severity in self._limits.ticket_severities

    @staticmethod
    def _takes_in(ticket: Ticket, now: int) -> bool:
        """Tell whether a ticket takes in more of its trouble: an open one always, a resolved one for a while."""
        if ticket.open:
            return True
        recent = now < (ticket.resolved_at or 0) + reopens_within_ms(ticket)
        return ticket.status is TicketStatus.RESOLVED and recent

    def _open(self, alert: Alert, why: str, now: int) -> None:
        fraud = not self._grave(alert.severity) and (alert.fraud_score or 0.0) >= FRAUD_SCORE_MIN
        origin: Origin = "fraud" if fraud else "alert"
        ticket = self._desk.made(
            key=_key(alert),
            type=alert.type,
            title=alert.title,
            body=_body(alert),
            severity=alert.severity,
            priority=priority_of(alert.severity),
            origin=origin,
            category=str(alert.category),
            site=alert.site,
            person=alert.person,
            steps_to_take=list(alert.recommended_actions),
            evidence=dict(alert.evidence),
            now=now,
        )
        self._link(ticket, alert)
        whom = f", assigned to {ticket.assignee}" if ticket.assignee else ", assigned to nobody"
        self._desk.told(ticket, "created", f"for {alert.id}: {alert.reason}", now=now)
        self._alerts.follow(alert, "ticketed", f"{ticket.number} was opened, {why}{whom}", now=now)

    def _join(self, ticket: Ticket, alert: Alert, now: int) -> None:
        ticket = self._tickets.edit(ticket.id)
        self._link(ticket, alert)
        self._desk.told(ticket, "joined", f"{alert.id} is the same trouble", now=now)
        self._desk.troubled(ticket, alert, now=now)
        reason = f"{ticket.number} is open for the same trouble, since {_age(now - ticket.created_at)}"
        self._alerts.follow(alert, "ticket_joined", reason, now=now)

    def _reopen(self, ticket: Ticket, alert: Alert, now: int) -> None:
        ticket = self._tickets.edit(ticket.id)
        ago = _age(now - (ticket.resolved_at or now))
        self._link(ticket, alert)
        self._desk.reopened(ticket, f"{alert.id} is the same trouble, resolved {ago} ago", now=now)
        self._desk.troubled(ticket, alert, now=now)
        hours = reopens_within_ms(ticket) // HOUR_MS
        reason = f"{ticket.number} was opened again: resolved {ago} ago, less than {hours} h"
        self._alerts.follow(alert, "ticket_reopened", reason, now=now)

    def _link(self, ticket: Ticket, alert: Alert) -> None:
        self._desk.link(ticket, self._alerts.edit(alert.id))

    def _ended(self, alert: Alert, now: int, *, last: bool) -> None:
        """Tell an open ticket that its trouble is over; the work is not: somebody says what it was."""
        ticket = self._work_on(alert)
        if ticket is None or not last:
            return
        ticket = self._tickets.edit(ticket.id)
        ticket.trouble_ended_at = now
        how = f"with verdict {alert.verdict}" if alert.verdict else "by itself"
        many = "its alert" if ticket.alerts_total == 1 else f"the last of its {ticket.alerts_total} alerts,"
        self._desk.told(ticket, "trouble_ended", f"{many} {alert.id} ended {how}; resolve it when done", now=now)


def _body(alert: Alert) -> str:
    """Return what whoever gets the ticket reads: the trouble in a sentence, its evidence, and the steps to take."""
    shown = [f"- {name.replace('_', ' ')}: {value}" for name, value in alert.evidence.items() if _plain(value)]
    steps = [f"{number}. {step}" for number, step in enumerate(alert.recommended_actions, start=1)]
    parts = [[alert.reason], ["Evidence:", *shown[:EVIDENCE_MAX]] if shown else [], ["Steps:", *steps] if steps else []]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _plain(value: object) -> bool:
    return isinstance(value, str | int | float) and value != ""


def _key(alert: Alert) -> str:
    return key_for(alert.type, alert.site, alert.person)


def _age(ms: int) -> str:
    minutes = ms // 60_000
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"  # noqa: PLR2004 - two hours, then whole ones
