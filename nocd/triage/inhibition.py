"""Which worse alert explains which lesser ones: the table, and what each covers."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from nocd.detect.registry import CATALOG
from nocd.detect.sources import SOURCE_SILENT
from nocd.domain.finding import Category
from nocd.domain.instant import rfc3339
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.domain.alert import Alert
    from nocd.triage.standing import Key

SOURCE: Final = SOURCE_SILENT.name
OWN: Final = "nocd"  # the source of what detectors found: what others name so explains nothing here
_QUIET: Final = ("CRITICAL_SIGNAL_LOW_*", "DEVICE_*", "ANOMALY_*_BELOW", "PHANTOM_GUARD")


class Pair(NamedTuple):
    """A worse alert, a lesser one, and the source that the lesser one's person is heard through, if any."""

    worse: Alert
    lesser: Alert
    heard_through: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A worse type, the lesser types it explains, and which of these it covers."""

    worse: str
    hides: tuple[str, ...]
    covers: Callable[[Pair], bool]


def _of_site(pair: Pair) -> bool:
    return pair.worse.site is not None and pair.worse.site == pair.lesser.site


def _of_source(pair: Pair) -> bool:
    """Match a person's troubles by what they are heard through, all else by the one site the source speaks for."""
    if pair.lesser.person is not None:
        return pair.heard_through == pair.worse.entity_id
    return _of_site(pair)


def _of_phone(pair: Pair) -> bool:
    """Match a phone's own and its person's troubles, and a site's where nobody else is on duty."""
    worse, lesser = pair.worse, pair.lesser
    if lesser.person is not None and lesser.person == worse.person:
        return True
    if lesser.entity_type == "device":
        return lesser.entity_id == worse.entity_id
    return lesser.person is None and _of_site(pair) and lesser.evidence.get("on_duty") == 1


def _of_entity(pair: Pair) -> bool:
    worse, lesser = pair.worse, pair.lesser
    return _of_site(pair) and (worse.entity_type, worse.entity_id) == (lesser.entity_type, lesser.entity_id)


def _of_slot(pair: Pair) -> bool:
    """Match a gap that began in the shift that nobody took up."""
    shift = pair.worse.evidence
    began = rfc3339(pair.lesser.first_seen)
    return _of_site(pair) and str(shift.get("starts_at", "")) <= began < str(shift.get("ends_at", ""))


RULES: Final = (
    Rule(SOURCE, _QUIET, _of_source),
    Rule("SILENT_SITE", _QUIET, _of_site),
    Rule("DEVICE_OFFLINE", ("DEVICE_*", "CRITICAL_SIGNAL_LOW_*"), _of_phone),
    Rule("TOUR_MISSED", ("TOUR_OVERDUE",), _of_entity),
    Rule("NO_SHOW", ("COVERAGE_GAP",), _of_slot),
)
_WORSE: Final = frozenset(rule.worse for rule in RULES)


def explains(alert: Alert) -> bool:
    """Tell whether an alert is one that may explain others."""
    return alert.type in _WORSE and alert.source == OWN


def may_be_explained(alert: Alert) -> bool:
    """Tell whether an alert is one that others may explain; a CRITICAL one never is, nor a fraud with a device."""
    if alert.severity is Severity.CRITICAL or alert.source != OWN or not _rules_for(alert.type):
        return False
    return not alert.type.startswith("DEVICE_") or alert.category is Category.DEVICE_HEALTH


def inhibits(pair: Pair) -> bool:
    """Tell whether the worse alert of a pair hides the lesser one."""
    return pair.worse.no != pair.lesser.no and any(
        rule.worse == pair.worse.type and rule.covers(pair) for rule in _rules_for(pair.lesser.type)
    )


def where_worse(lesser: Alert, heard_through: str | None) -> list[Key]:
    """Return what the alerts that may explain one are found by."""
    found = [("entity", f"{lesser.entity_type}:{lesser.entity_id}")]
    found += [("site", lesser.site)] if lesser.site is not None else []
    found += [("person", lesser.person)] if lesser.person is not None else []
    return found + ([("entity", f"source:{heard_through}")] if heard_through is not None else [])


def where_lesser(worse: Alert) -> list[Key]:
    """Return what the alerts that one may explain are found by."""
    if worse.site is None or worse.type == SOURCE:  # whom a source is heard through may be anywhere
        return _lesser(worse.type)
    found = [("site", worse.site), ("entity", f"{worse.entity_type}:{worse.entity_id}")]
    return found + ([("person", worse.person)] if worse.person is not None else [])


@lru_cache(maxsize=16)
def _lesser(worse: str) -> list[Key]:
    return [("type", kind) for kind in CATALOG if any(rule.worse == worse for rule in _rules_for(kind))]


@lru_cache(maxsize=1_024)
def _rules_for(lesser: str) -> tuple[Rule, ...]:
    return tuple(
        rule for rule in RULES if lesser != rule.worse and any(fnmatchcase(lesser, kind) for kind in rule.hides)
    )
