"""Verdicts to labels: fraud, none, or unknown, which is no label."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final

from nocd.domain.verdict import fraud_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nocd.domain.alert import Verdict

SHARE_IN_TIME: Final = 0.9
_FRAUD: Final = frozenset({"1", "true", "yes", "fraud", "true_positive"})
_NONE: Final = frozenset({"0", "false", "no", "not_fraud", "false_positive", "benign"})
_UNKNOWN: Final = frozenset({"", "unknown", "nan", "na", "null", "none", "duplicate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict on an alert, a ticket or a score, tied to the event that it is about."""

    event_id: str
    time_ms: int
    verdict: Verdict
    finding_type: str
    judged_at_ms: int


@dataclass(frozen=True, slots=True)
class Label:
    """What an event turned out to be, and how long after it that was said."""

    fraud: bool
    delay_ms: int


def labels(judgements: Iterable[Judgement]) -> dict[str, Label]:
    """Return each event's label, the latest that says anything; no entry for an event of which nothing is known."""
    found: dict[str, Label] = {}
    for each in sorted(judgements, key=lambda each: each.judged_at_ms):
        label = fraud_label(each.verdict, each.finding_type)
        if label is not None:
            found[each.event_id] = Label(label == 1, each.judged_at_ms - each.time_ms)
    return found


def delay_ms(found: Mapping[str, Label], *, share: float = SHARE_IN_TIME) -> int:
    """Return after how long that share of all labels had come, 0 without any: what is younger is not yet known."""
    delays = sorted(max(0, label.delay_ms) for label in found.values())
    return delays[ceil(len(delays) * share) - 1] if delays else 0


def read_label(word: str) -> int | None:
    """Return 1, 0 or None for a label as people and programs write it; raises ValueError for any other word."""
    plain = word.strip().lower().replace(" ", "_").removesuffix(".0")
    if plain in _UNKNOWN:
        return None
    if plain not in _FRAUD | _NONE:
        raise ValueError(word)
    return int(plain in _FRAUD)
