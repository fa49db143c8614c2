"""Training files read, and rows split by time."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from ml import dataset
from ml.dataset import SHIFT_MS, Columns, Rows, read_rows, split, units
from ml.schema import FRAUD, Refused, Row, Schema, any_columns, header
from nocd.domain.instant import DAY_MS, HOUR_MS
from nocd.fraud.features import NAMES


def made(label: Sequence[int | None], **columns: list[Any]) -> Rows:
    """Return rows an hour apart with these labels."""
    count = len(label)
    found = Columns.empty(any_columns(["a"]))
    values: dict[str, list[Any]] = {"id": list(range(count)), "label": list(label)}
    values["time_ms"] = [at * HOUR_MS for at in range(count)]
    found.values |= values | columns
    return found.rows(np.zeros((count, 1), dtype=np.float32))


def punch(**changes: Any) -> Row:
    row = Row(id="e1", person="p", site="north", time_ms=5, x=tuple(map(float, range(len(NAMES)))), rules=0.25, label=1)
    return replace(row, **changes)


def file(folder: Path, *rows: Any, schema: Schema = FRAUD) -> Path:
    path = folder / "rows.ndjson"
    path.write_bytes(b"\n".join(map(orjson.dumps, (header(schema), *rows))) + b"\n")
    return path


def test_what_the_daemon_writes_is_read_in_time_order(tmp_path: Path) -> None:
    rows = [punch(id="late", time_ms=9, label=None, weight=100.0, shift="night"), punch(chosen=True, device="ios")]
    read = read_rows(file(tmp_path, *(row.told() for row in rows)), FRAUD)
    assert read.id.tolist() == ["e1", "late"]
    assert read.x.tolist() == [list(range(len(NAMES)))] * 2
    assert np.array_equal(read.label, [1, np.nan], equal_nan=True)
    assert (read.rules.tolist(), read.weight.tolist(), read.chosen.tolist()) == ([0.25] * 2, [1, 100], [True, False])
    assert {name: words.tolist() for name, words in read.groups.items()} == {
        "site": ["north", "north"],
        "shift": ["", "night"],
        "device": ["ios", ""],
    }
    assert read.told() == {"rows": 2, "labelled": 1, "fraud": 1, "chosen": 1, "from_ms": 5, "to_ms": 9}


def test_a_missing_value_of_a_vector_is_nan(tmp_path: Path) -> None:
    told = punch().told() | {"x": [None] * len(NAMES)}
    assert np.isnan(read_rows(file(tmp_path, told), FRAUD).x).all()


def test_a_gzipped_file_is_read_likewise(tmp_path: Path) -> None:
    plain = file(tmp_path, punch().told())
    zipped = tmp_path / "rows.gz"
    zipped.write_bytes(gzip.compress(plain.read_bytes()))
    assert len(read_rows(zipped, FRAUD)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"x": [1.0]},
        {"x": ["a"] * len(NAMES)},
        {"label": 2},
        {"weight": 0},
        {"rules": None},
        {"time_ms": "now"},
        {"x": 3},
    ],
)
def test_a_row_that_is_none_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        read_rows(file(tmp_path, punch().told(), punch().told() | change), FRAUD)
    assert (refused.value.code, refused.value.counts) == ("bad_row", {"line": 3})


def test_vectors_of_another_schema_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        read_rows(file(tmp_path, punch().told(), schema=any_columns("ab")), FRAUD)
    assert refused.value.code == "foreign_schema"


@pytest.mark.parametrize("line", [b"", b"{}\n", b"[]\n", b'{"kind":"x"}\n', b"no JSON\n"])
def test_a_file_without_header_is_refused(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "rows"
    path.write_bytes(line)
    with pytest.raises(Refused) as refused:
        read_rows(path, FRAUD)
    assert refused.value.code == "bad_header"


def test_a_file_of_no_rows_or_none_at_all_is_refused(tmp_path: Path) -> None:
    codes = []
    for path in (file(tmp_path), tmp_path / "nowhere"):
        with pytest.raises(Refused) as refused:
            read_rows(path, FRAUD)
        codes.append(refused.value.code)
    assert codes == ["no_rows", "unreadable"]


def test_a_file_of_too_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "ROWS_MAX", 2)
    with pytest.raises(Refused) as refused:
        read_rows(file(tmp_path, *[punch().told()] * 3), FRAUD)
    assert refused.value.code == "too_large"


def test_a_shift_is_what_is_named_or_what_lies_within_sixteen_hours() -> None:
    time_ms = [0, SHIFT_MS, SHIFT_MS + 1, 0, 0, 1, 2]
    person = ["a", "a", "a", "b", None, None, "c"]
    found = units(person, time_ms, [None] * 6 + ["s"], np.argsort(time_ms, kind="stable"))
    assert found[0] == found[1]
    assert len(set(found.tolist())) == 6


def test_the_last_fifth_tests_and_what_lies_before_it_calibrates() -> None:
    sides = split(made([0, 1] * 100))
    assert [len(side) for side in (sides.fit, sides.calibration, sides.test)] == [130, 30, 40]
    assert sides.fit.time_ms[-1] < sides.calibration.time_ms[0]
    assert sides.calibration.time_ms[-1] < sides.test.time_ms[0]
    assert sides.told()["test_share"] == 0.2


def test_the_test_grows_backwards_until_it_holds_ten_frauds() -> None:
    sides = split(made([1] * 50 + [0] * 90 + [1] * 10 + [0] * 50))
    assert (len(sides.test), sides.test.frauds) == (60, 10)


def test_with_fewer_than_ten_frauds_in_two_fifths_there_is_too_little_to_judge() -> None:
    with pytest.raises(Refused) as refused:
        split(made([1] * 100 + [0] * 91 + [1] * 9))
    assert refused.value.code == "too_few_to_judge"
    assert refused.value.counts == {"frauds": 9, "others": 71, "needed": 10}


def test_frauds_alone_are_no_test_either() -> None:
    with pytest.raises(Refused) as refused:
        split(made([0] * 110 + [1] * 81 + [0] * 9))
    assert refused.value.code == "too_few_to_judge"


def test_rows_chosen_for_their_looks_are_no_measure() -> None:
    label = [1] * 100 + [0] * 90 + [1] * 10
    with pytest.raises(Refused):
        split(made(label, chosen=[False] * 199 + [True]))
    assert len(made([1, 0, None], chosen=[True, False, False]).measurable) == 1


def test_rows_without_label_take_no_part() -> None:
    sides = split(made([0, None, 1, None] * 60))
    assert sum(len(side) for side in (sides.fit, sides.calibration, sides.test)) == 120


@pytest.mark.parametrize("seed", range(20))
def test_no_persons_shift_lies_on_two_sides(seed: int) -> None:
    draw = np.random.default_rng(seed)
    time_ms = (draw.integers(0, 300, 100) * HOUR_MS).tolist()
    sides = split(made([0, 1] * 50, person=draw.integers(0, 9, 100).tolist(), time_ms=time_ms))
    units_of = [set(side.unit.tolist()) for side in (sides.fit, sides.calibration, sides.test)]
    assert all(units_of)
    assert sum(map(len, units_of)) == len(set.union(*units_of))


def test_one_shift_that_is_nearly_everything_cannot_be_split() -> None:
    with pytest.raises(Refused) as refused:
        split(made([1] * 100, shift_id=["a"] * 100, person=["p"] * 100))
    assert refused.value.code == "too_few_to_judge"


def test_the_last_days_are_counted_from_the_newest_row() -> None:
    rows = made([0] * 100)
    assert rows.since(2).time_ms[0] == rows.time_ms[-1] - 2 * DAY_MS + HOUR_MS
