"""Tickets that take too long: what triage finds of its own work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nocd.detect.kinds import Kind
from nocd.domain.finding import Category, Finding
from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from nocd.domain.ticket import Ticket

UNASSIGNED_MS: Final = 5 * MINUTE_MS
UNESCALATED_MS: Final = 2 * MINUTE_MS
DELAYED_MS: Final = 72 * HOUR_MS
DELAYED_LONG_MS: Final = 120 * HOUR_MS
ENTITY: Final = "ticket"

SLA_BREACH: Final = Kind(
    name="SLA_BREACH",
    category=Category.OPERATIONAL,
    severities=(Severity.HIGH,),
    confidence=1.0,
    says="a ticket is open past its resolution time; over when it is resolved",
)
FIELD_SUPPORT_DELAYED: Final = Kind(
    name="FIELD_SUPPORT_DELAYED",
    category=Category.OPERATIONAL,
    severities=(Severity.MEDIUM, Severity.HIGH),
    confidence=1.0,
    says="a ticket is open for more than 72 h, HIGH from 120 h; over when it is resolved",
)
EMERGENCY_ESCALATION_DELAYED: Final = Kind(
    name="EMERGENCY_ESCALATION_DELAYED",
    category=Category.SAFETY,
    severities=(Severity.CRITICAL,),
    confidence=1.0,
    says="a SAFETY ticket of P1 that nobody took on or escalated within 2 min; over when somebody does",
)
EMERGENCY_TICKET_UNASSIGNED: Final = Kind(
    name="EMERGENCY_TICKET_UNASSIGNED",
    category=Category.SAFETY,
    severities=(Severity.CRITICAL,),
    confidence=1.0,
    says="a ticket of P1 that is nobody's for more than 5 min; over when it is assigned",
)
KINDS: Final = (SLA_BREACH, FIELD_SUPPORT_DELAYED, EMERGENCY_ESCALATION_DELAYED, EMERGENCY_TICKET_UNASSIGNED)


def about(kind: Kind, ticket: Ticket, reason: str, *, now: int, severity: Severity | None = None) -> Finding:
    """Return a finding about a ticket that is late: a condition, over when somebody sees to it."""
    whose: dict[str, Any] = {} if ticket.site is None else {"site": ticket.site}
    return kind.finding(
        time=now,
        reason=reason,
        evidence={
            "ticket": ticket.id,
            "ticket_number": ticket.number,
            "ticket_title": ticket.title,
            "priority": ticket.priority,
            "assignee": ticket.assignee,
            "open_hours": round((now - ticket.created_at) / HOUR_MS, 2),
        },
        severity=severity,
        entity_type=ENTITY,
        entity_id=ticket.id,
        **whose,
    )
