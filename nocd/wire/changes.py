"""The `data` of every change type of the feed."""

from __future__ import annotations

from typing import Any, Literal

from nocd.wire.fraud import FraudScored
from nocd.wire.handovers import HandoverChanged
from nocd.wire.incidents import IncidentChanged
from nocd.wire.models import DriftDetected, ModelStepped
from nocd.wire.outside import NotificationFailed
from nocd.wire.playbooks import RunView
from nocd.wire.reports import ScorecardView
from nocd.wire.telemetry import BaselineUpdated, ThresholdChanged
from nocd.wire.tickets import TicketChanged
from nocd.wire.views import AlertView, EventView, FindingView, MaintenanceView, SilenceView, StateName, StatusName, View


class EventsStored(View):
    """A commit stored events; `events` only for clients that asked `events=1`."""

    count: int
    first_no: int
    last_no: int
    events: list[EventView] | None = None


class FindingCreated(FindingView):
    """A detector claimed something."""

    site_name: str | None = None
    person_name: str | None = None
    client: str | None = None
    opened_alert: str | None = None
    held_back: str | None = None


class FindingWithdrawn(View):
    """Evidence that came later refuted a finding."""

    id: str
    finding_type: str
    reason: str
    evidence: dict[str, Any]
    site_name: str | None = None
    person_name: str | None = None


class AlertChanged(AlertView):
    """An alert opened or moved: the whole alert, what happened to it, and why."""

    old_status: StatusName | None = None
    new_status: StatusName
    happened: str
    why: str
    actor: str


class DirectoryChanged(View):
    """A directory entry was created, updated or removed."""

    kind: str
    id: str
    name: str | None = None
    happened: Literal["created", "updated", "removed", "provisional"]


class NoteAdded(View):
    """Someone wrote something down on an alert."""

    alert: str
    title: str = ""
    text: str
    actor: str
    site_name: str | None = None
    client: str | None = None
    person_name: str | None = None


class MaintenanceWindow(MaintenanceView):
    """A maintenance window was planned, ended or called off, began or is over, or hides other alerts than before."""

    happened: Literal["planned", "ended", "called off", "began", "over", "hiding"]


class SilenceChanged(SilenceView):
    """A silence was planned, taken back or ended, by a person, its time or a resolve, or hides other alerts."""

    happened: Literal["planned", "undone", "ended", "expired", "resolved", "revived", "hiding"]


class JobFinished(View):
    """A job of the timetable ran."""

    job: str
    outcome: Literal["ok", "failed"]
    seconds: float
    detail: str


class SystemState(View):
    """A part of the daemon became degraded, or well again."""

    part: str
    state: Literal["ok", "degraded"]
    detail: str


class MetricsRefresh(View):
    """The key figures of a site, of a client's sites together or of everything, and the state they put it in.

    `states` counts the sites in each state; `events` is what came since the sample before.
    """

    scope: Literal["site", "client", "all"]
    site: str | None = None
    site_name: str | None = None
    client: str | None = None
    figures: dict[str, int]
    state: StateName
    reasons: list[str]
    states: dict[str, int]


class ScorecardMade(ScorecardView):
    """A client's day was judged; the rows behind each pillar are read from `GET /v1/scorecards`."""


CHANGES: dict[str, type[View]] = {
    "events_stored": EventsStored,
    "finding_created": FindingCreated,
    "anomaly_detected": FindingCreated,
    "finding_withdrawn": FindingWithdrawn,
    "fraud_scored": FraudScored,
    "model_trained": ModelStepped,
    "model_refused": ModelStepped,
    "model_activated": ModelStepped,
    "model_rolled_back": ModelStepped,
    "ml_drift_detected": DriftDetected,
    "alert_created": AlertChanged,
    "alert_updated": AlertChanged,
    "correlation_identified": IncidentChanged,
    "incident_updated": IncidentChanged,
    "directory_changed": DirectoryChanged,
    "note_added": NoteAdded,
    "ticket_created": TicketChanged,
    "ticket_updated": TicketChanged,
    "maintenance_window": MaintenanceWindow,
    "silence": SilenceChanged,
    "handover": HandoverChanged,
    "baseline_updated": BaselineUpdated,
    "threshold_changed": ThresholdChanged,
    "notification_failed": NotificationFailed,
    "playbook_run": RunView,
    "job_finished": JobFinished,
    "metrics_refresh": MetricsRefresh,
    "scorecard": ScorecardMade,
    "system_state": SystemState,
}
