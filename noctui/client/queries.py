"""What is asked for the screens, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

PATHS = {
    "signals": "telemetry/sites/{}/signals?window_minutes=120",
    "baselines": "baselines?site={}&limit=500",
    "hours": "baselines/{}/hours?limit=48",
    "week": "baselines/{}",
    "changes": "baselines/{}/changes?limit=20",
    "simulate": "baselines/{}/simulate",
    "overview": "reports/overview",
    "pulse": "reports/heat?step_minutes=5&steps=72",
    "heat": "reports/heat?step_minutes=60&steps=24",
    "mtta": "reports/mtta?days=1",
    "trend": "reports/trends?days=1",
    "due": "tickets?status=unresolved&limit=200",
    "people": "reports/people?limit=500",
    "risks": "fraud/heatmap?hours=24&min_predictions=1",
    "scores": "fraud/scores/live?min_score=0.3&limit=300",
    "punches": "fraud/scores/live?min_score=0&limit=200",
    "similar": "alerts/{}",
    "days": "fraud/people/{}/history?days=30",
    "punches_of": "fraud/scores/live?min_score=0&limit=50&person={}",
    "profile": "people/{}/profile",
    "person_risk": "people/{}/risk",
    "day_of": "people/{}/day",
    "tickets_of": "tickets?status=unresolved&limit=20&person={}",
    "tickets": "tickets?limit=500",
    "incidents": "incidents?limit=500",
    "ticket": "tickets/{}",
    "incident": "incidents/{}",
    "silences": "silences",
    "hits": "search?q={}%20since:24h&limit=500",
    "sheet": "handovers/sheet",
    "notes": "notes",
    "handovers": "handovers?limit=50",
    "audit": "audit?limit=200",
    "presence": "presence",
    "runs": "playbooks/runs?alert={}&limit=5",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question: its kind, what it is about (nothing, a site, a person …), and for a simulation what is tried."""

    kind: str
    key: str
    body: Mapping[str, Any] | None = None

    @property
    def path(self) -> str:
        """Return where it is asked."""
        return PATHS[self.kind].format(quote(self.key, safe=""))
