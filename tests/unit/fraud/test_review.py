"""What is put up for review."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nocd.fraud.features import FEATURES
from nocd.fraud.review import (
    CANDIDATES_MAX,
    CHOSEN_A_WEEK,
    LABELLED_MAX,
    RATE,
    WEIGHT,
    Sample,
    Seen,
    distance,
    lot,
)

KEY = b"k" * 32
USUAL = (8.0, 0.0, 0.0, 0.0, 40.0, 0.9, 0.0, 0.1, 0.2, 0.8, 0.0, 40_000.0, 0.05, 0.0)
SCALES = [1.0] * len(FEATURES)
values = st.lists(st.none() | st.floats(-1e6, 1e6), min_size=len(FEATURES), max_size=len(FEATURES))


def seen(no: int, *, score: float = 0.1, **more: Any) -> Seen:
    told = {"alerted": False, "labelled": False, "put_up": False, "x": USUAL, **more}
    return Seen(no=no, time=no, punch=f"p{no}", score=score, **told)


def sample(*rows: Seen, choose_from: int = 0) -> Sample:
    made = Sample(key=KEY, choose_from=choose_from)
    made.take(rows)
    return made


def unusual(no: int, metres: float) -> Seen:
    return seen(no, x=(*USUAL[:4], metres, *USUAL[5:]))


def test_a_hundredth_of_the_low_scores_is_drawn_and_stands_for_the_rest() -> None:
    drawn = sample(*(seen(no) for no in range(20_000))).drawn
    assert 140 < len(drawn) < 260
    assert RATE * WEIGHT == 1


def test_a_rerun_draws_the_same_and_another_tenant_others() -> None:
    rows = [seen(no) for no in range(5_000)]
    first = sample(*rows).drawn
    assert sample(*rows).drawn == first
    other = Sample(key=b"o" * 32, choose_from=0)
    other.take(rows)
    assert other.drawn != first
    left = [row._replace(put_up=row.no in first) for row in rows]
    assert sample(*left).drawn == []


def test_whether_a_punch_is_drawn_depends_on_nothing_that_is_known_of_it() -> None:
    drawn = sample(*(seen(no) for no in range(5_000))).drawn
    assert sample(*(seen(no, labelled=True, x=None, score=0.49) for no in range(5_000))).drawn == drawn


def test_what_looks_like_fraud_or_is_part_of_an_alert_is_not_drawn() -> None:
    assert not sample(*(seen(no, score=0.5) for no in range(2_000))).drawn
    assert not sample(*(seen(no, alerted=True) for no in range(2_000))).drawn


def test_those_nearest_the_ticket_threshold_are_chosen_first() -> None:
    rows = [seen(no, score=0.7 + no / 100, alerted=True) for no in range(1, 22)]
    near, unlike = sample(*rows).choose(4)
    assert (sorted(near), unlike) == ([9, 10, 11, 12], [])
    assert len(sample(*rows).choose(50)[0]) == CHOSEN_A_WEEK


def test_half_is_chosen_for_being_unlike_anything_labelled_the_farthest_first() -> None:
    known = [seen(no, labelled=True) for no in range(100, 120)]
    near = [seen(no, score=0.8) for no in range(1, 9)]
    odd = [unusual(20, 9_000.0), unusual(21, 9_001.0), unusual(22, 3_000.0), seen(23)]
    chosen = sample(*known, *near, *odd).choose(4)
    assert (len(chosen[0]), chosen[1]) == (2, [21, 22])  # 20 is like 21, which is chosen already


def test_where_few_are_unlike_more_are_chosen_near_the_threshold() -> None:
    rows = [seen(100, labelled=True), *(seen(no, score=0.8) for no in range(1, 9)), seen(20)]
    near, unlike = sample(*rows).choose(6)
    assert (len(near), unlike) == (6, [])


def test_without_any_label_nothing_is_unlike_it() -> None:
    assert sample(unusual(1, 9_000.0), unusual(2, 4_000.0)).choose(5) == ([], [])


def test_what_is_judged_put_up_without_features_or_too_old_is_not_chosen() -> None:
    rows = [
        seen(50, labelled=True),
        seen(60, x=None),
        unusual(61, 9_000.0)._replace(labelled=True),
        unusual(62, 8_000.0)._replace(put_up=True),
        unusual(63, 7_000.0)._replace(alerted=True),
        unusual(3, 9_999.0),
    ]
    assert sample(*rows, choose_from=10).choose(5) == ([], [])


def test_however_many_there_are_only_so_many_are_compared() -> None:
    made = sample(
        *(seen(no, labelled=True) for no in range(LABELLED_MAX * 2)),
        *(unusual(no, 10.0 * no) for no in range(1_000, 1_000 + CANDIDATES_MAX * 3)),
    )
    assert len(made._labelled) == LABELLED_MAX
    assert len(made._next) == CANDIDATES_MAX


@given(values, values)
def test_a_distance_is_a_share_the_same_both_ways_and_none_to_oneself(one: list[Any], other: list[Any]) -> None:
    apart = distance(one, other, SCALES)
    assert 0 <= apart <= 1
    assert apart == distance(other, one, SCALES)
    assert distance(one, one, SCALES) == 0


def test_a_value_on_one_side_only_counts_whole_and_the_date_not_at_all() -> None:
    gone = (*USUAL[:4], None, *USUAL[5:])
    columns = sum(not feature.calendar for feature in FEATURES)
    assert distance(USUAL, gone, SCALES) == 1 / columns
    assert distance(USUAL, (8.0, 5.0, 1.0, 1.0, *USUAL[4:]), SCALES) == 0
    assert distance(USUAL, (*USUAL[:4], 41.0, *USUAL[5:]), [0.0] * len(FEATURES)) == 1 / columns


@given(st.text(max_size=40))
def test_a_lot_is_a_share_of_one(punch: str) -> None:
    assert 0 <= lot(KEY, punch) < 1


def test_a_vector_of_an_earlier_version_is_compared_by_what_it_has() -> None:
    former = [seen(no, x=USUAL[:12], labelled=True) for no in range(9)]
    assert sample(*former, seen(10), unusual(11, 900.0)).choose(2)[1] == [11]
