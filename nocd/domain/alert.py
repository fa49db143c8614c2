"""Deduplicated trouble an operator handles."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from nocd.domain.finding import Category
from nocd.domain.severity import Severity


class Status(StrEnum):
    """Where an alert stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    ESCALATED = "escalated"
    SUPPRESSED = "suppressed"
    RESOLVED = "resolved"


class Verdict(StrEnum):
    """What an alert turned out to be."""

    TRUE_POSITIVE = "true_positive"
    FRAUD = "fraud"
    FALSE_POSITIVE = "false_positive"
    BENIGN = "benign"
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """What an acknowledge, resolve or silence replaced, while who did it may take it back (until `until`, ms)."""

    verb: str
    actor: str
    until: int
    before: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Alert:
    """One trouble, however often it is seen; the only mutable record of the domain.

    Times are UTC milliseconds. `time`s of what was seen are event times (`first_seen`, `last_seen`, `seen_before` the
    sighting before the last); `renewed_at` is when the last sign of it reached us, from which quiet is counted;
    `ended_time` is the event time at which the other system said it ended. `hourly` holds (hour number, sightings) of
    the last 24 h. `ledger_rows` numbers its decisions, and `renewals` counts the present run of sightings, which share
    one row. `hidden_by` names what hides it now, `suppressed_by` the first of these; `suppressed_until` is when the
    last of them ends, if known. `ran` are the playbooks that were begun for it.
    """

    id: str
    no: int
    fingerprint: str
    type: str
    category: Category
    severity: Severity
    title: str
    reason: str
    entity_type: str
    entity_id: str
    source: str
    first_seen: int
    last_seen: int
    opened_at: int
    renewed_at: int
    seen_before: int | None = None
    site: str | None = None
    person: str | None = None
    status: Status = Status.OPEN
    former_status: Status | None = None
    priority: int = 0
    priority_parts: dict[str, float] = field(default_factory=dict)
    count: int = 1
    condition: bool = True
    quiet_for_ms: int | None = None
    evidence: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    recommended_actions: list[str] = field(default_factory=list)
    runbook: str | None = None
    incident: str | None = None
    ticket: str | None = None
    assignee: str | None = None
    acknowledged_by: str | None = None
    acknowledged_at: int | None = None
    ack_expires_at: int | None = None
    resolved_by: str | None = None
    resolved_at: int | None = None
    verdict: Verdict | None = None
    judged_at: int | None = None
    judged_before: int | None = None
    suppressed_by: str | None = None
    hidden_by: tuple[str, ...] = ()
    suppressed_until: int | None = None
    snoozed_by: str | None = None
    snooze_ended_at: int | None = None
    baseline: str | None = None
    fraud_score: float | None = None
    escalated_at: int | None = None
    escalates_at: int | None = None
    ended_unseen: bool = False
    ended_time: int | None = None
    updated_at: int = 0
    hourly: list[tuple[int, int]] = field(default_factory=list)
    recent_opens: list[int] = field(default_factory=list)
    flapping: bool = False
    notes: int = 0
    ledger_rows: int = 0
    renewals: int = 0
    undo: Undo | None = None
    ran: list[str] = field(default_factory=list)

    @property
    def unresolved(self) -> bool:
        """Tell whether it still stands; all but resolved alerts take in what shares their fingerprint."""
        return self.status is not Status.RESOLVED

    def hide(self, causes: tuple[str, ...], until: int | None) -> None:
        """Say what hides it, and until when (ms) where that is known."""
        self.hidden_by, self.suppressed_by, self.suppressed_until = causes, causes[0], until

    def show(self) -> None:
        """Say that nothing hides it."""
        self.hidden_by, self.suppressed_by, self.suppressed_until, self.former_status = (), None, None, None
