"""Which alerts a silence is about: demands on their own fields and their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nocd.triage.maintenance import by_name
from nocd.wire.pattern import whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.domain.alert import Alert
    from nocd.domain.silence import Matcher, Silence

LABEL: Final = "label."  # before the name of a label that bears the name of a field
_FIELDS: Final[dict[str, Callable[[Alert], Any]]] = {
    "type": lambda alert: alert.type,
    "site": lambda alert: alert.site,
    "person": lambda alert: alert.person,
    "severity": lambda alert: alert.severity,
    "category": lambda alert: alert.category,
    "source": lambda alert: alert.source,
    "entity": lambda alert: alert.entity_id,
    "fingerprint": lambda alert: alert.fingerprint,
}

_NAMING: Final = frozenset({"type", "category", "fingerprint"})


def value_of(name: str, alert: Alert) -> str:
    """Return an alert's field, or its label; empty where it has none."""
    read = _FIELDS.get(name)
    return str(read(alert) or "") if read is not None else alert.labels.get(name.removeprefix(LABEL), "")


def meets(matcher: Matcher, value: str) -> bool:
    """Tell whether a value is as a matcher wants it."""
    fits = whole(matcher.value)(value) if matcher.op in ("=~", "!~") else value == matcher.value
    return fits is not matcher.op.startswith("!")


def hides(silence: Silence, alert: Alert) -> bool:
    """Tell whether an alert meets every matcher of a silence; what is hidden by name only, one that names it."""
    if by_name(alert) and not _names(silence):
        return False
    return all(meets(matcher, value_of(matcher.name, alert)) for matcher in silence.matchers)


def _names(silence: Silence) -> bool:
    return any(matcher.name in _NAMING and not matcher.op.startswith("!") for matcher in silence.matchers)


def vague(matchers: list[Matcher] | tuple[Matcher, ...]) -> bool:
    """Tell whether matchers are met by an alert of which nothing is known, and so may hide everything."""
    return all(meets(matcher, "") for matcher in matchers)
