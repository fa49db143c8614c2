"""Scores as the store keeps them, with what models made of them and what they turned out to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from nocd.domain.instant import HOUR_MS, rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One stored score."""

    no: int
    time: int
    score: float
    rules: float = 0.0
    shadow: float | None = None
    version: str | None = "000002"
    shadow_version: str | None = "000001"
    verdict: str | None = None
    person: str | None = None
    site: str = "S1"

    def row(self) -> tuple[str, tuple[Any, ...]]:
        """Return what inserts it; its verdict came two hours after the punch."""
        judged_at = None if self.verdict is None else self.time + 2 * HOUR_MS
        shadow = None if self.shadow is None else self.shadow_version
        sql = (
            "INSERT INTO scores (no, punch, person, site, time, updated_at, rules, model, score, level, x, body,"
            " verdict, judged_at, judged_by, model_version, shadow, shadow_version)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'LOW', NULL, ?, ?, ?, 'mara', ?, ?, ?)"
        )
        return (
            sql,
            (
                *(self.no, f"p{self.no}", self.person or f"P{self.no}", self.site, self.time, self.time, self.rules),
                *(self.score, max(self.score, self.rules), self.view(), self.verdict, judged_at),
                *(self.version, self.shadow, shadow),
            ),
        )

    def view(self) -> bytes:
        """Return it as it is shown."""
        told: dict[str, Any] = {
            "id": f"FS-{self.no}",
            "punch": f"p{self.no}",
            "punched_at": rfc3339(self.time),
            "person": self.person or f"P{self.no}",
            "person_name": None,
            "site": self.site,
            "site_name": None,
            "fraud_score": max(self.score, self.rules),
            "rule_score": self.rules,
            "model_score": self.score,
            "method": "both",
            "level": "LOW",
            "checks": [],
            "not_judged": {},
        }
        return orjson.dumps(told)


def mixed(count: int, *, time: int, better: str = "active", first: int = 1) -> list[Kept]:
    """Return judged scores, each third a fraud, of which one of two models knows and the other guesses."""
    found = []
    for at in range(count):
        fraud = at % 3 == 0
        knows, guesses = (0.9 if fraud else 0.1), 0.05 + (at * 7 % 10) / 11
        score, shadow = (knows, guesses) if better == "active" else (guesses, knows)
        verdict = "fraud" if fraud else "benign"
        found.append(Kept(no=first + at, time=time + at, score=score, shadow=shadow, verdict=verdict))
    return found
