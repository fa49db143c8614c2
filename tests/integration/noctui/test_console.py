"""The whole console over real sockets: what is pressed here happens there, once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from textual.pilot import Pilot

from noctui.app import Console
from noctui.client.access import Access
from noctui.client.link import Link
from noctui.widgets.prompt import Prompt
from tests.integration.noctui.fake import TOKEN, FakeNocd
from tests.integration.noctui.stage import Stage


class Live(Stage):
    """A stage whose link is real."""

    def __init__(self, nocd: FakeNocd) -> None:
        super().__init__()
        self.app = Console(Link(Access(url=nocd.url, token=TOKEN), chance=lambda: 0.0), beat_s=0.001)

    async def settled(self, pilot: Pilot[int]) -> None:
        await pilot.pause()


@pytest.fixture
async def nocd() -> AsyncIterator[FakeNocd]:
    daemon = await FakeNocd().start()
    daemon.open_alert("A-1", severity="CRITICAL", title="Door forced")
    daemon.open_alert("A-2", title="Camera dark")
    yield daemon
    await daemon.stop()


def lost(stage: Stage) -> Callable[[], bool]:
    return lambda: "LINK LOST" in stage.text


async def test_an_ack_by_key_reaches_the_daemon_once_and_can_be_undone(nocd: FakeNocd):
    stage = Live(nocd)
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "a", *"guard", "enter")
        await stage.shows(pilot, "you acked A-1 Door forced  'guard'")
        assert nocd.done == [("ack", "A-1", {"note": "guard"})]
        await stage.until(pilot, lambda: stage.lines[3].startswith("  ! P1  ACK"))
        await stage.press(pilot, "u")
        await stage.until(pilot, lambda: stage.lines[3].startswith("  ! P1  NEW"))
        assert [verb for verb, _, _ in nocd.done] == ["ack", "undo"]


async def test_what_is_resolved_leaves_the_queue_and_the_next_row_stays(nocd: FakeNocd):
    stage = Live(nocd)
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "r", "t", *"caught", "enter")
        await stage.shows(pilot, "you resolved A-1")
        await stage.shows(pilot, "1 of 1")
        assert nocd.done == [("resolve", "A-1", {"verdict": "true_positive", "note": "caught"})]
        await stage.press(pilot, "g", "g")
        await stage.until(pilot, lambda: stage.lines[4].startswith("|> * P2  NEW"))


async def test_after_a_kill_and_a_restart_there_is_no_gap_no_double_and_the_act_is_done_once(nocd: FakeNocd):
    stage = Live(nocd)
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await stage.shows(pilot, "Door forced")
        await nocd.stop()
        await stage.until(pilot, lost(stage))
        await stage.press(pilot, "a", "enter")
        await stage.shows(pilot, "Acts wait: 1")
        for number in range(3, 64):
            nocd.open_alert(f"A-{number}", severity="LOW")
        await nocd.start()
        await stage.press(pilot, "R")
        await stage.shows(pilot, "you acked A-1 Door forced")
        assert len(nocd.done) == 1
        model = stage.app.desk.model
        await stage.until(pilot, lambda: model.seq == nocd.seq)
        assert [line.seq for line in model.ring if line.seq] == list(range(3, nocd.seq + 1))
        assert (model.holes, model.repeats, nocd.calls["snapshot"]) == (0, 0, 1)
        await stage.press(pilot, "3", "/", *"gap", "enter")
        await stage.shows(pilot, "changes fetched, in")


async def test_the_ledger_is_read_in_the_drawer(nocd: FakeNocd):
    stage = Live(nocd)
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "tab")
        await stage.shows(pilot, "first finding")


async def test_an_unknown_token_says_what_to_do(nocd: FakeNocd):
    nocd.tokens.clear()
    stage = Live(nocd)
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.shows(pilot, "#### REFUSED: the token given is not known there; try another by --token")


async def test_a_site_is_read_and_its_threshold_tried_set_pinned_and_rolled_back_once_each(nocd: FakeNocd):
    stage = Live(nocd)
    phone = "phone_events@NTH-04"
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "4", "enter")
        await stage.shows(pilot, "usual 5.5–28 per guard")
        await stage.until(pilot, lambda: "!" in stage.lines[4])
        await stage.press(pilot, "t", *"3.5", "enter")
        await stage.shows(pilot, "set phone events 3.0 > 3.5? alerts 9>4, false 31>12 %, note:")
        question = stage.app.screen.query_one(Prompt).question
        assert question is not None
        assert question.ready is not None
        await stage.until(pilot, question.ready)
        await stage.press(pilot, *"calmer", "enter")
        await stage.shows(pilot, "you set phone events at NTH-04 3.0 > 3.5  'calmer'")
        await stage.shows(pilot, "threshold 3.5, not pinned")
        await stage.press(pilot, "P", "enter")
        await stage.shows(pilot, "threshold 3.5, pinned")
        await stage.press(pilot, "U", "y", "enter")
        await stage.shows(pilot, "you rolled back phone events at NTH-04")
        assert nocd.done == [
            ("threshold", phone, {"threshold": 3.5, "note": "calmer"}),
            ("pin", phone, {"pinned": True}),
            ("rollback", phone, {}),
        ]
        await stage.press(pilot, "3")
        await stage.shows(pilot, "phone events 3.0 > 3.5, not pinned: sai")


async def test_a_page_that_cannot_be_had_says_why_and_is_asked_for_again_by_key(nocd: FakeNocd):
    stage = Live(nocd)
    nocd.places.down = True
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "4", "enter")
        await stage.shows(pilot, "not fetched: the store is busy (R)")
        nocd.places.down = False
        await stage.press(pilot, "R")
        await stage.shows(pilot, "3 on duty")
        await nocd.stop()
        await stage.until(pilot, lost(stage))
        assert "61 observed" in stage.text
