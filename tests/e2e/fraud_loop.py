"""The loop of fraud on a real daemon: punches scored, alerts judged, a model trained; is the next month ranked better?

`python -m tests.e2e.fraud_loop --seed 7 --months 2` posts simulated months to a daemon whose clock is wound; one shift
in twenty holds a fraud, a third of these visible in habits only (see `habits`). A scripted operator sees alerts and the
review sample alone, and says of each some days later what it was. Of the frauds seen one in twenty is missed; of the
honest that are alerted of one in twenty is accused, of those put up for review one in 500, for nothing speaks against
them. From the first month's end the daemon's own job trains once a week. Printed of each month: PR-AUC with 90 % limits
by bootstrap, of the rules alone and of the daemon's score, for all frauds and for those of habit (and by itself of the
part of a month in which a model was in force); the tickets and how many were right; what training and the daily looks
for drift said. With `--drift positions` phones report otherwise in the last fortnight.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import aiohttp
import numpy as np
import orjson

from nocd.detect.registry import CATALOG
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, to_ms
from nocd.domain.verdict import CHECKS, FRAUD
from nocd.fraud.rules import FRAUD_FROM, TICKET_FROM
from nocd.simulate.drift import DRIFTS, Drift
from nocd.simulate.events import envelope, raws
from nocd.simulate.frauds import FRAUDS, HABITS
from nocd.simulate.seeding import derive
from tests.bench.wound import Clock
from tests.e2e.daemon import DaemonProcess
from tests.e2e.habits import average_precision, company, gained, heard, labels, show
from tests.e2e.months import START_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nocd.simulate.observe import Raw
    from nocd.simulate.truth import Truth
    from nocd.simulate.world import World

MONTH_DAYS: Final = 30
WEEK_DAYS: Final = 7
STEP_MS: Final = 8 * MINUTE_MS  # less than what makes an event late
MISSED: Final = 0.05
ACCUSED: Final = 0.05
ACCUSED_IN_REVIEW: Final = 0.002
DELAY_DAYS: Final = (1, 4)
DRIFT_DAYS: Final = 14
_PAGE: Final = 500
_BEFORE_MS, _AFTER_MS = HOUR_MS, 2 * HOUR_MS
_SEEN: Final = CHECKS | {FRAUD}
_QUIET: Final = frozenset(kind for kind in CATALOG if kind not in _SEEN and not kind.startswith("ML_"))


@dataclass(slots=True)
class Operator:
    """Who sees alerts and reviews alone; finds out what a thing was, days later, and mostly right."""

    session: aiohttp.ClientSession
    seed: int
    truths: list[Truth] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    _due: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)

    async def work(self, now: int) -> None:
        """Look at what is new, and say what is due."""
        for alert in await self._all("/v1/alerts", status="unresolved"):
            if alert["type"] in _SEEN:
                seen = _ms(alert["first_seen"])
                self._note(f"/v1/alerts/{alert['id']}/resolve", self._fraud(alert["person"], seen), now)
        for review in await self._all("/v1/fraud/reviews", open="1"):
            fraud = any(truth.event_id == review["punch"] for truth in self.truths if truth.kind in FRAUDS)
            self._note(f"/v1/fraud/scores/{review['id']}/verdict", fraud, now)
        for path in [path for path, (at, _) in self._due.items() if at <= now]:
            _, body = self._due.pop(path)
            async with self.session.post(path, json=body) as answer:
                self.told[f"{path.split('/')[2]} {body['verdict']} {answer.status}"] += 1

    def _note(self, path: str, fraud: bool, now: int) -> None:  # noqa: FBT001 - what was found out
        if path in self._known:
            return
        self._known.add(path)
        rng = derive(self.seed, "operator", path)
        accused = ACCUSED if path.startswith("/v1/alerts") else ACCUSED_IN_REVIEW
        mistaken = rng.random() < (MISSED if fraud else accused)
        verdict = "fraud" if fraud != mistaken else "false_positive"
        self._due[path] = now + rng.randint(*DELAY_DAYS) * DAY_MS, {"verdict": verdict, "note": "looked into"}

    def _fraud(self, person: str | None, time: int) -> bool:
        """Tell whether something was planted of a person about that time."""
        return any(
            truth.person == person and truth.from_ms - _BEFORE_MS <= time <= truth.to_ms + _AFTER_MS
            for truth in self.truths
            if truth.kind in FRAUDS | CHECKS
        )

    async def _all(self, path: str, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        query |= {"limit": str(_PAGE)}
        while True:
            async with self.session.get(path, params=query) as answer:
                page = await answer.json()
                assert answer.status == 200, page
            found += page["items"]
            if page["cursor"] is None:
                return found
            query["cursor"] = page["cursor"]


def _ms(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


def steps(stream: Iterator[Raw]) -> Iterator[list[Raw]]:
    """Yield events in stretches of eight minutes."""
    for _, some in groupby(stream, key=lambda raw: raw.time // STEP_MS):
        yield list(some)


@dataclass(slots=True, kw_only=True)
class Loop:
    """A daemon, its clock, the company and its operator."""

    clock: Clock
    world: World
    operator: Operator
    session: aiohttp.ClientSession
    events: int = 0
    said: list[str] = field(default_factory=list)

    async def live(self) -> None:
        """Live all days: events as they come, the operator and jobs in the morning, training once a week."""
        stream = raws(self.world, self.operator.truths.append)
        short = heard(takewhile(lambda raw: raw.time < self.world.end_ms, stream), short=True)
        morning, day = self.world.start_ms + DAY_MS, 0
        for some in steps(short):
            while some[0].time >= morning:
                day += 1
                await self._morning(morning, day)
                morning += DAY_MS
            await self._post(some)
        await self._morning(self.world.end_ms, day + 1)

    async def _post(self, some: list[Raw]) -> None:
        self.clock.wind(some[-1].time)
        body = b"\n".join(orjson.dumps(envelope(raw)) for raw in some)
        headers = {"Content-Type": "application/x-ndjson"}
        async with self.session.post("/v1/events", data=body, headers=headers) as answer:
            told = await answer.json()
            assert told.get("accepted") == len(some), told
        self.events += len(some)

    async def _morning(self, now: int, day: int) -> None:
        self.clock.wind(now)
        await self.job("reviews")
        await self.operator.work(now)
        if day >= MONTH_DAYS and (day - MONTH_DAYS) % WEEK_DAYS == 0:
            self.say(day, await self.job("retrain"))
        elif day > MONTH_DAYS:
            said = await self.job("drift")
            if not said.startswith(("nothing moved", "no model", "less than")):
                self.say(day, said)

    async def job(self, name: str) -> str:
        """Run a job of the daemon's, and return what it says."""
        async with self.session.post(f"/v1/jobs/{name}/run") as answer:
            told = await answer.json()
            assert answer.status == 200, told
        detail: str = told["detail"] or told["outcome"]
        return detail

    def say(self, day: int, words: str) -> None:
        """Keep and show what a job said."""
        self.said.append(words)
        show(day=day, said=words, operator=dict(self.operator.told))


class Scored(NamedTuple):
    """What the daemon kept of a punch: event, person, site, time, and its scores."""

    event: str
    person: str
    site: str
    time: int
    rules: float
    score: float
    version: str | None


def scored(folder: Path) -> list[Scored]:
    """Return all scores in the daemon's database, in order of time."""
    (path,) = (each for each in folder.rglob("*.db") if "default" in str(each))
    base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        asked = "SELECT punch, person, site, time, rules, score, model_version FROM scores ORDER BY time, no"
        return [Scored(*row) for row in base.execute(asked)]
    finally:
        base.close()


def figures(rows: list[tuple[Scored, str | None]], *, seed: int) -> dict[str, Any]:
    """Return how scores ranked the punches of which it is known what they were, and what tickets were worth."""
    clear = [(row, kind) for row, kind in rows if kind is not None]
    label = np.asarray([float(bool(kind)) for _, kind in clear])
    habit = np.asarray([kind in HABITS for _, kind in clear]) | (label == 0)
    rules, final = (np.asarray([getattr(row, name) for row, _ in clear]) for name in ("rules", "score"))
    told: dict[str, Any] = {"punches": len(clear), "frauds": int(label.sum())}
    told |= {"of_habit": int(label[habit].sum()), "versions": dict(Counter(row.version or "-" for row, _ in clear))}
    for name, score in (("rules", rules), ("final", final)):
        told[name] = average_precision(label, score, seed=seed)
        told[f"{name}_on_habit"] = average_precision(label[habit], score[habit], seed=seed)
        for word, least in (("tickets", TICKET_FROM), ("alerts", FRAUD_FROM)):
            made = score >= least
            told[f"{name}_{word}"] = int(made.sum())
            told[f"{name}_{word}_right"] = round(float(label[made].mean()), 3) if made.any() else None
    told["gain"] = gained(label, rules, final, seed=seed)
    return told


async def lived(folder: Path, world: World, seed: int) -> Loop:
    """Return a loop that has lived all days of a company on a daemon in a folder."""
    detectors = folder / "detectors.toml"
    detectors.write_text("".join(f'[{kind}]\nmode = "off"\n' for kind in sorted(_QUIET)))
    clock = Clock(folder / "clock", world.start_ms)
    more = ("--set", f"detectors={detectors}", "--set", "commands_per_minute=100000")
    daemon = DaemonProcess(folder / "data", more=more, clock=folder / "clock")
    await daemon.start()
    headers = {"Authorization": f"Bearer {daemon.token('admin')}"}
    try:
        async with aiohttp.ClientSession(daemon.url, headers=headers) as session:
            loop = Loop(clock=clock, world=world, operator=Operator(session, seed), session=session)
            await loop.live()
    finally:
        stopped = await daemon.stop()
    assert stopped == 0
    return loop


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sites", type=int, default=20)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--months", type=int, default=2)
    parser.add_argument("--share", type=float, default=0.05, help="of shifts that hold a fraud")
    parser.add_argument("--drift", choices=[*DRIFTS], help="what devices tell otherwise in the last fortnight")
    parser.add_argument("--keep", type=Path, help="a new folder for the daemon's, to be looked at")
    asked = parser.parse_args()
    size = {"sites": asked.sites, "people": asked.people, "days": asked.months * MONTH_DAYS}
    world = company(asked.seed, **size, share=asked.share)
    world.drift = Drift(asked.drift, world.end_ms - DRIFT_DAYS * DAY_MS) if asked.drift else None
    with tempfile.TemporaryDirectory() as name:
        folder = asked.keep or Path(name)
        loop = asyncio.run(lived(folder, world, asked.seed))
        rows = scored(folder / "data")
    kinds = labels([row[:4] for row in rows], loop.operator.truths)
    show(seed=asked.seed, events=loop.events, operator=dict(loop.operator.told))
    for month in range(asked.months):
        start = START_MS + month * MONTH_DAYS * DAY_MS
        end = start + MONTH_DAYS * DAY_MS
        these = [(row, kind) for row, kind in zip(rows, kinds, strict=True) if start <= row.time < end]
        show(month=month + 1, **figures(these, seed=asked.seed))
        judged = [(row, kind) for row, kind in these if row.version]
        if 0 < len(judged) < len(these):
            show(month=month + 1, by_model=True, **figures(judged, seed=asked.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
