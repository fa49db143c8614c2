"""Training, scores, reasons and the command line on one small company; the only tests that load XGBoost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from click.testing import CliRunner

from ml import booster
from ml.cli import main
from ml.dataset import Rows
from ml.predict import Scorer
from ml.registry import Registry
from ml.schema import FRAUD, Refused, Row, any_columns, header
from ml.train import Options, Trained, champion_of, store, train
from nocd.fraud.features import NAMES
from tests.build_punches import company

OPTIONS = Options(parameters={**booster.PARAMETERS, "max_bin": 64, "rounds_max": 30, "patience_rounds": 5})


@pytest.fixture(scope="module")
def rows() -> Rows:
    return company(1, days=120, people=30, fraud=0.06)


@pytest.fixture(scope="module")
def trained(rows: Rows) -> Trained:
    return train(rows, OPTIONS)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


@pytest.fixture
def scorer(trained: Trained, registry: Registry) -> Scorer:
    store(trained, registry, activate=True)
    return Scorer(registry.load(schema=FRAUD))


def test_a_model_that_beats_the_rules_passes_and_is_put_in_force(trained: Trained, registry: Registry) -> None:
    told = store(trained, registry, activate=True)
    assert (told["outcome"], told["version"], told["activated"]) == ("passed", "000001", True)
    assert registry.active() == "000001"
    assert told["metrics"]["model"]["pr_auc"][0] > told["metrics"]["rules"]["pr_auc"][0]


def test_the_manifest_tells_what_the_model_was_made_of(trained: Trained) -> None:
    manifest = trained.manifest
    assert manifest["schema"]["digest"] == FRAUD.digest
    assert manifest["data"]["rows"] == sum(manifest["split"][side]["rows"] for side in ("fit", "calibration", "test"))
    assert manifest["parameters"] == OPTIONS.parameters
    assert manifest["libraries"].keys() == {"python", "numpy", "xgboost"}
    known = {each.name for each in FRAUD.features if each.memory_days < 90}  # 120 days know too little of such a past
    assert manifest["reference"]["columns"].keys() == known
    assert orjson.loads(orjson.dumps(manifest)) == json.loads(json.dumps(manifest, allow_nan=False))


def test_the_same_rows_and_seed_make_the_same_model(rows: Rows, trained: Trained) -> None:
    assert train(rows, OPTIONS).model == trained.model


def test_more_of_what_is_known_to_be_bad_never_lowers_a_score(scorer: Scorer, rows: Rows) -> None:
    for column, sign in enumerate(FRAUD.signs):
        worse = rows.x[:50].copy()
        worse[:, column] += sign * np.float32(0.3)
        assert not sign or np.all(scorer.score(worse) >= scorer.score(rows.x[:50]))


def test_the_champion_is_measured_on_the_same_rows(
    rows: Rows, trained: Trained, scorer: Scorer, registry: Registry
) -> None:
    found, which = champion_of(registry, FRAUD)
    assert which == "000001"
    again = train(rows, OPTIONS, found)
    assert again.manifest["metrics"]["differences"]["champion"] == [0, 0, 0]
    assert again.ruling.passed


@pytest.mark.usefixtures("scorer")
def test_a_champion_that_cannot_be_compared_is_told_and_stops_nothing(registry: Registry) -> None:
    assert champion_of(registry, any_columns("ab")) == (None, "foreign_schema: version 000001 takes other columns")
    (registry.folder / "000001" / "model.ubj").write_bytes(b"")
    found, why = champion_of(registry, FRAUD)
    assert (found, why.partition(":")[0]) == (None, "model_truncated")


@pytest.mark.parametrize(
    ("label", "code"),
    [
        (lambda at: np.where(at < 30, at % 2, np.nan), "too_few_labels"),
        (lambda at: (at < 30) * 1.0, "too_few_to_judge"),
        (lambda at: ((at > at.max() - 90) & (at % 3 > 0)) * 1.0, "too_few_to_learn"),
    ],
)
def test_rows_that_do_not_suffice_are_refused_with_their_counts(rows: Rows, label: Any, code: str) -> None:
    few = rows.take(np.arange(300))
    with pytest.raises(Refused) as refused:
        train(replace(few, label=label(np.arange(300))), OPTIONS)
    assert refused.value.code == code
    assert refused.value.counts


def test_without_a_row_to_calibrate_by_the_model_is_not_calibrated(rows: Rows) -> None:
    chosen = np.zeros(len(rows), dtype=np.bool_)
    chosen[: int(len(rows) * 0.8) - 1] = True
    made = train(replace(rows, chosen=chosen), OPTIONS)
    assert not made.manifest["calibrated"]
    assert made.manifest["metrics"]["ticket"]["text"].endswith("not calibrated")


def test_with_few_frauds_the_rounds_are_those_said(rows: Rows) -> None:
    label = np.where(np.isin(np.arange(300), [*range(12), *range(250, 290)]), 1.0, 0.0)
    parameters = {**OPTIONS.parameters, "rounds_blind": 7}
    made = train(replace(rows.take(np.arange(300)), label=label), replace(OPTIONS, parameters=parameters))
    assert made.manifest["rounds"] == 7


def test_a_score_is_a_probability_and_missing_values_are_allowed(scorer: Scorer) -> None:
    told = scorer.score([(float("nan"),) * len(NAMES), (0.0,) * len(NAMES), (float("inf"),) * len(NAMES)])
    assert told.shape == (3,)
    assert told[0] == told[2]
    assert np.all((told > 0) & (told < 1))
    assert scorer.score([]).shape == (0,)
    assert scorer.reasons([]) == []


@pytest.mark.parametrize("vectors", [[(0.0,) * (len(NAMES) - 1)], [("a",) * len(NAMES)], [(0.0,) * len(NAMES), (0.0,)]])
def test_a_vector_of_other_columns_is_refused(scorer: Scorer, vectors: Any) -> None:
    with pytest.raises(Refused) as refused:
        scorer.score(vectors)
    assert refused.value.code == "foreign_vector"


def test_too_many_rows_in_one_call_are_refused(scorer: Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.predict.BATCH_ROWS_MAX", 1)
    with pytest.raises(Refused) as refused:
        scorer.score([(0.0,) * len(NAMES)] * 2)
    assert refused.value.code == "too_large"


def test_a_score_comes_with_what_became_of_such_scores(scorer: Scorer) -> None:
    assert scorer.meaning(0.65) == {"text": "not calibrated"}
    scorer.manifest = scorer.manifest | {"calibrated": True}
    meaning = scorer.meaning(0.65)
    assert 0 < meaning["frauds"] <= meaning["rows"]
    assert meaning["share"][1] < meaning["share"][0] < meaning["share"][2]


def test_reasons_name_the_strongest_columns_with_what_is_usual(scorer: Scorer) -> None:
    vector = [6.0, 1, 0, 0, 2_000, 0.5, 0, 0.1, 0.1, 0.3, 4, 50_000, 0.05, 0]
    (found,) = scorer.reasons([vector])
    assert len(found) == 5
    assert [each.share for each in found] == sorted((each.share for each in found), reverse=True)
    first = found[0]
    assert (first.direction, first.value) == ("raises", vector[FRAUD.names.index(first.feature)])
    assert first.usual is not None
    assert first.usual[0] < first.usual[1] < 2_000
    assert 0 <= first.strength <= 5
    assert first.told()["feature"] == first.feature


def test_contributions_sum_to_the_log_odds(trained: Trained, rows: Rows) -> None:
    model = booster.load(trained.model, len(NAMES))
    parts = booster.contributions(model, rows.x[:20])
    assert parts.sum(axis=1) == pytest.approx(booster.margins(model, rows.x[:20]), abs=1e-4)


def test_a_model_that_is_none_or_of_other_columns_is_refused(trained: Trained) -> None:
    codes = []
    for raw, columns in ((trained.model[:-9], len(NAMES)), (b"{}", len(NAMES)), (trained.model, len(NAMES) - 1)):
        with pytest.raises(Refused) as refused:
            booster.load(raw, columns)
        codes.append(refused.value.code)
    assert codes == ["model_truncated", "model_unreadable", "foreign_schema"]


def run(*arguments: object, status: int = 0) -> Any:
    answer = CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)
    assert answer.exit_code == status, answer.output
    return json.loads(answer.stdout) if answer.stdout else answer.stderr


@pytest.fixture
def training_file(tmp_path: Path) -> Path:
    made = company(1, days=120, people=30, fraud=0.06)
    told = (
        Row(id=str(at), person=str(unit), site="s", time_ms=time, x=tuple(x), rules=rules, label=label).told()
        for at, (unit, time, x, rules, label) in enumerate(
            zip(*(each.tolist() for each in (made.unit, made.time_ms, made.x, made.rules, made.label)), strict=True)
        )
    )
    path = tmp_path / "rows.ndjson"
    path.write_bytes(b"\n".join(orjson.dumps(each, default=int) for each in (header(), *told)))
    return path


def test_the_commands_train_activate_evaluate_compare_and_take_back(training_file: Path, tmp_path: Path) -> None:
    where = ("--registry", tmp_path / "models")
    told = run("train", "--rows", training_file, *where, "--activate", "--days", "90", "--json")
    assert (told["version"], told["activated"], told["left_out"]) == ("000001", True, {})
    again = run("train", "--rows", training_file, *where, "--seed", 1)
    assert "no_worse_than_champion" in [gate["name"] for gate in again["gates"]]
    assert [line["version"] for line in run("registry", "list", *where)["versions"]] == ["000001", "000002"]
    assert run("registry", "show", *where)["version"] == "000001"
    assert run("registry", "rollback", *where, status=1)["code"] == "no_former_model"
    assert run("registry", "activate", *where, "000003", status=1)["code"] == "no_such_version"
    assert run("registry", "activate", *where, "000001")["outcome"] == "activated"
    assert run("evaluate", "--rows", training_file, *where)["metrics"]["model"]["pr_auc"][0] > 0.7
    assert run("drift", "--rows", training_file, *where)["level"] == "none"


def test_a_table_is_trained_on_by_the_same_code(rows: Rows, tmp_path: Path) -> None:
    lines = ["when,metres,face,fraud"]
    lines += [f"{t},{x[4]},{x[9]},{y:.0f}" for t, x, y in zip(rows.time_ms, rows.x, rows.label, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(lines), "utf-8")
    answer = CliRunner().invoke(
        main, ["train", "--table", str(tmp_path / "t.csv"), "--label", "fraud", "--time", "when"]
    )
    told = json.loads(answer.stdout)
    assert told["columns"] == ["metres", "face"]
    assert told["left_out"] == {}
    assert "PR-AUC" in answer.stderr


def test_what_cannot_be_done_is_told_as_json_and_text_and_exits_with_one(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("when,a,fraud\n1,2,0\n", "utf-8")
    answer = CliRunner().invoke(main, ["train", "--table", str(path), "--label", "fraud", "--time", "when"])
    assert answer.exit_code == 1
    assert json.loads(answer.stdout)["code"] == "too_few_labels"
    assert "refused (too_few_labels)" in answer.stderr


@pytest.mark.parametrize("arguments", [["train"], ["train", "--table", __file__], ["train", "--rows", "nowhere"]])
def test_arguments_that_make_no_sense_exit_with_two(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 2
