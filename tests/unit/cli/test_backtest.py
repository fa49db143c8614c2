"""`nocd backtest` from the command line."""

from __future__ import annotations

import csv
import json
from random import Random

import pytest
from click.testing import CliRunner

from nocd.cli.main import cli
from nocd.domain.instant import HOUR_MS, rfc3339

T0 = 1_735_516_800_000


@pytest.fixture
def history(tmp_path):
    random, path = Random(2), tmp_path / "doors.csv"
    values = [12 + random.randrange(25) for _ in range(21 * 24)]
    values[480] = 300
    lines = (f"{rfc3339(T0 + at * HOUR_MS)},{value}" for at, value in enumerate(values))
    path.write_text("timestamp,value\n" + "\n".join(lines) + "\n")
    (tmp_path / "labels.csv").write_text(f"timestamp\n{rfc3339(T0 + 481 * HOUR_MS)}\n")
    return path


def run(*arguments):
    return CliRunner().invoke(cli, ["backtest", *map(str, arguments)])


def test_it_tells_what_it_found_for_people_and_for_scripts(history, tmp_path):
    told = run(history, "--labels", tmp_path / "labels.csv", "--out", tmp_path / "scores.csv", "--json")
    assert told.exit_code == 0, told.output
    result = json.loads(told.stdout)
    assert (result["hit"], result["false_episodes"], result["points"]) == (1, 0, 504)
    with (tmp_path / "scores.csv").open(newline="") as file:
        scored = list(csv.DictReader(file))
    assert len(scored) == 504
    flagged = [row for row in scored if row["anomalous"] == "1"]
    assert flagged[0]["reason"].startswith("doors at 300 between 00 and 01, usual ")
    text = run(history, "--labels", tmp_path / "labels.csv").stdout
    assert "1 labels: 1 hit, 0 missed, 0 while learning, 0 unseen" in text
    assert "0 false episodes" in text
    assert "hours judged" in text


def test_a_threshold_can_be_tried(history):
    strict = json.loads(run(history, "--threshold", "1.5", "--json").stdout)
    assert strict["alarms"] > json.loads(run(history, "--json").stdout)["alarms"]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [(["--timezone", "Mars/Base"], 1, "Mars/Base"), (["--after", "soon"], 2, "soon"), (["--detector", "x"], 2, "x")],
)
def test_what_is_wrong_is_named(history, arguments, code, told):
    result = run(history, *arguments)
    assert result.exit_code == code
    assert told in result.output


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--threshold", "9"], "bad_threshold"),
        (["--threshold", "nan"], "bad_threshold"),
        (["--detector", "stream", "--threshold", "3"], "bad_threshold"),
        (["--metric", "nope"], "no_column"),
    ],
)
def test_what_would_silently_be_something_else_is_refused_with_a_code(history, arguments, code):
    result = run(history, *arguments, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["code"] == code


@pytest.mark.parametrize("name", ["doors.csv", "labels.csv"])
def test_scores_never_overwrite_what_is_read(history, tmp_path, name):
    before = (tmp_path / name).read_bytes()
    result = run(history, "--labels", tmp_path / "labels.csv", "--out", tmp_path / name, "--json")
    assert json.loads(result.stdout)["code"] == "bad_out"
    assert (tmp_path / name).read_bytes() == before
