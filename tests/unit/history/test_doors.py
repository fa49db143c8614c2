"""Files that are not what they should be: each is refused with a code, none ends in a traceback."""

from __future__ import annotations

import gzip
from random import Random

import pytest

from nocd.errors import InputError
from nocd.history import labels as labelled
from nocd.history.points import WallClock, rows
from nocd.history.watch import Subject, watch

GOOD = "timestamp,value\n2024-12-30,1\n"


def labels_of(tmp_path, name: str, content: str | bytes):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return labelled.read(path, history=tmp_path / "cpu.csv", timezone="UTC")


def rows_of(tmp_path, content: str | bytes, metric: str | None = None):
    path = tmp_path / "history.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(rows(path, metric=metric, timezone="UTC"))


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", "start,end\n2024-12-30\n", "bad_labels"),
        ("a.csv", "start,end\n2024-12-30,1e400\n", "bad_time"),
        ("a.csv", "start,end\n2024-12-30,\n", "bad_time"),
        ("a.csv", b"start,end\n\xff\xfe,1\n", "bad_file"),
        ("a.json", "{", "bad_labels"),
        ("a.json", "", "bad_labels"),
        ("a.json", "5", "bad_labels"),
        ("a.json", "9" * 5_000, "bad_labels"),
        ("a.json", "[" * 100_000, "bad_labels"),
        ("a.json", "[[1]]", "bad_labels"),
        ("a.json", "[[1, 2, 3]]", "bad_labels"),
        ("a.json", "[null]", "bad_labels"),
        ("a.json", '[{"start": 1}]', "bad_labels"),
        ("a.json", '{"cpu.csv": 5}', "bad_labels"),
        ("a.json", '{"other.csv": []}', "bad_labels"),
        ("a.json", "[NaN]", "bad_time"),
        ("a.json", "[1e400]", "bad_time"),
        ("a.json", b'["\xff"]', "bad_file"),
    ],
)
def test_labels_that_are_none_are_refused(tmp_path, name, content, code):
    with pytest.raises(InputError) as refused:
        labels_of(tmp_path, name, content)
    assert refused.value.code == code
    assert len(refused.value.detail) < 1_000


def test_labels_of_nothing_and_of_numbers_are_read(tmp_path):
    assert labels_of(tmp_path, "a.csv", "") == []
    assert labels_of(tmp_path, "a.json", "[]") == []
    numbers = labels_of(tmp_path, "a.json", "\ufeff[1735516800, [1735516800, 1735516800000]]")
    assert [(label.start, label.end) for label in numbers] == [(1_735_516_800_000,) * 2] * 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "no_column"),
        ("timestamp\n2024-12-30\n", "no_column"),
        (GOOD + "soon,1\n", "bad_time"),
        (GOOD + "1e400,1\n", "bad_time"),
        (GOOD + "nan,1\n", "bad_time"),
        (GOOD + "0001-01-01,1\n", "bad_time"),
        (GOOD + "9999-12-31T23:59:59-23:00,1\n", "bad_time"),
        (GOOD.encode() + b"2024-12-30T01:00:00,\xff\n", "bad_file"),
        (GOOD + "2024-12-31," + "9" * 200_000 + "\n", "bad_file"),
        (gzip.compress(Random(1).randbytes(4_000), mtime=0)[:2_000], "bad_file"),
        (gzip.compress(GOOD.encode(), mtime=0)[:-9], "bad_file"),
        (b"\x1f\x8b" + b"x" * 100, "bad_file"),
    ],
)
def test_histories_that_are_none_are_refused(tmp_path, content, code):
    with pytest.raises(InputError) as refused:
        rows_of(tmp_path, content)
    assert refused.value.code == code
    assert len(refused.value.detail) < 1_000


def test_a_metric_that_is_no_column_is_refused_and_those_there_are_named(tmp_path):
    with pytest.raises(InputError, match="North, value") as refused:
        rows_of(tmp_path, "Date,North,value\n2024-12-30,1,2\n", metric="nope")
    assert refused.value.code == "no_column"


@pytest.mark.parametrize("text", ["1e400", "-1e400", "nan", "-1e14", "9e15", "0999-12-31", "9000-01-01", "x" * 9_999])
def test_no_clock_reads_what_lies_past_all_calendars(text):
    with pytest.raises(InputError) as refused:
        WallClock("Asia/Tokyo").read(text)
    assert refused.value.code == "bad_time"
    assert len(refused.value.detail) < 1_000


@pytest.mark.parametrize("text", ["1000-01-01", "8999-12-31T23:59:59", "-30610224000", "221845391999"])
def test_the_bounds_of_calendars_have_local_hours(text):
    for timezone in ("Asia/Tokyo", "America/Los_Angeles", "UTC"):
        assert WallClock(timezone).read(text) is not None


@pytest.mark.parametrize("threshold", [9.0, 1.4, 0.0, float("nan"), float("inf")])
def test_a_baselines_threshold_out_of_range_is_refused_and_not_moved(threshold):
    with pytest.raises(InputError) as refused:
        watch("baseline", Subject(metric="cars", threshold=threshold))
    assert refused.value.code == "bad_threshold"


@pytest.mark.parametrize("threshold", [1.5, 5.0, None])
def test_a_baselines_threshold_in_range_is_taken(threshold):
    watch("baseline", Subject(metric="cars", threshold=threshold))
