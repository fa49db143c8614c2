"""What the API answers with; every time is RFC 3339 UTC."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SeverityName = Literal["INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
StatusName = Literal["open", "acknowledged", "assigned", "in_progress", "escalated", "suppressed", "resolved"]
VerdictName = Literal["true_positive", "fraud", "false_positive", "benign", "duplicate", "unknown"]
StateName = Literal["NORMAL", "UNKNOWN", "ATTENTION", "WARNING", "CRITICAL"]
CategoryName = Literal["SAFETY", "SECURITY", "OPERATIONAL", "DEVICE_HEALTH", "COMPLIANCE"]


class View(BaseModel):
    """Base of every answer: unknown fields are kept, so that a newer daemon can serve an older console."""

    model_config = ConfigDict(extra="allow", frozen=True)


class EntityRef(View):
    """What a trouble is about."""

    type: str
    id: str


class AlertView(View):
    """One alert with all an operator needs on a line and in a drawer."""

    id: str
    fingerprint: str
    type: str
    category: CategoryName
    severity: SeverityName
    status: StatusName
    former_status: StatusName | None = None
    priority: int
    priority_parts: dict[str, float]
    title: str
    reason: str
    site: str | None = None
    site_name: str | None = None
    client: str | None = None
    person: str | None = None
    person_name: str | None = None
    entity: EntityRef
    source: str
    first_seen: str
    last_seen: str
    opened_at: str
    updated_at: str
    count: int
    condition: bool
    evidence: dict[str, Any]
    labels: dict[str, str]
    recommended_actions: list[str]
    runbook: str | None = None
    incident: str | None = None
    ticket: str | None = None
    assignee: str | None = None
    acknowledged_by: str | None = None
    acknowledged_at: str | None = None
    ack_expires_at: str | None = None
    resolved_by: str | None = None
    resolved_at: str | None = None
    verdict: VerdictName | None = None
    suppressed_by: str | None = None
    suppressed_until: str | None = None
    snoozed_by: str | None = Field(default=None, description="whose silence hid it last, until `snooze_ended_at`")
    snooze_ended_at: str | None = None
    hidden_by: list[str] = Field(default_factory=list, description="every silence, window and worse alert that does")
    baseline: str | None = None
    fraud_score: float | None = None
    escalated_at: str | None = None
    ended_unseen: bool = False
    flapping: bool = False
    notes: int = 0
    time_to_acknowledge_s: float | None = None
    time_to_resolve_s: float | None = None
    undo_until: str | None = None


class LedgerView(View):
    """One decision about an alert, with its reason."""

    row: int
    time: str
    decision: str
    reason: str
    actor: str
    old_status: StatusName | None = None
    new_status: StatusName | None = None


class FindingView(View):
    """A detector's claim as stored."""

    id: str
    type: str
    category: CategoryName
    severity: SeverityName
    confidence: float
    time: str
    reason: str
    fingerprint: str
    site: str | None = None
    person: str | None = None
    entity: EntityRef
    evidence: dict[str, Any]


class FindingRow(FindingView):
    """A finding as it is read later: with names, the alert it belongs to, and whether later evidence refuted it."""

    site_name: str | None = None
    person_name: str | None = None
    alert: str | None = None
    withdrawn: bool = False


class EventView(View):
    """A stored event: its number, when it reached us, and the CloudEvent as received."""

    no: int
    received_at: str
    late: bool = False
    claimed_time: str | None = None
    event: dict[str, Any]


class Page(View):
    """A keyset page; `cursor` asks for the next one and is null at the end."""

    items: list[dict[str, Any]]
    cursor: str | None = None


class SnapshotView(View):
    """Everything a console needs to start, true at `seq`: subscribe with `after=seq` and nothing is missed."""

    epoch: str
    seq: int
    time: str
    alerts: list[AlertView]
    alerts_total: int
    sites: list[dict[str, Any]]
    counts: dict[str, int]


class Rejection(View):
    """Why one event of a batch was refused; `index` counts from 0 in the order sent."""

    index: int
    id: str | None = None
    code: str
    detail: str


class PostAnswer(View):
    """What became of a batch; a duplicate is a success already counted."""

    accepted: int
    duplicates: int
    rejected: list[Rejection]


class Problem(View):
    """An RFC 9457 problem with a stable `code`."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str


class VersionView(View):
    """What is running."""

    name: str
    version: str
    api: str = "v1"


class ReadyView(View):
    """Whether the daemon takes events, and what it is waiting for otherwise."""

    ready: bool
    reason: str = Field(default="", description="empty when ready")


class HealthView(View):
    """The parts of the daemon, each `ok` or `degraded` with why."""

    status: Literal["ok", "degraded"]
    parts: dict[str, dict[str, Any]]


class HidingView(View):
    """What a silence or window hides now: how many alerts, and the ids of the newest hundred."""

    count: int
    alerts: list[str]


class MaintenanceView(View):
    """A maintenance window: its scope and what of it, when, who planned it and why."""

    id: str
    scope: Literal["all", "client", "site", "device"]
    target: str
    site_name: str | None = None
    types: list[str]
    start: str
    end: str
    actor: str
    reason: str
    state: Literal["planned", "running", "over"]
    hiding: HidingView


class MatcherView(View):
    """A demand on one of an alert's own fields or labels."""

    name: str
    op: Literal["=", "!=", "=~", "!~"]
    value: str


class SilenceView(View):
    """A silence: what it hides, until when (`ends_at` null: until `alert` is resolved), whose it is and why."""

    id: str
    matchers: list[MatcherView]
    site: str | None = None
    site_name: str | None = None
    alert: str | None = None
    starts_at: str
    ends_at: str | None = None
    author: str
    comment: str
    state: Literal["active", "ended", "expired", "resolved", "undone"]
    ended_at: str | None = None
    hiding: HidingView


class AuditView(View):
    """One act on record: who, what, to what, from where, and before and after; `digest` seals it and all before it."""

    no: int
    time: str
    actor: str
    act: str
    target: str
    peer: str
    site: str | None = None
    client: str | None = None
    detail: dict[str, Any]
    digest: str


class ChainView(View):
    """How an audit trail stands: how many rows hold, the newest of them, and what breaks the chain after it."""

    chain: str
    rows: int
    newest: int
    digest: str
    fault: str | None = None
