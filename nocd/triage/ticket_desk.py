"""What is done to tickets, by whomever: made, assigned, moved, raised, ended, and late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from nocd.detect import work
from nocd.detect.watches import Standing
from nocd.domain.finding import fingerprint
from nocd.domain.instant import MINUTE_MS
from nocd.domain.severity import Severity, worst
from nocd.domain.ticket import Ticket, TicketStatus, priority_of
from nocd.triage import ticket_clock as clock
from nocd.triage.sla import TARGETS_MINUTES, hours_at
from nocd.triage.ticket_book import ALERTS_MAX, SYSTEM, TicketBook

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nocd.detect.kinds import Kind
    from nocd.domain.alert import Alert
    from nocd.domain.finding import Finding
    from nocd.domain.roster import Roster
    from nocd.triage.sla import Hours

_LATE = {
    clock.RESPONSE_WARNED: ("sla_warned", "response", "75 %"),
    clock.RESPONSE_BREACHED: ("sla_breached", "response", "all"),
    clock.RESOLUTION_WARNED: ("sla_warned", "resolution", "75 %"),
    clock.RESOLUTION_BREACHED: ("sla_breached", "resolution", "all"),
}


class Claims(Protocol):
    """Takes in what is found of tickets, and when that is over."""

    def found(self, finding: Finding) -> str:
        """Take a finding in; return its id, empty where its type is off."""
        ...

    def over(self, claim: Standing, reason: str) -> None:
        """End a condition."""
        ...


class TicketDesk:
    """Changes tickets so that clocks, claims and the record of what happened stay right."""

    def __init__(self, tickets: TicketBook, roster: Roster, claims: Claims, alerts: Iterable[Alert]) -> None:
        """Work on the book; `alerts` are those that stand now."""
        self._tickets = tickets
        self._roster = roster
        self._claims = claims
        self._standing: dict[str, set[str]] = {}
        for alert in alerts:
            if alert.unresolved and alert.ticket is not None:
                self._standing.setdefault(alert.ticket, set()).add(alert.id)

    def made(self, *, now: int, created_by: str = SYSTEM, key: str | None = None, **fields: Any) -> Ticket:
        """Return a new ticket, numbered, assigned by the chain unless `assignee` is given, its clocks running.

        Without a `key` it is like no other.
        """
        no = self._tickets.next_no()
        site: str | None = fields.get("site")
        if fields.get("assignee") is None:
            fields["assignee"], fields["assigned_as"] = self._chain(site, now)
        ticket = Ticket(
            id=f"T-{no}",
            no=no,
            number=self._tickets.number_at(site),
            key=fingerprint("ticket", str(no)) if key is None else key,
            created_at=now,
            created_by=created_by,
            **fields,
        )
        clock.run(ticket, now=now)
        self._tickets.add(ticket)
        return ticket

    def told(
        self,
        ticket: Ticket,
        decision: str,
        reason: str,
        *,
        now: int,
        actor: str = SYSTEM,
        old: TicketStatus | None = None,
    ) -> None:
        """Put on record what happened to a ticket, and reckon anew when it is due."""
        ticket.updated_at = now
        self._reckon(ticket)
        self._tickets.decide(ticket, decision, reason, now=now, actor=actor, old=old)

    def move(self, ticket: Ticket, status: TicketStatus, *, now: int) -> TicketStatus:
        """Change a ticket's status with what hangs on it: clocks, who answered, and claims; return the former."""
        former = self._tickets.move(ticket, status)
        if status in (TicketStatus.OPEN, TicketStatus.IN_PROGRESS):
            clock.run(ticket, now=now)
        else:
            clock.rest(ticket, self._hours(ticket), now=now)
        if former is TicketStatus.NEW and ticket.responded_at is None:
            ticket.responded_at = now
            self._over(ticket, (work.EMERGENCY_ESCALATION_DELAYED,), f"{ticket.number} was taken on")
        if not ticket.open:
            self._over(ticket, work.KINDS, f"{ticket.number} is {status}")
        return former

    def assigned(self, ticket: Ticket, assignee: str, role: str | None = None) -> None:
        """Hand a ticket to somebody."""
        ticket.assignee, ticket.assigned_as = assignee, role
        self._over(ticket, (work.EMERGENCY_TICKET_UNASSIGNED,), f"{ticket.number} was assigned to {assignee}")

    def escalated(self, ticket: Ticket, to: str, *, now: int) -> None:
        """Hand a ticket up."""
        ticket.escalated_at, ticket.escalated_to = now, to
        self._over(ticket, (work.EMERGENCY_ESCALATION_DELAYED,), f"{ticket.number} was escalated to the {to}")

    def reopened(self, ticket: Ticket, reason: str, *, now: int, actor: str = SYSTEM) -> None:
        """Open a ticket again; how long it is open counts anew where it was resolved."""
        if not ticket.open:
            ticket.opened_at = now
            ticket.steps = [step for step in ticket.steps if step not in clock.AGES]
        ticket.resolved_at = ticket.resolved_by = ticket.verdict = ticket.ended_at = ticket.trouble_ended_at = None
        former = self.move(ticket, TicketStatus.OPEN, now=now)
        self.told(ticket, "reopened", reason, now=now, actor=actor, old=former)

    def link(self, ticket: Ticket, alert: Alert) -> None:
        """Make an alert one of a ticket's; both are about to change."""
        if alert.ticket != ticket.id:
            self.count(alert, leaves=True)
            alert.ticket = ticket.id
            ticket.alerts_total += 1
            if len(ticket.alerts) < ALERTS_MAX:
                ticket.alerts.append(alert.id)
        if alert.unresolved:
            ticket.trouble_ended_at = None
        self.count(alert)

    def troubled(self, ticket: Ticket, alert: Alert, *, now: int) -> None:
        """Let a ticket know that one of its alerts stands, as grave as it is: its priority may rise, never fall."""
        ticket = self._tickets.edit(ticket.id)
        if ticket.trouble_ended_at is not None:
            ticket.trouble_ended_at = None
            self.told(ticket, "trouble_back", f"{alert.id} stands again", now=now)
        if worst(ticket.severity, alert.severity) is ticket.severity:
            return
        ticket.severity = alert.severity
        former, ticket.priority = ticket.priority, priority_of(alert.severity)
        reason = f"{alert.id} is {alert.severity}: {former} becomes {ticket.priority}"
        self.told(ticket, "priority_raised", reason, now=now)

    def count(self, alert: Alert, *, leaves: bool = False) -> bool:
        """Count an alert as its ticket's while it stands and does not leave it; tell whether the last one went."""
        if alert.ticket is None:
            return False
        standing = self._standing.setdefault(alert.ticket, set())
        before = len(standing)
        if alert.unresolved and not leaves:
            standing.add(alert.id)
        else:
            standing.discard(alert.id)
        if not standing:
            del self._standing[alert.ticket]
        return before > 0 and not standing

    def standing(self, ticket: Ticket) -> list[str]:
        """Return the ids of a ticket's unresolved alerts, in order."""
        return sorted(self._standing.get(ticket.id, ()), key=lambda alert_id: int(alert_id[2:]))

    def seen_to(self, ticket: Ticket, alert: Alert, decision: str, *, now: int) -> None:
        """Take in that somebody took on an alert of a ticket, or that it was escalated."""
        ticket = self._tickets.edit(ticket.id)
        if decision == "escalated" and ticket.escalated_at is None:
            self.escalated(ticket, "one its alert went to", now=now)
            self.told(ticket, "escalated", f"its alert {alert.id} was escalated", now=now)
            return
        if clock.UNESCALATED not in ticket.steps:
            ticket.steps.append(clock.UNESCALATED)
        self._over(ticket, (work.EMERGENCY_ESCALATION_DELAYED,), f"{alert.id} was {decision}")
        self._reckon(ticket)

    def late(self, ticket: Ticket, *, now: int) -> None:
        """Do to a ticket what is due by `now`."""
        ticket = self._tickets.edit(ticket.id)
        hours = self._hours(ticket)
        while (steps := clock.to_come(ticket, hours)) and steps[0].at <= now:
            what = steps[0].what
            if what == clock.FORGOTTEN:
                self._tickets.let_go(ticket.id)
                return
            ticket.steps.append(what)
            if what in _LATE:
                self._slow(ticket, what, now=now)
            else:
                self._neglected(ticket, what, now=now)
        self._reckon(ticket)

    def _slow(self, ticket: Ticket, what: str, *, now: int) -> None:
        """Warn that a clock runs out, or ran out, and hand the ticket up a step."""
        decision, which, share = _LATE[what]
        breached = decision == "sla_breached"
        to = self._above(ticket, "manager" if breached else "supervisor")
        minutes = TARGETS_MINUTES[ticket.priority]["response" if which == "response" else "resolution"]
        aim = "be answered" if which == "response" else "be resolved"
        ticket.escalated_at, ticket.escalated_to = now, to
        verb = "is gone" if breached else "are gone"
        reason = f"{share} of the {minutes} min it has to {aim} {verb}; handed up to the {to}"
        self.told(ticket, decision, reason, now=now)
        if what == clock.RESOLUTION_BREACHED:
            self._claim(ticket, work.SLA_BREACH, f"{ticket.number} is past the {minutes} min it has to {aim}", now=now)

    def _neglected(self, ticket: Ticket, what: str, *, now: int) -> None:
        """Claim that a ticket waits for somebody for too long."""
        if what == clock.UNASSIGNED:
            minutes = work.UNASSIGNED_MS // MINUTE_MS
            reason = f"{ticket.number} is {ticket.priority} and nobody's for {minutes} min: {ticket.title}"
            self._claim(ticket, work.EMERGENCY_TICKET_UNASSIGNED, reason, now=now)
        elif what == clock.UNESCALATED:
            minutes = work.UNESCALATED_MS // MINUTE_MS
            reason = f"{ticket.number} is an emergency nobody took on or escalated for {minutes} min: {ticket.title}"
            self._claim(ticket, work.EMERGENCY_ESCALATION_DELAYED, reason, now=now)
        else:
            long = what == clock.DELAYED_LONG
            hours = (work.DELAYED_LONG_MS if long else work.DELAYED_MS) // (60 * MINUTE_MS)
            reason = f"{ticket.number} is open for more than {hours} h: {ticket.title}"
            severity = Severity.HIGH if long else Severity.MEDIUM
            self._claim(ticket, work.FIELD_SUPPORT_DELAYED, reason, now=now, severity=severity)

    def _claim(self, ticket: Ticket, kind: Kind, reason: str, *, now: int, severity: Severity | None = None) -> None:
        finding = self._claims.found(work.about(kind, ticket, reason, now=now, severity=severity))
        if finding:
            ticket.claims[kind.name] = finding
            self.told(ticket, "late", f"{finding}: {reason}", now=now)

    def _over(self, ticket: Ticket, kinds: Iterable[Kind], reason: str) -> None:
        for kind in kinds:
            finding = ticket.claims.pop(kind.name, None)
            if finding is not None:
                trouble = fingerprint(kind.name, ticket.site, f"{work.ENTITY}:{ticket.id}")
                claim = Standing(
                    findings=[finding], type=kind.name, fingerprint=trouble, since=ticket.created_at, site=ticket.site
                )
                self._claims.over(claim, reason)

    def _chain(self, site: str | None, now: int) -> tuple[str | None, str | None]:
        """Return who gets a new ticket and as what: the site's supervisor, its manager, whoever is on call, nobody."""
        entry = None if site is None else self._roster.sites.get(site)
        if entry is None:
            return None, None
        chain = (
            (entry.supervisor, "site supervisor"),
            (entry.manager, "site manager"),
            (self._roster.on_call(entry.id, now), "on call"),
        )
        return next(((who, role) for who, role in chain if who is not None and self._works(who)), (None, None))

    def _above(self, ticket: Ticket, level: str) -> str:
        """Return to whom a ticket goes up: the person of the site where there is one, else the role."""
        entry = None if ticket.site is None else self._roster.sites.get(ticket.site)
        who = getattr(entry, level, None)
        return f"site {level} {who}" if who is not None and self._works(who) else level

    def _works(self, person: str) -> bool:
        entry = self._roster.people.get(person)
        return entry is None or entry.active

    def _hours(self, ticket: Ticket) -> Hours:
        return hours_at(None if ticket.site is None else self._roster.sites.get(ticket.site))

    def _reckon(self, ticket: Ticket) -> None:
        self._tickets.planned(ticket, clock.reckon(ticket, self._hours(ticket)))
