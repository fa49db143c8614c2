"""Punches pair by event time, whatever order they come in."""

from __future__ import annotations

from itertools import pairwise, permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.instant import HOUR_MS, MINUTE_MS, from_ms
from nocd.engine import Engine
from nocd.outcome import Outcome
from nocd.signals.duty import Mark, pair
from tests.build import T0, engine, event


def punch(direction: str, at: int, event_id: str, *, person: str = "P1", **more: Any):
    return event(
        "noc.attendance.punch",
        at=at,
        event_id=event_id,
        person=person,
        site="S1",
        direction=direction,
        method="FACE",
        **more,
    )


def standing(made: Engine, outcomes: list[Outcome]) -> list[tuple[str, str]]:
    withdrawn = {finding_id for outcome in outcomes for finding_id in outcome.withdrawn}
    found = [finding for outcome in outcomes for finding, _ in outcome.findings if finding.id not in withdrawn]
    return sorted((each.type, each.evidence["punch"]) for each in found if "punch" in each.evidence)


def fold(events) -> tuple[Engine, list[Outcome]]:
    made = engine()
    outcomes = []
    for each in events:
        made.fold([each])
        outcomes.append(made.finish())
    return made, outcomes


def test_in_and_out_are_a_duty() -> None:
    made, outcomes = fold([punch("in", T0, "a")])
    duty = made.duties.on_duty("P1")
    assert duty is not None
    assert (duty.site, duty.start) == ("S1", T0)
    assert made.duties.heads("S1") == 1
    made.fold([punch("out", T0 + HOUR_MS, "b")])
    assert made.duties.on_duty("P1") is None
    assert made.duties.heads("S1") == 0
    assert standing(made, outcomes) == []


def test_second_in_closes_the_first_duty_and_is_found() -> None:
    made, outcomes = fold([punch("in", T0, "a"), punch("in", T0 + HOUR_MS, "b")])
    assert standing(made, outcomes) == [("DOUBLE_PUNCH", "b")]
    duty = made.duties.on_duty("P1")
    assert duty is not None
    assert duty.start == T0 + HOUR_MS


def test_a_late_out_withdraws_the_double_punch() -> None:
    _, outcomes = fold([punch("in", T0, "a"), punch("in", T0 + 2 * HOUR_MS, "b"), punch("out", T0 + HOUR_MS, "late")])
    assert [change.type for change in outcomes[2].changes if change.type.startswith("finding")] == ["finding_withdrawn"]
    assert standing(engine(), outcomes) == []


def test_an_unverified_in_opens_no_duty() -> None:
    made, _ = fold([punch("in", T0, "a", verified=False)])
    assert made.duties.on_duty("P1") is None


def test_a_break_lies_inside_the_duty() -> None:
    made, outcomes = fold([punch("in", T0, "a"), punch("break_start", T0 + 1, "b"), punch("break_end", T0 + 2, "c")])
    assert made.duties.on_duty("P1") is not None
    assert standing(made, outcomes) == []


def test_without_a_shift_a_duty_ends_after_sixteen_hours() -> None:
    made, outcomes = fold([punch("in", T0, "a")])
    made.tick(T0 + 16 * HOUR_MS - 1)
    assert made.duties.on_duty("P1") is not None
    assert made.tick(T0 + 16 * HOUR_MS)
    outcomes.append(made.finish())
    assert standing(made, outcomes) == [("OPEN_PUNCH", "a")]
    assert made.duties.on_duty("P1") is None


def test_with_a_shift_a_duty_ends_an_hour_after_it_and_a_late_out_withdraws_that() -> None:
    shift = event("noc.shift", id="H1", site="S1", person="P1", start=from_ms(T0), end=from_ms(T0 + 8 * HOUR_MS))
    made, outcomes = fold([shift, punch("in", T0, "a")])
    assert made.duties.deadlines() == [(T0 + 9 * HOUR_MS, "P1")]
    made.tick(T0 + 9 * HOUR_MS)
    outcomes.append(made.finish())
    assert standing(made, outcomes) == [("OPEN_PUNCH", "a")]
    made.fold([punch("out", T0 + 8 * HOUR_MS, "late")])
    outcomes.append(made.finish())
    assert standing(made, outcomes) == []


def test_every_order_of_arrival_leaves_the_same_findings() -> None:
    punches = [
        punch("in", T0, "a"),
        punch("out", T0 + HOUR_MS, "b"),
        punch("out", T0 + 2 * HOUR_MS, "c"),
        punch("in", T0 + 3 * HOUR_MS, "d"),
        punch("in", T0 + 4 * HOUR_MS, "e"),
    ]
    expected = [("DOUBLE_PUNCH", "c"), ("DOUBLE_PUNCH", "e")]
    assert all(standing(*fold(order)) == expected for order in permutations(punches))


MARKS = st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["in", "out"])), unique_by=lambda mark: mark[0])


@given(MARKS)
def test_duties_never_overlap_and_only_the_last_is_open(marks) -> None:
    made = [
        Mark(time=hour * HOUR_MS, id=str(hour), source="/t", direction=direction, site="S1", verified=True)
        for hour, direction in sorted(marks)
    ]
    duties, claims = pair(made, deadline_of=lambda mark: mark.time + 16 * HOUR_MS, judged_to=0)
    assert all(duty.end is not None for duty in duties[:-1])
    assert all(one.end is not None and one.end <= two.start for one, two in pairwise(duties))
    assert len({claim.key for claim in claims}) == len(claims)


def test_only_recent_punches_are_kept() -> None:
    made, _ = fold([punch("in" if n % 2 else "out", T0 + n * MINUTE_MS, f"p{n}") for n in range(1, 200)])
    assert len(made.shelves.get("duty", "P1").marks) == 64
