"""Thresholds by key: tried before they are set, pinned, rolled back; sent once, and never by accident."""

from __future__ import annotations

import random

import pytest
from textual.pilot import Pilot

from noctui.state.actions import ACTIONS
from tests.integration.noctui.stage import Stage
from tests.integration.noctui.visiting import PHONE, asked, opened
from tests.unit.noctui import site_story as told

pytestmark = pytest.mark.heavy


async def simulated(stage: Stage, pilot: Pilot[int], typed: str = "3.5", wanted: float = 3.5) -> None:
    await stage.press(pilot, "t", *typed, "enter")
    assert stage.link.queries[-1].body == {"threshold": wanted, "days": 30}
    stage.tell("simulate", PHONE, told.simulation(wanted))
    await stage.shows(pilot, "note:")


async def test_a_threshold_is_tried_then_set_once_with_its_reason():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "t")
        assert "try on phone events at NTH-04, now 3.0 (1.5–5.0, + - step):" in stage.text
        await stage.press(pilot, "escape")
        await simulated(stage, pilot)
        assert "set phone events 3.0 > 3.5? alerts 9>4, false 31>12 %, note:" in stage.text
        assert "simulated 3.5 gives 4 alerts in 30 d, 3.0 gives 9; a week 0.9 against 2.1;" in stage.text
        assert stage.link.orders == []
        await stage.press(pilot, "enter")
        assert stage.link.orders == []
        stage.now += 500
        await stage.press(pilot, *"calmer", "enter")
        order = stage.link.orders[-1]
        assert (order.path, order.body) == (
            "baselines/phone_events%40NTH-04/threshold",
            {"threshold": 3.5, "note": "calmer"},
        )
        assert "~ set phone events at NTH-04 3.0 > 3.5 waits for nocd  (u cancel)" in stage.text
        assert stage.lines[3].startswith(">~phone events")
        stage.link.queries.clear()
        stage.answer(told.answer(threshold=3.5))
        await stage.shows(pilot, "you set phone events at NTH-04 3.0 > 3.5  'calmer'")
        await stage.shows(pilot, "threshold 3.5, not pinned")
        assert ("changes", PHONE) in asked(stage)


async def test_a_simulation_given_up_sets_nothing():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        await simulated(stage, pilot, typed="+", wanted=3.25)
        stage.now += 500
        await stage.press(pilot, "escape", "enter")
        assert stage.link.orders == []
        for typed, said in (("9", "lies from 1.5 to 5.0"), ("x", "is no number"), ("3", "is 3.0 already")):
            await stage.press(pilot, "t", typed, "enter")
            assert said in stage.text
        asked_before = len(stage.link.queries)
        await stage.press(pilot, "t", "enter")
        assert len(stage.link.queries) == asked_before
        await stage.press(pilot, "t", "4", "enter", "m")
        stage.tell("simulate", PHONE, told.simulation(4.0))
        await stage.settled(pilot)
        assert "set phone events" not in stage.text
        await stage.press(pilot, "k", "t", "4", "enter")
        stage.tell("simulate", PHONE, {"detail": "fewer than 7 days stored"}, status=409)
        await stage.shows(pilot, "not simulated: fewer than 7 days stored")


async def test_pin_and_let_go_ask_for_a_note_and_a_refusal_says_why():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "P")
        assert "pin phone events at NTH-04 3.0? note:" in stage.text
        await stage.press(pilot, "enter")
        assert (stage.link.orders[-1].path, stage.link.orders[-1].body) == (
            "baselines/phone_events%40NTH-04/pin",
            {"pinned": True},
        )
        stage.answer({"detail": "tuning holds it"}, status=409)
        await stage.shows(pilot, "pin phone events at NTH-04 3.0 refused: tuning holds it")
        await stage.press(pilot, "j", "j", "P", "enter")
        assert stage.link.orders[-1].body == {"pinned": False}
        assert "~ let go of movement distance (m) at NTH-04 4.25 waits for nocd" in stage.text
        await stage.press(pilot, "u")
        assert stage.link.cancelled == [stage.link.orders[-1].key]
        assert "let go of movement distance (m) at NTH-04 4.25 was never sent and is cancelled" in stage.text


async def test_the_newest_change_is_rolled_back_after_a_yes():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "U")
        assert "roll back phone events at NTH-04 2.5 > 3.0 by tuning: y yes" in stage.text
        await stage.press(pilot, "enter", "n", "enter")
        assert stage.link.orders == []
        await stage.press(pilot, "y", "enter")
        order = stage.link.orders[-1]
        assert (order.path, order.body) == ("baselines/phone_events%40NTH-04/changes/TC-7/rollback", {})
        stage.answer(told.answer(threshold=2.5))
        await stage.shows(pilot, "you rolled back phone events at NTH-04 2.5 > 3.0")
        stage.tell("changes", PHONE, {"items": told.changes()["items"][1:], "cursor": None})
        await stage.settled(pilot)
        await stage.press(pilot, "U")
        assert "nothing to roll back" in stage.text


async def test_read_only_tries_thresholds_and_sets_none():
    stage = Stage(read_only=True)
    async with stage.app.run_test(size=(100, 30)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "P")
        assert "read-only: ask a supervisor" in stage.text
        await stage.press(pilot, "U", "t", *"3.5", "enter")
        stage.tell("simulate", PHONE, told.simulation(3.5))
        await stage.shows(pilot, "3.5 gives 4 alerts in 30 d, 3.0 gives 9")
        stage.now += 500
        await stage.press(pilot, "enter")
        assert stage.link.orders == []


async def test_random_keys_on_a_page_send_nothing_from_a_read_only_console_nor_without_enter():
    keys = [key.split()[0] for action in ACTIONS for key in action.keys if action.id not in {"quit", "help"}]
    keys += ["t", "P", "U", "y", "4", "backspace", "delete", "right"]
    dice = random.Random(7)
    for options, never in (({"read_only": True}, set()), ({}, {"enter"})):
        stage = Stage(**options)
        async with stage.app.run_test(size=(80, 24)) as pilot:
            await opened(stage, pilot)
            stage.tell("simulate", PHONE, told.simulation())
            await pilot.press(*(key for key in dice.choices(keys, k=80) if key not in never))
            await stage.settled(pilot)
        assert {order.verb for order in stage.link.orders} <= ({"undo"} if not options else set())
