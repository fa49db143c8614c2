"""What the lines of every pane say."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from noctui.state import reduce
from noctui.state.actions import ACTIONS, EVERYWHERE
from noctui.state.acts import Act
from noctui.state.alert import read_alert, state_of
from noctui.state.alertrows import AlertSheet, head, nothing, row
from noctui.state.bars import Badges, banner, help_lines, link_bar, outbox_line, status_bar
from noctui.state.context import context
from noctui.state.desk import Desk
from noctui.state.drawer import notes, raw, why
from noctui.state.find import read_filter
from noctui.state.lines import Line, cells_of, plain
from noctui.state.model import Ledger, Model
from noctui.state.queue import Queue
from noctui.state.times import HOUR_MS, Look
from noctui.state.units import measure, short, shown
from tests.unit.noctui.story import T0, alert, alert_change, batch, hello, rfc3339, snapshot

NOW = 1_000_000
LOOK = Look(now=T0 + 41_000, tz=UTC)
NO_BADGES = Badges()


def desk(*bodies: dict[str, Any]) -> Model:
    model = Model(tz=UTC)
    reduce.snapshot(model, snapshot(0, bodies), now=NOW)
    reduce.frame(model, hello(), now=NOW)
    reduce.frame(model, {"type": "caught_up", "seq": 0}, now=NOW)
    return model


def top(model: Model, now: int, badges: Badges = NO_BADGES, cells: int = 80) -> Line:
    return (*status_bar(model, "2 ALERTS", cells - 32, now, badges), *link_bar(model, 32, now))


def said(lines: list[Line]) -> str:
    return "\n".join(plain(each) for each in lines)


# ---------------------------------------------------------------------------------------------------------- the list


def test_a_row_at_80_columns_reads_as_in_the_sketch():
    body = alert(severity="CRITICAL", title="Door forced, dock 3", count=14)
    assert plain(head(80)) == "    SEV STATE   AGE SITE     WHAT                                WHO      COUNT"
    assert (
        plain(row(read_alert(body), LOOK, 80, here=True))
        == "> ! P1  NEW    0:41 NTH-04   Door forced, dock 3                 -          x14"
    )


@pytest.mark.parametrize("cells", [30, 40, 59, 60, 80, 83, 84, 109, 110, 200])
def test_rows_are_exactly_as_wide_as_their_list(cells: int):
    body = alert(title="警報" * 40, person_name="Ana", acknowledged_by="x" * 40, flapping=True, fraud_score=0.91)
    assert cells_of(head(cells)) == cells
    assert cells_of(row(read_alert(body), LOOK, cells)) == cells


def test_every_state_has_a_word():
    words = {
        status: state_of(read_alert(alert(status=status)))[0]
        for status in ("open", "acknowledged", "assigned", "in_progress", "escalated", "suppressed", "resolved", "odd")
    }
    assert list(words.values()) == ["NEW", "ACK", "ASG", "WIP", "ESC", "SNZ", "RES", "ODD"]
    assert state_of(read_alert(alert(status="resolved", ended_unseen=True)))[0] == "END"


def test_marks_say_what_is_pending_and_whose_it_is():
    body = read_alert(alert(acknowledged_by="mara", status="acknowledged"))
    assert plain(row(body, LOOK, 80, pending=True)).startswith(" ~* P2  ACK")
    assert " you " in plain(row(body, Look(now=T0, me="mara"), 80))


def test_the_sheet_shows_rows_dimmed_while_frozen_or_ended():
    model, queue = desk(alert("A-1"), alert("A-2", priority=1)), Queue()
    queue.follow(model)
    sheet = AlertSheet(model, queue, LOOK)
    assert (sheet.count, sheet.cursor, sheet.top) == (2, 0, None)
    assert sheet.foot(80) == (("", "accent"),)
    assert sheet.head(80) == head(80)
    assert {role for _, role in AlertSheet(model, queue, LOOK, frozen=True).line(0, 80)} == {"muted"}
    ended = alert("A-2", status="resolved")
    reduce.frame(model, batch([alert_change(1, ended, old="open")]), now=NOW)
    assert {role for _, role in sheet.line(1, 80)} == {"muted"}
    queue.unseen.add("A-9")
    foot = sheet.foot(80)
    assert foot is not None
    assert "1 new above, press g g" in plain(foot)


def test_a_row_that_a_snapshot_no_longer_knows_says_so():
    model, queue = desk(alert("A-1")), Queue()
    queue.follow(model)
    queue.order.append("A-7")
    assert "A-7 is no longer in the queue" in plain(AlertSheet(model, queue, LOOK).line(1, 80))


def test_an_empty_list_says_why_so_that_quiet_differs_from_dead():
    queue = Queue()
    assert nothing(Model(), queue, LOOK) == ("Loading alerts ...",)
    refused = Model()
    reduce.link_moved(refused, "lost", now=NOW, detail="nobody there")
    assert nothing(refused, queue, LOOK)[1] == "nobody there"
    model = desk()
    assert nothing(model, queue, LOOK)[0].startswith("All quiet. No alert so far. 2 sites")
    model.last_alert_at = LOOK.now - 2 * HOUR_MS
    assert "Last alert 2 h ago" in nothing(model, queue, LOOK)[0]
    queue.filter = read_filter("door")
    assert nothing(model, queue, LOOK)[0].startswith("No alerts match  door")
    assert plain(AlertSheet(model, queue, LOOK).line(0, 80)).startswith(" No alerts match")


# -------------------------------------------------------------------------------------------------------- the drawer


def test_the_drawer_tells_why_with_units_and_what_to_do():
    body = alert(
        evidence={"held_ms": 41_000, "limit_s": 10, "near": {"radius_m": 120.5, "people": ["G017", "G021"]}},
        priority_parts={"severity": 24.0, "impact": 0.0, "site_tier": 9},
        recommended_actions=["Call the site", "Send a guard"],
        labels={"zone": "dock\x1b[1m"},
        acknowledged_by="mara",
        acknowledged_at=rfc3339(T0),
        ack_expires_at=rfc3339(T0 + HOUR_MS),
        site_name="Depot North",
        flapping=True,
        verdict="benign",
        first_seen=rfc3339(T0),
        last_seen=rfc3339(T0),
    )
    text = said(why(read_alert(body), LOOK, 100))
    for words in (
        "why    silent for 12 min",
        "held 41 s   limit 10 s   near.radius 120.5 m   near.people G017, G021",
        "first 14:00:00  last 14:00:00  x1  opened 14:00:00",
        "DEVICE_OFFLINE  SECURITY  device cam-7  site Depot North",
        "50 of 100 = severity 24 + site tier 9",
        "do     1 Call the site\n       2 Send a guard",
        "acknowledged by mara 14:00:00  verdict benign  flapping  stands open again 15:00:00",
        "zone=dock^[[1m",
    ):
        assert words in text
    assert all(cells_of(each) <= 46 for each in why(read_alert(body), LOOK, 46))


def test_the_drawer_tells_what_hides_an_alert_and_until_when():
    body = alert(status="suppressed", suppressed_by="S-1", suppressed_until=rfc3339(T0 + HOUR_MS))
    assert "suppressed by S-1  hidden until 15:00:00" in said(why(read_alert(body), LOOK, 100))


def test_a_bare_alert_still_has_a_drawer():
    text = said(why(read_alert({"id": "A-1"}), LOOK, 60))
    assert "no reason given" in text
    assert "evid" not in text


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("radius_m", 10, "radius 10 m"),
        ("held_ms", 250, "held 250 ms"),
        ("silent_s", 720, "silent 12 min"),
        ("speed_kmh", 81.25, "speed 81.25 km/h"),
        ("share_pct", 7.0, "share 7 %"),
        ("count", 3, "count 3"),
        ("last_value", 3, "last value 3"),
        ("ok", True, "ok yes"),
        ("is_m", False, "is m no"),
        ("none", None, "none -"),
        ("big", 2.5e12, "big 2.5e+12"),
        ("name", "x\ny", "name x y"),
    ],
)
def test_figures_carry_their_units(name: str, value: object, words: str):
    assert measure(name, value) == words


def test_long_lists_are_cut_and_counted():
    assert shown(list(range(25))).endswith("19 and 5 more")


def test_the_notes_tab_tells_every_decision_newest_first():
    rows = (
        {"time": rfc3339(T0), "decision": "opened", "reason": "first finding", "actor": "engine"},
        {
            "time": rfc3339(T0 + 1000),
            "decision": "ack",
            "reason": "guard sent",
            "actor": "mara",
            "old_status": "open",
            "new_status": "acknowledged",
        },
    )
    text = said(notes(Ledger(rows), LOOK, 60)).splitlines()
    assert text[0] == "14:00:01  ack  NEW > ACK  by mara"
    assert text[1] == "          guard sent"
    assert text[2] == "14:00:00  opened  by engine"
    assert "fetching" in said(notes(None, LOOK, 60))
    assert "fetching" in said(notes(Ledger(), LOOK, 60))
    assert "not fetched: nobody" in said(notes(Ledger(problem="nobody"), LOOK, 60))
    assert said(notes(Ledger(()), LOOK, 60)) == "nothing decided yet"


def test_the_raw_tab_is_the_alert_as_json():
    text = said(raw(read_alert(alert(title="x\x1b[2J")), 40))
    assert text.startswith('{\n  "id": "A-1"')
    assert "\x1b" not in text


# ---------------------------------------------------------------------------------------------------------- the bars


def test_the_status_bar_says_what_is_open_and_how_true_it_is():
    model = desk(alert(severity="CRITICAL"), alert("A-2", status="acknowledged"))
    reduce.latency(model, 38.4)
    assert (
        plain(status_bar(model, "2 ALERTS", 48, NOW + 1_000, Badges())) == "2 ALERTS  P1 1  P2 1  P3 0  P4 0  unack 1"
    )
    assert plain(link_bar(model, 32, NOW + 1_000)) == "     LIVE 38ms  age 1s  14:00:01"
    wide = plain(top(model, NOW + 1_000, Badges(read_only=True, slow=True), 200))
    assert "unack 1 (oldest 1 s)  |  sites 2  |  ended 0" in wide
    assert "[READ-ONLY]  [DISPLAY SLOW]" in wide
    model.degraded["disk"] = "5 % left"
    assert "degraded: disk" in plain(top(model, NOW, cells=200))


def test_before_the_first_snapshot_there_is_no_clock_and_no_age():
    assert plain(top(Model(), NOW)).endswith("CONNECTING  age -  --:--:--")


@pytest.mark.parametrize(("silent_s", "role"), [(15, "text"), (21, "stale"), (61, "lost")])
def test_age_turns_amber_and_then_red(silent_s: int, role: str):
    assert (f"age {silent_s}s", role) in top(desk(), NOW + silent_s * 1000)


def test_a_lost_link_says_since_when_and_what_happens_next():
    model = desk()
    assert banner(model, NOW, 80) is None
    reduce.link_moved(model, "lost", now=NOW, detail="gone", attempt=3, retry_at=NOW + 16_000)
    model.outbox.ask(Act(key="k", verb="ack", alert="A-1", title="Door", at=NOW))
    said_now = banner(model, NOW + 12_000, 80)
    assert said_now is not None
    assert plain(said_now).startswith(
        "#### LINK LOST 12 s. Showing 14:00:00. Retry 3 in 4 s (R now). Acts wait: 1 ####"
    )
    assert cells_of(said_now) == 80
    assert "LOST 12s" in plain(top(model, NOW + 12_000))
    late = banner(model, NOW + 99_000, 80)
    assert late is not None
    assert "Retry 3 now." in plain(late)
    fresh = Model()
    reduce.link_moved(fresh, "lost", now=NOW, attempt=1)
    first = banner(fresh, NOW, 80)
    assert first is not None
    assert "Showing" not in plain(first)


def test_a_refused_link_says_what_to_do():
    model = Model()
    reduce.link_moved(model, "refused", now=NOW, detail="try another token")
    said_now = banner(model, NOW, 80)
    assert said_now is not None
    assert plain(said_now) == "#### REFUSED: try another token"
    assert "REFUSED" in plain(top(model, NOW))


def test_the_outbox_line_shows_what_waits_and_what_can_be_undone():
    model = desk(alert())
    assert plain(outbox_line(model, NOW)) == ""
    for key in ("k1", "k2"):
        model.outbox.ask(Act(key=key, verb="ack", alert="A-1", title="Door", at=NOW))
    assert plain(outbox_line(model, NOW)) == "~ ack A-1 Door and 1 more waits for nocd  (u cancel)"
    model.outbox.tried("k2")
    assert not plain(outbox_line(model, NOW)).endswith("(u cancel)")
    reduce.answered(model, "k1", 200, alert(status="acknowledged"), now=NOW)
    reduce.answered(model, "k2", 200, alert(status="acknowledged"), now=NOW)
    assert plain(outbox_line(model, NOW + 500)) == "you acked A-1 Door   (u undo, 10 s)"
    assert plain(outbox_line(model, NOW + 10_000)) == "you acked A-1 Door"


def test_help_lists_every_action_in_its_width():
    for scope in EVERYWHERE:
        lines = help_lines(76, scope)
        assert all(cells_of(each) <= 76 for each in lines)
        assert all(action.title in said(lines) for action in ACTIONS)
    here, _, there = said(help_lines(76, "sites")).partition("ON OTHER SCREENS")
    assert "Try threshold" in here
    assert "Acknowledge" in there


def test_what_is_said_is_said_for_a_while():
    desk_ = Desk()
    assert desk_.said(NOW, 80) == []
    desk_.say("refused, and here is why", NOW)
    assert said(desk_.said(NOW + 7_999, 80)) == "refused, and here is why"
    assert said(desk_.said(NOW + 7_999, 16)) == "refused, and\nhere is why"
    assert desk_.said(NOW + 8_000, 80) == []


def test_the_ledger_is_wanted_once_for_each_state_of_an_alert():
    desk_ = Desk(model=desk(alert()))
    desk_.queue.follow(desk_.model)
    assert desk_.ledger_wanted() is None
    desk_.drawer.turn()
    assert desk_.ledger_wanted() == "A-1"
    assert desk_.ledger_wanted() is None
    moved = alert(updated_at=rfc3339(T0 + 5))
    reduce.frame(desk_.model, batch([alert_change(1, moved, old="open")]), now=NOW)
    assert desk_.ledger_wanted() == "A-1"
    desk_.drawer.turn()
    desk_.drawer.turn()
    assert desk_.drawer.tab == "why"


def test_the_context_column_counts_by_severity_and_site_and_tells_the_health():
    model = desk(alert(severity="CRITICAL"), alert("A-2", site="STH-11"), alert("A-3", site=None))
    model.degraded["disk"] = "5 % left"
    lines = context(model, 30, NOW)
    assert all(cells_of(each) <= 30 for each in lines)
    text = said(lines)
    for words in ("critical                     1", "NTH-04          1   .   .   .", "STH-11          .   1"):
        assert words in text
    assert "(0 quiet)" in text
    assert "disk: 5 % left" in text


def test_a_count_keeps_its_size_in_four_characters():
    assert [short(count) for count in (7, 9_999, 16_799, 999_999, 3_900_000)] == ["7", "9999", "16k", "999k", "3M"]
