"""The case screen on a stage: every size, what is asked, the acts by key, and jumping there and back."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from tests.integration.noctui.stage import T0, Stage, matches_golden, queue_of_nine
from tests.unit.noctui import case_story as told
from tests.unit.noctui.story import rfc3339


async def opened(stage: Stage, pilot: Pilot[int], *, case_id: str = "I-301") -> None:
    """Open the case screen, answer its lists, and what it asks about the case under the cursor."""
    stage.load(*queue_of_nine())
    await stage.press(pilot, "7")
    tickets, incidents = told.docket(T0)
    stage.tell("tickets", "", {"items": tickets, "cursor": None})
    stage.tell("incidents", "", {"items": incidents, "cursor": None})
    await stage.shows(pilot, "I-301")
    while stage.app.desk.docket.cursor != case_id:
        await stage.press(pilot, "j")
    body = next(each for each in (*tickets, *incidents) if each["id"] == case_id)
    kind, file = ("incident", told.incident_file) if case_id[0] == "I" else ("ticket", told.ticket_file)
    await stage.until(pilot, lambda: (kind, case_id) in asked(stage))
    stage.tell(kind, case_id, file(body, T0 - 38_000))
    await stage.settled(pilot)


def asked(stage: Stage) -> list[tuple[str, str]]:
    return [(query.kind, query.key) for query in stage.link.queries]


def orders(stage: Stage) -> list[tuple[str, str, dict[str, Any]]]:
    return [(order.method, order.path, dict(order.body)) for order in stage.link.orders]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (50, 14)])
async def test_the_case_screen_in_every_size(size: tuple[int, int]):
    stage = Stage()
    async with stage.app.run_test(size=size) as pilot:
        await opened(stage, pilot)
        matches_golden(f"cases-{size[0]}x{size[1]}", stage.text)
        assert all(len(line) <= size[0] for line in stage.lines)
        await stage.press(pilot, "tab", "tab")
        matches_golden(f"cases-checklist-{size[0]}x{size[1]}", stage.text)


async def test_a_step_is_ticked_by_key_once_and_marked_until_the_answer():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot, case_id="T-1179")
        await stage.press(pilot, "x")
        assert orders(stage) == []
        await stage.press(pilot, "j", "x")
        assert orders(stage) == [("POST", "tickets/T-1179/check", {"step": 2, "done": True})]
        assert ">~WST-01-1179" in stage.text
        body = told.docket(T0)[0][1]
        checks = [*body["checks"], {"step": 2, "by": "mara", "at": body["updated_at"]}]
        stage.answer({**body, "checks": checks})
        await stage.shows(pilot, "Checklist 2/3")
        await stage.press(pilot, "k", "enter")
        assert orders(stage)[-1] == ("POST", "tickets/T-1179/check", {"step": 1, "done": False})


async def test_what_has_no_box_is_not_ticked_and_says_where_it_is():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "x", "x")
        assert orders(stage) == []
        assert "only steps of a ticket are ticked" in stage.text


async def test_the_acts_on_a_ticket_go_to_its_commands_and_its_end_wants_words():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot, case_id="T-1179")
        await stage.press(pilot, "h", *"parts", "enter")
        await stage.press(pilot, "o", *"mara", "enter")
        await stage.press(pilot, "n", *"ok", "enter")
        await stage.press(pilot, "r", "p", "enter")
        assert "not resolved: say what was done" in stage.text
        await stage.press(pilot, "r", "p", *"sun", "enter")
        await stage.press(pilot, "t")
        assert orders(stage) == [
            ("POST", "tickets/T-1179/hold", {"comment": "parts"}),
            ("POST", "tickets/T-1179/assign", {"assignee": "mara"}),
            ("POST", "tickets/T-1179/note", {"text": "ok"}),
            ("POST", "tickets/T-1179/resolve", {"verdict": "false_positive", "comment": "sun"}),
            ("POST", "tickets/T-1179/start", {}),
        ]


async def test_an_incident_is_acked_and_that_is_taken_back_with_u_while_its_time_lasts():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "h")
        assert "hold is for tickets" in stage.text
        await stage.press(pilot, "a", "enter")
        body = told.incident("I-301", T0, status="acknowledged", undo_until=rfc3339(T0 + 10_000))
        stage.answer(body)
        await stage.shows(pilot, "you acked I-301 Forced entry, dock 3   (u undo, 10 s)")
        await stage.press(pilot, "u")
        assert orders(stage)[-1] == ("POST", "incidents/I-301/undo", {})


async def test_incidents_are_merged_and_linked_by_their_ids():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "m", *"A-1", "enter")
        assert "merge takes ids like I-12" in stage.text
        await stage.press(pilot, "m", *"i-300", "enter")
        await stage.press(pilot, "l", *"I-299 A-7", "enter")
        await stage.press(pilot, "l", "enter")
        assert orders(stage) == [
            ("POST", "incidents/I-301/merge", {"incidents": ["I-300"]}),
            ("POST", "incidents/I-301/link", {"incidents": ["I-299"], "alerts": ["A-7"]}),
        ]


async def test_a_linked_alert_is_jumped_to_and_the_bracket_comes_back():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "tab", "tab", "tab", "j", "j", "enter")
        await stage.shows(pilot, "2 ALERTS")
        assert stage.app.desk.queue.cursor == "A-20418"
        await stage.press(pilot, "left_square_bracket")
        await stage.shows(pilot, "7 CASES")
        assert stage.app.desk.docket.cursor == "I-301"
        await stage.press(pilot, "right_square_bracket")
        await stage.shows(pilot, "2 ALERTS")
        await stage.press(pilot, "left_square_bracket", "left_square_bracket")
        await stage.shows(pilot, "nowhere to go back to")


async def test_c_on_an_alert_opens_a_ticket_for_it_or_goes_to_its_case():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        first, *rest = queue_of_nine()
        stage.load(first, {**rest[0], "incident": "I-301"}, *rest[1:])
        await stage.shows(pilot, "Door forced")
        await stage.press(pilot, "c", "enter")
        body = {"title": "Door forced, dock 3", "priority": "P1", "alerts": ["A-20418"]}
        assert orders(stage) == [("POST", "tickets", body)]
        await stage.press(pilot, "j", "c")
        await stage.shows(pilot, "7 CASES")
        assert stage.app.desk.docket.cursor == "I-301"
        assert ("incident", "I-301") in asked(stage)
        stage.tell("incident", "I-301", told.incident_file(told.incident("I-301", T0), T0))
        await stage.shows(pilot, "> I-301")


async def test_views_and_filter_narrow_the_list_by_key():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        stage.app.desk.model.me = "mara"
        await stage.press(pilot, "v")
        assert "view mine (v)" in stage.text
        assert "T-1179" not in stage.text
        await stage.press(pilot, "v", "v", "v", "slash", *"rounds", "enter")
        assert stage.app.desk.docket.order == ["I-300"]
        await stage.press(pilot, "0")
        assert len(stage.app.desk.docket.order) == 5
