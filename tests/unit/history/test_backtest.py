"""A live detector over files: times as written, labels of all kinds, counts that add up, rows that say why."""

from __future__ import annotations

import csv
import gzip
import io
import json
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, rfc3339
from nocd.errors import InputError
from nocd.history import labels as labelled
from nocd.history.backtest import backtest
from nocd.history.labels import Label
from nocd.history.points import Row, WallClock, rows
from nocd.history.watch import Judged, Subject, watch

T0 = 1_735_516_800_000
SHARED = Path(__file__).parents[4] / "shared" / "data"


class Loud:
    """Tells an anomaly where the value is above 10, from the third point on."""

    def __init__(self):
        self.points = 0

    def step(self, time_ms, value):
        self.points += 1
        if self.points < 3:
            return []
        high = value > 10
        told = Judged(
            time_ms=time_ms, score=value, threshold=10, anomalous=high, reason="high" * high, hour_z=value / 3
        )
        return [told]


def at(*values, step=10 * MINUTE_MS):
    return [Row(str(number), T0 + number * step, value) for number, value in enumerate(values)]


def span(start, end):
    return Label(T0 + start * 10 * MINUTE_MS, T0 + end * 10 * MINUTE_MS)


def test_labels_are_hit_missed_too_early_or_without_points():
    labels = [span(0, 1), span(3, 4), span(6, 7), span(100, 101)]
    told = backtest(at(0, 0, 0, 11, 0, 0, 0, 0, 0), Loud(), labels=labels)
    counts = [told[name] for name in ("labels", "hit", "missed", "while_learning", "without_points", "false_episodes")]
    assert counts == [4, 1, 1, 1, 1, 0]


def test_alarms_within_the_gap_are_one_episode_and_labels_do_not_break_it():
    told = backtest(at(0, 0, 11, 0, 0, 0, 0, 0, 11, *[0] * 6, 11), Loud(), labels=[span(3, 4)])
    assert (told["alarms"], told["episodes"], told["false_episodes"]) == (3, 2, 2)


def test_shares_of_hours_are_strict():
    told = backtest(at(0, 0, 7.5, 9, 12.1), Loud())
    assert told["flagged_hours_share"] == {"2.5": 0.66667, "3": 0.33333, "4": 0.33333}
    assert "labels" not in told


def test_missing_values_are_counted_and_written_blank():
    out = io.StringIO()
    told = backtest([*at(0, 0, None, 3, 12), Row("skipped", None, 4.0)], Loud(), out=out)
    assert (told["points"], told["missing"], told["judged"]) == (4, 2, 2)
    assert list(csv.reader(io.StringIO(out.getvalue()))) == [
        ["timestamp", "value", "anomaly_score", "threshold", "anomalous", "reason"],
        ["0", "0", "", "", "", ""],
        ["1", "0", "", "", "", ""],
        ["2", "", "", "", "", ""],
        ["3", "3", "3.0000", "10", "0", ""],
        ["4", "12", "12.0000", "10", "1", "high"],
        ["skipped", "4", "", "", "", ""],
    ]


@pytest.mark.parametrize("text", ["2024-12-30 01:00:00", "2024-12-30T01:00:00+01:00", "2024-12-30T00:00:00Z"])
def test_times_without_an_offset_are_local(text):
    assert WallClock("Europe/Berlin").read(text) == T0


@pytest.mark.parametrize("text", ["1735516800", "1735516800000", "1735516800.0"])
def test_numbers_are_seconds_or_milliseconds(text):
    assert WallClock("UTC").read(text) == T0


def test_what_is_no_time_is_named():
    with pytest.raises(InputError, match="soon"):
        WallClock("UTC").read("soon")


def test_a_wall_hour_shown_twice_runs_on_and_a_skipped_one_never_was():
    clock = WallClock("America/Los_Angeles")
    times = [clock.read(f"2025-11-02 0{hour}:00:00") or 0 for hour in (0, 1, 1, 2)]
    assert [later - earlier for earlier, later in pairwise(times)] == [HOUR_MS] * 3
    spring = WallClock("America/Los_Angeles")
    assert [spring.read(f"2025-03-09 0{hour}:00:00") is None for hour in (1, 2, 3)] == [False, True, False]


def test_columns_are_found_by_name_or_place_plain_or_packed(tmp_path):
    text = "Date,North,value\n2024-12-30,1,2\n2024-12-31,,nan\n\n2025-01-01,3\n"
    plain, packed = tmp_path / "a.csv", tmp_path / "a.csv.gz"
    plain.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    read = {path: [row.value for row in rows(path, metric=None, timezone="UTC")] for path in (plain, packed)}
    assert read == {plain: [2.0, None, None], packed: [2.0, None, None]}
    assert [row.value for row in rows(plain, metric="North", timezone="UTC")] == [1.0, None, 3.0]
    plain.write_text("when\n2024-12-30\n")
    with pytest.raises(InputError, match="no column of values"):
        list(rows(plain, metric=None, timezone="UTC"))


def test_labels_are_windows_or_points_of_csv_or_json(tmp_path):
    def read(name, text):
        (tmp_path / name).write_text(text)
        history = tmp_path / "real" / "cpu.csv"
        found = labelled.read(tmp_path / name, history=history, timezone="UTC", after_ms=MINUTE_MS)
        return [(label.start - T0, label.end - T0) for label in found]

    hour = [(HOUR_MS, 2 * HOUR_MS + MINUTE_MS)]
    start, end = rfc3339(T0 + HOUR_MS), rfc3339(T0 + 2 * HOUR_MS)
    assert read("a.csv", f"begin,end,who\n{start},{end},x\n") == hour
    assert read("b.csv", f"start,end\n{start},{end}\n") == hour
    assert read("c.csv", f"timestamp\n{start}\n") == [(HOUR_MS, HOUR_MS + MINUTE_MS)]
    assert read("d.json", json.dumps([[start, end]])) == hour
    assert read("e.json", json.dumps([start])) == [(HOUR_MS, HOUR_MS + MINUTE_MS)]
    assert read("f.json", json.dumps({"real/cpu.csv": [[start, end]], "cpu.csv": []})) == hour
    with pytest.raises(InputError, match="no labels for cpu"):
        read("g.json", json.dumps({"other.csv": []}))


def test_the_baseline_detector_finds_a_surge_in_a_month_of_counts():
    random = Random(1)
    values = [10 + random.randrange(5) for _ in range(28 * 288)]
    surge = 27 * 288 + 140
    values[surge : surge + 12] = [60] * 12
    history = [Row("", T0 + number * 5 * MINUTE_MS, float(value)) for number, value in enumerate(values)]
    label = Label(T0 + surge * 5 * MINUTE_MS, T0 + (surge + 24) * 5 * MINUTE_MS)
    told = backtest(history, watch("baseline", Subject(metric="cars")), labels=[label])
    assert (told["hit"], told["false_episodes"]) == (1, 0)
    assert told["episodes"] == 1
    assert told["hours"] > 300


@pytest.mark.skipif(not (SHARED / "dodgers").is_dir(), reason="the loop sensor's data lies outside the project")
@pytest.mark.long
def test_games_at_the_stadium_are_found_without_many_false_alarms():
    folder, timezone = SHARED / "dodgers", "America/Los_Angeles"
    games = labelled.read(
        folder / "games.csv", history=folder / "cars_5min.csv", timezone=timezone, after_ms=90 * MINUTE_MS
    )
    subject = Subject(metric="cars", timezone=timezone)
    told = backtest(
        rows(folder / "cars_5min.csv", metric=None, timezone=timezone), watch("baseline", subject), labels=games
    )
    assert told["hit"] >= 64
    assert told["false_episodes"] <= 60
    assert (told["while_learning"], told["without_points"]) == (5, 2)


@pytest.mark.skipif(not (SHARED / "trail_counts").is_dir(), reason="the trail's data lies outside the project")
@pytest.mark.long
def test_years_of_clock_changes_and_gaps_leave_a_trails_baseline_stable():
    path, timezone = SHARED / "trail_counts" / "burke_gilman_hourly.csv.gz", "America/Los_Angeles"
    out = io.StringIO()
    source = (row for _, row in zip(range(500 * 24), rows(path, metric="Bike North", timezone=timezone), strict=False))
    told = backtest(source, watch("baseline", Subject(metric="Bike North", timezone=timezone)), out=out)
    assert told["hours"] > told["points"] - 12 * 24
    assert told["flagged_hours_share"]["3"] < 0.08
    assert told["points"] + told["missing"] == 500 * 24
    assert told["points"] * HOUR_MS > 400 * DAY_MS
