"""Which troubles two runs share: the same key at overlapping times."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nocd.history.spans import Span, difference


def span(key: str, start: int, end: int | None = None) -> Span:
    return Span(key=key, start=start, end=end, type="X")


def test_one_trouble_at_overlapping_times_is_neither_gained_nor_lost() -> None:
    told = difference([span("a", 10, 20)], [span("a", 15, None)])
    assert (told.gained, told.lost, len(told.both)) == ([], [], 1)


def test_the_same_trouble_at_another_time_is_another() -> None:
    told = difference([span("a", 10, 20), span("b", 5)], [span("a", 30, 40)])
    assert ([each.start for each in told.lost], [each.start for each in told.gained]) == ([5, 10], [30])


spans = st.lists(
    st.builds(
        lambda key, start, length: span(key, start, None if length is None else start + length),
        st.sampled_from("abc"),
        st.integers(0, 50),
        st.one_of(st.none(), st.integers(0, 20)),
    ),
    max_size=12,
)


@given(spans, spans)
def test_each_span_is_told_once_and_turned_around_gained_is_lost(before: list[Span], after: list[Span]) -> None:
    told, back = difference(before, after), difference(after, before)
    assert len(told.lost) + len(told.both) == len(before)
    assert len(told.gained) + len(told.both) == len(after)
    assert {id(each) for each in told.gained} == {id(each) for each in back.lost}
    assert not difference(before, before).gained
