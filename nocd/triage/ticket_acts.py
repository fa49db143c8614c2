"""What operators do to tickets: checked against the table, carried out, on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nocd.domain.alert import Verdict
from nocd.domain.command import Command, Refused
from nocd.domain.severity import Severity
from nocd.domain.ticket import Check, Ticket, TicketPriority, TicketStatus
from nocd.triage.ticket_book import key_for
from nocd.triage.ticket_lifecycle import COMMANDS, COMMENTED, refusal, target

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.triage.acts import Acts
    from nocd.triage.book import AlertBook
    from nocd.triage.ticket_book import TicketBook
    from nocd.triage.ticket_desk import TicketDesk

CREATE: Final = "create_ticket"
SUFFIX: Final = "_ticket"
VERBS: Final = frozenset({CREATE, *(f"{command}{SUFFIX}" for command in COMMANDS)})
_SEVERITIES: Final = {
    TicketPriority.P1: Severity.CRITICAL,
    TicketPriority.P2: Severity.HIGH,
    TicketPriority.P3: Severity.MEDIUM,
    TicketPriority.P4: Severity.LOW,
}
_PAST: Final = {
    "ack": "acknowledged",
    "start": "started",
    "hold": "held",
    "close": "closed",
    "cancel": "cancelled",
}


class TicketActs:
    """Carries out commands on tickets, and hands a ticket's verdict to its alerts."""

    def __init__(self, tickets: TicketBook, desk: TicketDesk, alerts: AlertBook, acts: Acts) -> None:
        """Work on both books; `acts` resolves alerts."""
        self._tickets = tickets
        self._desk = desk
        self._alerts = alerts
        self._acts = acts

    def lacks(self, command: Command) -> tuple[bool, list[str]]:
        """Return whether a command's ticket must be recalled first, and the ids of alerts that must be."""
        ticket = self._tickets.get(command.target)
        if ticket is None:
            return command.verb != CREATE, []
        handed = ticket.alerts if command.verb == f"resolve{SUFFIX}" else []
        return False, [alert_id for alert_id in handed if self._alerts.get(alert_id) is None]

    def act(self, command: Command, *, now: int) -> Ticket:
        """Carry out a command and return its ticket; raises Refused."""
        if command.verb == CREATE:
            return self._create(command, now)
        standing = self._tickets.get(command.target) or command.recalled_ticket
        if standing is None:
            raise Refused("not_found", f"there is no ticket {command.target}")
        verb = command.verb.removesuffix(SUFFIX)
        self._refuse(verb, standing, command)
        if self._tickets.get(standing.id) is None:
            self._tickets.recall(standing)
        ticket = self._tickets.edit(standing.id)
        do = getattr(self, f"_{verb}", self._go)
        do(ticket, command, now)
        return ticket

    def _refuse(self, verb: str, ticket: Ticket, command: Command) -> None:
        reason = refusal(verb, ticket)
        if reason is not None:
            raise Refused("not_in_this_status", reason)
        if verb in COMMENTED and not _comment(command):
            raise Refused("comment_required", f"{verb} asks for a comment: what was done, or why not")
        if verb == "check":
            _refuse_check(ticket, command)
        other = self._tickets.of_key(ticket.key)
        if not ticket.open and target(verb) is TicketStatus.OPEN and other and other.open:
            raise Refused("another_stands", f"{other.number} is open for the same trouble already; work on that one")

    def _create(self, command: Command, now: int) -> Ticket:
        """Open a ticket by hand: like no other unless it names a type, which then must not be open already."""
        args = command.args
        alerts = [self._free(alert_id) for alert_id in args.get("alerts", ())]
        kind, site, person = args.get("type"), _site(args.get("site"), alerts), args.get("person")
        key = None if kind is None else key_for(kind, site, person)
        other = None if key is None else self._tickets.of_key(key)
        if other is not None and other.open:
            raise Refused("another_stands", f"{other.number} is open for the same trouble already; work on that one")
        priority = TicketPriority(args["priority"])
        ticket = self._desk.made(
            now=now,
            created_by=command.actor,
            key=key,
            type=kind or "OPERATOR",
            title=args["title"],
            body=args.get("body") or "",
            severity=_SEVERITIES[priority],
            priority=priority,
            origin="operator",
            site=site,
            person=person,
            assignee=args.get("assignee"),
        )
        for alert in alerts:
            self._desk.link(ticket, self._alerts.edit(alert.id))
        self._desk.told(ticket, "created", f"by {command.actor}: {ticket.title}", now=now, actor=command.actor)
        for alert in alerts:
            reason = f"{ticket.number} was opened for it by {command.actor}"
            self._alerts.follow(alert, "ticketed", reason, now=now, actor=command.actor)
        return ticket

    def _free(self, alert_id: str) -> Alert:
        """Return an alert that a ticket may be opened for; raises Refused."""
        alert = self._alerts.get(alert_id)
        if alert is None or not alert.unresolved:
            raise Refused("not_found", f"no alert {alert_id} stands")
        held = None if alert.ticket is None else self._tickets.get(alert.ticket)
        if held is not None and held.open:
            raise Refused("has_ticket", f"{alert_id} has {held.number} already; work on that one")
        return alert

    def _go(self, ticket: Ticket, command: Command, now: int) -> None:
        """Move a ticket where the command leads to, for ever where that is an end."""
        verb = command.verb.removesuffix(SUFFIX)
        to = target(verb)
        assert to is not None
        former = self._desk.move(ticket, to, now=now)
        if to in (TicketStatus.CLOSED, TicketStatus.CANCELLED):
            ticket.ended_at = now
        self._desk.told(ticket, _PAST[verb], _words(command), now=now, actor=command.actor, old=former)

    def _reopen(self, ticket: Ticket, command: Command, now: int) -> None:
        self._desk.reopened(ticket, _words(command), now=now, actor=command.actor)

    def _resolve(self, ticket: Ticket, command: Command, now: int) -> None:
        """End the work with a verdict; alerts without one of their own get it, and those that stand end with it."""
        verdict = Verdict(command.args["verdict"])
        former = self._desk.move(ticket, TicketStatus.RESOLVED, now=now)
        ticket.verdict, ticket.resolved_by, ticket.resolved_at = verdict, command.actor, now
        words = f"verdict {verdict}: {_comment(command)}"
        self._desk.told(ticket, "resolved", words, now=now, actor=command.actor, old=former)
        for alert in command.recalled_alerts:
            if alert.verdict is None and self._alerts.get(alert.id) is None:
                self._alerts.recall(alert)
        for alert_id in dict.fromkeys([*ticket.alerts, *self._desk.standing(ticket)]):
            self._hand(ticket, alert_id, command, now)

    def _hand(self, ticket: Ticket, alert_id: str, command: Command, now: int) -> None:
        """Hand a ticket's verdict to one of its alerts; one that has its own keeps it."""
        alert = self._alerts.get(alert_id)
        if alert is None or alert.ticket != ticket.id or (not alert.unresolved and alert.verdict is not None):
            return
        args: dict[str, Any] = {"verdict": command.args["verdict"], "note": f"with {ticket.number}"}
        asked = Command(verb="resolve", target=alert_id, actor=command.actor, time=command.time, args=args)
        self._acts.act(alert_id, asked, now=now)

    def _assign(self, ticket: Ticket, command: Command, now: int) -> None:
        self._desk.assigned(ticket, str(command.args["assignee"]))
        self._desk.told(ticket, "assigned", f"to {ticket.assignee}{_after(command)}", now=now, actor=command.actor)

    def _escalate(self, ticket: Ticket, command: Command, now: int) -> None:
        to = str(command.args.get("to") or "manager")
        self._desk.escalated(ticket, to, now=now)
        self._desk.told(ticket, "escalated", f"to the {to}{_after(command)}", now=now, actor=command.actor)

    def _check(self, ticket: Ticket, command: Command, now: int) -> None:
        """Tick a step of the checklist, or take the tick away."""
        step, done = int(command.args["step"]), bool(command.args["done"])
        ticket.checks = [check for check in ticket.checks if check.step != step]
        if done:
            ticket.checks.append(Check(step=step, by=command.actor, at=now))
        words = f"step {step}: {ticket.steps_to_take[step - 1]}"
        self._desk.told(ticket, "checked" if done else "unchecked", words, now=now, actor=command.actor)

    def _note(self, ticket: Ticket, command: Command, now: int) -> None:
        ticket.comments += 1
        self._desk.told(ticket, "note", str(command.args["text"]), now=now, actor=command.actor)


def _site(named: str | None, alerts: list[Alert]) -> str | None:
    """Return the one site a ticket is about: who sees it sees its alerts. Raises Refused where they are more."""
    sites = {alert.site for alert in alerts} | ({named} if named is not None else set())
    if len(sites) > 1:
        raise Refused("other_site", "a ticket is about one site: open one for the alerts of each")
    return next(iter(sites), None)


def _refuse_check(ticket: Ticket, command: Command) -> None:
    """Raise Refused for a step that is not there, or stands as asked already."""
    step, steps = int(command.args["step"]), len(ticket.steps_to_take)
    if step > steps:
        raise Refused("not_found", f"{ticket.number} has {steps} steps; there is no step {step}")
    held = next((check for check in ticket.checks if check.step == step), None)
    if (held is not None) is bool(command.args["done"]):
        stands = f"done already, by {held.by}" if held else "not done yet"
        raise Refused("not_in_this_status", f"step {step} of {ticket.number} is {stands}")


def _comment(command: Command) -> str:
    return str(command.args.get("comment") or "").strip()


def _words(command: Command) -> str:
    return _comment(command) or f"by {command.actor}"


def _after(command: Command) -> str:
    comment = _comment(command)
    return f": {comment}" if comment else ""
