"""What one transaction writes, and what a start reads back."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.domain.audit import Entry
    from nocd.domain.change import LedgerRow, NumberedChange
    from nocd.domain.command import Reply
    from nocd.domain.delivery import Delivery
    from nocd.domain.finding import Finding
    from nocd.domain.handover import Handover
    from nocd.domain.incident import Incident
    from nocd.domain.model_step import ModelStep
    from nocd.domain.playbook import Run
    from nocd.domain.score import Scored, ScoreVerdict
    from nocd.domain.shelf import Row
    from nocd.domain.threshold import SiteHour, ThresholdChange
    from nocd.domain.ticket import Ticket, TimelineRow


class InputKind(IntEnum):
    """What an input is."""

    EVENT = 0
    COMMAND = 1
    TICK = 2
    PREDICTIONS = 3


@dataclass(frozen=True, slots=True)
class InputRow:
    """One input as stored; `time` is when it happened, both times are UTC milliseconds."""

    no: int
    kind: InputKind
    time: int
    received_at: int
    claimed_time: int | None
    late: bool
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """One run of a job; `started` is UTC milliseconds."""

    job: str
    started: int
    seconds: float
    outcome: str
    detail: str


@dataclass(slots=True, kw_only=True)
class Commit:
    """Everything one batch makes durable, in one transaction."""

    inputs: list[InputRow] = field(default_factory=list)
    keys: list[tuple[str, str, int]] = field(default_factory=list)
    changes: list[NumberedChange] = field(default_factory=list)
    alerts: list[tuple[Alert, dict[str, Any]]] = field(default_factory=list)
    incidents: list[tuple[Incident, dict[str, Any]]] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)
    findings: list[tuple[Finding, str | None, str | None]] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    opened: list[tuple[str, str]] = field(default_factory=list)
    replies: list[tuple[str, int, str, Reply]] = field(default_factory=list)
    hours: list[SiteHour] = field(default_factory=list)
    threshold_changes: list[tuple[ThresholdChange, str | None, str | None]] = field(default_factory=list)
    job_runs: list[JobRun] = field(default_factory=list)
    audit: list[Entry] = field(default_factory=list)
    tickets: list[tuple[Ticket, dict[str, Any]]] = field(default_factory=list)
    timeline: list[TimelineRow] = field(default_factory=list)
    outbox: list[Delivery] = field(default_factory=list)
    runs: list[tuple[Run, dict[str, Any]]] = field(default_factory=list)
    scores: list[Scored] = field(default_factory=list)
    judged: list[ScoreVerdict] = field(default_factory=list)
    model_steps: list[ModelStep] = field(default_factory=list)
    handovers: list[tuple[Handover, dict[str, Any]]] = field(default_factory=list)
    state: list[Row] = field(default_factory=list)
    save_complete: bool = False
    now: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a start finds: the numbers, the records true at `saved_to`, and how many inputs follow it."""

    epoch: str
    last_no: int
    last_seq: int
    saved_to: int
    state: list[tuple[str, str, bytes]]


def number(object_id: str) -> int:
    """Return the number in an id like `A-12`; raises ValueError where there is none."""
    return int(object_id.rpartition("-")[2])
