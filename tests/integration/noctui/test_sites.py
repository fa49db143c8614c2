"""The site screen on a stage: what is asked, what is shown in every size, and how it is walked through."""

from __future__ import annotations

import pytest

from noctui.state.telemetry import METRICS
from noctui.widgets.rows import VirtualRows
from tests.integration.noctui.fake import rfc3339
from tests.integration.noctui.stage import T0, Stage, matches_golden, queue_of_nine
from tests.integration.noctui.visiting import PHONE, asked, opened
from tests.unit.noctui import site_story as told


@pytest.mark.parametrize("size", [(80, 24), (79, 23), (120, 40), (200, 60), (59, 20), (110, 22), (50, 14)])
async def test_the_page_of_a_site_in_every_size(size: tuple[int, int]):
    stage = Stage()
    async with stage.app.run_test(size=size) as pilot:
        await opened(stage, pilot)
        if size[1] >= 20:
            await stage.shows(pilot, "Sun 14–15: usual")
        matches_golden(f"site-{size[0]}x{size[1]}", stage.text)
        assert all(len(line) <= size[0] for line in stage.lines)


@pytest.mark.parametrize("size", [(80, 24), (50, 14)])
async def test_the_list_of_sites_in_every_size(size: tuple[int, int]):
    stage = Stage()
    async with stage.app.run_test(size=size) as pilot:
        stage.load(*queue_of_nine())
        await stage.press(pilot, "4")
        await stage.shows(pilot, "NTH-04")
        matches_golden(f"sites-{size[0]}x{size[1]}", stage.text)


# --------------------------------------------------------------------------------------------------- what is asked for


async def test_facts_are_asked_for_once_then_each_minute_and_when_the_feed_says_that_they_moved():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot, facts=False)
        assert asked(stage) == [("signals", "NTH-04"), ("baselines", "NTH-04")]
        stage.tell("baselines", "NTH-04", told.baselines())
        await stage.until(pilot, lambda: asked(stage, "changes"))
        assert asked(stage, "hours") == [("hours", told.baseline_id(metric)) for metric in METRICS]
        assert asked(stage, "week", "changes") == [("week", PHONE), ("changes", PHONE)]
        stage.link.queries.clear()
        stage.now += 59_000
        stage.app.paint()
        await stage.settled(pilot)
        assert asked(stage) == []
        stage.now += 1_000
        stage.app.paint()
        await stage.until(pilot, lambda: len(asked(stage)) == 9)
        stage.link.queries.clear()
        stage.change("baseline_updated", {"hour_of_week": 158, "metrics": {}}, site="STH-11")
        stage.change("threshold_changed", {"metric": "phone_events", "old": 3, "new": 3.5}, site="NTH-04")
        await stage.until(pilot, lambda: len(asked(stage)) == 3)
        assert asked(stage) == [("baselines", "NTH-04"), ("week", PHONE), ("changes", PHONE)]


async def test_nothing_is_asked_while_the_link_is_lost_and_all_of_it_after_it_is_back():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        stage.lose()
        await stage.shows(pilot, "LINK LOST")
        stage.link.queries.clear()
        stage.now += 120_000
        stage.app.paint()
        await stage.settled(pilot)
        assert asked(stage) == []
        assert "Sun 14–15: usual" in stage.text
        stage.resume()
        await stage.until(pilot, lambda: len(asked(stage)) == 9)


async def test_a_page_that_is_not_on_screen_asks_for_nothing():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "escape")
        stage.link.queries.clear()
        stage.now += 60_000
        stage.app.paint()
        await stage.press(pilot, "j", "3")
        stage.now += 60_000
        stage.app.paint()
        await stage.settled(pilot)
        assert asked(stage) == []


async def test_answers_about_a_site_that_was_left_are_dropped():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot, facts=False)
        await stage.press(pilot, "escape", "j", "enter")
        assert asked(stage)[-2:] == [("signals", "STH-11"), ("baselines", "STH-11")]
        stage.tell("signals", "NTH-04", told.signals(T0))
        stage.tell("signals", "STH-11", told.signals(T0, site="STH-11", people_on_duty=7))
        await stage.shows(pilot, "7 on duty")


async def test_a_page_says_what_it_is_waiting_for_what_is_missing_and_what_went_wrong():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot, facts=False)
        matches_golden("site-loading-80x24", stage.text)
        stage.tell("signals", "NTH-04", told.signals(T0))
        stage.tell("baselines", "NTH-04", {"items": [], "cursor": None})
        await stage.shows(pilot, "no baseline yet: it learns from the first closed hour")
        matches_golden("site-empty-80x24", stage.text)
        await stage.press(pilot, "t")
        assert stage.lines[21].startswith("no baseline yet: it learns from the first closed hour")
        stage.now += 60_000
        stage.frame({"type": "heartbeat", "seq": stage.seq, "time": rfc3339(T0 + 60_000)})
        await stage.settled(pilot)
        stage.tell("signals", "NTH-04", {"detail": "the store is busy"}, status=503)
        await stage.shows(pilot, "as of 14:07:22, not newer: the store is busy (R)")
        stage.link.queries.clear()
        await stage.press(pilot, "R")
        assert stage.link.retries == 1
        await stage.until(pilot, lambda: asked(stage, "signals"))
        stage.tell("signals", "NTH-04", told.signals(T0 + 60_000))
        await stage.shows(pilot, "as of 14:08:22")


async def test_baselines_that_cannot_be_had_name_the_reason():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot, facts=False)
        stage.tell("baselines", "NTH-04", {"detail": "you may not see this site"}, status=403)
        await stage.shows(pilot, "not fetched: you may not see this site   R asks again")
        stage.tell("baselines", "NTH-04", told.baselines())
        await stage.until(pilot, lambda: asked(stage, "changes"))
        stage.tell("hours", PHONE, {"detail": "no"}, status=500)
        stage.tell("changes", PHONE, {"detail": "no history"}, status=500)
        await stage.shows(pilot, "history not fetched: no history")
        assert "not fetched" in stage.lines[3]


# ------------------------------------------------------------------------------------------------------- moving about


async def test_metrics_are_gone_through_and_each_brings_its_own_week():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "j")
        assert stage.lines[4].startswith("> location updates")
        assert asked(stage)[-2:] == [(kind, told.baseline_id("location_updates")) for kind in ("week", "changes")]
        await stage.press(pilot, "m", "m")
        assert stage.lines[6].startswith("> tasks completed")
        stage.tell("week", told.baseline_id("tasks_completed"), told.detail("tasks_completed"))
        stage.tell("changes", told.baseline_id("tasks_completed"), {"items": [], "cursor": None})
        await stage.shows(pilot, "Sun 14–15: learning, n 4, mean 1.7 of 0.9–3.4 so far")
        assert "never changed; t tries another" in stage.text
        await stage.press(pilot, "m", "m")
        assert stage.lines[3].startswith("> phone events")
        await stage.press(pilot, "G", "k", "g", "g", "up")
        assert stage.lines[3].startswith("> phone events")


async def test_arrows_walk_through_the_week_and_the_hour_is_read_in_words():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "right")
        assert stage.lines[8].startswith(">    00 01 02")
        assert ">+<" in stage.lines[15]
        await stage.press(pilot, "right", "up", "up", "up", "up")
        await stage.shows(pilot, "Wed 15–16: usual 15–57 per guard, p5 29 p50 36 p95 43, n 14 on hour of weekday")
        assert ">@<" in stage.lines[11]
        assert "[+]" in stage.lines[15]
        await stage.press(pilot, *["left"] * 11)
        await stage.shows(pilot, "Wed 04–05: learning, n 4, mean 3 of 1.5–6 so far")
        assert ">-<" in stage.lines[11]
        await stage.press(pilot, "g", "g")
        await stage.shows(pilot, "Mon 00–01: usual")
        await stage.press(pilot, "left")
        await stage.shows(pilot, "Sun 23–24: usual")
        await stage.press(pilot, "down", "G", "pagedown", "pageup")
        await stage.shows(pilot, "Sun 23–24: usual")
        matches_golden("site-week-80x24", stage.text)
        await stage.press(pilot, "escape")
        assert stage.app.desk.places.pane == "metrics"


async def test_the_page_is_left_step_by_step():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "tab", "tab")
        assert stage.lines[17].startswith("> threshold 3.0")
        await stage.press(pilot, "j", "k", "pagedown")
        await stage.press(pilot, "q")
        assert "SITE       NAME" in stage.text
        await stage.press(pilot, "left")
        assert "enter opens the page of the site first" in stage.text
        await stage.press(pilot, "m", "t", "P", "U", "shift+tab")
        assert "SITE       NAME" not in stage.text
        await stage.press(pilot, "shift+tab", "tab", "enter", "escape", "escape", "escape")
        assert "SITE       NAME" in stage.text
        await stage.press(pilot, "/", *"harbour", "enter", "2", "4")
        assert stage.lines[1].startswith("/ harbour")
        assert stage.lines[1].endswith("1 of 4")
        await stage.press(pilot, "0")
        assert stage.lines[1].endswith("4 of 4")
        await stage.press(pilot, "q")
    assert stage.app.return_code == 0


async def test_where_there_is_little_room_one_pane_is_shown_at_a_time():
    stage = Stage()
    async with stage.app.run_test(size=(50, 14)) as pilot:
        await opened(stage, pilot)
        assert "> phone events" in stage.text
        await stage.press(pilot, "right")
        await stage.shows(pilot, "14–15")
        assert "> phone events" not in stage.text
        await stage.press(pilot, "tab")
        await stage.shows(pilot, "> threshold 3.0")
        for size in ((200, 60), (110, 22), (50, 14)):
            await pilot.resize_terminal(*size)
            await stage.shows(pilot, "> threshold 3.0")


async def test_sites_come_and_go_without_moving_the_cursor():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        stage.load(*queue_of_nine())
        await stage.press(pilot, "4", "j")
        assert stage.lines[4].startswith("> ! P1 STH-11")
        stage.change("directory_changed", {"kind": "site", "id": "AAA-01", "name": "First", "happened": "created"})
        await stage.shows(pilot, "AAA-01")
        assert stage.lines[4].startswith("> ! P1 STH-11")
        assert stage.lines[7].startswith("  . ok AAA-01     First")
        stage.change("directory_changed", {"kind": "site", "id": "STH-11", "happened": "removed"})
        await stage.until(pilot, lambda: "STH-11" not in stage.text)
        assert stage.lines[3].startswith("> ! P1 NTH-04")


async def test_the_mouse_chooses_sites_and_metrics():
    stage = Stage()
    async with stage.app.run_test(size=(200, 60)) as pilot:
        await opened(stage, pilot)
        await pilot.click("#metrics", offset=(20, 4))
        await stage.settled(pilot)
        assert stage.app.desk.places.metric == "movement_distance_m"
        stage.app.screen.query_one("#metrics", VirtualRows).on_mouse_scroll_down()
        await stage.settled(pilot)
        assert stage.app.desk.places.metric == "tour_checkpoints"
        await pilot.click("#sites", offset=(20, 3))
        await stage.settled(pilot)
        assert (stage.app.desk.places.pane, stage.app.desk.places.cursor) == ("sites", "STH-11")
        assert stage.app.screen.query_one("#sites", VirtualRows).has_focus
