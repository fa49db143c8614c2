"""What to do about an alert: the runbook of its type, else of what it is like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nocd.domain.alert import Alert
    from nocd.domain.playbook import Action

GENERIC: Final = "GENERIC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """Steps to take, whom to hand it to if they do not help in time, and what is done without a person."""

    id: str
    title: str
    applies_to: tuple[str, ...]
    steps: tuple[str, ...]
    escalation_minutes: int
    role: str
    playbook: tuple[Action, ...] = ()

    @property
    def actions(self) -> list[str]:
        """Return the steps as an operator reads them, the hand-over last."""
        if self.escalation_minutes == 0:
            return [f"Tell the {self.role} at once", *self.steps]
        return [*self.steps, f"Not settled within {self.escalation_minutes} min: hand it to the {self.role}"]


class Runbooks:
    """All runbooks, by what they apply to: a type, `CATEGORY/SEVERITY`, `CATEGORY`, or GENERIC."""

    def __init__(self, runbooks: Iterable[Runbook] = ()) -> None:
        """Take runbooks; of two for the same the later counts."""
        self._for = {name: runbook for runbook in runbooks for name in runbook.applies_to}
        self._by_id = {runbook.id: runbook for runbook in self._for.values()}

    def all(self) -> list[Runbook]:
        """Return those that apply to something, by id."""
        return sorted(self._by_id.values(), key=lambda each: each.id)

    def named(self, name: str | None) -> Runbook | None:
        """Return a runbook in force by its id, or None."""
        return self._by_id.get(name) if name is not None else None

    def of(self, alert: Alert) -> Runbook | None:
        """Return the runbook of an alert, the most particular first; None where not even a generic one is known."""
        likenesses = (alert.type, f"{alert.category}/{alert.severity}", str(alert.category), GENERIC)
        return next((self._for[name] for name in likenesses if name in self._for), None)

    def give(self, alert: Alert) -> None:
        """Write an alert's runbook and its steps on it."""
        runbook = self.of(alert)
        if runbook is not None:
            alert.runbook, alert.recommended_actions = runbook.id, runbook.actions
