"""A site as the console keeps it, and how it stands: its open alerts by severity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noctui.state.cells import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from noctui.state.alert import Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One place that is watched."""

    id: str
    name: str = ""
    client: str = ""

    @property
    def words(self) -> str:
        """Return what the plain filter searches, in lower case."""
        return f"{self.id} {self.name} {self.client}".lower()


def read_site(body: Mapping[str, Any]) -> Site:
    """Return the site in an entry of the snapshot or of the directory; raises KeyError where it has no id."""
    return Site(
        id=clean(body["id"]), name=clean(body.get("name") or body["id"]), client=clean(body.get("client") or "")
    )


@dataclass(slots=True)
class Standing:
    """The alerts of one site in the queue: counts of P1 to P4, and when the newest was last seen (0: none)."""

    levels: list[int]
    last_seen: int = 0

    @property
    def worst(self) -> int | None:
        """Return the worst level there is, 1 to 4, or None where all is well."""
        return next((level for level, count in enumerate(self.levels, 1) if count), None)


def standings(alerts: Iterable[Alert]) -> dict[str, Standing]:
    """Return how every site stands that has an alert."""
    found: dict[str, Standing] = {}
    for alert in alerts:
        standing = found.setdefault(alert.site, Standing([0, 0, 0, 0]))
        standing.levels[alert.level - 1] += 1
        standing.last_seen = max(standing.last_seen, alert.last_seen, alert.opened_at)
    return found
