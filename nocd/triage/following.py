"""What follows from a decision about an alert: others hear of it at once, each in its turn, and decide more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.domain.alert import Alert
    from nocd.domain.delivery import Delivery
    from nocd.domain.finding import Finding
    from nocd.domain.playbook import Run
    from nocd.triage.book import AlertBook


class Follower(Protocol):
    """Reacts to what is decided about alerts, and to time; it only reads alerts unless it asks the book to edit one."""

    def heard(self, alert: Alert, decision: str, *, now: int) -> None:
        """Take in that `decision` (the word in the ledger) was made about an alert, which is as it now stands."""

    def tick(self, now: int) -> bool:
        """Let time pass to `now` (UTC ms); tell whether anything came of it."""

    def next_due(self) -> int | None:
        """Return when time alone has something for it to do (UTC ms), or None."""


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


class Followers:
    """Hands each decision about an alert to all followers in order, until nothing more is decided."""

    def __init__(self, book: AlertBook, followers: Sequence[Follower]) -> None:
        """Listen to `book`; who comes earlier in `followers` hears of a decision earlier."""
        self._book = book
        self._followers = followers

    def settle(self, now: int) -> None:
        """Follow up what was decided since the last call; after each input, so that batching changes nothing."""
        news = self._book.news
        while news:
            alert_id, decision = news.popleft()
            alert = self._book.get(alert_id)
            if alert is not None:
                for follower in self._followers:
                    follower.heard(alert, decision, now=now)

    def tick(self, now: int) -> bool:
        """Let time pass to `now` (UTC ms); tell whether anything came of it."""
        changed = False
        for follower in self._followers:
            changed |= follower.tick(now)
            self.settle(now)  # at once: the next one's time passes over what stands by now
        return changed

    def next_due(self) -> int | None:
        """Return when the next tick has something to do (UTC ms), or None."""
        due = (follower.next_due() for follower in self._followers)
        return min((at for at in due if at is not None), default=None)
