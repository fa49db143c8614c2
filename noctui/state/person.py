"""What is read about one person: scores by day, today in order of time, habits and risk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from noctui.state.cells import clean
from noctui.state.glance import objects, word
from noctui.state.telemetry import number
from noctui.state.times import parse

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The scores of a person's day (UTC); `high` counts those of level HIGH or CRITICAL."""

    day: str
    mean: float
    most: float
    count: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What was planned for somebody or happened, at an instant (UTC ms)."""

    time: int
    kind: str
    id: str
    site: str
    words: str
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is usual of somebody's punches: in words, by hour of the day and by day of the week."""

    words: tuple[str, ...]
    punches: int
    hours: tuple[int, ...]
    weekdays: tuple[int, ...]
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """How somebody's punches of some days scored; `trend` is the mean against that of as many days before."""

    days: int
    count: int
    mean: float | None
    most: float | None
    high: int
    critical: int
    trend: float | None


def read_days(body: Body) -> tuple[Day, ...]:
    """Return the days in a PersonHistory of the wire, the newest first."""
    return tuple(
        Day(
            day=word(each, "day"),
            mean=number(each.get("mean")) or 0.0,
            most=number(each.get("max")) or 0.0,
            count=int(each.get("count") or 0),
            high=int(each.get("high") or 0),
        )
        for each in objects(body.get("items"))
    )


def read_day(body: Body) -> tuple[Happening, ...]:
    """Return the items in a DayView of the wire, in order of time."""
    return tuple(
        Happening(
            time=parse(each.get("time")) or 0,
            kind=word(each, "kind"),
            id=word(each, "id"),
            site=word(each, "site"),
            words=word(each, "words"),
            score=number(each.get("fraud_score")),
        )
        for each in objects(body.get("items"))
    )


def read_profile(body: Body) -> Profile:
    """Return the habits in a ProfileView of the wire."""
    return Profile(
        words=tuple(clean(words) for words in body.get("words") or ()),
        punches=int(body.get("punches") or 0),
        hours=_counts(body.get("hours"), 24),
        weekdays=_counts(body.get("weekdays"), 7),
        known=body.get("not_judged") is None,
    )


def _counts(value: object, size: int) -> tuple[int, ...]:
    told = [each for each in value if isinstance(each, int)] if isinstance(value, list) else []
    return tuple(told) if len(told) == size else ()


def read_risk(body: Body) -> Risk:
    """Return the risk in a RiskView of the wire."""
    return Risk(
        days=int(body.get("days") or 0),
        count=int(body.get("count") or 0),
        mean=number(body.get("mean")),
        most=number(body.get("max")),
        high=int(body.get("high") or 0),
        critical=int(body.get("critical") or 0),
        trend=number(body.get("trend")),
    )
