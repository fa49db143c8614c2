"""What goes into the engine's memory, and what comes out of a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nocd.baseline.series import SeriesRecord
from nocd.detect.hours import SiteClock
from nocd.detect.registry import DETECTORS
from nocd.detect.stream import State as StreamState
from nocd.detect.watches import CLAIMS_KIND, DUE_KIND, Stood
from nocd.domain.alert import Alert
from nocd.domain.baseline import Baseline, Bucket
from nocd.domain.delivery import Delivery, Group, Told
from nocd.domain.directory import DIRECTORY_TYPES
from nocd.domain.finding import Finding
from nocd.domain.handover import HANDOVER_KIND, NOTE_KIND, DeskNote, Handover
from nocd.domain.incident import Incident, Story, Weather
from nocd.domain.maintenance import KIND as MAINTENANCE_KIND
from nocd.domain.maintenance import Maintenance
from nocd.domain.playbook import Run, Use
from nocd.domain.score import KIND as SCORE_KIND
from nocd.domain.score import PunchScore, Scored, ScoreVerdict
from nocd.domain.silence import KIND as SILENCE_KIND
from nocd.domain.silence import Silence
from nocd.domain.threshold import SiteHour, ThresholdChange
from nocd.domain.ticket import Ticket
from nocd.fraud.profile import KIND as PROFILE_KIND
from nocd.fraud.profile import Profile
from nocd.fraud.vector import HISTORY_KIND, PEERS_KIND, History, Peers
from nocd.signals.duty import DutyRecord
from nocd.signals.minutes import Minutes
from nocd.signals.traces import Traces
from nocd.signals.trail import Trail
from nocd.triage.notifications import GROUP_KIND, OFF_KIND, TOLD_KIND
from nocd.triage.playbooks import KIND as RUN_KIND
from nocd.triage.playbooks import USE_KIND
from nocd.triage.suppression import KIND as REACH_KIND
from nocd.triage.suppression import Reach
from nocd.triage.together import KIND as PUNCH_ALERT_KIND
from nocd.triage.together import PunchAlert

if TYPE_CHECKING:
    from nocd.domain.change import Change, LedgerRow
    from nocd.domain.model_step import ModelStep
    from nocd.domain.ticket import TimelineRow

# The kinds of record the engine keeps, and their types: what the store needs to bring them back.
RECORD_TYPES: dict[str, Any] = {
    **{name.removeprefix("noc."): record for name, record in DIRECTORY_TYPES.items()},
    "duty": DutyRecord,
    "alert": Alert,
    "ticket": Ticket,
    "incident": Incident,
    "story": Story,
    "weather": Weather,
    "counter": int,
    "stops": list[tuple[int, int]],
    "minutes": Minutes,
    "trail": Trail,
    "traces": Traces,
    "site_clock": SiteClock,
    "baseline": Baseline,
    "bucket": Bucket,
    "series": SeriesRecord,
    "stream": StreamState,
    "threshold_changes": list[ThresholdChange],
    "held": list[int],
    "hidden": Finding,
    PUNCH_ALERT_KIND: PunchAlert,
    SCORE_KIND: PunchScore,
    HISTORY_KIND: History,
    PEERS_KIND: Peers,
    PROFILE_KIND: Profile,
    MAINTENANCE_KIND: Maintenance,
    SILENCE_KIND: Silence,
    REACH_KIND: Reach,
    CLAIMS_KIND: Stood,
    DUE_KIND: int,
    GROUP_KIND: Group,
    TOLD_KIND: Told,
    OFF_KIND: str,
    RUN_KIND: Run,
    NOTE_KIND: DeskNote,
    HANDOVER_KIND: Handover,
    USE_KIND: Use,
    **{detector.name: detector.record for detector in DETECTORS if detector.record is not None},
}


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a batch decided: changes in order, the alerts behind them with their view, ledger rows, findings.

    A threshold change comes with its site and client; `opened` are earlier findings and the alerts they opened now.
    """

    changes: list[Change] = field(default_factory=list)
    alerts: list[tuple[Alert, dict[str, Any]]] = field(default_factory=list)
    incidents: list[tuple[Incident, dict[str, Any]]] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)
    findings: list[tuple[Finding, str | None]] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    opened: list[tuple[str, str]] = field(default_factory=list)
    hours: list[SiteHour] = field(default_factory=list)
    threshold_changes: list[tuple[ThresholdChange, str | None, str | None]] = field(default_factory=list)
    tickets: list[tuple[Ticket, dict[str, Any]]] = field(default_factory=list)
    timeline: list[TimelineRow] = field(default_factory=list)
    outbox: list[Delivery] = field(default_factory=list)
    runs: dict[str, tuple[Run, dict[str, Any]]] = field(default_factory=dict)
    scores: dict[str, Scored] = field(default_factory=dict)
    judged: list[ScoreVerdict] = field(default_factory=list)
    model_steps: list[ModelStep] = field(default_factory=list)
    handovers: list[tuple[Handover, dict[str, Any]]] = field(default_factory=list)
