"""Fraud scores as the console keeps them: what the wire tells of a punch, of sites, and of cases like it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from noctui.state.cells import clean
from noctui.state.glance import objects, word
from noctui.state.telemetry import items, number
from noctui.state.times import parse

Body = Mapping[str, Any]
LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9)
LOW_FROM = 0.3
USUAL_MIN = 10  # values below which nothing is called usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a check adds to a score by itself; `counts` is false where another stands for the same jump."""

    name: str
    share: float
    confidence: float
    counts: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How much a punch looks like fraud, why, and what it turned out to be; `time` is when it was punched (UTC ms).

    `unlike` says how it differs from its person's other punches.
    """

    id: str
    punch: str = ""
    time: int = 0
    person: str = ""
    name: str = ""
    site: str = ""
    score: float = 0.0
    rules: float = 0.0
    model: float | None = None
    level: str = ""
    method: str = ""
    checks: tuple[Check, ...] = ()
    not_judged: Mapping[str, str] = field(default_factory=dict)
    unlike: tuple[str, ...] = ()
    alert: str = ""
    features: Mapping[str, float | None] = field(default_factory=dict)
    verdict: str = ""
    judged_by: str = ""
    note: str = ""
    label: int | None = None

    @property
    def kind(self) -> str:
        """Return the check that weighs most, as words."""
        return self.checks[0].name if self.checks else "nothing found"

    @property
    def words(self) -> str:
        """Return what the plain filter searches, in lower case."""
        found = " ".join(check.name for check in self.checks)
        parts = (self.id, self.person, self.name, self.site, self.level, found, self.verdict or "unjudged", self.alert)
        return " ".join(parts).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRisk:
    """The scores of a site's punches; `share` is its part of all that are shown."""

    site: str
    name: str
    mean: float
    most: float
    count: int
    high: int
    critical: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """An alert of the same type at the same site that was resolved."""

    id: str
    title: str
    verdict: str
    by: str
    last_seen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What a level gives: scores from it on, those of them judged and found to be fraud or not, frauds below it."""

    level: float
    count: int
    true: int
    false: int
    missed: int


def read_score(body: Body) -> Score:
    """Return the score in a ScoreView of the wire; raises KeyError where it has no id."""
    features, gaps, label = body.get("features"), body.get("not_judged"), body.get("label")
    checks = tuple(sorted(map(_check, objects(body.get("checks"))), key=lambda check: (-check.share, check.name)))
    return Score(
        id=clean(body["id"]),
        punch=word(body, "punch"),
        time=parse(body.get("punched_at")) or 0,
        person=word(body, "person"),
        name=word(body, "person_name", "person"),
        site=word(body, "site"),
        score=number(body.get("fraud_score")) or 0.0,
        rules=number(body.get("rule_score")) or 0.0,
        model=number(body.get("model_score")),
        level=word(body, "level"),
        method=word(body, "method"),
        checks=checks,
        not_judged={clean(name).replace("_", " "): clean(why) for name, why in _pairs(gaps)},
        unlike=tuple(word(each, "words") for each in objects(body.get("deviations"))),
        alert=word(body, "alert"),
        features={clean(name): number(value) for name, value in _pairs(features)},
        verdict=word(body, "verdict"),
        judged_by=word(body, "judged_by"),
        note=word(body, "note"),
        label=label if label in {0, 1} else None,
    )


def _pairs(value: object) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, Mapping) else ()


def _check(body: Body) -> Check:
    return Check(
        name=word(body, "check").replace("_", " "),
        share=number(body.get("share")) or 0.0,
        confidence=number(body.get("confidence")) or 0.0,
        counts=body.get("counts") is not False,
        words=word(body, "words"),
    )


def read_scores(body: Body) -> dict[str, Score]:
    """Return the scores of a page by id."""
    return {score.id: score for score in map(read_score, items(body))}


def read_risks(body: Body) -> tuple[SiteRisk, ...]:
    """Return the sites in a HeatMap of the wire, the greatest share first."""
    return tuple(
        SiteRisk(
            site=word(each, "site"),
            name=word(each, "site_name", "site"),
            mean=number(each.get("mean")) or 0.0,
            most=number(each.get("max")) or 0.0,
            count=int(each.get("count") or 0),
            high=int(each.get("high") or 0),
            critical=int(each.get("critical") or 0),
            share=number(each.get("share")) or 0.0,
        )
        for each in objects(body.get("items"))
    )


def read_similar(body: Body) -> tuple[Similar, ...]:
    """Return what was resolved of the same type at the same site, from an AlertDetail of the wire."""
    context = body.get("context")
    found = items({"items": context.get("similar")}) if isinstance(context, Mapping) else ()
    return tuple(
        Similar(
            id=clean(each["id"]),
            title=word(each, "title"),
            verdict=word(each, "verdict") or "no verdict",
            by=word(each, "resolved_by"),
            last_seen=parse(each.get("last_seen")),
        )
        for each in found
    )


def ranked(scores: Iterable[Score]) -> list[Score]:
    """Return scores with the highest first, of equals the newest."""
    return sorted(scores, key=lambda score: (-score.score, -score.time, score.id))


def what_if(scores: Iterable[Score], level: float) -> WhatIf:
    """Return what a level gives over the scores at hand."""
    held = list(scores)
    above = [score for score in held if score.score >= level]
    labels = [score.label for score in above]
    missed = sum(score.label == 1 for score in held) - labels.count(1)
    return WhatIf(level=level, count=len(above), true=labels.count(1), false=labels.count(0), missed=missed)


def usual(scores: Iterable[Score], feature: str) -> tuple[float, float, int] | None:
    """Return where the middle nine tenths of a feature's values lie and of how many; None of fewer than ten."""
    known = sorted(value for score in scores if (value := score.features.get(feature)) is not None)
    if len(known) < USUAL_MIN:
        return None
    last = len(known) - 1
    return known[round(last * 0.05)], known[round(last * 0.95)], len(known)
