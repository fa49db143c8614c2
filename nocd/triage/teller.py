"""What followers ask of whoever tells: changes for the feed, findings for triage, messages for the outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from nocd.domain.alert import Alert
    from nocd.domain.delivery import Delivery
    from nocd.domain.finding import Finding
    from nocd.domain.playbook import Run


class Teller(Protocol):
    """Collects what is to be told once it is durable."""

    def tell(
        self,
        kind: str,
        data: dict[str, Any],
        *,
        site: str | None = None,
        person: str | None = None,
        severity: str | None = None,
    ) -> None:
        """Put a change on the feed."""

    def found(self, finding: Finding, *, lasting: bool = False) -> str:
        """Hand a finding to triage; return its id."""

    def post(self, delivery: Delivery) -> None:
        """Put a message in the outbox."""

    def ran(self, run: Run, view: dict[str, Any]) -> None:
        """Tell where a playbook's run stands."""

    def view(self, alert: Alert) -> dict[str, Any]:
        """Return an alert as the feed and the API show it."""
