"""Maintenance: what is hidden by plan, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nocd.domain.instant import HOUR_MS

if TYPE_CHECKING:
    from nocd.domain.shelf import Shelves

KIND = "maintenance"
WINDOWS_MAX = 1_000  # that are not over yet
KEPT_MAX = 5_000  # with those that are


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a window may hide: a type of trouble, and where; `by_name`: a window for all types hides it not."""

    type: str
    site: str | None = None
    client: str | None = None
    device: str | None = None
    by_name: bool = False

    def places(self) -> list[tuple[str, str]]:
        """Return the scope and target of every window that may hide it."""
        named = (("client", self.client), ("site", self.site), ("device", self.device))
        return [("all", ""), *((scope, target) for scope, target in named if target is not None)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """One window: its scope (`target` is empty for all), its finding types (empty for all), UTC ms, who and why."""

    id: str
    scope: Literal["all", "client", "site", "device"]
    target: str
    start: int
    end: int
    actor: str
    reason: str
    types: tuple[str, ...] = ()

    def runs(self, time: int) -> bool:
        """Tell whether `time` (ms) lies in the window."""
        return self.start <= time < self.end

    def hides(self, subject: Subject) -> bool:
        """Tell whether a subject is in the window's scope and of its types."""
        named = subject.type in self.types or not (self.types or subject.by_name)
        return named and (self.scope, self.target) in subject.places()


class Plans:
    """Every maintenance window, on the shelves."""

    def __init__(self, shelves: Shelves) -> None:
        """Read what the shelves hold."""
        self._windows: dict[str, Maintenance] = shelves.kind(KIND)

    def all(self) -> list[Maintenance]:
        """Return every window that is kept."""
        return list(self._windows.values())

    def during(self, *, site: str | None, client: str | None, start: int) -> bool:
        """Tell whether a window of a site or client touches the hour from `start` (ms), which then teaches nothing."""
        scoped = {"all": "", "client": client, "site": site}
        return any(
            window.start < start + HOUR_MS and window.end > start and window.target == scoped.get(window.scope)
            for window in self._windows.values()
        )

    def get(self, name: str) -> Maintenance | None:
        """Return a window by its id, or None."""
        return self._windows.get(name)

    def covers(self, subject: Subject, time: int) -> Maintenance | None:
        """Return a window in which a subject at `time` (ms) is hidden, or None."""
        return next((each for each in self._windows.values() if each.runs(time) and each.hides(subject)), None)
