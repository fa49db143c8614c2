"""The shift screen on a stage: every size, notes, silences, signing and accepting, and where things lead."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.integration.noctui.stage import T0, Stage, matches_golden, queue_of_nine
from tests.unit.noctui import shift_story as told
from tests.unit.noctui.story import rfc3339


async def opened(stage: Stage, pilot: Pilot[int], *, me: str = "mara") -> None:
    """Open the shift screen and answer all that it asks."""
    stage.load(*queue_of_nine())
    stage.app.desk.model.me = me
    await stage.press(pilot, "8")
    stage.tell("sheet", "", told.sheet(T0))
    for kind in ("notes", "silences", "handovers", "audit"):
        stage.tell(kind, "", {"items": getattr(told, kind)(T0), "cursor": None})
    await stage.shows(pilot, "incidents")


def orders(stage: Stage):
    return [(order.method, order.path, dict(order.body)) for order in stage.link.orders]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (50, 14)])
async def test_the_shift_screen_in_every_size(size: tuple[int, int]):
    stage = Stage()
    async with stage.app.run_test(size=size) as pilot:
        await opened(stage, pilot)
        matches_golden(f"shift-{size[0]}x{size[1]}", stage.text)
        assert all(len(line) <= size[0] for line in stage.lines)
        await stage.press(pilot, "tab", "tab", "tab", "tab", "enter")
        matches_golden(f"shift-handover-{size[0]}x{size[1]}", stage.text)


async def test_notes_are_written_pinned_by_a_mark_and_closed_when_asked_twice():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "n", "enter")
        assert orders(stage) == []
        await stage.press(pilot, "n", *"gate", "enter")
        await stage.press(pilot, "n", "exclamation_mark", *"vet", "enter")
        await stage.press(pilot, "tab", "j", "x", "enter")
        assert len(orders(stage)) == 2
        await stage.press(pilot, "y", "enter")
        assert orders(stage) == [
            ("POST", "notes", {"text": "gate", "pinned": False}),
            ("POST", "notes", {"text": "vet", "pinned": True}),
            ("DELETE", "notes/N-2", {}),
        ]


async def test_the_silence_next_to_end_is_first_one_that_hits_nothing_is_flagged_and_x_ends_it():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        rows = [line for line in stage.lines if "site:NTH-01" in line or "HITS NOTHING" in line]
        assert "61" in rows[0]
        assert "HITS NOTHING" in rows[1]
        await stage.press(pilot, "tab", "tab", "x")
        assert "end S-7 site:NTH-01  device:gate2 now? it hides 61" in stage.text
        await stage.press(pilot, "y", "enter")
        assert orders(stage) == [("DELETE", "silences/S-7", {})]
        stage.answer(told.silence("S-7", T0, state="ended", ended_at=rfc3339(T0)))
        await stage.shows(pilot, "you ended S-7")
        assert "ended 0 s ago" in stage.text


async def test_who_leaves_signs_and_who_comes_accepts():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        assert "tomas hands over to you: a accepts" in stage.text
        await stage.press(pilot, "a", "y", *"seen", "enter")
        await stage.press(pilot, "h")
        assert "sign over P1 2, incidents 1, tickets 1, silences 1, 2 notes?" in stage.text
        await stage.press(pilot, "enter")
        assert len(orders(stage)) == 1
        await stage.press(pilot, "y", "enter")
        assert orders(stage) == [("POST", "handovers/H-4/accept", {"note": "seen"}), ("POST", "handovers", {})]


async def test_who_signed_is_told_that_somebody_else_must_accept():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot, me="tomas")
        await stage.press(pilot, "a")
        assert "no handover waits for you" in stage.text


async def test_a_count_opens_what_it_counts_and_that_leads_to_its_own_screen():
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "enter", "j", "enter")
        await stage.shows(pilot, "2 ALERTS")
        assert stage.app.desk.queue.cursor == "A-20417"
        await stage.press(pilot, "left_square_bracket")
        await stage.shows(pilot, "8 SHIFT")
        await stage.press(pilot, "escape", "j", "j", "j", "j", "enter", "enter")
        await stage.shows(pilot, "7 CASES")
        assert stage.app.desk.docket.cursor == "T-1182"


async def test_the_sheet_is_written_to_a_file_and_it_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    stage = Stage()
    async with stage.app.run_test(size=(80, 24)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "w")
        (path,) = (tmp_path / "noctui").iterdir()
        assert "written to" in stage.text
        assert "P1: 2  unacked 1" in path.read_text("utf-8")


async def test_the_filter_finds_acts_of_all_operators():
    stage = Stage()
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await opened(stage, pilot)
        await stage.press(pilot, "slash", *"tomas", "enter")
        assert "you ack A-20418" not in stage.text
        assert "tomas plan silence S-7" in stage.text
        await stage.press(pilot, "0")
        assert "you ack A-20418" in stage.text
