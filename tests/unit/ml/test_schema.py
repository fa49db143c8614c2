"""Schemas as manifests and training files hold them."""

from __future__ import annotations

from math import nan

import pytest

from ml.schema import FRAUD, Refused, Row, Schema, any_columns, header


@pytest.mark.parametrize("schema", [FRAUD, any_columns(["a", "b"])])
def test_a_schema_comes_back_from_a_manifest_as_it_was(schema: Schema) -> None:
    again = Schema.read(schema.told())
    assert (again.digest, again.names, again.signs) == (schema.digest, schema.names, schema.signs)


def test_a_schema_whose_digest_is_not_that_of_its_columns_is_refused() -> None:
    told = FRAUD.told()
    told["columns"][0]["sign"] = 1
    with pytest.raises(Refused) as refused:
        Schema.read(told)
    assert refused.value.code == "foreign_schema"


@pytest.mark.parametrize("told", [None, {}, {"columns": [{}], "digest": ""}, {"columns": 3, "digest": ""}])
def test_what_is_no_schema_is_refused(told: object) -> None:
    with pytest.raises(Refused) as refused:
        Schema.read(told)
    assert refused.value.code == "foreign_schema"


def test_a_schema_extends_what_it_begins_with() -> None:
    assert any_columns("abc").extends(any_columns("ab"))
    assert not any_columns("abc").extends(any_columns("bc"))


def test_a_row_tells_a_missing_value_as_none() -> None:
    row = Row(id="e", person="p", site="s", time_ms=1, x=(1.0, nan), rules=0.5)
    assert row.told() == {
        "id": "e",
        "person": "p",
        "site": "s",
        "time_ms": 1,
        "x": [1.0, None],
        "rules": 0.5,
        "label": None,
        "weight": 1.0,
        "chosen": False,
        "shift_id": None,
        "shift": None,
        "device": None,
    }


def test_a_training_file_says_what_its_vectors_are() -> None:
    assert header() == {"kind": "noc.training", "schema": FRAUD.told()}


def test_a_refusal_tells_its_code_reason_and_counts() -> None:
    told = Refused("too_few", "2 of 3", found=2).told()
    assert told == {"outcome": "refused", "code": "too_few", "reason": "2 of 3", "counts": {"found": 2}}
