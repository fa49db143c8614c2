"""The seven pillars: what each violation costs, which colour it gives, and that nothing unknown is green."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nocd.triage.scorecard import COLOURS, PILLARS, ROWS_MAX, Seen, Violation, judge

MANNED = "right_guard_right_post"


def rows(count: int, *, critical: bool = False) -> list[Violation]:
    return [Violation(time=n, what="late", critical=critical) for n in range(count)]


def graded(name: str, count: int, *, critical: bool = False, slots: int = 0) -> tuple[float | None, str]:
    card = judge({name: Seen(violations=rows(count, critical=critical), slots=slots)})
    pillar = next(pillar for pillar in card.pillars if pillar.name == name)
    return pillar.score, pillar.colour


@pytest.mark.parametrize(
    ("name", "grades"),
    [
        ("supervision", {0: (100, "green"), 2: (85, "amber"), 3: (55, "red"), 4: (50, "red")}),
        ("control_room_response", {0: (100, "green"), 2: (85, "amber"), 3: (64, "red"), 9: (40, "red")}),
        ("reports_and_legal", {0: (100, "green"), 1: (80, "amber"), 2: (50, "red"), 9: (30, "red")}),
        ("field_support", {0: (100, "green"), 3: (85, "amber"), 4: (68, "amber"), 10: (50, "amber"), 11: (50, "red")}),
        ("records", {0: (100, "green"), 2: (85, "amber"), 5: (60, "amber"), 6: (60, "red")}),
        ("emergency_response", {0: (100, "green"), 1: (70, "red"), 2: (60, "red"), 9: (30, "red")}),
    ],
)
def test_what_each_violation_costs(name: str, grades: dict[int, tuple[float, str]]) -> None:
    for count, grade in grades.items():
        assert graded(name, count) == grade, count


@pytest.mark.parametrize(
    ("missed", "grade"),
    [(0, (100, "green")), (2, (90, "green")), (3, (85, "amber")), (6, (70, "amber")), (7, (65, "red"))],
)
def test_posts_are_graded_by_the_share_that_was_manned(missed: int, grade: tuple[float, str]) -> None:
    assert graded(MANNED, missed, slots=20) == grade


def test_one_critical_violation_is_red_whatever_the_score() -> None:
    assert graded("supervision", 1, critical=True) == (85, "red")
    assert graded("supervision", 2, critical=True) == (70, "red")
    assert graded("control_room_response", 1, critical=True) == (85, "red")
    assert graded(MANNED, 1, critical=True, slots=20) == (95, "red")


def test_what_is_unknown_is_grey_and_no_card_with_it_is_green() -> None:
    nothing = judge({})
    assert (nothing.overall, nothing.colour) == (None, "grey")
    assert {(pillar.score, pillar.colour) for pillar in nothing.pillars} == {(None, "grey")}
    assert judge({MANNED: Seen(slots=0)}).pillars[0].colour == "grey"
    known = {name: Seen(slots=10) for name in PILLARS}
    assert (judge(known).overall, judge(known).colour) == (100, "green")
    assert judge({**known, "records": Seen(known=False)}).colour == "grey"
    assert judge({**known, "records": Seen(violations=rows(1))}).colour == "amber"


def test_the_gravest_rows_are_shown_and_all_are_counted() -> None:
    many = [*rows(ROWS_MAX + 5), Violation(time=10**9, what="grave", critical=True)]
    (pillar,) = [each for each in judge({"records": Seen(violations=many)}).pillars if each.name == "records"]
    assert (pillar.count, len(pillar.violations), pillar.violations[0].what) == (ROWS_MAX + 6, ROWS_MAX, "grave")


@given(st.dictionaries(st.sampled_from([*PILLARS]), st.tuples(st.integers(0, 30), st.booleans(), st.booleans())))
def test_overall_is_the_mean_and_colour_the_worst(drawn: dict[str, tuple[int, bool, bool]]) -> None:
    seen = {
        name: Seen(violations=rows(n, critical=bad), known=known, slots=30) for name, (n, bad, known) in drawn.items()
    }
    card = judge(seen)
    scores = [pillar.score for pillar in card.pillars if pillar.score is not None]
    assert all(0 <= score <= 100 for score in scores)
    assert card.overall == (pytest.approx(sum(scores) / len(scores), abs=0.06) if scores else None)
    assert COLOURS.index(card.colour) == max(COLOURS.index(pillar.colour) for pillar in card.pillars)
