"""Maintenance: what is hidden by plan, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nocd.domain.instant import HOUR_MS

if TYPE_CHECKING:
    from nocd.domain.shelf import Shelves

KIND = "maintenance"
WINDOWS_MAX = 1_000


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

    def covers(
        self,
        *,
        site: str | None,
        client: str | None,
        time: int,
        finding_type: str = "",
        device: str | None = None,
        by_name: bool = False,
    ) -> Maintenance | None:
        """Return a window in which something of a site, client or device at `time` (ms) is hidden, or None.

        Where it is hidden only `by_name`, a window for all types hides it not.
        """
        scoped = {"all": "", "client": client, "site": site, "device": device}
        return next(
            (
                window
                for window in self._windows.values()
                if window.start <= time < window.end
                and window.target == scoped[window.scope]
                and (finding_type in window.types or not (window.types or by_name))
            ),
            None,
        )
