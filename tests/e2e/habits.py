"""Planted frauds by the engine alone: which leave a finding, and do the features of a punch tell the others?

`python -m tests.e2e.habits --seed 7 --days 60` lives the days of a simulated company in which one shift in twenty holds
a fraud, a third of these visible in habits only. It prints, by kind, how many frauds left a finding of some check, and
what was said of them and of honest shifts that look like them. Then it trains on the first half, every label told, and
prints PR-AUC on the second with 90 % bounds: of the rules alone, of a model, of the greater of both, and of that with a
model of the first twelve features, for all frauds and for those of habit. A punch of a planted fraud's time and place
that is not the one that shows it counts on neither side. `--short` leaves out what phones tell besides, which no check
of a punch needs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from ml import booster
from ml.measure import Ranking, bounds, resampled
from nocd.domain.instant import DAY_MS, HOUR_MS
from nocd.domain.verdict import CHECKS, FRAUD
from nocd.fraud.features import FEATURES
from nocd.simulate.events import raws, untold
from nocd.simulate.frauds import FRAUDS, HABITS, frauds
from nocd.simulate.world import World
from tests.e2e.months import START_MS, Months

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ml.measure import Bools, Floats, Interval, Ints
    from nocd.outcome import Outcome
    from nocd.simulate.observe import Raw
    from nocd.simulate.truth import Truth
    from tests.e2e.months import Said

ROUNDS: Final = 500
# What phones tell besides, and all that is not about people: forty in fifty events.
_BESIDE: Final = frozenset(
    {"noc.location.fix", "noc.phone.event", "noc.device.health", "noc.sample", "noc.tour", "noc.tour.scan", "noc.alert"}
    | {"noc.task", "noc.task.done", "noc.report", "noc.checkpoint"}
)
_AROUND_MS: Final = 2 * HOUR_MS
_GROWN: Final = 0.8  # of the rows to train on; by the rest it is said when to stop
TWELVE: Final = 12  # features of the first version


class Punched(NamedTuple):
    """A punch as it was judged: who, where, when, by the rules alone, and its features."""

    event: str
    person: str
    site: str
    time: int
    rules: float
    x: tuple[float, ...]


@dataclass(slots=True)
class Scores(Months):
    """The engine as it lives through the months, with the features and the last rule score of each punch."""

    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    features: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def hear(self, outcome: Outcome) -> None:
        Months.hear(self, outcome)
        for scored in outcome.scores.values():
            self.views[scored.id], self.times[scored.id] = scored.view, scored.time
            if scored.features is not None:
                self.features[scored.id] = scored.features

    @property
    def punches(self) -> list[Punched]:
        """Return all punches in order of time."""
        found = [
            Punched(view["punch"], view["person"], view["site"], self.times[key], view["rule_score"], x)
            for key, x in self.features.items()
            if (view := self.views[key])
        ]
        return sorted(found, key=lambda each: (each.time, each.event))


def labels(punches: Sequence[tuple[str, str, str, int]], truths: Iterable[Truth]) -> list[str | None]:
    """Return of each punch (event, person, site, time) the fraud it shows, '' for none, None where that is not said."""
    shows = {truth.event_id: truth.kind for truth in truths if truth.kind in FRAUDS}
    of_person: dict[str, list[Truth]] = defaultdict(list)
    for truth in truths:
        if truth.kind in FRAUDS | CHECKS:
            of_person[truth.person].append(truth)
    found: list[str | None] = []
    for event, person, site, time in punches:
        part = any(
            truth.site == site and truth.from_ms - HOUR_MS <= time <= truth.to_ms + HOUR_MS
            for truth in of_person[person]
        )
        found.append(shows.get(event) or (None if part else ""))
    return found


def near(said: Iterable[Said], row: Truth) -> Iterator[str]:
    """Yield the types of what was said of a truth's person about its time."""
    for each in said:
        if each.person == row.person and row.from_ms - _AROUND_MS <= each.time <= row.to_ms + _AROUND_MS:
            yield each.type


def told_of(made: Sequence[Said], rows: Iterable[Truth]) -> dict[str, dict[str, Any]]:
    """Return by kind how many rows there are, of how many a check said something, and what was said at all."""
    by_person: dict[str, list[Said]] = defaultdict(list)
    for said in made:
        by_person[said.person].append(said)
    told: dict[str, dict[str, Any]] = {}
    for row in rows:
        types = set(near(by_person[row.person], row))
        figures = told.setdefault(row.kind, {"rows": 0, "found": 0, "types": Counter()})
        figures["rows"] += 1
        figures["found"] += not types.isdisjoint(CHECKS | {FRAUD})
        figures["types"].update(types)
    return {kind: {**figures, "types": dict(figures["types"].most_common(4))} for kind, figures in told.items()}


class Table(NamedTuple):
    """Punches as columns: features, whether fraud, the rules' score, and whether a fraud of habit."""

    x: Floats
    label: Floats
    rules: Floats
    habit: Bools

    def model(self, columns: int, *, since: int, seed: int) -> Floats:
        """Return what a model of the first columns, trained on the rows before `since`, makes of those from it on."""
        x = self.x[:, :columns].astype(np.float32)
        held_out = np.arange(since) >= _GROWN * since
        signs = [feature.sign for feature in FEATURES[:columns]]
        grown, _ = booster.fit(
            x[:since], self.label[:since], held_out, signs=signs, parameters=booster.PARAMETERS, seed=seed
        )
        score: Floats = 1 / (1 + np.exp(-booster.margins(grown, x[since:])))
        return score


def compared(table: Table, *, since: int, seed: int) -> dict[str, Any]:
    """Return PR-AUC on the rows from `since` on: of rules, of models of twelve and of all features, and the gain."""
    label, rules = table.label[since:], table.rules[since:]
    of_habit = table.habit[since:] | (label == 0)
    few, many = (table.model(columns, since=since, seed=seed) for columns in (TWELVE, len(FEATURES)))
    both = np.maximum(rules, many)
    told: dict[str, Any] = {"rows": len(label), "frauds": int(label.sum())}
    told["frauds_of_habit"] = int(table.habit[since:].sum())
    scores = {"rules": rules, "model": many, "both": both, "both_of_twelve": np.maximum(rules, few)}
    for name, score in scores.items():
        told[name] = average_precision(label, score, seed=seed)
        told[f"{name}_on_habit"] = average_precision(label[of_habit], score[of_habit], seed=seed)
    told["gain_over_twelve"] = gained(label, scores["both_of_twelve"], both, seed=seed)
    told["gain_over_rules"] = gained(label, rules, both, seed=seed)
    return told


def gained(label: Floats, former: Floats, latter: Floats, *, seed: int) -> list[float | None]:
    """Return by how much one score's PR-AUC is above another's on the same rows, with its 90 % bounds."""
    rankings, even = (Ranking(label, former), Ranking(label, latter)), np.ones(len(label))
    weights = resampled(np.arange(len(label)), even, rounds=ROUNDS, seed=seed)
    values = [[ranking.average_precision(weight) for ranking in rankings] for weight in (even, *weights)]
    above = np.asarray([latter - former for former, latter in values])
    return _rounded(bounds(float(above[0]), above[1:]))


def average_precision(label: Floats, score: Floats, *, seed: int, unit: Ints | None = None) -> list[float | None]:
    """Return PR-AUC with its 90 % bounds by bootstrap of single rows, or of units of rows."""
    ranking, even = Ranking(label, score), np.ones(len(label))
    clusters = np.arange(len(label)) if unit is None else unit
    drawn = [ranking.average_precision(weight) for weight in resampled(clusters, even, rounds=ROUNDS, seed=seed)]
    return _rounded(bounds(ranking.average_precision(even), np.asarray(drawn)))


def _rounded(interval: Interval) -> list[float | None]:
    return [None if each is None else round(each, 3) for each in interval.told()]


def company(seed: int, *, sites: int, people: int, days: int, share: float, start_ms: int = START_MS) -> World:
    """Return a company of whose shifts so many hold a fraud."""
    rates, likenesses = frauds(share)
    return World(seed, sites=sites, people=people, start_ms=start_ms, days=days, rates=rates, likenesses=likenesses)


def heard(stream: Iterable[Raw], *, short: bool) -> Iterator[Raw]:
    """Yield all events, or those that the checks of a punch need."""
    return (raw for raw in stream if not (short and raw.type in _BESIDE))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sites", type=int, default=20)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--share", type=float, default=0.05, help="of shifts that hold a fraud")
    parser.add_argument("--short", action="store_true", help="without what phones tell besides")
    asked = parser.parse_args()
    world = company(asked.seed, sites=asked.sites, people=asked.people, days=asked.days, share=asked.share)
    truths: list[Truth] = []
    alike: list[Truth] = []
    months = Scores(asked.seed, untold)
    stream = raws(world, truths.append, likeness=alike.append)
    months.live(heard(takewhile(lambda raw: raw.time < world.end_ms, stream), short=asked.short))
    planted = [row for row in truths if row.kind in FRAUDS and row.from_ms < world.end_ms - DAY_MS]
    of_habit = [row for row in planted if row.kind in HABITS]
    told = {"seed": asked.seed, "events": months.events, "seconds": round(months.seconds, 1)}
    told |= {"frauds": len(planted), "of_habit": round(len(of_habit) / max(1, len(planted)), 3)}
    show(**told)
    for title, rows in (("planted", planted), ("alike", alike)):
        for kind, figures in sorted(told_of(months.standing, rows).items()):
            show(**{title: kind}, **figures)
    punches = months.punches
    kinds = labels([each[:4] for each in punches], truths)
    clear = [(each, kind) for each, kind in zip(punches, kinds, strict=True) if kind is not None]
    table = Table(
        np.asarray([each.x for each, _ in clear]),
        np.asarray([float(bool(kind)) for _, kind in clear]),
        np.asarray([each.rules for each, _ in clear]),
        np.asarray([kind in HABITS for _, kind in clear]),
    )
    half = (world.start_ms + world.end_ms) // 2
    since = sum(each.time < half for each, _ in clear)
    show(**compared(table, since=since, seed=asked.seed))
    return 0


def show(**told: Any) -> None:
    """Write a line of JSON."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
