"""The hub tells every commit once, in order, to whoever is at its number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nocd.errors import StateError
from nocd.feed.filters import Filter
from nocd.feed.frames import FRAME_BYTES_MAX, Frame
from nocd.feed.hub import HELD_MAX, Hub
from nocd.wire.changes import EventsStored
from nocd.wire.frames import Batch
from tests.unit.feed.made import Receiver, commit, event, notes, numbered, said, seqs, stored


class Later:
    """Timers that go off by hand."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def __call__(self, delay_s: float, call: Callable[[], None]) -> None:
        assert delay_s == 0.01
        self.calls.append(call)

    def fire(self) -> None:
        self.calls.pop(0)()


def hub_with(*clients: Receiver, **options: Any) -> Hub:
    hub = Hub(epoch="e", seq=0, **options)
    for client in clients:
        hub.attach(client.subscription, at=0)
    return hub


def spans(client: Receiver) -> list[tuple[int, int]]:
    return [(message["from"], message["to"]) for message in map(said, client.got)]


def test_all_unfiltered_clients_get_the_very_same_frame() -> None:
    one, two = Receiver(), Receiver()
    hub_with(one, two).publish(notes(1, 3))
    assert one.got[0] is two.got[0]
    batch = Batch.model_validate(said(one.got[0]))
    assert (batch.from_, batch.to, batch.latency_ms) == (1, 3, 1.5)
    assert [change.seq for change in batch.changes] == [1, 2, 3]


def test_clients_of_equal_filters_share_a_frame_of_their_own() -> None:
    one, two = (Receiver(Filter(types=frozenset({"alert_created"}))) for _ in range(2))
    other = Receiver()
    hub = hub_with(one, two, other)
    hub.publish(commit(numbered(1), numbered(2, "alert_created"), numbered(3)))
    assert one.got[0] is two.got[0]
    assert (spans(one), seqs(one.got), seqs(other.got)) == ([(1, 3)], [2], [1, 2, 3])
    assert hub.deliveries == 3


def test_a_commit_that_a_filter_hides_sends_nothing_and_moves_the_number() -> None:
    client = Receiver(Filter(types=frozenset({"alert_created"})))
    hub = hub_with(client)
    hub.publish(notes(1, 2))
    assert (client.got, hub.seq) == ([], 2)


def test_a_commit_without_changes_is_no_news() -> None:
    client = Receiver()
    hub = hub_with(client)
    hub.publish(commit())
    assert (client.got, hub.seq) == ([], 0)


def test_events_come_inside_for_those_who_asked() -> None:
    asking, other = Receiver(Filter(events=True)), Receiver()
    hub_with(asking, other).publish(commit(stored(1, 5, 6), events=(event(5), event(6))))
    told = EventsStored.model_validate(said(asking.got[0])["changes"][0]["data"])
    assert told.events is not None
    assert [each.no for each in told.events] == [5, 6]
    assert asking.got[0].weight == 3
    assert "events" not in said(other.got[0])["changes"][0]["data"]


def test_masked_and_open_clients_get_their_own_form() -> None:
    masked, other = Receiver(Filter(names=False)), Receiver()
    hub_with(masked, other).publish(commit(numbered(1, data={"person_name": "Asha"})))
    assert said(masked.got[0])["changes"][0]["data"]["person_name"] == "***"
    assert said(other.got[0])["changes"][0]["data"]["person_name"] == "Asha"


def test_a_number_told_before_is_refused() -> None:
    hub = hub_with()
    hub.publish(notes(1, 3))
    with pytest.raises(StateError) as refused:
        hub.publish(notes(3, 4))
    assert refused.value.code == "feed_out_of_order"
    assert hub.seq == 3


def test_missing_numbers_send_everyone_back_to_the_log() -> None:
    quick, slow, ahead = Receiver(), Receiver(), Receiver()
    hub = hub_with(quick, slow)
    hub.publish(notes(1, 2))
    slow.room = False
    hub.publish(notes(3, 3))
    hub.attach(ahead.subscription, at=5)
    hub.publish(notes(6, 6))
    assert [client.subscription.seq for client in (quick, slow, ahead)] == [3, 2, 5]
    assert [client.subscription.dropped for client in (quick, slow, ahead)] == [2, 3, 2]
    assert [client.cuts for client in (quick, slow, ahead)] == [1, 1, 1]
    assert (hub.seq, hub.clients, hub.lagged, seqs(quick.got)) == (6, 0, 3, [1, 2, 3])


def test_a_slow_client_is_cut_alone() -> None:
    slow, quick = Receiver(backlog_max=2), Receiver()
    slow.room = False
    hub = hub_with(slow, quick)
    for seq in range(1, 5):
        hub.publish(notes(seq, seq))
    assert seqs(quick.got) == [1, 2, 3, 4]
    assert (slow.got, slow.cuts, hub.lagged, hub.clients) == ([], 1, 1, 1)
    assert (slow.subscription.seq, slow.subscription.dropped) == (0, 3)


def test_a_client_cut_by_the_first_half_of_a_commit_gets_nothing_of_the_second() -> None:
    slow = Receiver(backlog_max=1)
    hub = hub_with(slow)
    slow.room = False
    hub.publish(notes(1, 1))
    big = {"text": "x" * FRAME_BYTES_MAX}
    hub.publish(commit(numbered(2, data=big), numbered(3, data=big)))
    slow.room = True
    assert (slow.got, slow.cuts, hub.clients) == ([], 1, 0)


def test_who_leaves_is_told_nothing_more() -> None:
    client = Receiver()
    hub = hub_with(client)
    assert hub.detach(client.subscription)
    assert not hub.detach(client.subscription)
    hub.publish(notes(1, 1))
    assert (client.got, hub.clients) == ([], 0)


def test_who_is_behind_has_to_read_the_log_first() -> None:
    hub = hub_with()
    hub.publish(notes(1, 2))
    with pytest.raises(StateError) as refused:
        hub.attach(Receiver().subscription, at=1)
    assert refused.value.code == "feed_behind"


def test_who_is_ahead_is_told_only_what_is_new() -> None:
    ahead = Receiver()
    hub = hub_with()
    hub.attach(ahead.subscription, at=3)
    hub.publish(notes(1, 2))
    assert ahead.got == []
    hub.publish(notes(3, 5))
    hub.publish(notes(6, 6))
    assert (spans(ahead), seqs(ahead.got)) == ([(4, 5), (6, 6)], [4, 5, 6])


def test_who_is_exactly_where_a_commit_ends_joins_the_others_after_it() -> None:
    ahead = Receiver()
    hub = hub_with()
    hub.attach(ahead.subscription, at=2)
    hub.publish(notes(1, 2))
    assert ahead.got == []
    hub.publish(notes(3, 3))
    assert spans(ahead) == [(3, 3)]


def test_who_is_ahead_and_slow_is_cut_too() -> None:
    ahead = Receiver(backlog_max=1)
    hub = hub_with()
    hub.attach(ahead.subscription, at=1)
    ahead.room = False
    ahead.subscription.offer(some_frame())
    hub.publish(notes(1, 3))
    assert (ahead.cuts, hub.clients, hub.lagged) == (1, 0, 1)


def test_who_is_ahead_may_leave() -> None:
    ahead = Receiver()
    hub = hub_with()
    hub.attach(ahead.subscription, at=4)
    assert hub.detach(ahead.subscription)
    assert hub.clients == 0


def some_frame() -> Frame:
    """Return some frame with one change, to wait in a backlog."""
    other = Receiver()
    probe = Hub(epoch="e", seq=1)
    probe.attach(other.subscription, at=1)
    probe.publish(notes(2, 2))
    return other.got[0]


def test_with_many_clients_the_commits_of_a_moment_are_told_together() -> None:
    client, later = Receiver(), Later()
    hub = hub_with(client, later=later, coalesce_over=0)
    hub.publish(notes(1, 1))
    hub.publish(commit(stored(2, 1, 1), events=(event(1),), latency_ms=9.0))
    hub.publish(notes(3, 4))
    assert (spans(client), hub.seq) == ([(1, 1)], 1)
    later.fire()
    assert (spans(client), hub.seq) == ([(1, 1), (2, 4)], 4)
    assert said(client.got[1])["latency_ms"] == 9.0


def test_after_a_quiet_moment_the_next_commit_is_told_at_once() -> None:
    client, later = Receiver(), Later()
    hub = hub_with(client, later=later, coalesce_over=0)
    hub.publish(notes(1, 1))
    later.fire()
    assert later.calls == []
    hub.publish(notes(2, 2))
    assert spans(client) == [(1, 1), (2, 2)]


def test_merged_events_stay_with_their_own_commit() -> None:
    client, later = Receiver(Filter(events=True)), Later()
    hub = hub_with(client, later=later, coalesce_over=0)
    hub.publish(notes(1, 1))
    hub.publish(commit(stored(2, 1, 1), events=(event(1),)))
    hub.publish(commit(stored(3, 2, 3), events=(event(2), event(3))))
    later.fire()
    inside = [[each["no"] for each in change["data"]["events"]] for change in said(client.got[1])["changes"]]
    assert inside == [[1], [2, 3]]


def test_what_is_held_back_is_bounded() -> None:
    client, later = Receiver(), Later()
    hub = hub_with(client, later=later, coalesce_over=0)
    hub.publish(notes(1, 1))
    hub.publish(notes(2, HELD_MAX + 1))
    assert (hub.seq, len(later.calls)) == (HELD_MAX + 1, 1)


def test_with_few_clients_nothing_is_held_back() -> None:
    client, later = Receiver(), Later()
    hub = hub_with(client, later=later, coalesce_over=1)
    hub.publish(notes(1, 1))
    hub.publish(notes(2, 2))
    assert (spans(client), later.calls) == ([(1, 1), (2, 2)], [])


def test_who_joins_between_held_commits_gets_them_once() -> None:
    first, joining, later = Receiver(), Receiver(), Later()
    hub = hub_with(first, later=later, coalesce_over=0)
    hub.publish(notes(1, 1))
    hub.publish(notes(2, 2))
    hub.publish(notes(3, 4))
    hub.attach(joining.subscription, at=3)
    later.fire()
    assert (seqs(joining.got), spans(joining)) == ([4], [(4, 4)])


def test_flushing_with_nothing_held_tells_nothing() -> None:
    client = Receiver()
    hub_with(client).flush()
    assert client.got == []
