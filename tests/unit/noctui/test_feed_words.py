"""What the lines of the feed say."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from noctui.state import reduce
from noctui.state.cells import width
from noctui.state.feedrows import FeedSheet, row
from noctui.state.feedtext import describe
from noctui.state.lines import cells_of, plain
from noctui.state.model import Model
from noctui.state.sheet import TextSheet
from noctui.state.tail import Tail
from noctui.state.times import Look
from tests.unit.noctui.story import T0, alert, alert_change, batch, change, hello, snapshot

NOW = 1_000_000
LOOK = Look(now=T0 + 41_000, tz=UTC)
SILENCE: dict[str, Any] = {
    "matchers": [{"name": "type", "op": "=", "value": "X"}, {"name": "site", "op": "=~", "value": "S.*"}, "odd"],
    "author": "mara",
    "comment": "works",
    "happened": "planned",
}


def desk() -> Model:
    model = Model(tz=UTC)
    reduce.snapshot(model, snapshot(0), now=NOW)
    reduce.frame(model, hello(), now=NOW)
    reduce.frame(model, {"type": "caught_up", "seq": 0}, now=NOW)
    return model


TICKET = {"number": "NTH-1", "priority": "P1", "title": "Door", "actor": "mara"}
LINES = [
    (alert_change(1, alert(severity="CRITICAL"), old=None), "alert", "Trouble A-1", "moved by engine"),
    (alert_change(1, alert(status="acknowledged"), old="open"), "alert", "Trouble A-1", "NEW > ACK by engine"),
    (
        change(1, "finding_created", {"type": "T", "reason": "jumped", "confidence": 0.8}),
        "finding",
        "jumped",
        "confidence 0.8",
    ),
    (change(1, "finding_created", {"type": "T", "opened_alert": "A-7"}), "finding", "T", "alert A-7"),
    (change(1, "anomaly_detected", {"type": "T", "opened_alert": "A-7"}), "anomaly", "T", "alert A-7"),
    (change(1, "finding_created", {"type": "T", "held_back": "warming up"}), "finding", "T", "held back: warming up"),
    (
        change(1, "finding_withdrawn", {"finding_type": "T", "reason": "late fix"}),
        "finding",
        "withdrawn: T",
        "late fix",
    ),
    (
        change(1, "fraud_scored", {"punch": "e1", "level": "HIGH", "checks": [{"check": "buddy_punching"}]}),
        "fraud",
        "punch e1 HIGH",
        "buddy punching",
    ),
    (
        change(1, "model_activated", {"version": "000003", "reason": "it passed its gates", "actor": "nocd"}),
        "model",
        "000003 activated: it passed its gates",
        "by nocd",
    ),
    (change(1, "ml_drift_detected", {"actor": "nocd"}), "model", "- drift detected: -", "by nocd"),
    (change(1, "directory_changed", {"kind": "site", "id": "S", "happened": "created"}), "roster", "site S", "created"),
    (
        change(1, "silence", {**SILENCE, "ends_at": "2026-01-01T10:00:00Z"}),
        "silence",
        "silence of type=X site=~S.* planned: works",
        "by mara until 2026-01-01T10:00:00Z",
    ),
    (
        change(1, "silence", {**SILENCE, "alert": "A-1", "comment": "", "happened": "undone"}),
        "silence",
        "silence of A-1 undone: -",
        "by mara until resolved",
    ),
    (change(1, "note_added", {"alert": "A-1", "text": "called", "actor": "mara"}), "note", "called", "by mara on A-1"),
    (change(1, "job_finished", {"job": "tune", "outcome": "ok", "seconds": 2, "detail": ""}), "job", "tune ok", "2 s"),
    (
        change(
            1,
            "playbook_run",
            {"playbook": "NO_SHOW", "alert": "A-1", "status": "running", "steps": [{"do": "notify", "state": "done"}]},
        ),
        "play",
        "NO_SHOW for A-1 running",
        "notify done",
    ),
    (
        change(1, "notification_failed", {"receiver": "desk", "notification": "N-1", "detail": "410", "gone": True}),
        "notify",
        "receiver desk gone and disabled",
        "N-1: 410",
    ),
    (
        change(1, "system_state", {"part": "disk", "state": "degraded", "detail": "full"}),
        "system",
        "disk degraded",
        "full",
    ),
    (
        change(
            1,
            "baseline_updated",
            {
                "hour_of_week": 146,
                "metrics": {
                    "phone_events": {"value": 61, "z": 4.12, "anomalous": True, "learned": False},
                    "tour_checkpoints": {"value": 3, "z": 0.1, "learned": True},
                    "odd": 3,
                },
            },
        ),
        "hour",
        "Sun 02–03 closed: phone events 61 (z +4.1)",
        "learned 1 of 2",
    ),
    (change(1, "baseline_updated", {"metrics": []}), "hour", "Mon 00–01 closed: all as usual", "learned 0 of 0"),
    (
        change(
            1,
            "threshold_changed",
            {"metric": "movement_distance_m", "old": 3, "new": 3.5, "reason": "38 verdicts", "actor": "tuning"},
        ),
        "thresh",
        "movement distance (m) 3.0 > 3.5, not pinned: 38 verdicts",
        "by tuning",
    ),
    (
        change(1, "threshold_changed", {"metric": "phone_events", "old": 3, "new": 3, "pinned": True, "actor": "mara"}),
        "thresh",
        "phone events stays 3.0, pinned: -",
        "by mara",
    ),
    (
        change(1, "metrics_refresh", {"site_name": "Depot", "state": "WARNING", "reasons": ["2 HIGH alerts are open"]}),
        "state",
        "Depot WARNING: 2 HIGH alerts are open",
        "",
    ),
    (change(1, "metrics_refresh", {"state": "NORMAL"}), "state", "all sites NORMAL: nothing to say", ""),
    (
        change(1, "scorecard", {"client": "ACME", "overall": 91.4, "colour": "amber", "day": "2026-01-01"}),
        "score",
        "ACME 91 of 100, amber",
        "2026-01-01",
    ),
    (change(1, "scorecard", {"client": "ACME", "colour": "grey"}), "score", "ACME unknown of 100, grey", ""),
    (
        change(1, "ticket_created", {**TICKET, "happened": "created", "new_status": "new"}),
        "ticket",
        "NTH-1 P1 Door",
        "created by mara",
    ),
    (
        change(1, "ticket_updated", {**TICKET, "old_status": "open", "new_status": "on_hold"}),
        "ticket",
        "NTH-1 P1 Door",
        "open > on hold by mara",
    ),
    (change(1, "brand_new", {"x": 1}), "brand new", '{"x":1}', ""),
]


@pytest.mark.parametrize(("told", "kind", "what", "extra"), LINES)
def test_every_change_has_its_words(told: dict[str, Any], kind: str, what: str, extra: str):
    entry = describe(told)
    assert entry is not None
    assert (entry.kind, entry.what, entry.extra) == (kind, what, extra)


def test_a_line_knows_its_alert_and_who_it_is_about():
    entry = describe(alert_change(1, alert("A-5"), old=None))
    assert entry is not None
    assert (entry.alert, entry.who, entry.rank) == ("A-5", "cam-7", 1)
    found = describe(change(2, "finding_created", {"opened_alert": "A-5"}, person="P1"), fetched=True)
    assert found is not None
    assert (found.alert, found.who, found.rank, found.fetched) == ("A-5", "P1", None, True)


@pytest.mark.parametrize("cells", [40, 69, 70, 80, 110, 180])
def test_feed_rows_fit_and_gap_lines_run_across(cells: int):
    model, tail = desk(), Tail()
    reduce.frame(model, batch([alert_change(1, alert(title="警" * 90), old=None)]), now=NOW)
    reduce.snapshot(model, snapshot(9), now=NOW, reason="too old")
    tail.follow(model.ring, 10)
    sheet = FeedSheet(model, tail, LOOK)
    assert all(cells_of(sheet.line(index, cells)) <= cells for index in range(sheet.count))
    assert plain(sheet.line(1, cells)).startswith(" -- gap: too old")
    heads = sheet.head(cells)
    assert heads is not None
    assert width(plain(heads)) <= cells
    assert FeedSheet(model, tail, LOOK, heads=False).head(cells) is None


def test_the_feed_sheet_follows_its_tail():
    model, tail = desk(), Tail()
    reduce.frame(model, batch([alert_change(1, alert(), old=None)]), now=NOW)
    tail.follow(model.ring, 10)
    sheet = FeedSheet(model, tail, LOOK)
    assert (sheet.count, sheet.cursor, sheet.top, sheet.foot(80)) == (1, None, 0, None)
    assert {role for _, role in FeedSheet(model, tail, LOOK, frozen=True).line(0, 80)} == {"muted"}
    tail.pause(model.ring)
    assert plain(sheet.line(0, 80)).startswith(">14:00:01 * NTH-04   alert   cam-7    Trouble A-1")
    tail.lost = 3
    foot = sheet.foot(80)
    assert foot is not None
    assert "3 paused lines made room" in plain(foot)
    tail.nos = [-5]
    assert plain(sheet.line(0, 80)) == " (made room)"


def test_fetched_lines_say_so():
    entry = describe(alert_change(1, alert(), old=None), fetched=True)
    assert entry is not None
    assert "fetched moved" in plain(row(entry, LOOK, 120))


def test_text_is_a_sheet_too():
    sheet = TextSheet([(("a", "text"),)])
    assert (sheet.count, sheet.cursor, sheet.top, sheet.head(9), sheet.foot(9)) == (1, None, None, None, None)
    assert plain(sheet.line(0, 9)) == "a"
