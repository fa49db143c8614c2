"""The shift: what is open, silences and their end, who did what, earlier handovers, and how it is walked through."""

from __future__ import annotations

from datetime import UTC

import pytest

from noctui.client.files import write_down
from noctui.state import reduce
from noctui.state import shifttext as text
from noctui.state.find import Filter, read_filter
from noctui.state.handovertext import file_name, handover_text
from noctui.state.lines import plain
from noctui.state.model import Model
from noctui.state.shiftbook import AGAIN_MS, LISTS, ShiftBook
from noctui.state.shiftdesk import PANES, ShiftDesk
from noctui.state.times import Look
from tests.unit.noctui import shift_story as told
from tests.unit.noctui.story import T0, change, snapshot

LOOK = Look(now=T0, tz=UTC, me="mara")
NO_FILTER = Filter()


def filled() -> ShiftBook:
    book = ShiftBook()
    book.take("sheet", "", 200, told.sheet(T0))
    for kind in ("notes", "silences", "handovers", "audit"):
        book.take(kind, "", 200, {"items": getattr(told, kind)(T0), "cursor": None})
    return book


def lines(found) -> list[str]:
    return [plain(each) for each in found]


def test_what_is_open_is_counted_with_what_of_it_wants_somebody() -> None:
    found = lines(text.open_lines(filled(), "", LOOK, 40, here=0))
    assert found[0] == ">P1                        unacked 1  2"
    assert found[4] == " tickets                      late 1  1"
    assert len(found) == 9
    opened = lines(text.open_lines(filled(), "p1", LOOK, 70, here=1))
    assert opened[1].startswith(">A-20417  Guard panic button  Depot North")
    assert opened[1].endswith("mara  since 13:52")
    assert lines(text.open_lines(filled(), "p2", LOOK, 70, here=0)) == [" nothing"]


def test_silences_say_until_when_and_those_that_hit_nothing_are_flagged() -> None:
    found = lines(text.silence_lines(filled(), LOOK, 78, here=0))
    assert found[0].startswith(">14:53 tomas       61 site:NTH-01  device:gate2")
    assert found[1].startswith(" 18:00 you          0 type:CAMERA_DARK")
    assert "HITS NOTHING  sensor" in found[1]
    assert "expired 57 min ago" in found[2]
    assert len(plain(text.silence_head(78))) <= 78


def test_acts_say_who_did_what_to_what_and_why_and_the_filter_finds_them() -> None:
    book = filled()
    found = lines(text.audit_lines(book, NO_FILTER, LOOK, 100, here=0))
    assert found[0].startswith(">13:59:48 * you ack A-20418  'guard sent'  (open > acknowledged)")
    assert found[1].startswith(" 13:59:09   tomas plan silence S-7  'sensor flaps'")
    assert "refused: not_in_this_status" in found[2]
    assert [row["no"] for row in text.audit_rows(book, read_filter("tomas -resolve"))] == [2]
    assert lines(text.audit_lines(book, read_filter("nobody"), LOOK, 80, here=0)) == [
        " no acts match  nobody     0: clear"
    ]


def test_a_token_without_the_right_reads_why_the_trail_is_not_shown() -> None:
    book = ShiftBook()
    book.take("audit", "", 403, {"detail": "token 'mara' lacks the right 'audit'"})
    assert lines(text.audit_lines(book, NO_FILTER, LOOK, 80, here=0))[0].startswith(" not shown: token 'mara' lacks")
    assert "not fetched" not in plain(text.info(book, LOOK, "", 80))


def test_the_line_above_says_which_shift_and_who_waits_to_be_relieved() -> None:
    book = filled()
    assert plain(text.info(book, LOOK, "", 100)).startswith("shift 12:00 to 20:00, 6 h left")
    assert plain(text.info(book, LOOK, "", 100)).endswith("tomas hands over to you: a accepts")
    assert book.waiting("tomas") is None
    book.take("notes", "", 503, {"detail": "busy"})
    assert plain(text.info(book, LOOK, "", 100)).endswith("not fetched: busy (R)")


def test_earlier_handovers_are_listed_and_read_as_text() -> None:
    book = filled()
    found = lines(text.handover_lines(book, "", LOOK, 70, here=0))
    assert found[0] == ">H-4  12:00:00  tomas > nobody yet  quiet"
    assert found[1] == " H-3  04:00:00  tomas > mara  quiet"
    assert lines(text.handover_lines(book, "H-3", LOOK, 70, here=0))[0].startswith(" Handover H-3  shift ")


def test_what_has_not_come_says_so_and_what_is_empty_what_to_press() -> None:
    book = ShiftBook()
    for found in (
        text.open_lines(book, "", LOOK, 40, here=0),
        text.note_lines(book, LOOK, 40, here=0),
        text.silence_lines(book, LOOK, 40, here=0),
        text.audit_lines(book, NO_FILTER, LOOK, 40, here=0),
        text.handover_lines(book, "", LOOK, 40, here=0),
    ):
        assert lines(found) == [" fetching ..."]
    for kind in ("notes", "silences", "handovers", "audit"):
        book.take(kind, "", 200, {"items": []})
    assert lines(text.note_lines(book, LOOK, 80, here=0)) == [" no notes     n writes one, a ! before it pins it"]
    assert lines(text.silence_lines(book, LOOK, 80, here=0))[0].startswith(" nothing is silenced")
    assert lines(text.handover_lines(book, "", LOOK, 80, here=0)) == [" none yet     h hands over"]
    assert text.signing_words(book) == "nothing open, 0 notes"


def test_notes_show_what_is_pinned_and_whose_it_is() -> None:
    assert lines(text.note_lines(filled(), LOOK, 70, here=1)) == [
        " * NTH-01 gate 2 flaps, technician at 16:00               tomas 13:30",
        ">  EST-09 relief guard not confirmed                        you 13:30",
    ]
    assert text.signing_words(filled()) == "P1 2, incidents 1, tickets 1, silences 1, 2 notes"


def test_all_is_asked_once_a_minute_and_at_once_when_the_feed_says_that_it_moved() -> None:
    model = Model()
    reduce.snapshot(model, snapshot(), now=0)
    book = model.shift
    assert book.due(T0) == [(name, "") for name in LISTS]
    assert book.due(T0 + AGAIN_MS - 1) == []
    data = {"happened": "noted", "actor": "mara", "note": told.notes(T0)[0]}
    told_batch = {"type": "batch", "from": 1, "to": 1, "changes": [change(1, "handover", data)]}
    reduce.frame(model, told_batch, now=1)
    assert [name for name, _ in book.due(T0 + 1)] == ["sheet", "notes", "handovers", "audit"]
    book.take("silences", "", 200, {"items": told.silences(T0)})
    moved = {**told.silence("S-7", T0, state="ended"), "happened": "ended"}
    told_batch = {"type": "batch", "from": 2, "to": 2, "changes": [change(2, "silence", moved)]}
    reduce.frame(model, told_batch, now=1)
    assert book.silences is not None
    assert not book.silences["S-7"].active


def test_each_pane_keeps_its_line_and_what_is_opened_is_closed_before_one_leaves() -> None:
    desk = ShiftDesk()
    desk.step(3, 9)
    desk.turn()
    assert (desk.pane, desk.line, desk.at("open"), desk.at("notes")) == ("notes", 0, None, 0)
    desk.turn(-1)
    assert desk.line == 3
    desk.open(section="p1")
    assert (desk.section, desk.line) == ("p1", 0)
    desk.step(99, 2)
    assert desk.line == 1
    assert desk.close()
    assert (desk.section, desk.close()) == ("", False)
    desk.pane = PANES[-1]
    desk.open(handover="H-3")
    assert desk.close()
    assert desk.handover == ""


@pytest.mark.parametrize("view", [told.sheet(T0), told.handover("H-4", T0)])
def test_a_handover_is_written_to_a_file_of_its_own(tmp_path, view) -> None:
    path = write_down(file_name(view), handover_text(view), folder=tmp_path / "noctui")
    assert path.name.startswith(f"handover-{view.get('id') or 'sheet'}-2026-11-22T")
    assert path.read_text("utf-8").startswith("Handover ")
    assert "/" not in file_name({"id": "../../etc", "time": "x/y"})
