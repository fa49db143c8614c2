"""Storms of real intrusion-detection alerts: into how many incidents does the engine group them, and how well?

`python -m tests.e2e.storms --data DIR` runs the engine by the events' own clock over every stream of alerts that DIR
has labels for, and prints a line of JSON each: alerts in, alerts after deduplication, incidents, how many alerts lie
outside the majority label of their incident, and which attack phases have an incident of their own, one that starts
within the phase and of which most alerts are that phase's. What is in no incident when it is seen stands for itself:
`groups` counts incidents and such alerts. The labels are read only here, after the engine is done; beside it stands the
plain grouping by (type, host) with a gap of 300 s.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nocd.domain.finding import fingerprint
from nocd.domain.instant import MINUTE_MS, to_ms
from nocd.domain.observation import OutsideAlert
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.ingest.decode import Decoder
from nocd.store.codec import encode
from nocd.triage.intake import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nocd.domain.event import Event

GAP_MS = 300_000
FINISH_EVERY = 1_000
_EVER = 221_845_392_000_000  # nothing is too far ahead
NOT_PHASES = ("false_positive",)


@dataclass(slots=True, kw_only=True)
class Group:
    """What was put together: when it starts (UTC ms), and its alerts by label."""

    starts: int
    labels: Counter[str] = field(default_factory=Counter)

    @property
    def label(self) -> str:
        return self.labels.most_common(1)[0][0]

    @property
    def outside(self) -> int:
        return self.labels.total() - self.labels.most_common(1)[0][1]


def events_of(stream: Path) -> Iterator[Event]:
    """Yield the events of a stream, received when they happened."""
    decoder = Decoder(new_id=lambda: "-", max_age_ms=_EVER)
    with gzip.open(stream) as lines:
        for line in lines:
            event = decoder.line(line, received_at=_EVER, source="-")
            object.__setattr__(event, "received_at", event.time)
            yield event


def pass_time(engine: Engine, now: int) -> None:
    """Tick at every whole minute up to `now` at which something is due, as a replay does."""
    while (due := engine.next_due()) is not None:
        minute = -(-due // MINUTE_MS) * MINUTE_MS
        if minute > now:
            return
        engine.tick(minute)


def grouped(events: list[Event]) -> tuple[list[str], dict[str, int]]:
    """Return the incident or lone alert that each event belonged to when it was folded, and counts."""
    engine = Engine(Shelves(encode), Limits())
    groups: list[str] = []
    sent = 0
    for no, event in enumerate(events, 1):
        pass_time(engine, event.received_at)
        engine.fold([event])
        data = event.data
        assert isinstance(data, OutsideAlert)
        trouble = fingerprint("outside", data.alert_type, data.site, f"{data.entity_type}:{data.entity_id}")
        alert = engine.book.standing(trouble)
        assert alert is not None
        groups.append(alert.incident if engine.triage.incidents.standing(alert.incident) else alert.id)  # type: ignore[arg-type]  # one that stands has an id
        if no % FINISH_EVERY == 0:
            sent += len(engine.finish().changes)
    sent += len(engine.finish().changes)
    counts = {kind: engine.shelves.get("counter", kind) or 0 for kind in ("alert", "incident")}
    return groups, {**counts, "changes": sent}


def plain(events: list[Event]) -> list[str]:
    """Return groups by type and host, a new one after 300 s of quiet."""
    groups, last, made = [], dict[tuple[str, str], tuple[int, int]](), 0
    for event in events:
        data = event.data
        assert isinstance(data, OutsideAlert)
        key = data.alert_type, data.entity_id
        at, no = last.get(key, (-GAP_MS, 0))
        if event.time - at >= GAP_MS:
            made += 1
            no = made
        last[key] = event.time, no
        groups.append(str(no))
    return groups


def labelled(groups: list[str], events: list[Event], labels: list[str]) -> dict[str, Group]:
    """Return the groups with the labels of their alerts."""
    told: dict[str, Group] = {}
    for name, event, label in zip(groups, events, labels, strict=True):
        told.setdefault(name, Group(starts=event.time)).labels[label] += 1
    return told


def own(told: dict[str, Group], phases: dict[str, tuple[int, int]], *, kind: str = "") -> list[str]:
    """Return the phases that have a group of their own, of a kind where its ids begin with it."""
    return [
        phase
        for phase, (start, end) in phases.items()
        if any(
            name.startswith(kind) and group.label == phase and start <= group.starts <= end
            for name, group in told.items()
        )
    ]


def labels_of(file: Path) -> list[str]:
    """Return the label of each alert, in the order of the stream."""
    with gzip.open(file, "rt") as lines:
        rows = sorted(csv.DictReader(lines), key=lambda row: int(row["time"]))
    return [row["time_label"] for row in rows]


def judged(events: list[Event], labels: list[str], phases: dict[str, tuple[int, int]]) -> dict[str, Any]:
    """Run the engine over a stream and compare what it grouped with the labels."""
    began = time.perf_counter()
    groups, counts = grouped(events)
    took_s = time.perf_counter() - began
    told, beside = labelled(groups, events, labels), labelled(plain(events), events, labels)
    has = own(told, phases, kind="I-")
    return {
        "alerts_in": len(events),
        "after_dedup": counts["alert"],
        "incidents": counts["incident"],
        "groups": len(told),
        "outside_majority": sum(group.outside for group in told.values()),
        "phases_with_own_incident": len(has),
        "phases": len(phases),
        "without": sorted(set(phases) - set(has)),
        "plain_groups": len(beside),
        "plain_outside_majority": sum(group.outside for group in beside.values()),
        "plain_phases_with_own_group": len(own(beside, phases)),
        "us_per_alert": round(took_s * 1e6 / len(events)),
    }


def main() -> int:
    """Print what became of each stream; 1 where a stream or its labels are missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="with streams/alerts_NAME.ndjson.gz and ait_alerts/")
    asked = parser.parse_args()
    truth = asked.data / "ait_alerts"
    streams = sorted((asked.data / "streams").glob("alerts_*.ndjson.gz"))
    if not streams or not (truth / "attack_phases_utc.json").exists():
        sys.stderr.write(f"{asked.data} has no streams of alerts with their labels; see --data\n")
        return 1
    told = json.loads((truth / "attack_phases_utc.json").read_text("utf-8"))
    for stream in streams:
        name = stream.name.removeprefix("alerts_").removesuffix(".ndjson.gz")
        phases = {
            phase: (to_ms(datetime.fromisoformat(start)), to_ms(datetime.fromisoformat(end)))
            for phase, (start, end) in told[name].items()
            if not phase.startswith(NOT_PHASES)
        }
        result = judged(list(events_of(stream)), labels_of(truth / f"{name}_alerts.csv.gz"), phases)
        sys.stdout.write(json.dumps({"stream": name, **result}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
