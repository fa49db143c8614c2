"""A backlog is bounded, shares frames, and knows where to resume."""

from __future__ import annotations

from nocd.feed import frames
from nocd.feed.filters import Filter
from nocd.feed.frames import Frame, Part, pack
from nocd.feed.subscription import Subscription, offer_all
from tests.unit.feed.made import Receiver, numbered, seqs


def batch(first: int, last: int, *, weight: int = 1) -> Frame:
    parts = [Part(seq, numbered(seq).body, weight) for seq in range(first, last + 1)]
    (frame,) = pack(parts, first=first, last=last, latency_ms=0.0)
    return frame


def test_with_room_a_frame_goes_straight_through() -> None:
    client = Receiver()
    frame = batch(1, 2)
    assert client.subscription.offer(frame)
    assert client.got == [frame]
    assert (client.wakes, client.subscription.backlog) == (0, 0)


def test_without_room_frames_wait_in_order_and_are_the_shared_ones() -> None:
    client = Receiver()
    client.room = False
    offered = [batch(1, 2), batch(3, 3)]
    assert all(client.subscription.offer(frame) for frame in offered)
    assert (client.wakes, client.subscription.backlog) == (2, 3)
    client.drain()
    assert all(one is other for one, other in zip(client.got, offered, strict=True))
    assert (client.subscription.seq, client.subscription.backlog) == (3, 0)


def test_a_frame_does_not_overtake_those_that_wait() -> None:
    client = Receiver()
    client.room = False
    client.subscription.offer(batch(1, 1))
    client.room = True
    client.subscription.offer(batch(2, 2))
    assert client.got == []
    client.drain()
    client.subscription.offer(batch(3, 3))
    assert seqs(client.got) == [1, 2, 3]


def test_past_the_backlog_everything_is_let_go_and_the_place_is_kept() -> None:
    client = Receiver(backlog_max=3)
    client.room = False
    assert client.subscription.offer(batch(5, 6))
    assert client.subscription.offer(batch(7, 7))
    assert not client.subscription.offer(batch(8, 9))
    subscription = client.subscription
    assert (subscription.lagged, subscription.seq, subscription.dropped) == (True, 4, 5)
    assert (subscription.backlog, subscription.take()) == (0, None)


def test_what_was_taken_counts_as_handed_over() -> None:
    client = Receiver(backlog_max=2)
    client.room = False
    client.subscription.offer(batch(1, 1))
    client.subscription.offer(batch(2, 2))
    client.subscription.take()
    client.subscription.offer(batch(3, 3))
    assert not client.subscription.offer(batch(4, 4))
    assert (client.subscription.seq, client.subscription.dropped) == (1, 3)


def test_events_inside_count_against_the_backlog() -> None:
    client = Receiver(backlog_max=100)
    client.room = False
    assert client.subscription.offer(batch(1, 1, weight=60))
    assert not client.subscription.offer(batch(2, 2, weight=60))


def test_bytes_count_against_the_backlog() -> None:
    client = Receiver(backlog_bytes_max=len(batch(1, 1).wire) + 10)
    client.room = False
    assert client.subscription.offer(batch(1, 1))
    assert not client.subscription.offer(batch(2, 2))


def test_a_single_frame_larger_than_the_backlog_is_kept() -> None:
    client = Receiver(backlog_max=1)
    client.room = False
    assert client.subscription.offer(batch(1, 5))


def test_frames_without_changes_cost_no_backlog() -> None:
    client = Receiver(backlog_max=1)
    client.room = False
    assert all(client.subscription.offer(frames.heartbeat(9, "t")) for _ in range(3))
    assert client.subscription.backlog == 0


def test_offering_to_all_is_offering_to_each_and_names_the_slow() -> None:
    quick, slow, full = Receiver(), Receiver(), Receiver(backlog_max=1)
    slow.room = full.room = False
    full.subscription.offer(batch(1, 1))
    group: list[Subscription] = [client.subscription for client in (quick, slow, full)]
    assert offer_all(batch(2, 2), group) == [full.subscription]
    assert seqs(quick.got) == [2]
    assert slow.subscription.backlog == 1


def test_a_subscription_remembers_its_filter() -> None:
    wanted = Filter(events=True)
    assert Receiver(wanted).subscription.filter is wanted
