"""Alerts found by what they are about, so that nobody looks through all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nocd.domain.alert import Alert

Key = tuple[str, str]


def keys(alert: Alert) -> list[Key]:
    """Return what an alert is found by; none of it changes in its life."""
    found = [
        ("type", alert.type),
        ("fingerprint", alert.fingerprint),
        ("entity", f"{alert.entity_type}:{alert.entity_id}"),
    ]
    found += [("site", alert.site)] if alert.site is not None else []
    return found + ([("person", alert.person)] if alert.person is not None else [])


class Standing:
    """The numbers of the alerts that were entered, by each of their keys."""

    def __init__(self) -> None:
        """Start with none."""
        self._all: set[int] = set()
        self._by: dict[Key, set[int]] = {}

    def __contains__(self, no: int) -> bool:
        """Tell whether an alert of this number is entered."""
        return no in self._all

    def enter(self, alert: Alert) -> None:
        """Enter an alert."""
        self._all.add(alert.no)
        for key in keys(alert):
            self._by.setdefault(key, set()).add(alert.no)

    def leave(self, alert: Alert) -> None:
        """Take an alert out again that was entered."""
        self._all.remove(alert.no)
        for key in keys(alert):
            self._by[key].remove(alert.no)
            if not self._by[key]:
                del self._by[key]

    def of(self, wanted: Iterable[Key] | None) -> set[int]:
        """Return the numbers of those with any of these keys; of all for None."""
        if wanted is None:
            return self._all
        return set().union(*(self._by.get(key, ()) for key in wanted))
