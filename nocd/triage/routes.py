"""Who is told of which alerts, and when: routes from matchers to receivers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

from annotated_types import Ge, Le, MaxLen, MinLen

from nocd.domain.instant import local, to_ms
from nocd.domain.limits import Id  # noqa: TC001 - pydantic reads the annotations at run time
from nocd.triage.matchers import parse_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nocd.triage.matchers import Fits

ROUTES_MAX: Final = 100
_QUIET: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
Texts = Annotated[tuple[Annotated[str, MinLen(1), MaxLen(500)], ...], MaxLen(50)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Alerts that all `matchers` fit are told to `receivers`; those that agree in `group_by` together.

    A first alert waits `group_wait_s` for others, a CRITICAL one never. What stands unattended is told again after
    `repeat_interval_minutes`, 0 for never. `quiet_hours` (`22:00-06:00` on the site's clock) hold all but CRITICAL.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}
    name: Id
    receivers: Annotated[tuple[Id, ...], MinLen(1), MaxLen(50)]
    matchers: Texts = ()
    group_by: Texts = ()
    group_wait_s: Annotated[int, Ge(0), Le(3_600)] = 30
    repeat_interval_minutes: Annotated[int, Ge(0), Le(10_080)] = 240
    quiet_hours: str = ""

    def __post_init__(self) -> None:
        """Refuse, with a ValueError, matchers and hours nobody can read."""
        parse_all(self.matchers)
        if self.quiet_hours and _QUIET.fullmatch(self.quiet_hours) is None:
            raise ValueError(f"{self.quiet_hours!r:.40} are no quiet hours, like 22:00-06:00")

    def quiet_until(self, now: int, timezone: str) -> int | None:
        """Return when the quiet hours that last at `now` end on a wall clock (UTC ms), or None where none do."""
        hours = _QUIET.fullmatch(self.quiet_hours)
        if hours is None:
            return None
        start, end = (int(hours[part]) * 60 + int(hours[part + 1]) for part in (1, 3))
        moment = local(now, timezone)
        minute = moment.hour * 60 + moment.minute
        if not (start <= minute < end if start <= end else minute >= start or minute < end):
            return None
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        last = midnight + timedelta(days=1 if minute >= end else 0)  # on the wall clock: a day may have 23 hours
        return to_ms(last.replace(hour=end // 60, minute=end % 60))


@dataclass(frozen=True, slots=True)
class Routes:
    """All routes, in order, and the receivers there are; an alert takes every route it fits."""

    routes: tuple[Route, ...] = ()
    receivers: frozenset[str] = frozenset()
    _tests: dict[str, Fits] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Read each route's matchers once."""
        self._tests.update((route.name, parse_all(route.matchers)) for route in self.routes)

    def __bool__(self) -> bool:
        """Tell whether anybody is told of anything."""
        return bool(self.routes)

    def taken_by(self, labels: Mapping[str, str]) -> list[Route]:
        """Return the routes that an alert with these labels takes, in order."""
        return [route for route in self.routes if self._tests[route.name](labels)]

    def named(self, name: str) -> Route:
        """Return a route by name; for one that is no more, one of that name that holds nothing back."""
        known = next((route for route in self.routes if route.name == name), None)
        return known or Route(name=name, receivers=("-",), group_wait_s=0, repeat_interval_minutes=0)


def faults(routes: Iterable[Route], receivers: Iterable[str]) -> list[str]:
    """Return a sentence for each name that is given twice, or names no receiver."""
    known, names, told = frozenset(receivers), set[str](), list[str]()
    for route in routes:
        if route.name in names:
            told.append(f"there are two routes called {route.name}")
        names.add(route.name)
        told += [f"route {route.name}: no receiver is called {name}" for name in route.receivers if name not in known]
    return told
