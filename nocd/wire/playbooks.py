"""What the API and the feed say about playbooks, their runs, and what came of runbooks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nocd.wire.requests import Request
from nocd.wire.views import SeverityName, View

DeedName = Literal["notify", "create_ticket", "assign", "webhook", "note", "escalate"]


class ActionView(View):
    """One thing a playbook does."""

    do: DeedName
    auto: bool
    critical: bool
    timeout_s: int
    min_severity: SeverityName
    receivers: list[str]
    assignee: str
    text: str


class UseView(View):
    """What came of a runbook so far: its alerts and how they ended, and the runs of its playbook."""

    alerts: int
    resolved: int
    mean_time_s: float | None = Field(description="from opened to resolved")
    success_rate: float | None = Field(description="share resolved without being escalated")
    runs: int
    runs_ended: int
    runs_mean_time_s: float | None
    runs_success_rate: float | None


class RunbookView(View):
    """What to do about a kind of trouble, whom to hand it to after how long, and what came of it so far."""

    id: str
    title: str
    applies_to: list[str]
    steps: list[str]
    escalation_minutes: int
    role: str
    playbook: list[ActionView]
    use: UseView | None = None


class StepView(View):
    """Where one step of a run stands, and why; `awaiting` are receivers whose answer is still to come."""

    do: DeedName
    state: Literal["waiting", "approval", "running", "done", "skipped", "failed", "cancelled"]
    reason: str
    critical: bool
    approved_by: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    awaiting: list[str]


class RunView(View):
    """A playbook's run for one alert; `pending` waits to be approved."""

    id: str
    playbook: str
    alert: str
    status: Literal["pending", "running", "success", "partial", "failed", "cancelled"]
    actor: str
    started_at: str
    ended_at: str | None = None
    site: str | None = None
    site_name: str | None = None
    client: str | None = None
    steps: list[StepView]


class StartPlaybook(Request):
    """Run a playbook for an alert for which it has not run."""

    alert: Annotated[str, Field(min_length=1, max_length=64)]
