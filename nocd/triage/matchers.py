"""Which alerts a silence or a route is about: demands on their own fields and their labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.silence import Matcher
from nocd.triage.maintenance import by_name
from nocd.wire.pattern import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nocd.domain.alert import Alert
    from nocd.domain.silence import Silence

    Fits = Callable[[Mapping[str, str]], bool]

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


MATCHER_CHARS_MAX: Final = 500
_FORM: Final = re.compile(r'\s*([A-Za-z_][\w.-]*)\s*(=~|!~|!=|=)\s*(?:"([^"]*)"|(.*?))\s*', re.DOTALL)


def labels_of(alert: Alert, *, client: str | None) -> dict[str, str]:
    """Return what the matchers of a route see of an alert: its own labels, and its fields under their names."""
    return {
        **alert.labels,
        **{name: str(read(alert) or "") for name, read in _FIELDS.items()},
        "id": alert.id,
        "client": client or "",
        "entity_type": alert.entity_type,
    }


def matcher(text: str) -> Matcher:
    """Return the matcher that a text says, like `severity=~"HIGH|CRITICAL"`. Raises ValueError."""
    form = _FORM.fullmatch(text) if len(text) <= MATCHER_CHARS_MAX else None
    if form is None:
        raise ValueError(f'{text!r:.80} is no matcher, like severity=~"HIGH|CRITICAL"')
    made = Matcher(name=form[1], op=form[2], value=form[4] if form[3] is None else form[3])  # type: ignore[arg-type]  # the form has no other signs
    meets(made, "")  # a pattern that cannot be read says so now
    return made


def parse(text: str) -> Fits:
    """Return what a matcher's text says as a test of labels, where a missing one is empty. Raises ValueError."""
    said = matcher(text)
    return lambda labels: meets(said, labels.get(said.name, ""))


def parse_all(texts: Iterable[str]) -> Fits:
    """Return a test that all of the matchers hold; without any it always does. Raises ValueError."""
    tests = [parse(text) for text in texts]
    return lambda labels: all(test(labels) for test in tests)
