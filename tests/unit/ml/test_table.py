"""Any table, and which of its columns a model may see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml import table
from ml.dataset import Rows
from ml.schema import Refused
from ml.table import Plan, read_table

HEAD = "id,when,amount,batch,kind,outcome,fraud"
ROWS = [f"{at},2026-01-01 00:{at:02}:00,{at * 7 % 5},{at},cash,{at % 2},{at % 2}" for at in range(12)]
PLAN = Plan(label="fraud", time="when")


def read(folder: Path, *rows: str, head: str = HEAD, plan: Plan = PLAN) -> tuple[Rows, dict[str, str]]:
    path = folder / "table.csv"
    path.write_text("\n".join([head, *rows]) + "\n", "utf-8")
    return read_table(path, plan)


def test_what_cannot_be_known_beforehand_is_left_out_with_the_reason(tmp_path: Path) -> None:
    rows, left = read(tmp_path, *ROWS)
    assert rows.schema.names == ("amount",)
    assert {name: why.split(";")[0] for name, why in left.items()} == {
        "id": "names somebody or something",
        "batch": "runs on with time",
        "kind": "holds words",
        "outcome": "tells the label by itself",
    }


def test_what_is_kept_is_used_and_what_is_omitted_is_not(tmp_path: Path) -> None:
    plan = Plan(label="fraud", time="when", omit=("amount",), keep=("batch", "outcome"))
    rows, left = read(tmp_path, *ROWS, plan=plan)
    assert rows.schema.names == ("batch", "outcome")
    assert left["amount"] == "left out as asked"


def test_columns_that_are_something_else_are_no_features(tmp_path: Path) -> None:
    plan = Plan(label="fraud", time="when", person="id", rules="amount", weight="batch", site="kind", keep=("batch",))
    rows, _ = read(tmp_path, *ROWS[1:], plan=plan)
    assert rows.schema.names == ("batch",)
    assert rows.rules[0] == 2
    assert rows.weight[0] == 1
    assert set(rows.groups["site"]) == {"cash"}
    assert len(set(rows.unit.tolist())) == 11


def test_blanks_are_missing_and_unknown(tmp_path: Path) -> None:
    keep = Plan(label="fraud", time="when", keep=("amount",))
    rows, _ = read(tmp_path, "1,,0", "2,NaN,", "3,5,1", head="when,amount,fraud", plan=keep)
    assert np.array_equal(rows.x[:, 0], [np.nan, np.nan, 5], equal_nan=True)
    assert np.array_equal(rows.label, [0, np.nan, 1], equal_nan=True)


@pytest.mark.parametrize(
    ("text", "time_ms"),
    [
        ("2026-01-01", 1_767_225_600_000),
        ("2026-01-01T01:00:00+01:00", 1_767_225_600_000),
        ("1767225600", 1_767_225_600_000),
        ("1767225600123", 1_767_225_600_123),
    ],
)
def test_times_are_read_with_and_without_offset_and_as_numbers(tmp_path: Path, text: str, time_ms: int) -> None:
    rows, _ = read(tmp_path, f"{text},1,0", f"{text},0,1", f"{text},5,1", head="when,amount,fraud")
    assert rows.time_ms[0] == time_ms


@pytest.mark.parametrize(
    ("head", "row", "code"),
    [
        ("when,a,a,fraud", "1,2,3,0", "bad_header"),
        ("when,a", "1,2", "no_such_column"),
        ("when,a,fraud", "1,2", "bad_row"),
        ("when,a,fraud", "noon,2,0", "bad_time"),
        ("when,a,fraud", "1,2,maybe", "bad_label"),
        ("when,a,fraud", "1,word,0", "no_columns"),
        ("when,a,fraud", '1,"2,0', "bad_row"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path, head: str, row: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read(tmp_path, row, head=head)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("plan", "cell"),
    [
        *((replace(PLAN, weight="b"), cell) for cell in ("0", "", "much")),
        (replace(PLAN, rules="b"), "much"),
    ],
)
def test_a_weight_or_score_that_is_none_is_refused(tmp_path: Path, plan: Plan, cell: str) -> None:
    with pytest.raises(Refused) as refused:
        read(tmp_path, f"1,2,{cell},0", head="when,a,b,fraud", plan=plan)
    assert refused.value.code == "bad_row"


def test_what_is_not_finite_is_missing(tmp_path: Path) -> None:
    keep = Plan(label="fraud", time="when", keep=("a",))
    rows, _ = read(tmp_path, "1,inf,0", "2,1e39,1", head="when,a,fraud", plan=keep)
    assert np.isnan(rows.x).all()


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        read(tmp_path)
    assert refused.value.code == "no_rows"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(b"when,a,fraud\n1,\xff,0\n")
    with pytest.raises(Refused) as refused:
        read_table(tmp_path / "t", PLAN)
    assert refused.value.code == "unreadable"


def test_a_table_of_too_many_rows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "ROWS_MAX", 3)
    with pytest.raises(Refused) as refused:
        read(tmp_path, *ROWS)
    assert refused.value.code == "too_large"
