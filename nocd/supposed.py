"""What is to be tried: assignments like `detectors.gps_spoofing.speed_max_kmh=300`, read as the files would be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from nocd.configured import tenant_limits
from nocd.detect.registry import CATALOG
from nocd.faults import Faulty, Place, nearest, read_toml
from nocd.history.whatif import Supposed
from nocd.rulebook import RulesRefused, parse_rules
from nocd.settings import Settings, load
from nocd.triage.matchers import matcher, vague

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nocd.detect.rules import Rules

SETS_MAX: Final = 50
# The settings that decide which alerts and tickets there are; the others decide nothing, or only how fast.
DECIDING: Final = (
    *("lateness_minutes", "alerts_open_max", "quiet_for_outside_alerts_minutes", "correlation_window_minutes"),
    *("incident_close_when", "ack_expires_minutes", "ticket_severities", "escalate_critical_minutes"),
    *("escalate_high_minutes", "escalate_medium_minutes", "escalate_low_minutes"),
)
_TABLES: Final = ("detectors", "thresholds", "routes")
_SCOPES: Final = ("client", "site")
_WHERE: Final = "what if"


class SupposedRefused(Faulty):
    """What is to be tried is nothing that can be set."""

    code = "bad_setting"

    exit_code = 2


def assigned(texts: Iterable[str]) -> dict[str, Any]:
    """Return texts like `NAME=VALUE` by name, the value as JSON where it is some. Raises SupposedRefused."""
    told: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise SupposedRefused([f"{text!r:.80} is no NAME=VALUE"])
        try:
            told[name.strip()] = json.loads(value)
        except ValueError:
            told[name.strip()] = value
    return told


def supposed(settings: Settings, sets: Mapping[str, Any], silence: Iterable[str]) -> Supposed:
    """Return how things are and how they would be; raises Faulty with every fault and the nearest known names."""
    faults: list[str] = []
    parts: dict[str, dict[str, Any]] = {name: {} for name in (*_TABLES, "")}
    for name, value in sets.items():
        table, dot, rest = name.partition(".")
        parts[table if dot and table in _TABLES else ""][rest if dot and table in _TABLES else name] = value
    changed = _settings(settings, parts[""], parts["routes"], faults)
    thresholds = _thresholds(parts["thresholds"], faults)
    matchers = _matchers(silence, faults)
    if faults:
        raise SupposedRefused(faults)
    rules = _rules(settings, parts["detectors"])
    return Supposed(
        before=tenant_limits(settings), after=tenant_limits(changed, rules), thresholds=thresholds, silence=matchers
    )


def _settings(settings: Settings, told: dict[str, Any], routes: dict[str, Any], faults: list[str]) -> Settings:
    for name in told:
        if name in Settings.model_fields and name not in DECIDING:
            faults.append(f"{name} decides nothing about alerts; {', '.join(DECIDING)} do")
        elif name not in DECIDING:
            faults.append(f"{name} is no setting{nearest(name, (*DECIDING, *_TABLES))}")
    if faults:
        return settings
    values = {**settings.model_dump(mode="json"), **told}
    return load({**values, "routes": _routes(values["routes"], routes, faults)}).settings


def _routes(there: list[dict[str, Any]], told: dict[str, Any], faults: list[str]) -> list[dict[str, Any]]:
    """Return routes with fields set (`NAME.FIELD`), or without one that is set to null."""
    routes = {route["name"]: dict(route) for route in there}
    for path, value in told.items():
        name, dot, field = path.rpartition(".")
        if dot:
            routes.setdefault(name, {"name": name})[field] = value
        elif value is None and path in routes:
            del routes[path]
        else:
            faults.append(f"routes.{path} is no route's field, like routes.NAME.group_wait_s{nearest(path, routes)}")
    return list(routes.values())


def _thresholds(told: dict[str, Any], faults: list[str]) -> dict[str, float]:
    wrong = [name for name, value in told.items() if isinstance(value, bool) or not isinstance(value, int | float)]
    faults += [f"thresholds.{name} is a number, not {told[name]!r:.40}" for name in wrong]
    return {name: float(value) for name, value in told.items() if name not in wrong}


def _matchers(texts: Iterable[str], faults: list[str]) -> tuple[Any, ...]:
    try:
        matchers = tuple(matcher(text) for text in texts)
    except ValueError as error:
        faults.append(str(error))
        return ()
    if matchers and vague(matchers):
        faults.append("a silence demands at least one value: this one would hide everything")
    return matchers


def _rules(settings: Settings, told: dict[str, Any]) -> Rules:
    """Return the rules in force with some set; a path is `TYPE.FIELD`, before it `site.ID` or `client.ID`."""
    tables: dict[str, Any] = {} if settings.detectors is None else read_toml(settings.detectors, RulesRefused)
    for path, value in told.items():
        *scope, kind, field = _path(path)
        place = tables
        for step in (*scope, kind):
            place = place.setdefault(step, {})
        first, dot, rest = field.partition(".")
        if dot:
            place = place.setdefault(first, {})
        place[rest if dot else first] = value
    return parse_rules(tables, where=Place(_WHERE))


def _path(path: str) -> list[str]:
    """Return the steps of a path: scope and its name where there is one, type, field (with what is in it)."""
    scope, dot, rest = path.partition(".")
    if dot and scope in _SCOPES:
        words = rest.split(".")
        at = next((place for place, word in enumerate(words) if word.upper() in CATALOG and place), 1)
        return [scope, ".".join(words[:at]), *_typed(".".join(words[at:]))]
    return _typed(path)


def _typed(text: str) -> list[str]:
    kind, dot, field = text.partition(".")
    if not dot:
        raise SupposedRefused([f"detectors.{text} names no field, like detectors.gps_spoofing.speed_max_kmh"])
    return [kind.upper(), field]
