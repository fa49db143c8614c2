"""Baselines on simulated weeks: are silent sites and slack nights found, and how often is a site accused for nothing?

`python -m tests.e2e.usual --seed 7 --weeks 8 --budget 1` runs the live engine over a simulated company, tunes
thresholds each week as the daemon's job does, and compares with what was planted. The first two weeks are for
learning. A planted trouble is found by a finding at its site that ends within it or up to an hour after; findings of
one baseline and side that follow each other within two hours are one alert.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING, Any

import orjson

from nocd.baseline.threshold import Score
from nocd.baseline.tuning import tune
from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.ingest.decode import Decoder
from nocd.simulate.events import events as simulated
from nocd.simulate.truth import RATES
from nocd.simulate.world import World
from nocd.store.codec import encode
from nocd.triage.intake import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nocd.domain.finding import Finding
    from nocd.domain.threshold import SiteHour
    from nocd.simulate.truth import Truth

_EVER = 221_845_392_000_000  # nothing is too far ahead
START_MS = 1_767_571_200_000  # Monday 2026-01-05
LEARNING_DAYS = 14
LOOK_BACK_MS = 30 * DAY_MS
KINDS = ("SILENT_SITE", "SLACK_NIGHT")


@dataclass(slots=True)
class Watched:
    """The engine and what it said, hour by hour."""

    budget: float
    engine: Engine = field(default_factory=lambda: Engine(Shelves(encode), Limits()))
    found: list[Finding] = field(default_factory=list)
    hours: dict[str, list[SiteHour]] = field(default_factory=lambda: defaultdict(list))
    next_tuning: int = START_MS + 7 * DAY_MS
    events: int = 0

    def run(self, envelopes: Iterable[dict[str, Any]]) -> None:
        """Fold events in order, time passing on whole minutes."""
        decoder = Decoder(new_id=lambda: "-", max_age_ms=_EVER)
        for envelope in envelopes:
            event = decoder.line(orjson.dumps(envelope), received_at=_EVER, source="-")
            self.pass_time(event.time)
            self.engine.fold([replace(event, received_at=event.time)])
            self.events += 1
        self.take()

    def pass_time(self, now: int) -> None:
        while (due := self.engine.next_due()) is not None:
            minute = -(-due // MINUTE_MS) * MINUTE_MS
            if minute > now:
                break
            self.engine.tick(minute)
            self.take()
        if now >= self.next_tuning:
            self.tune(now)
            self.next_tuning += 7 * DAY_MS

    def take(self) -> None:
        outcome = self.engine.finish()
        self.found += [finding for finding, _ in outcome.findings if finding.type.startswith("ANOMALY_")]
        for hour in outcome.hours:
            self.hours[hour.baseline].append(hour)

    def tune(self, now: int) -> None:
        """Do what the weekly job does, without a verdict."""
        baselines = self.engine.hours.baselines
        of_site = Counter(about.series for about in baselines.all.values())
        for name, about in list(baselines.all.items()):
            past = [hour for hour in self.hours[name] if hour.hour > now - LOOK_BACK_MS and hour.z is not None]
            profile = baselines.profile(name)
            assert profile is not None
            counts = profile.effective_ns(719_163 + now // DAY_MS)
            tuned = tune(
                (),
                old=about.threshold,
                effective_n=median(counts) if counts else 0.0,
                calm_tunings=about.calm_tunings,
                scores=[Score(time=hour.hour + HOUR_MS, z=hour.z or 0.0) for hour in past],
                per_week=self.budget / of_site[about.series],
            )
            args = {
                "threshold": tuned.threshold if tuned.changed else None,
                "calm_tunings": tuned.calm_tunings,
                "reason": tuned.reason,
            }
            self.engine.apply(Command(verb="tune", target=name, actor="tuning", time=now, args=args))


def judged(found: list[Finding], truths: list[Truth], *, since: int, end: int, sites: int) -> dict[str, Any]:
    """Compare what was found with what was planted, from `since` on."""
    told: dict[str, Any] = {}
    for kind in KINDS:
        planted = [truth for truth in truths if truth.kind == kind and truth.from_ms >= since]
        hit = [truth for truth in planted if any(_within(finding, truth) for finding in found)]
        told[kind] = {"planted": len(planted), "found": len(hit), "recall": round(len(hit) / max(1, len(planted)), 3)}
    false = [
        finding for finding in found if finding.time >= since and not any(_within(finding, truth) for truth in truths)
    ]
    episodes: Counter[str] = Counter()
    by_week: Counter[int] = Counter()
    last: dict[tuple[str, str], int] = {}
    for finding in sorted(false, key=lambda each: each.time):
        key = (finding.type, finding.entity_id)
        if finding.time - last.get(key, 0) > 2 * HOUR_MS:
            episodes[finding.type] += 1
            by_week[(finding.time - START_MS) // (7 * DAY_MS) + 1] += 1
        last[key] = finding.time
    weeks = (end - since) / (7 * DAY_MS)
    told["false_alerts_per_site_week"] = round(sum(episodes.values()) / sites / weeks, 3)
    told["false_by_week"] = dict(sorted(by_week.items()))
    told["false_by_type"] = dict(episodes.most_common())
    return told


def _within(finding: Finding, truth: Truth) -> bool:
    return finding.site == truth.site and truth.from_ms < finding.time <= truth.to_ms + HOUR_MS + MINUTE_MS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sites", type=int, default=20)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--budget", type=float, default=1.0)
    asked = parser.parse_args()
    rates = {**dict.fromkeys(RATES, 0.0), "SILENT_SITE": 0.02, "SLACK_NIGHT": 0.08}
    world = World(
        asked.seed, sites=asked.sites, people=asked.people, start_ms=START_MS, days=7 * asked.weeks, rates=rates
    )
    truths: list[Truth] = []
    watched, began = Watched(budget=asked.budget), time.perf_counter()
    watched.run(simulated(world, truth=truths.append))
    since = START_MS + LEARNING_DAYS * DAY_MS
    told = judged(watched.found, truths, since=since, end=world.end_ms, sites=asked.sites)
    about = {"seed": asked.seed, "budget": asked.budget, "events": watched.events}
    sys.stdout.write(json.dumps({**about, **told, "seconds": round(time.perf_counter() - began, 1)}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
