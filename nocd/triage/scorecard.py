"""A client's day in seven pillars: each a score, a colour and the rows behind it; what is unknown is grey."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

COLOURS: Final = ("green", "grey", "amber", "red")  # the better first: where one is unknown, nothing is green
ROWS_MAX: Final = 100
_MILD: Final = 85.0
_MANNED_GREEN: Final = 90.0
_MANNED_AMBER: Final = 70.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """What went against a pillar: when (UTC ms), where, what, and whether it was critical."""

    time: int
    what: str
    site: str | None = None
    object: str | None = None
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of a pillar over a day; `slots` is for the first alone: how many posts were to be manned."""

    violations: Sequence[Violation] = ()
    known: bool = True
    slots: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pillar:
    """A pillar judged: `score` 0 to 100, None where nothing is known; all violations are counted, the first shown."""

    name: str
    score: float | None
    colour: str
    count: int
    violations: Sequence[Violation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """The pillars of a client, the mean of those known, and the worst colour."""

    overall: float | None
    colour: str
    pillars: Sequence[Pillar]


Grade = tuple[float, str]


def _manned(seen: Seen) -> Grade:
    share = 100.0 * (1 - len(seen.violations) / seen.slots)
    return share, "green" if share >= _MANNED_GREEN else "amber" if share >= _MANNED_AMBER else "red"


def _forgiving(*, mildly: int, least: float, each: float, red_past: int = 0) -> Callable[[Seen], Grade]:
    """Return a grading that forgives a few that are not critical; past them `each` off, and red past `red_past`."""

    def grade(seen: Seen) -> Grade:
        count = len(seen.violations)
        if not count:
            return 100.0, "green"
        if count <= mildly and not any(row.critical for row in seen.violations):
            return _MILD, "amber"
        return min(_MILD, max(least, 100.0 - each * count)), "red" if count > red_past else "amber"

    return grade


def _strict(*, one: Grade, least: float, each: float) -> Callable[[Seen], Grade]:
    """Return a grading that forgives one at the most."""

    def grade(seen: Seen) -> Grade:
        count = len(seen.violations)
        if not count:
            return 100.0, "green"
        return one if count == 1 else (max(least, 100.0 - each * count), "red")

    return grade


PILLARS: Final[dict[str, Callable[[Seen], Grade]]] = {
    "right_guard_right_post": _manned,
    "supervision": _forgiving(mildly=2, least=50, each=15),
    "control_room_response": _forgiving(mildly=2, least=40, each=12),
    "reports_and_legal": _strict(one=(80.0, "amber"), least=30, each=25),
    "field_support": _forgiving(mildly=3, least=50, each=8, red_past=10),
    "records": _forgiving(mildly=2, least=60, each=10, red_past=5),
    "emergency_response": _strict(one=(70.0, "red"), least=30, each=20),
}


def judge(seen: Mapping[str, Seen]) -> Scorecard:
    """Return the scorecard of what is known of each pillar; one that is missing is not known."""
    pillars = [_pillar(name, seen.get(name, Seen(known=False))) for name in PILLARS]
    known = [pillar.score for pillar in pillars if pillar.score is not None]
    return Scorecard(
        overall=round(mean(known), 1) if known else None,
        colour=max((pillar.colour for pillar in pillars), key=COLOURS.index),
        pillars=pillars,
    )


def _pillar(name: str, seen: Seen) -> Pillar:
    shown = sorted(seen.violations, key=lambda row: (not row.critical, row.time))[:ROWS_MAX]
    if not seen.known or (name == "right_guard_right_post" and not seen.slots):
        return Pillar(name=name, score=None, colour="grey", count=len(seen.violations), violations=shown)
    score, colour = PILLARS[name](seen)
    if any(row.critical for row in seen.violations):
        colour = "red"
    return Pillar(name=name, score=round(score, 1), colour=colour, count=len(seen.violations), violations=shown)


def card_view(card: Scorecard, *, client: str, day: str, rows: Callable[[Violation], dict[str, Any]]) -> dict[str, Any]:
    """Return a scorecard as `ScorecardView`; `rows` shows a violation."""
    return {
        "client": client,
        "day": day,
        "overall": card.overall,
        "colour": card.colour,
        "pillars": [
            {
                "name": pillar.name,
                "score": pillar.score,
                "colour": pillar.colour,
                "count": pillar.count,
                "violations": [rows(row) for row in pillar.violations],
            }
            for pillar in card.pillars
        ],
    }
