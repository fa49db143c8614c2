from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noctui.state.find import read_filter
from noctui.state.rates import MINUTES_MAX, Minutes, Rate
from noctui.state.ring import FeedLine, Ring
from noctui.state.tail import Tail
from noctui.state.times import MINUTE_MS

PAGE = 10


def line(seq: int, what: str = "") -> FeedLine:
    return FeedLine(seq=seq, time=seq, kind="alert", what=what or f"change {seq}")


def fill(ring: Ring, count: int) -> None:
    for _ in range(count):
        ring.add(line(ring.end + 1))


def shown(ring: Ring, tail: Tail) -> list[str]:
    numbers = tail.nos[tail.top : min(tail.top + PAGE, tail.shown)]
    return [entry.what for no in numbers if (entry := ring.get(no))]


def test_the_page_is_filled_downwards_and_jumps_half_when_full():
    ring, tail = Ring(), Tail()
    fill(ring, PAGE)
    tail.follow(ring, PAGE)
    assert (tail.top, len(shown(ring, tail))) == (0, PAGE)
    fill(ring, 1)
    tail.follow(ring, PAGE)
    assert len(shown(ring, tail)) == PAGE // 2
    assert shown(ring, tail)[-1] == "change 11"


@given(steps=st.lists(st.integers(0, 30), max_size=20), page=st.integers(0, 12))
def test_following_always_shows_the_newest_line(steps: list[int], page: int):
    ring, tail = Ring(50), Tail()
    for count in steps:
        fill(ring, count)
        tail.follow(ring, page)
        if len(ring):
            assert tail.top < len(tail.nos) <= tail.top + max(page, 1)
            assert len(tail.nos) == len(ring)


def test_while_paused_every_visible_line_stays_as_it_is():
    ring, tail = Ring(5_000), Tail()
    fill(ring, 25)
    tail.follow(ring, PAGE)
    tail.pause(ring)
    before = shown(ring, tail)
    fill(ring, 1_000)
    tail.follow(ring, PAGE)
    assert (shown(ring, tail), tail.waiting) == (before, 1_000)
    tail.resume(PAGE)
    assert (tail.waiting, shown(ring, tail)[-1]) == (0, "change 1025")
    assert [ring.get(no).seq for no in tail.nos] == list(range(1, 1_026))  # type: ignore[union-attr] # all are held


def test_paused_stays_paused_when_the_ring_wraps_and_says_how_many_fell_out():
    ring, tail = Ring(20), Tail()
    fill(ring, 20)
    tail.follow(ring, PAGE)
    tail.pause(ring)
    fill(ring, 18)
    tail.follow(ring, PAGE)
    assert tail.paused_at is not None
    assert (tail.waiting, tail.shown, tail.lost) == (18, 2, 3)


def place(tail: Tail) -> tuple[int | None, int]:
    return tail.index, tail.top


def test_moving_pauses_and_the_page_follows_the_cursor():
    ring, tail = Ring(), Tail()
    tail.move(ring, -1, PAGE)
    assert tail.index is None
    tail.resume(PAGE)
    fill(ring, 30)
    tail.follow(ring, PAGE)
    tail.move(ring, -1, PAGE)
    assert (place(tail)[0], tail.paused_at) == (28, 30)
    tail.move(ring, -100, PAGE)
    assert place(tail) == (0, 0)
    tail.move(ring, 15, PAGE)
    assert place(tail) == (15, 6)


def test_a_filter_keeps_gap_lines_and_looks_through_the_whole_ring():
    ring, tail = Ring(), Tail()
    ring.add(line(1, "door forced"))
    ring.add(FeedLine(seq=0, time=0, kind="gap", what="gap: link lost"))
    ring.add(line(2, "camera dark"))
    tail.follow(ring, PAGE)
    tail.narrow(ring, read_filter("door"), PAGE)
    assert shown(ring, tail) == ["door forced", "gap: link lost"]
    ring.add(line(3, "door closed"))
    tail.follow(ring, PAGE)
    assert shown(ring, tail)[-1] == "door closed"
    tail.pause(ring)
    tail.narrow(ring, read_filter(""), PAGE)
    assert len(shown(ring, tail)) == 4


def test_lines_keep_their_numbers_when_the_oldest_make_room():
    ring = Ring(3)
    fill(ring, 5)
    assert (ring.first, ring.end, ring.get(1), len(ring)) == (2, 5, None, 3)
    kept = ring.get(2)
    assert kept is not None
    assert kept.seq == 3
    ring.replace(2, line(99))
    ring.replace(0, line(98))
    assert [entry.seq for entry in ring] == [99, 4, 5]


def test_a_rate_is_the_mean_of_the_last_ten_whole_seconds():
    rate = Rate()
    for second in range(20):
        rate.add(2, second * 1000)
        rate.add(1, second * 1000 + 500)
    assert rate.per_s(20_000) == pytest.approx(3.0)
    assert rate.per_s(60_000) == 0.0
    assert rate.total == 60


def test_minutes_draw_the_last_hour_and_mark_what_was_severe():
    minutes = Minutes()
    assert set(minutes.spark(0)) == {"▁"}
    now = 500 * MINUTE_MS
    for back in range(200):
        minutes.add(now - back * MINUTE_MS, severe=back == 3)
    minutes.add(now, severe=False)
    assert len(minutes.counts) <= 2 * MINUTES_MAX
    spark, marks = minutes.spark(now), minutes.marks(now)
    assert (len(spark), spark[-1]) == (60, "█")
    assert (len(marks), marks.index("!"), marks[-1]) == (60, 56, "^")
