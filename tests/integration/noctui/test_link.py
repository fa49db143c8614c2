"""The client against a daemon that is killed, restarted, slow, forgetful or strange."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from noctui.client import http
from noctui.client.access import Access
from noctui.client.cursor import Cursor
from noctui.client.link import Link
from noctui.client.session import Session
from noctui.client.tidings import Fetched
from tests.integration.noctui.fake import TOKEN, FakeNocd, batch
from tests.integration.noctui.listening import Listener, eventually


@pytest.fixture
async def nocd() -> AsyncIterator[FakeNocd]:
    daemon = await FakeNocd().start()
    yield daemon
    await daemon.stop()


@pytest.fixture
async def link(nocd: FakeNocd) -> AsyncIterator[Link]:
    link = Link(Access(url=nocd.url, token=TOKEN), chance=lambda: 0.0)
    yield link
    link.close()


@pytest.fixture
async def listener(link: Link, nocd: FakeNocd) -> Listener:
    nocd.open_alert("A-1")
    listener = Listener(link)
    link.start()
    await listener.live(1)
    return listener


async def test_snapshot_and_feed_join_without_a_gap(listener: Listener, nocd: FakeNocd):
    assert (listener.model.epoch, list(listener.model.alerts)) == ("epoch-1", ["A-1"])
    nocd.open_alert("A-2")
    await listener.live(2)
    assert (listener.seqs, nocd.afters) == ([2], [1])
    await listener.until(lambda: listener.model.link.latency_ms is not None)


async def test_the_first_picture_begins_with_what_happened_just_before(link: Link, nocd: FakeNocd):
    nocd.tells_past = True
    nocd.open_alert("A-1")
    listener = Listener(link)
    link.start()
    await listener.live(1)
    assert [(line.seq, line.kind) for line in listener.model.ring] == [(1, "alert")]


@pytest.mark.parametrize("code", [None, 1001, 1011])
async def test_after_a_restart_it_resumes_without_a_gap_or_a_double(
    listener: Listener, nocd: FakeNocd, code: int | None
):
    nocd.open_alert("A-2")
    await listener.live(2)
    await nocd.stop(code)
    await listener.until(lambda: listener.model.link.phase == "lost")
    for number in range(3, 20):
        nocd.open_alert(f"A-{number}")
    await nocd.start()
    await listener.live(19)
    nocd.open_alert("A-20")
    await listener.live(20)
    assert listener.seqs == list(range(2, 21))
    assert (listener.model.repeats, listener.model.holes, len(listener.model.alerts)) == (0, 0, 20)
    assert nocd.calls["snapshot"] == 1
    assert nocd.afters == [1, 2]
    assert "17 changes fetched, in time order" in listener.gaps[0]


async def test_a_hole_is_counted_and_mended_by_a_snapshot(listener: Listener, nocd: FakeNocd):
    nocd.swallow = 1
    nocd.open_alert("A-2")
    nocd.open_alert("A-3")
    await listener.live(3)
    assert (listener.model.holes, sorted(listener.model.alerts)) == (1, ["A-1", "A-2", "A-3"])
    assert "changes 2-2 did not arrive" in listener.gaps[0]


async def test_a_loss_at_the_end_is_found_by_the_heartbeats(listener: Listener, nocd: FakeNocd):
    nocd.swallow = 1
    nocd.open_alert("A-2")
    nocd.heartbeat()
    nocd.heartbeat()
    await listener.live(2)
    assert (listener.model.holes, sorted(listener.model.alerts)) == (1, ["A-1", "A-2"])


async def test_what_is_too_old_to_resume_is_said_and_shown_anew(listener: Listener, nocd: FakeNocd):
    await nocd.stop()
    for number in range(2, 9):
        nocd.open_alert(f"A-{number}")
    nocd.first_seq = 6
    await nocd.start()
    await listener.live(8)
    assert len(listener.model.alerts) == 8
    assert any("changes 2-5 are no longer kept: older than what is kept" in gap for gap in listener.gaps)
    assert listener.model.gaps == 1


async def test_a_restored_backup_starts_over(listener: Listener, nocd: FakeNocd):
    await nocd.stop()
    nocd.epoch, nocd.changes, nocd.alerts = "epoch-2", [], {}
    nocd.open_alert("B-1")
    await nocd.start()
    await listener.until(lambda: listener.model.epoch == "epoch-2" and listener.model.link.phase == "live")
    assert list(listener.model.alerts) == ["B-1"]
    assert any("restored from a backup" in gap for gap in listener.gaps)


async def test_a_console_called_too_slow_resumes_at_once(listener: Listener, nocd: FakeNocd):
    nocd.broadcast({"type": "lagged", "seq": 1, "dropped": 9})
    await nocd.drop(4008)
    nocd.open_alert("A-2")
    await listener.live(2)
    assert (listener.seqs, nocd.calls["snapshot"]) == ([2], 1)


async def test_frames_told_twice_are_applied_once(listener: Listener, nocd: FakeNocd):
    nocd.open_alert("A-2")
    nocd.broadcast(batch(list(nocd.changes)))
    nocd.open_alert("A-3")
    await listener.live(3)
    assert (listener.seqs, listener.model.repeats, listener.model.alerts_total) == ([2, 3], 2, 3)


async def test_an_unknown_token_is_said_and_not_hammered(nocd: FakeNocd):
    link = Link(Access(url=nocd.url, token="wrong"))
    listener = Listener(link)
    link.start()
    try:
        await listener.until(lambda: listener.model.link.phase == "refused")
        assert "--token" in listener.model.link.detail
        nocd.tokens["wrong"] = "tomas"
        link.retry()
        await listener.live(0)
        assert nocd.calls["snapshot"] == 2
    finally:
        link.close()


@pytest.mark.parametrize(("code", "words"), [(4401, "not known"), (4403, "may not read")])
async def test_being_sent_away_waits_for_the_operator(listener: Listener, nocd: FakeNocd, code: int, words: str):
    await nocd.drop(code)
    await listener.until(lambda: listener.model.link.phase == "refused")
    assert words in listener.model.link.detail
    nocd.open_alert("A-2")
    listener.link.retry()
    await listener.live(2)
    assert listener.seqs == [2]


async def test_where_nobody_listens_it_tries_again_and_says_so(nocd: FakeNocd):
    await nocd.stop()
    link = Link(Access(url=nocd.url, token=TOKEN), chance=lambda: 0.0)
    listener = Listener(link)
    link.start()
    try:
        await listener.until(lambda: listener.model.link.attempt >= 2)
        await nocd.start()
        link.retry()
        await listener.live(0)
    finally:
        link.close()


async def test_an_act_reaches_the_daemon_once(listener: Listener, nocd: FakeNocd):
    listener.ask("k1", "ack", "A-1", note="guard sent")
    await listener.until(lambda: not listener.model.outbox.waiting)
    assert nocd.done == [("ack", "A-1", {"note": "guard sent"})]
    assert listener.model.alerts["A-1"].status == "acknowledged"


async def test_an_act_whose_answer_was_lost_is_asked_again_and_done_once(listener: Listener, nocd: FakeNocd):
    nocd.break_after_commit = 2
    listener.ask("k1", "ack", "A-1")
    await listener.until(lambda: not listener.model.outbox.waiting)
    assert (len(nocd.done), nocd.calls["ack"]) == (1, 3)
    assert listener.problems == []


async def test_acts_wait_while_the_link_is_lost_and_are_sent_in_order(listener: Listener, nocd: FakeNocd):
    await nocd.stop()
    await listener.until(lambda: listener.model.link.phase == "lost")
    listener.ask("k1", "ack", "A-1")
    listener.ask("k2", "note", "A-1", text="called")
    listener.ask("k3", "resolve", "A-1", verdict="benign")
    assert listener.link.cancel("k2")
    assert not any(act.tried for act in listener.model.outbox.waiting.values())
    await nocd.start()
    await listener.until(lambda: list(listener.model.outbox.waiting) == ["k2"])
    assert [verb for verb, _, _ in nocd.done] == ["ack", "resolve"]


async def test_a_refused_act_says_why(listener: Listener, nocd: FakeNocd):
    nocd.refuse["A-1"] = (409, "it is resolved already")
    listener.ask("k1", "ack", "A-1")
    await listener.until(lambda: listener.problems)
    assert listener.problems == ["ack A-1 refused: it is resolved already"]


async def test_the_ledger_is_fetched_on_demand(listener: Listener, nocd: FakeNocd):
    listener.link.fetch_why("A-1")
    await listener.until(lambda: "A-1" in listener.model.ledgers)
    assert listener.model.ledgers["A-1"].rows is not None
    listener.link.fetch_why("A-9")
    await listener.until(lambda: "A-9" in listener.model.ledgers)
    assert listener.model.ledgers["A-9"].problem == "there is no such alert"
    await nocd.stop()
    listener.link.fetch_why("A-1")
    await listener.until(lambda: isinstance(listener.heard[-1], Fetched) and listener.heard[-1].status == 503)


async def test_a_link_that_was_never_started_can_be_closed(nocd: FakeNocd):
    Link(Access(url=nocd.url)).close()


async def test_closing_ends_the_thread_and_the_socket(nocd: FakeNocd):
    link = Link(Access(url=nocd.url, token=TOKEN))
    listener = Listener(link)
    link.start()
    await listener.live(0)
    link.close()
    await eventually(lambda: not nocd.sockets)
    assert not link._thread.is_alive()


async def test_an_answer_that_means_not_now_is_asked_for_again(listener: Listener, nocd: FakeNocd):
    nocd.busy = 2
    listener.ask("k1", "ack", "A-1")
    await listener.until(lambda: not listener.model.outbox.waiting)
    assert (nocd.calls["ack"], len(nocd.done), listener.problems) == (3, 1, [])


async def test_what_answers_but_is_no_daemon_is_named(nocd: FakeNocd):
    link = Link(Access(url=f"{nocd.url}/elsewhere", token=TOKEN), chance=lambda: 0.0)
    listener = Listener(link)
    link.start()
    try:
        await listener.until(lambda: listener.model.link.phase == "lost")
        assert "answered 404; is nocd listening there?" in listener.model.link.detail
    finally:
        link.close()


async def test_a_mistake_of_its_own_is_said_and_logged(
    nocd: FakeNocd, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async def wrong(_session: Session) -> Cursor:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(Session, "_snapshot", wrong)
    link = Link(Access(url=nocd.url, token=TOKEN))
    listener = Listener(link)
    link.start()
    await listener.until(lambda: listener.model.link.phase == "refused")
    assert "the console's link failed" in listener.model.link.detail
    assert "the link failed" in caplog.text
    link.close()


async def test_an_answer_has_a_bound(nocd: FakeNocd, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http, "ANSWER_BYTES_MAX", 10)
    async with http.Api(Access(url=nocd.url, token=TOKEN)) as api:
        with pytest.raises(http.Unreachable, match="larger than 10 bytes"):
            await api.get("snapshot")
    with pytest.raises(RuntimeError):
        await http.Api(Access(url=nocd.url)).get("snapshot")
