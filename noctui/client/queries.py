"""What is asked about sites, baselines and cases, and where."""

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
    """One question: its kind, the id of what it is about (empty: all), and for a simulation what is tried."""

    kind: str
    key: str
    body: Mapping[str, Any] | None = None

    @property
    def path(self) -> str:
        """Return where it is asked."""
        return PATHS[self.kind].format(quote(self.key, safe=""))
