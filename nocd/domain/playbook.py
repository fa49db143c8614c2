"""Playbooks: what is done about an alert without waiting for a person, one action after another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le, MaxLen

from nocd.domain.limits import STRICT, Id, Text
from nocd.domain.severity import Severity

Deed = Literal["notify", "create_ticket", "assign", "webhook", "note", "escalate"]
StepState = Literal["waiting", "approval", "running", "done", "skipped", "failed", "cancelled"]
RunStatus = Literal["pending", "running", "success", "partial", "failed", "cancelled"]
AUTHOR = "playbook"  # before a playbook's name, where it is told who did something
LIVE: frozenset[RunStatus] = frozenset({"pending", "running"})
STEP_LIVE: frozenset[StepState] = frozenset({"waiting", "approval", "running"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do, for alerts of `min_severity` or worse; one that is not `auto` waits to be approved.

    It fails where it is not done within `timeout_s`; where it is `critical` the run stops then. `receivers` are a
    webhook's or a notify's (without any, those the routes name), `assignee` an assign's, `text` a note's or webhook's.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    do: Deed
    auto: bool = True
    critical: bool = False
    timeout_s: Annotated[int, Ge(1), Le(3_600)] = 60
    min_severity: Severity = Severity.INFO
    receivers: Annotated[tuple[Id, ...], MaxLen(20)] = ()
    assignee: Annotated[str, MaxLen(128)] = ""
    text: Text = ""

    def __post_init__(self) -> None:
        """Refuse, with a ValueError, an action that does not say what it needs."""
        needs = {"webhook": "receivers", "assign": "assignee", "note": "text"}.get(self.do)
        if needs is not None and not getattr(self, needs):
            raise ValueError(f"{self.do} needs {needs}")


@dataclass(slots=True, kw_only=True)
class Step:
    """An action of a run: where it stands and why; `awaiting` are receivers whose answer is still to come."""

    action: Action
    state: StepState = "waiting"
    reason: str = ""
    started_at: int | None = None
    ended_at: int | None = None
    approved_by: str | None = None
    awaiting: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Run:
    """One run of a playbook for one alert; `due` is when time alone moves it on (UTC ms).

    `escalate_at` is when its runbook hands the alert on, if nobody took it up.
    """

    id: str
    no: int
    playbook: str
    alert: str
    actor: str
    started_at: int
    escalate_at: int
    steps: list[Step]
    status: RunStatus = "running"
    site: str | None = None
    person: str | None = None
    severity: str | None = None
    due: int | None = None
    ended_at: int | None = None

    @property
    def live(self) -> bool:
        """Tell whether it has not ended."""
        return self.status in LIVE


@dataclass(slots=True, kw_only=True)
class Use:
    """What came of a runbook: its alerts, how long they took, how many nobody escalated; and of its playbook's runs."""

    alerts: int = 0
    resolved: int = 0
    resolved_ms: int = 0
    settled: int = 0
    runs: int = 0
    runs_ended: int = 0
    runs_ms: int = 0
    succeeded: int = 0
