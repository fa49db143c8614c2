from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from noctui.state import reduce
from noctui.state.find import read_filter
from noctui.state.model import Model
from noctui.state.queue import Queue
from tests.unit.noctui.story import T0, alert, alert_change, batch, hello, rfc3339, snapshot, stories

Body = dict[str, Any]
NOW = 1_000_000


def desk(*bodies: Body) -> tuple[Model, Queue]:
    model, queue = Model(), Queue()
    reduce.snapshot(model, snapshot(0, bodies), now=NOW)
    reduce.frame(model, hello(), now=NOW)
    queue.follow(model)
    return model, queue


def told(model: Model, queue: Queue, *changes: Body) -> None:
    reduce.frame(model, batch(changes), now=NOW)
    queue.follow(model)


def test_severity_comes_first_then_priority_then_what_was_seen_last():
    _, queue = desk(
        alert("old", priority=50, last_seen=rfc3339(T0)),
        alert("older", priority=50, last_seen=rfc3339(T0), opened_at=rfc3339(T0 - 1)),
        alert("new", priority=50, last_seen=rfc3339(T0 + 1)),
        alert("urgent", priority=51),
        alert("low", severity="LOW", priority=99),
        alert("info", severity="INFO", priority=100),
        alert("worst", severity="CRITICAL", priority=0),
    )
    assert queue.order == ["worst", "urgent", "new", "old", "older", "low", "info"]
    assert queue.cursor == "worst"


@given(story=stories(), cuts=st.lists(st.integers(1, 5), min_size=1))
def test_what_is_told_never_moves_the_cursor_nor_the_rows_above_it(story: list[Body], cuts: list[int]):
    model, queue = desk(*(alert(f"S-{number}", priority=number) for number in range(6)))
    queue.move(model, 3)
    for size in cuts:
        if not story:
            break
        part, story = story[:size], story[size:]
        before = queue.order[: (queue.index or 0) + 1]
        told(model, queue, *part)
        assert queue.order[: len(before)] == before
        assert queue.cursor == before[-1]
    assert queue.unseen.isdisjoint(queue.order)


@given(story=stories())
def test_settled_rows_are_sorted_and_are_the_queue(story: list[Body]):
    model, queue = desk()
    told(model, queue, *story)
    queue.top(model)
    assert queue.order == [each.id for each in sorted(model.alerts.values(), key=lambda each: each.order)]
    assert queue.unseen == set()


@given(story=stories())
def test_following_change_by_change_and_asking_for_the_top_is_the_same_as_sorting_once(story: list[Body]):
    model, queue = desk()
    for each in story:
        told(model, queue, each)
    queue.top(model)
    assert queue.order == [each.id for each in sorted(model.alerts.values(), key=lambda each: each.order)]


def test_500_alerts_above_are_counted_and_shown_on_request():
    model, queue = desk(alert("mine", severity="LOW"))
    told(model, queue, *(alert_change(seq, alert(f"N-{seq}"), old=None) for seq in range(1, 501)))
    assert (queue.cursor, queue.order, len(queue.unseen)) == ("mine", ["mine"], 500)
    queue.top(model)
    assert (queue.index, len(queue.order), len(queue.unseen)) == (0, 501, 0)


def test_a_new_alert_below_the_cursor_is_put_in_its_place():
    model, queue = desk(alert("a", severity="CRITICAL"), alert("c", severity="LOW"))
    told(model, queue, alert_change(1, alert("b", severity="HIGH"), old=None))
    assert (queue.order, queue.unseen) == (["a", "b", "c"], set())


def test_an_alert_that_ended_stays_until_its_row_is_left():
    model, queue = desk(alert("a", priority=3), alert("b", priority=2), alert("c", priority=1))
    told(model, queue, alert_change(1, alert("a", status="resolved"), old="open"))
    assert queue.order == ["a", "b", "c"]
    assert queue.standing(model) == 2
    assert queue.move(model, 1) == 1
    assert (queue.order, queue.cursor) == (["b", "c"], "b")


def test_a_row_that_ended_is_kept_under_the_cursor_when_others_are_sorted():
    model, queue = desk(alert("a", priority=3), alert("b", priority=2))
    told(model, queue, alert_change(1, alert("a", status="resolved"), old="open"))
    queue.settle(model)
    assert (queue.order, queue.cursor) == (["a", "b"], "a")


def test_moving_stops_at_the_ends_and_says_how_far_it_went():
    model, queue = desk(*(alert(f"{number}", priority=-number) for number in range(5)))
    assert queue.move(model, -3) == 0
    assert queue.move(model, 3) == 3
    assert queue.move(model, 100) == 1
    queue.end(model)
    assert queue.index == 4
    empty_model, empty = desk()
    assert empty.move(empty_model, 1) == 0
    assert empty.index is None


def test_rows_in_view_are_no_longer_new():
    model, queue = desk(alert("mine", severity="LOW"))
    told(model, queue, alert_change(1, alert("N-1"), old=None), alert_change(2, alert("N-2"), old=None))
    queue.settle(model)
    queue.see(["N-2"])
    assert queue.unseen == {"N-1"}


def test_after_an_act_the_cursor_goes_to_the_next_that_nobody_took_on():
    model, queue = desk(
        alert("a", priority=5, status="acknowledged"),
        alert("b", priority=4),
        alert("c", priority=3, status="acknowledged"),
        alert("d", priority=2),
    )
    queue.go(model, "b")
    queue.onward(model)
    assert queue.cursor == "d"
    queue.onward(model)
    assert queue.cursor == "b"


def test_where_everything_is_taken_on_the_cursor_goes_to_the_next_row():
    model, queue = desk(alert("a", priority=5), alert("b", priority=4, status="acknowledged"))
    queue.onward(model)
    assert queue.cursor == "b"
    _, single = desk(alert("only"))
    single.onward(model)
    assert single.cursor == "only"
    nothing, empty = desk()
    empty.onward(nothing)
    assert empty.cursor is None


def test_a_filter_keeps_the_cursor_where_its_row_passes():
    model, queue = desk(alert("a", title="Door forced"), alert("b", title="Camera dark", priority=10))
    queue.go(model, "b")
    queue.narrow(model, read_filter("camera"))
    assert (queue.order, queue.cursor) == (["b"], "b")
    queue.narrow(model, read_filter("door -camera"))
    assert (queue.order, queue.cursor) == (["a"], "a")
    queue.narrow(model, read_filter(""))
    assert (queue.order, queue.cursor) == (["a", "b"], "a")
    queue.narrow(model, read_filter("nothing like it"))
    assert (queue.order, queue.cursor) == ([], None)


def test_new_alerts_that_do_not_pass_the_filter_are_neither_shown_nor_counted():
    model, queue = desk(alert("a", title="Door forced", severity="LOW"))
    queue.narrow(model, read_filter("door"))
    told(model, queue, alert_change(1, alert("b", title="Camera"), old=None))
    assert (queue.order, queue.unseen) == (["a"], set())


def test_the_filter_finds_words_of_site_type_level_and_state():
    model, queue = desk(alert("a", site="STH-11", severity="CRITICAL"), alert("b", status="acknowledged"))
    for text, found in (
        ("sth", ["a"]),
        ("p1", ["a"]),
        ("ACK", ["b"]),
        ("device_offline new", ["a"]),
        ("-", ["a", "b"]),
    ):
        queue.narrow(model, read_filter(text))
        assert queue.order == found, text


def test_a_snapshot_that_no_longer_knows_the_row_settles_the_list():
    model, queue = desk(alert("a"), alert("b"))
    reduce.snapshot(model, snapshot(9, [alert("c")]), now=NOW)
    queue.follow(model)
    assert (queue.order, queue.cursor) == (["c"], "c")


def test_marks_survive_new_alerts_a_sorting_anew_and_a_filter():
    model, queue = desk(*(alert(f"A-{n}", priority=50 - n) for n in range(5)))
    queue.mark(model)
    queue.mark(model)
    assert (queue.marks, queue.cursor) == ({"A-0", "A-1"}, "A-2")
    told(model, queue, *(alert_change(seq, alert(f"N-{seq}", priority=90), old=None) for seq in range(1, 101)))
    queue.narrow(model, read_filter("trouble n-7"))
    queue.top(model)
    assert queue.marks == {"A-0", "A-1"}
    assert [each.id for each in queue.meant(model)] == ["A-0", "A-1"]


def test_a_range_reaches_from_the_last_mark_to_the_cursor_in_both_directions():
    model, queue = desk(*(alert(f"A-{n}", priority=50 - n) for n in range(6)))
    queue.go(model, "A-4")
    queue.mark(model)
    queue.go(model, "A-2")
    queue.mark_range()
    assert queue.marks == {"A-2", "A-3", "A-4"}
    queue.mark_others()
    assert queue.marks == {"A-0", "A-1", "A-5"}


def test_without_a_row_nothing_is_marked():
    model, queue = desk()
    queue.mark(model)
    queue.mark_range()
    queue.mark_others()
    assert not queue.marks
    assert queue.meant(model) == []


def test_what_left_the_queue_is_not_meant_though_it_was_marked():
    model, queue = desk(alert("A-1"), alert("A-2"))
    queue.mark_others()
    told(model, queue, alert_change(1, alert("A-1", status="resolved"), old="open"))
    assert [each.id for each in queue.meant(model)] == ["A-2"]
