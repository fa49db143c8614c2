"""Finding types made beside the detectors: by duty pairing, by baselines, by the daemon about itself."""

from __future__ import annotations

from typing import Final

from nocd.detect import work
from nocd.detect.kinds import Kind
from nocd.detect.statistical import COUNTED, SIGNALS
from nocd.domain.finding import Category
from nocd.domain.severity import Severity
from nocd.domain.verdict import FRAUD

_ANY: Final = (Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)


def _kind(name: str, category: Category, severities: tuple[Severity, ...], confidence: float, says: str) -> Kind:
    return Kind(name=name, category=category, severities=severities, confidence=confidence, says=says)


def _anomalies() -> list[Kind]:
    """Return the kinds of hours unlike what is usual, one for each metric and side."""
    kinds = []
    for metric, about in SIGNALS.items():
        noun = about.noun if metric in COUNTED else "metres moved"
        for side, word in (("ABOVE", "more"), ("BELOW", "fewer")):
            says = f"a site's hour has {word} {noun} than its threshold allows at this hour of the week"
            kinds.append(_kind(f"ANOMALY_{metric.upper()}_{side}", about.category, _ANY, 0.70, says))
    for side in ("ABOVE", "BELOW"):
        says = f"a `noc.sample` metric lies {side.lower()} what its threshold allows at this hour of the week"
        kinds.append(_kind(f"ANOMALY_SAMPLE_{side}", Category.OPERATIONAL, _ANY, 0.70, says))
    return kinds


BUILT_IN: Final[tuple[Kind, ...]] = (
    _kind("GUARD_DISTRESS", Category.SAFETY, (Severity.CRITICAL,), 1.0, "a panic press"),
    _kind(
        FRAUD,
        Category.SECURITY,
        (Severity.CRITICAL, Severity.MEDIUM),
        0.90,
        "what the checks of a punch say together makes it a fraud: from a score of .50, CRITICAL from .80",
    ),
    _kind("DOUBLE_PUNCH", Category.SECURITY, (Severity.LOW,), 0.60, "a second `in` without `out`, or the reverse"),
    _kind(
        "OPEN_PUNCH",
        Category.SECURITY,
        (Severity.LOW,),
        0.60,
        "no `out` by an hour after the shift, or 16 h without one",
    ),
    _kind(
        "UNKNOWN_ENTITY",
        Category.OPERATIONAL,
        (Severity.LOW,),
        1.0,
        "an event named a site or person nobody has entered",
    ),
    _kind(
        "JOB_FAILED",
        Category.OPERATIONAL,
        (Severity.MEDIUM, Severity.HIGH),
        1.0,
        "a job of the daemon itself failed; HIGH from the third time in a row",
    ),
    _kind(
        "NOTIFICATION_FAILED",
        Category.OPERATIONAL,
        (Severity.HIGH,),
        1.0,
        "a receiver is gone and was disabled, or could not be told for 24 h",
    ),
    _kind(
        "ML_DRIFT",
        Category.OPERATIONAL,
        _ANY,
        0.90,
        "what the fraud model judges is no longer what it learned from, or it is right less often; at most once a day",
    ),
    *_anomalies(),
    _kind(
        "ANOMALY_STREAM",
        Category.OPERATIONAL,
        (Severity.MEDIUM, Severity.HIGH),
        0.70,
        "a `noc.sample` value unlike anything its series showed lately",
    ),
    _kind(
        "SERIES_LIMIT",
        Category.OPERATIONAL,
        (Severity.LOW,),
        1.0,
        "a new `noc.sample` series is not watched, because 2 000 are already; at most once a day",
    ),
    *work.KINDS,
)
