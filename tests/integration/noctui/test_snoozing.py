"""Snoozing by key: the preview before it is sent, warnings, what is sent, and taking it back."""

from __future__ import annotations

from noctui.state.times import rfc3339
from tests.integration.noctui.stage import T0, Stage, matches_golden, queue_of_nine
from tests.unit.noctui import shift_story as told

QUARTER = 15 * 60_000


def sent(stage: Stage):
    return [(order.method, order.path, dict(order.body)) for order in stage.link.orders]


async def test_the_preview_says_scope_hits_and_warnings_and_tab_widens_it():
    stage = Stage()
    async with stage.app.run_test(size=(100, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "j", "j", "s")
        scope = "type:DEVICE_OFFLINE site:NTH-04 device:cam-7"
        assert [(query.kind, query.key) for query in stage.link.queries] == [("hits", scope), ("sheet", "")]
        stage.tell("hits", scope, {"items": [{}] * 9, "cursor": None})
        await stage.shows(pilot, "9 in 24 h")
        matches_golden("snooze-100x24", stage.text)
        assert f"HITS P1!  {scope}  hits 4 now (P1 1 P2 2 P3 1)" in stage.text
        await stage.press(pilot, "tab", "tab")
        assert "site:NTH-04  hits 4 now" in stage.text
        assert stage.link.orders == []


async def test_it_is_sent_once_with_scope_end_and_reason_and_taken_back_by_u():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "s", "enter")
        assert stage.link.orders == []
        await stage.press(pilot, "1", "tab", *"swap", "enter")
        matchers = [
            {"name": "type", "op": "=", "value": "DEVICE_OFFLINE"},
            {"name": "site", "op": "=", "value": "NTH-04"},
        ]
        body = {"matchers": matchers, "ends_at": rfc3339(T0 + QUARTER), "comment": "swap"}
        assert sent(stage) == [("POST", "silences", body)]
        stage.answer({"id": "S-7", "matchers": matchers, "author": "mara", "hiding": {"count": 4}}, status=201)
        await stage.shows(pilot, "you silenced type:DEVICE_OFFLINE site:NTH-04 until 14:22")
        assert "(u undo, 10 s)" in stage.text
        await stage.press(pilot, "u")
        assert sent(stage)[-1] == ("DELETE", "silences/S-7", {})


async def test_until_wants_a_time_and_shift_the_daemons_word():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "s", "t", *"soon", "enter")
        assert "until when? a time of day first" in stage.text
        await stage.press(pilot, "s", "s", "enter")
        assert "when the shift ends is not known yet" in stage.text
        shift = {"starts_at": rfc3339(T0 - QUARTER), "ends_at": rfc3339(T0 + QUARTER)}
        stage.tell("sheet", "", {"shift": shift})
        await stage.settled(pilot)
        await stage.press(pilot, "s", "s", "enter")
        assert sent(stage)[-1][2]["ends_at"] == rfc3339(T0 + QUARTER)


async def test_a_row_that_comes_back_is_tagged():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        *first, last = queue_of_nine()[:2]
        stage.load(*first, last)
        await stage.shows(pilot, "Guard panic")
        hidden = {**last, "status": "suppressed", "suppressed_until": rfc3339(T0 + QUARTER), "suppressed_by": "S-7"}
        stage.alert(hidden, old="acknowledged")
        await stage.shows(pilot, "SNZ   14:22")
        stage.now += QUARTER + 4 * 60_000
        ended = {**last, "snoozed_by": "tomas", "snooze_ended_at": rfc3339(T0 + QUARTER)}
        stage.alert(ended, old="suppressed")
        await stage.shows(pilot, "back: Guard panic button")
        await stage.press(pilot, "j")
        assert "back   was snoozed by tomas, ended 4 min ago" in stage.text


async def test_a_snooze_from_its_preview_to_its_end_on_the_shift_screen_and_back_in_the_queue():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.press(pilot, "8")
        stage.tell("silences", "", {"items": [told.silence("S-8", T0, hiding={"count": 0, "alerts": []})]})
        await stage.press(pilot, "2", "s", "tab", "tab")
        assert "HITS P1!  site:NTH-04  hits 4 now" in stage.text
        await stage.press(pilot, "1", *"works", "enter")
        site = [{"name": "site", "op": "=", "value": "NTH-04"}]
        planned = told.silence("S-9", T0, matchers=site, ends_at=rfc3339(T0 + QUARTER), author="mara", comment="works")
        stage.answer(planned, status=201)
        await stage.press(pilot, "8")
        assert "14:22 mara        61 site:NTH-04" in stage.text
        assert "HITS NOTHING" in stage.text
        stage.now += QUARTER
        ended = {**planned, "state": "expired", "ended_at": rfc3339(T0 + QUARTER), "happened": "expired"}
        stage.change("silence", ended)
        first = {**queue_of_nine()[0], "snoozed_by": "mara", "snooze_ended_at": rfc3339(T0 + QUARTER)}
        stage.alert(first, old="suppressed")
        await stage.shows(pilot, "expired 0 s ago")
        await stage.press(pilot, "2")
        assert "back: Door forced, dock 3" in stage.text
        assert "was snoozed by mara, ended 0 s ago" in stage.text
