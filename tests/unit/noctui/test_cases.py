"""Cases: what a row says, which view shows it, what is asked for, and how the docket stands still."""

from __future__ import annotations

from datetime import UTC

import pytest

from noctui.state import reduce
from noctui.state.case import read_case
from noctui.state.caserows import CaseSheet, info, nothing, row
from noctui.state.cases import AGAIN_MS, ENDED_MAX, FILES_MAX, Cases
from noctui.state.casetext import checklist, clocks, done_words, linked, linked_lines, timeline
from noctui.state.docket import Docket
from noctui.state.find import read_filter
from noctui.state.lines import line, plain
from noctui.state.model import Model
from noctui.state.sheet import PickSheet
from noctui.state.times import Look
from tests.unit.noctui import case_story as told
from tests.unit.noctui.story import T0, change, rfc3339, snapshot

LOOK = Look(now=T0, tz=UTC, me="mara")


def filled(**fields: str) -> Model:
    model = Model(tz=UTC, me="mara", loaded=True, **fields)  # type: ignore[arg-type]  # only texts are given
    tickets, incidents = told.docket(T0)
    model.cases.take("tickets", "", 200, {"items": tickets})
    model.cases.take("incidents", "", 200, {"items": incidents})
    return model


def opened(model: Model, case_id: str) -> Model:
    case = model.cases.rows[case_id]
    file = told.ticket_file if case.kind == "ticket" else told.incident_file
    model.cases.take(case.kind, case_id, 200, file(dict(case.body), T0 - 40_000))
    return model


def listed(model: Model, docket: Docket, width: int = 80) -> list[str]:
    sheet = CaseSheet(model, docket, LOOK)
    return [plain(sheet.line(index, width)) for index in range(sheet.count)]


# ------------------------------------------------------------------------------------------------------------ the list


def test_the_worst_and_most_pressing_case_comes_first_and_each_says_what_a_desk_asks() -> None:
    model, docket = filled(), Docket()
    docket.follow(model, T0)
    assert listed(model, docket, 90) == [
        "> WST-01-1150 ticket   !P1  new      -         1h30 late   No show, West Gate",
        "  I-301       incident !P1  active   you       0:38 -      Forced entry, dock 3, Depot N…",
        "  WST-01-1182 ticket   *P2  waiting  you       2h10 12:20  Camera 7 dark, West Gate",
        "  I-300       incident *P2  open     tomas     1d02 -      Missed rounds, Depot North",
        "  WST-01-1179 ticket   -P3  open     -         5h02 09:28  Gate 2 sensor flaps, West Gate",
    ]


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        ("mine", {"I-301", "T-1182"}),
        ("due", {"T-1150", "T-1182", "T-1179"}),
        ("active", {"I-301"}),
        ("all", {"I-300", "I-301", "T-1150", "T-1182", "T-1179"}),
    ],
)
def test_a_view_shows_what_is_mine_due_or_worked_on(view: str, shown: set[str]) -> None:
    rows = filled().cases.rows.values()
    assert {case.id for case in rows if case.seen_in(view, me="mara", now=T0)} == shown


def test_nothing_is_mine_while_nobody_knows_who_i_am() -> None:
    model = filled()
    model.me, docket = "", Docket()
    docket.follow(model, T0)
    docket.turn_view(model, T0)
    assert "Not known yet who you are here" in nothing(model, docket)


def test_rows_keep_their_place_while_cases_come_and_go_and_one_that_ended_stays_until_one_leaves_it() -> None:
    model, docket = filled(), Docket()
    docket.follow(model, T0)
    order = list(docket.order)
    docket.go(model, order[2], T0)
    model.cases.put(read_case(told.ticket("T-1190", T0, priority="P1")))
    model.cases.put(read_case(told.ticket("T-1182", T0 + 1, status="resolved")))
    docket.follow(model, T0)
    assert docket.order == [*order, "T-1190"]
    assert docket.cursor == "T-1182"
    docket.move(model, 1, T0)
    assert "T-1182" not in docket.order
    assert docket.order.index("T-1190") < docket.order.index("I-300")


def test_a_filter_finds_words_of_every_column_and_says_when_nothing_matches() -> None:
    model, docket = filled(), Docket()
    docket.follow(model, T0)
    docket.narrow(model, read_filter("incident tomas"), T0)
    assert docket.order == ["I-300"]
    docket.narrow(model, read_filter("vehicles"), T0)
    assert docket.order == []
    assert listed(model, docket) == [" No cases match  vehicles     0: clear"]


def test_an_empty_list_says_why() -> None:
    model, docket = Model(), Docket()
    assert nothing(model, docket) == "Loading cases ..."
    model.cases.take("tickets", "", 503, {"detail": "the store is busy"})
    assert nothing(model, docket) == "Loading cases ... the store is busy"
    assert "not fetched: the store is busy (R)" in plain(info(model, docket, LOOK, 80))
    for kind in ("tickets", "incidents"):
        model.cases.take(kind, "", 200, {"items": []})
    assert nothing(model, docket) == "No open cases."
    docket.view = "due"
    assert nothing(model, docket) == "No case is due     v: next view"


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_row_is_never_wider_than_its_list(width: int) -> None:
    for case in filled().cases.rows.values():
        assert len(plain(row(case, LOOK, width, pending=True, here=True))) <= width


# --------------------------------------------------------------------------------------------------- what is asked for


def test_lists_and_the_case_looked_at_are_asked_once_a_minute_and_when_the_feed_says_that_they_moved() -> None:
    cases = filled().cases
    assert cases.due("I-301", T0) == [("tickets", ""), ("incidents", ""), ("incident", "I-301"), ("runs", "A-20418")]
    assert cases.due("I-301", T0 + AGAIN_MS - 1) == []
    cases.stir_case("I-301")
    assert cases.due("I-301", T0 + 1) == [("incident", "I-301")]
    assert len(cases.due("I-301", T0 + 2 * AGAIN_MS)) == 4
    assert cases.due(None, T0 + 2 * AGAIN_MS) == []


def test_what_is_no_longer_listed_is_open_no_more_and_what_ended_is_kept_up_to_a_bound() -> None:
    cases = filled().cases
    cases.take("incidents", "", 200, {"items": []})
    assert {case.kind for case in cases.rows.values()} == {"ticket"}
    for number in range(ENDED_MAX + 5):
        cases.put(read_case(told.ticket(f"T-{number}", T0, status="closed")))
    assert sum(not case.open for case in cases.rows.values()) == ENDED_MAX
    for number in range(FILES_MAX + 5):
        body = told.ticket(f"T-{2000 + number}", T0)
        cases.take("ticket", body["id"], 200, told.ticket_file(body, T0))
    assert len(cases.files) == FILES_MAX


def test_an_older_answer_never_takes_the_place_of_a_newer_one() -> None:
    cases = Cases()
    cases.put(read_case(told.ticket("T-1", T0, status="open", updated_at=rfc3339(T0 + 5))))
    cases.put(read_case(told.ticket("T-1", T0, status="new")))
    assert cases.rows["T-1"].status == "open"


def test_the_feed_moves_cases_and_what_is_known_of_them_is_asked_again() -> None:
    model = filled()
    reduce.snapshot(model, snapshot(), now=0)
    model.cases.due("T-1179", T0)
    moved = told.ticket("T-1179", T0 + 9, status="in_progress", updated_at=rfc3339(T0 + 9))
    data = {**moved, "old_status": "open", "new_status": "in_progress", "happened": "started", "why": "", "actor": "x"}
    batch = {"type": "batch", "from": 1, "to": 1, "changes": [change(1, "ticket_updated", data)]}
    reduce.frame(model, batch, now=1)
    assert model.cases.rows["T-1179"].status == "in_progress"
    assert model.cases.due("T-1179", T0 + 1) == [("ticket", "T-1179")]


# ------------------------------------------------------------------------------------------------------ one case


def test_the_record_of_a_ticket_tells_who_did_what_when_and_the_operators_own_as_you() -> None:
    model = opened(filled(), "T-1182")
    lines = [plain(each) for each in timeline(model.cases.files["T-1182"], LOOK, 60)]
    assert lines == [
        "13:59:20 created: for A-20415: camera 7 was silent for 12",
        "         min (limit 10)",
        "13:59:40 you note: the site says it is the switch",
    ]
    assert [plain(each) for each in timeline(None, LOOK, 60)] == ["fetching the timeline ..."]


def test_the_clocks_say_due_late_met_or_resting() -> None:
    rows = filled().cases.rows
    assert clocks(rows["T-1150"], LOOK) == "open 1h30  response late  resolution 14:20"
    assert clocks(rows["I-301"], LOOK) == "open 0:38  first response 0:12"
    assert clocks(rows["I-300"], LOOK) == "open 1d02  first response -"


def test_a_tickets_steps_are_ticked_and_those_of_an_incident_are_its_alerts_and_its_playbooks() -> None:
    model = opened(filled(), "I-301")
    steps = model.cases.steps("T-1179")
    assert done_words(steps) == "1/3"
    lines, at = checklist(steps, LOOK, 40, here=1)
    assert [plain(each) for each in lines] == [
        " [x] Call the site  tomas 13:59",
        ">[ ] Send the nearest guard",
        " [ ] Have it repaired",
    ]
    assert at == 1
    model.cases.take("runs", "A-20418", 200, {"items": [told.run("A-20418", T0)]})
    steps = model.cases.steps("I-301")
    assert [(step.no, step.done) for step in steps] == [(0, False), (0, False), (0, False), (0, True), (0, False)]
    assert plain(checklist([], LOOK, 40)[0][0]) == " no steps known for this kind"


def test_what_is_linked_leads_to_site_tickets_alerts_and_people() -> None:
    model = opened(filled(), "I-301")
    found = linked(model.cases.rows["I-301"], model.cases)
    assert [(each.kind, each.id) for each in found] == [
        ("site", "NTH-04"),
        ("ticket", "T-12"),
        ("alert", "A-20418"),
        ("alert", "A-20416"),
        ("person", "G017"),
    ]
    assert plain(linked_lines(found, here=2)[2]) == ">A-20418  NEW Door forced, dock 3"
    assert plain(linked_lines(())[0]) == " nothing"


def test_what_is_not_known_yet_has_no_checklist_and_no_links() -> None:
    cases = Cases()
    assert (cases.steps("T-9"), cases.alert_of("T-9")) == ([], "")
    cases.put(read_case(told.ticket("T-9", T0, alerts=[], alerts_total=0)))
    assert cases.needs("T-9") == [("tickets", ""), ("incidents", ""), ("ticket", "T-9")]
    for number in range(9 * FILES_MAX):
        cases.due(f"T-{number}", T0 + number)
    assert len(cases.asked) <= 8 * FILES_MAX


def test_an_incident_names_its_parent_its_links_whom_it_is_about_and_how_long_it_took() -> None:
    model = filled()
    body = told.incident(
        "I-9", T0, parent="I-300", links=["I-299"], person="G017", person_name="Rui Lima", time_to_resolve_s=600.0
    )
    model.cases.put(read_case(body))
    case = model.cases.rows["I-9"]
    found = linked(case, model.cases)
    assert [(each.kind, each.id) for each in found][:4] == [
        ("site", "NTH-04"),
        ("person", "G017"),
        ("incident", "I-300"),
        ("incident", "I-299"),
    ]
    assert found[2].text == "I-300 Missed rounds"
    assert clocks(case, LOOK) == "open 0:00  first response -  resolved in 10m"


def test_clocks_that_are_not_told_are_left_out() -> None:
    case = read_case({**told.ticket("T-1", T0), "sla": {"response": None, "resolution": {"state": "running"}}})
    assert clocks(case, LOOK) == "open 0:00  resolution -"


def test_a_case_one_jumps_to_is_waited_for_and_given_up_once_refused() -> None:
    model, docket = filled(), Docket()
    docket.follow(model, T0)
    assert docket.move(Model(), 1, T0) == 1
    docket.go(model, "T-77", T0)
    assert (docket.cursor, docket.index) == ("T-77", None)
    model.cases.take("ticket", "T-77", 404, {"detail": "there is no ticket T-77"})
    docket.follow(model, T0)
    assert docket.cursor == docket.order[0]
    assert Docket().move(model, 1, T0) == 0


def test_panes_take_turns_and_lines_stay_within_them() -> None:
    docket = Docket()
    seen = []
    for _ in range(4):
        docket.turn()
        docket.step(9, 3)
        seen.append((docket.pane, docket.line))
    assert seen == [("timeline", 2), ("checklist", 2), ("linked", 2), ("timeline", 2)]
    docket.step(-9, 0)
    assert docket.line == 0


def test_a_list_is_frozen_while_the_link_is_lost_and_what_went_says_so() -> None:
    model, docket = filled(), Docket()
    docket.follow(model, T0)
    docket.turn_view(model, T0)
    docket.turn_view(model, T0)
    sheet = CaseSheet(model, docket, LOOK, frozen=True)
    assert sheet.cursor == docket.index
    assert {role for _, role in sheet.line(0, 80)} == {"muted"}
    assert (sheet.top, sheet.foot(80)) == (None, None)
    assert plain(sheet.head(80) or ()).split()[:3] == ["ID", "TYPE", "SEV"]
    del model.cases.rows[docket.order[0]]
    assert plain(sheet.line(0, 80)) == "  no longer here"


def test_a_step_of_a_ticket_is_ticked_by_you_where_it_was_you() -> None:
    body = told.ticket("T-1", T0, checks=[{"step": 2, "by": "mara", "at": rfc3339(T0)}])
    cases = Cases()
    cases.put(read_case(body))
    lines, at = checklist(cases.steps("T-1"), LOOK, 60)
    assert at is None
    assert plain(lines[1]) == " [x] Send the nearest guard  you 14:00"


def test_lines_under_a_cursor_keep_one_above() -> None:
    sheet = PickSheet((line("a"), line("b")), 1, line("head"))
    assert (sheet.count, sheet.cursor, sheet.top, sheet.foot(9)) == (2, 1, None, None)
    assert (sheet.head(9), sheet.line(0, 9)) == (line("head"), line("a"))
    assert PickSheet((), 1).cursor is None


def test_where_there_are_more_than_a_page_that_is_said_and_what_the_feed_told_stays() -> None:
    model, docket = filled(), Docket()
    docket.follow(model, T0)
    first = told.docket(T0)[0][:1]
    model.cases.take("tickets", "", 200, {"items": first, "cursor": "more"})
    assert len(model.cases.rows) == 5
    assert plain(info(model, docket, LOOK, 90)).endswith("5 of 5 and more")
    model.cases.take("tickets", "", 200, {"items": first, "cursor": None})
    assert len(model.cases.rows) == 3
    assert "and more" not in plain(info(model, docket, LOOK, 90))
