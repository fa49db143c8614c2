"""Two people at one daemon: each sees what the other looks at, and what is claimed is acked only when asked twice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from textual.pilot import Pilot

from noctui.app import Console
from noctui.client.access import Access
from noctui.client.link import Link
from tests.integration.noctui.fake import TOKEN, FakeNocd, rfc3339
from tests.integration.noctui.stage import T0, Stage, queue_of_nine


class Live(Stage):
    """A stage whose link is real."""

    def __init__(self, nocd: FakeNocd, token: str = TOKEN) -> None:
        super().__init__()
        self.app = Console(Link(Access(url=nocd.url, token=token), chance=lambda: 0.0), beat_s=0.001)

    async def settled(self, pilot: Pilot[int]) -> None:
        await pilot.pause()


@pytest.fixture
async def nocd() -> AsyncIterator[FakeNocd]:
    daemon = await FakeNocd().start()
    daemon.tokens["other"] = "tomas"
    daemon.open_alert("A-1", severity="CRITICAL", title="Door forced")
    yield daemon
    await daemon.stop()


async def test_who_opens_the_same_alert_is_named_and_acks_what_is_claimed_only_when_asked_twice(nocd: FakeNocd):
    mine, other = Live(nocd), Live(nocd, "other")
    async with mine.app.run_test(size=(80, 24)) as here:
        await mine.shows(here, "Door forced")
        async with other.app.run_test(size=(80, 24)) as there:
            await other.shows(there, "Door forced")
            await other.press(there, "enter")
            await mine.shows(here, "(tomas)")
            assert "with   tomas is looking at it too" in mine.text
            await other.press(there, "r")
            await mine.until(here, lambda: nocd.present["tomas"]["claims"] == ["A-1"])
            await mine.until(here, lambda: mine.app.desk.model.present.claimed("A-1", me="mara", now=0))
            await mine.press(here, "a")
            assert "tomas is at work on A-1; a again acks it all the same" in mine.text
            await mine.press(here, "a", "enter")
            await mine.until(here, lambda: nocd.done)
            assert [verb for verb, _, _ in nocd.done] == ["ack"]


async def test_where_one_is_is_said_at_once_again_each_half_minute_and_when_one_leaves():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        assert stage.link.said == []
        await stage.press(pilot, "enter")
        stage.now += 29_000
        stage.app.paint()
        await stage.settled(pilot)
        assert [query.body for query in stage.link.said] == [{"looking": "A-20418", "claims": []}]
        stage.now += 1_000
        stage.app.paint()
        await stage.until(pilot, lambda: len(stage.link.said) == 2)
        await stage.press(pilot, "escape")
        await stage.until(pilot, lambda: len(stage.link.said) == 3)
        assert stage.link.said[-1].body == {"looking": None, "claims": []}
        await stage.press(pilot, "a")
        await stage.until(pilot, lambda: len(stage.link.said) == 4)
        assert stage.link.said[-1].body == {"looking": None, "claims": ["A-20418"]}


async def test_who_is_not_heard_of_again_is_gone_and_who_holds_an_alert_stays_named():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        people = [
            {"name": "tomas", "looking": "A-20417", "claims": [], "until": rfc3339(T0 + 75_000)},
            {"name": "rui", "looking": "A-20418", "claims": [], "until": rfc3339(T0 + 75_000)},
        ]
        stage.frame({"type": "presence", "people": people})
        await stage.shows(pilot, "mara+to")
        assert "(rui)" in stage.text
        stage.now += 75_000
        stage.frame({"type": "heartbeat", "seq": 0, "time": rfc3339(T0 + 75_000)})
        await stage.until(pilot, lambda: "(rui)" not in stage.text)
        assert "mara " in stage.text
