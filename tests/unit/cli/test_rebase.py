from __future__ import annotations

import json

import pytest

from nocd.cli.rebase import MOMENTS, Rebase, instant, last_time

HOUR = 3_600_000


def line(**event):
    return json.dumps(event).encode()


def test_the_moments_inside_data_are_those_of_the_domain():
    assert MOMENTS["noc.shift"] == ("start", "end")
    assert MOMENTS["noc.tour"] == ("planned_start", "planned_end", "closed_at")
    assert MOMENTS["noc.task"] == ("created_at", "due_at", "completed_at")
    assert MOMENTS["noc.report"] == ("due_at", "delivered_at")
    assert MOMENTS["noc.attendance.punch"] == ()


def test_an_event_moves_with_what_it_says_and_keeps_its_id():
    event = {
        "specversion": "1.0",
        "id": "e1",
        "source": "s",
        "type": "noc.shift",
        "time": "2026-01-01T00:00:00+01:00",
        "data": {
            "id": "SH1",
            "start": "2026-01-01T08:00:00Z",
            "end": "2026-01-01T16:00:00.5Z",
            "post": "2026-01-01T00:00:00Z",
        },
    }
    moved = json.loads(Rebase(HOUR).line(line(**event)))
    assert moved["time"] == "2026-01-01T01:00:00+01:00"
    assert moved["data"]["start"] == "2026-01-01T09:00:00+00:00"
    assert moved["data"]["end"] == "2026-01-01T17:00:00.500000+00:00"
    assert moved["data"]["post"] == "2026-01-01T00:00:00Z"
    assert moved["id"] == "e1"


@pytest.mark.parametrize("text", [b"not json", b"[1]", b'"x"', b"7"])
def test_what_is_no_event_is_left_to_the_daemon(text):
    assert Rebase(HOUR).line(text) == text


def test_times_without_an_offset_or_sense_stay():
    for time in ("2026-01-01T00:00:00", "yesterday", 5, None):
        assert json.loads(Rebase(HOUR).line(line(time=time, type="noc.sample", data=[1])))["time"] == time


def test_the_last_time_is_the_latest_not_the_last_line():
    lines = [line(time="2026-01-01T00:00:00Z"), line(time="2026-01-01T02:00:00+01:00"), line(id="x"), b"broken", b"[]"]
    assert last_time(lines) == instant("2026-01-01T01:00:00Z")
    assert last_time([b"{}"]) is None
