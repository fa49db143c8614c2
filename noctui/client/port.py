"""What the console needs of its link, whoever plays it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from noctui.client.mailbox import Mailbox
    from noctui.client.orders import Order
    from noctui.client.queries import Query


class LinkPort(Protocol):
    """What the console needs of its link."""

    mailbox: Mailbox

    def start(self) -> None:
        """Begin to connect."""

    def close(self) -> None:
        """Let go."""

    def submit(self, order: Order) -> None:
        """Send an order as soon as possible."""

    def cancel(self, key: str) -> bool:
        """Take an order back, if it was never sent."""

    def retry(self) -> None:
        """Try a lost link now."""

    def fetch_why(self, alert_id: str) -> None:
        """Ask for the ledger of an alert."""

    def fetch(self, query: Query) -> None:
        """Ask about a site or a baseline."""
