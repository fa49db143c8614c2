"""What is asked about one site or one of its baselines, and where."""

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
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One question: its kind, the site or baseline it is about, and for a simulation what is tried."""

    kind: str
    key: str
    body: Mapping[str, Any] | None = None

    @property
    def path(self) -> str:
        """Return where it is asked."""
        return PATHS[self.kind].format(quote(self.key, safe=""))
