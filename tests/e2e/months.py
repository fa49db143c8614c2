"""Detectors on a simulated company: what was planted and found, what was found and not planted, and at what cost.

`python -m tests.e2e.months --seed 7 --sites 20 --people 200 --days 30` runs the live engine on the events' own clock,
pairs findings with the truth, and prints for each finding type what was planted and found, and what was said of it and
how much of that is false: no planted trouble of that type, nor of one that entails it (see `entailed`), is near in
time with the same person or site. Findings that late evidence withdrew are counted apart.

Every planted trouble counts, told by a finding of its own type: a plant is what the rule says or is not planted. So an
odd hour (SCHEDULE_MISMATCH) is one at which nobody due there is missing, for then the same punch is WRONG_PERSON by
3.1; and scans are too regular (SCANS_TOO_REGULAR) once the guard has had eight tours before the last day, for the
rule compares them with the person's own.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain, islice, takewhile
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from nocd.detect.registry import CATALOG
from nocd.domain.instant import DAY_MS, MINUTE_MS, rfc3339
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.ingest.decode import Decoder
from nocd.simulate.events import envelope, raws
from nocd.simulate.truth import LIKENESSES, RATES
from nocd.simulate.world import World
from nocd.store.codec import encode
from nocd.triage.intake import Limits
from tests.e2e.desk import Desk
from tests.e2e.entailed import (
    AFTER_MS,
    BEFORE_MS,
    ELSEWHERE,
    ENTAILS,
    LATER_MS,
    OF_OTHERS,
    ONE_AT_A_TIME,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from nocd.domain.alert import Alert
    from nocd.domain.event import Event
    from nocd.domain.finding import Finding
    from nocd.outcome import Outcome
    from nocd.simulate.observe import Raw
    from nocd.simulate.truth import Truth

START_MS = 1_767_571_200_000  # Monday 2026-01-05
_EVER_MS = 10**15
_BATCH = 500
# Where a share of all shifts would be too many or too few.
_OWN_RATES = {
    "SLACK_NIGHT": 3.0,
    "DEVICE_CRITICAL": 0.1,
    "DEVICE_WARNING": 0.1,
    "REPORT_MISSING": 5.0,
    "REPORT_NEVER_GENERATED": 20.0,
}
_OWN_SHARES = {"late-report": 10.0}


class Stood(NamedTuple):
    """What is kept of an alert: its type, of whom and where, and from when to when it stood."""

    type: str
    site: str
    person: str
    since: int
    until: int


class Said(NamedTuple):
    """What is kept of a finding."""

    id: str
    type: str
    site: str
    person: str
    time: int
    reason: str


@dataclass(slots=True)
class Months:
    """The engine as it lives through the months, and what it said; with `plant` somebody works on its tickets."""

    seed: int = 0
    plant: Callable[[Truth], None] | None = None
    engine: Engine = field(default_factory=lambda: Engine(Shelves(encode), Limits()))
    desk: Desk | None = field(init=False, default=None)
    made: list[Said] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    opened: dict[str, Stood] = field(default_factory=dict)
    events: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.plant is not None:
            self.desk = Desk(self.engine, self.seed, self.plant)

    def live(self, stream: Iterable[Raw]) -> None:
        """Take the events in as they are sent, in batches; time passes on whole minutes."""
        decoder = Decoder(new_id=lambda: "-", max_age_ms=_EVER_MS)
        unread = iter(stream)
        while raw := list(islice(unread, _BATCH)):
            batch = [decoder.line(orjson.dumps(envelope(one)), received_at=one.time, source="-") for one in raw]
            began = process_time()
            self._take(batch)
            self.seconds += process_time() - began
            self.events += len(batch)

    def _take(self, batch: list[Event]) -> None:
        for event in batch:
            self.pass_time(event.received_at)
            self.engine.fold([event])
            self._keep()

    def pass_time(self, now: int) -> None:
        while (due := self.engine.next_due()) is not None:
            minute = -(-due // MINUTE_MS) * MINUTE_MS
            self._act(min(minute, now))
            if minute > now:
                break
            self.engine.tick(minute)
            self._keep()
        self._act(now)

    def _act(self, now: int) -> None:
        if self.desk is not None:
            self.desk.act(now)

    def _keep(self) -> None:
        self.hear(self.engine.finish())

    def hear(self, outcome: Outcome) -> None:
        self.made += [_said(finding) for finding, _ in outcome.findings if not finding.type.startswith("ANOMALY_")]
        self.gone |= set(outcome.withdrawn)
        if self.desk is not None:
            self.desk.see([ticket for ticket, _ in outcome.tickets])
        self.opened |= {alert.id: _stood(alert) for alert, _ in outcome.alerts}

    @property
    def standing(self) -> list[Said]:
        """Return what was said and not withdrawn."""
        return [said for said in self.made if said.id not in self.gone]


def _said(finding: Finding) -> Said:
    person = finding.person or ("" if finding.site else _owner(finding.entity_id))
    return Said(finding.id, finding.type, finding.site or "", person, finding.time, finding.reason)


def _stood(alert: Alert) -> Stood:
    person = alert.person or ("" if alert.site else _owner(alert.entity_id))
    return Stood(alert.type, alert.site or "", person, alert.first_seen, alert.resolved_at or _EVER_MS)


def _owner(entity: str) -> str:
    """Return whose phone an entity or source is; the simulator numbers both alike."""
    name = entity.rpartition("/")[2]
    return f"P-{name.removeprefix('PH-')}" if name.startswith("PH-") else name


class Rows:
    """Truth rows, found by person or site: where it happened, and where its person is missed meanwhile."""

    def __init__(self, rows: Iterable[Truth], homes: Mapping[str, str]) -> None:
        self._near: dict[str, list[Truth]] = defaultdict(list)
        for row in rows:
            for name in {row.person, row.site, homes.get(row.person, "")} - {""}:
                self._near[name].append(row)

    def about(self, said: Said) -> list[Truth]:
        """Return the rows of the same person or site at that time."""
        rows = chain(self._near.get(said.person, ()), self._near.get(said.site, ()))
        return [row for row in rows if in_time(said, row)]


def in_time(said: Said, row: Truth) -> bool:
    return row.from_ms - BEFORE_MS <= said.time <= row.to_ms + LATER_MS.get(row.kind, AFTER_MS)


def same(said: Said | Stood, row: Truth) -> bool:
    """Tell whether a finding or alert is of the very person, or where either names none of the site."""
    return said.person == row.person if said.person and row.person else said.site == row.site


def explains(row: Truth, said: Said) -> bool:
    """Tell whether a planted trouble makes a finding true."""
    entailed = row.kind == said.type or said.type in ENTAILS.get(row.kind, ())
    other = bool(said.person and row.person) and said.person != row.person
    return entailed and (same(said, row) if row.kind == said.type else not other or (row.kind, said.type) in OF_OTHERS)


def tells(said: Said, row: Truth) -> bool:
    """Tell whether a finding is the planted trouble, found."""
    return row.kind == said.type and same(said, row)


def stands(alert: Stood, row: Truth) -> bool:
    """Tell whether an alert stood already as a trouble was planted that only adds to it."""
    adds = row.kind in ONE_AT_A_TIME and alert.since <= row.from_ms < alert.until
    return adds and alert.type == row.kind and same(alert, row)


def judged(
    made: list[Said],
    alerts: list[Stood],
    truths: list[Truth],
    alike: list[Truth],
    *,
    world: World,
    examples: int = 2,
) -> dict[str, dict[str, Any]]:
    """Return the figures of each finding type that was planted or found; what begins on the last day is not counted."""
    homes, until = {guard.id: guard.home for guard in world.guards}, world.end_ms - DAY_MS
    rows, likenesses = Rows(truths, homes), Rows(alike, homes)
    of: dict[str, list[Said]] = defaultdict(list)
    found: set[Truth] = set()
    told: dict[str, dict[str, Any]] = {}
    false: dict[str, list[Said]] = defaultdict(list)
    for said in made:
        of[said.type].append(said)
        near = rows.about(said)
        found |= {row for row in near if tells(said, row)}
        if not any(explains(row, said) for row in near):
            false[said.type].append(said)
    planted: dict[str, list[Truth]] = defaultdict(list)
    for row in truths:
        if row.from_ms < until:
            planted[row.kind].append(row)
    for kind in sorted((planted.keys() | of.keys()) - ELSEWHERE):
        missed = [row for row in planted[kind] if row not in found and not any(stands(each, row) for each in alerts)]
        told[kind] = {
            "planted": len(planted[kind]),
            "found": len(planted[kind]) - len(missed),
            "made": len(of[kind]),
            "false": len(false[kind]),
            "alike": dict(Counter(row.kind for said in false[kind] for row in likenesses.about(said)).most_common(3)),
            "missed_examples": [_row(row) for row in missed[:examples]],
            "false_examples": [_line(said) for said in false[kind][:examples]],
        }
    return told


def _row(row: Truth) -> str:
    return f"{rfc3339(row.from_ms)[:19]} to {rfc3339(row.to_ms)[:19]} {row.person} {row.site} {row.event_id}"


def _line(said: Said) -> str:
    return f"{rfc3339(said.time)[:19]} {said.person} {said.site}: {said.reason}"


def table(told: dict[str, dict[str, Any]]) -> str:
    """Return the figures as lines of text, each type with examples of what it missed and what it made up."""
    lines = [f"{'':30}{'planted':>8}{'found':>7}{'recall':>8}{'alerts':>7}{'made':>7}{'false':>7}{'precision':>10}"]
    for kind, figures in told.items():
        recall = f"{figures['found'] / figures['planted']:.3f}" if figures["planted"] else "-"
        precision = f"{1 - figures['false'] / figures['made']:.3f}" if figures["made"] else "-"
        notes = [] if kind in CATALOG else ["no detector"]
        notes += [f"{count} on {likeness}" for likeness, count in figures["alike"].items()]
        lines.append(
            f"{kind:30}{figures['planted']:8}{figures['found']:7}{recall:>8}{figures['alerts']:7}"
            f"{figures['made']:7}{figures['false']:7}{precision:>10}  {', '.join(notes)}"
        )
    lines.append("")
    for kind, figures in told.items():
        if kind in CATALOG:
            lines += [f"{kind} missed {example}" for example in figures["missed_examples"]]
        lines += [f"{kind} false  {example}" for example in figures["false_examples"]]
    return "\n".join(lines)


def rates(each: float, only: list[str]) -> dict[str, float]:
    """Return how often each kind is planted, `each` being the share of the usual one."""
    chosen = only or list(RATES)
    return {kind: min(1.0, each * _OWN_RATES.get(kind, 1.0)) if kind in chosen else 0.0 for kind in RATES}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sites", type=int, default=20)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--rate", type=float, default=0.01, help="share of shifts with each trouble")
    parser.add_argument("--alike", type=float, default=0.02, help="share of honest shifts with each likeness")
    parser.add_argument("--only", action="append", default=[], help="plant this kind and others so named only")
    parser.add_argument("--examples", type=int, default=2, help="of what was missed or false, of each type")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    world = World(
        asked.seed,
        sites=asked.sites,
        people=asked.people,
        start_ms=START_MS,
        days=asked.days,
        rates=rates(asked.rate, asked.only),
        likenesses={kind: min(1.0, asked.alike * _OWN_SHARES.get(kind, 1.0)) for kind in LIKENESSES},
    )
    truths: list[Truth] = []
    alike: list[Truth] = []
    months = Months(asked.seed, truths.append)
    stream = raws(world, truths.append, likeness=alike.append)
    months.live(takewhile(lambda raw: raw.time < world.end_ms, stream))
    stood = list(months.opened.values())
    told = judged(months.standing, stood, truths, alike, world=world, examples=asked.examples)
    alerts = Counter(alert.type for alert in stood)
    told = {kind: {**figures, "alerts": alerts[kind]} for kind, figures in told.items()}
    about = {
        "seed": asked.seed,
        "events": months.events,
        "us_per_event": round(1e6 * months.seconds / max(1, months.events), 1),
        "withdrawn": dict(Counter(said.type for said in months.made if said.id in months.gone).most_common()),
        "alerts_per_site_day": round(sum(alerts[kind] for kind in told) / asked.sites / asked.days, 2),
        "alike": dict(Counter(row.kind for row in alike)),
    }
    text = json.dumps({**about, "types": told}) if asked.json else f"{json.dumps(about)}\n{table(told)}"
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
