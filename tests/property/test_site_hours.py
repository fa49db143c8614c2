"""What arrives within the lateness, in whatever order, teaches a site the same and leaves the same findings."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.instant import HOUR_MS
from tests.build import T0, event
from tests.build_site import Run, directory, phone
from tests.examples import examples

if TYPE_CHECKING:
    from nocd.domain.event import Event

HOURS = 40
LATENESS_S = 600


def _day() -> list[Event]:
    """Return two days of one site: phone, fixes, tasks and scans of one guard, and of another who swaps in by punch."""
    rng = Random(7)
    events = [*phone(range(HOURS)), *phone(range(6, 30), seed=2, person="P2")]
    for hour in range(HOURS):
        at = T0 + hour * HOUR_MS
        events += [
            event("noc.task.done", at=at + rng.randrange(HOUR_MS), person="P1", task=f"t{hour}", site="S1"),
            event(
                "noc.location.fix",
                at=at + rng.randrange(HOUR_MS),
                person="P1",
                lat=52.0 + hour / 1_000,
                lon=13.0,
                accuracy_m=8.0,
            ),
            event(
                "noc.tour.scan",
                at=at + rng.randrange(HOUR_MS),
                person="P1",
                tour="T1",
                checkpoint=f"C{hour % 3}",
                site="S1",
                scan="NFC",
            ),
        ]
    punches = ((5 * HOUR_MS + 60_000, "in"), (29 * HOUR_MS + 1, "out"))
    events += [
        event("noc.attendance.punch", at=T0 + at, person="P2", site="S1", direction=direction, method="FACE")
        for at, direction in punches
    ]
    return sorted(events, key=lambda each: (each.time, each.id))


EVENTS = _day()


def _folded(arrivals: list[int]) -> tuple[list[Any], list[str]]:
    run = Run()
    run.feed(directory(days=3))
    late = [replace(each, received_at=at) for each, at in zip(EVENTS, arrivals, strict=True)]
    run.feed(sorted(late, key=lambda each: each.received_at))
    run.pass_time(T0 + (HOURS + 2) * HOUR_MS)
    known = [row for row in run.engine.shelves if row[0] in ("baseline", "bucket")]
    return known, sorted(run.findings)


IN_ORDER = _folded([each.time for each in EVENTS])


@examples(10)
@given(st.randoms(use_true_random=False))
def test_any_arrival_within_the_lateness_teaches_the_same(chance: Random) -> None:
    delays = [chance.randrange(LATENESS_S) * 1_000 for _ in EVENTS]
    known, found = _folded([each.time + delay for each, delay in zip(EVENTS, delays, strict=True)])
    assert known == IN_ORDER[0]
    assert found == IN_ORDER[1]
    assert len(known) > 5 * 24
