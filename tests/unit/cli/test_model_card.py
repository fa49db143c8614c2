"""A model's card as a person reads it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from nocd.cli.model_card import bounded, card, number
from nocd.store.folder import Folder
from nocd.versions import Versions
from tests.build_models import stored

if TYPE_CHECKING:
    from pathlib import Path

STEP = {"time": "2026-02-01T03:00:00.000Z", "kind": "ml_drift_detected", "reason": "KS 0.2"}
STEPS = [{**STEP, "body": {"actor": "drift", "level": "HIGH", "moved": ["gps_drift_m", "scores"]}}]


async def _unloaded(_: str) -> None:
    """Load nothing."""


def told(folder: Path, name: str = "000001", **more: Any) -> dict[str, Any]:
    """Return a card as the daemon answers it."""
    versions = Versions(folder=Folder(folder), reload=_unloaded)
    return {**asyncio.run(versions.card("default", name)), "steps": [], **more}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    for passed in (True, False):
        stored(Folder(root).tenant_models("default"), passed=passed)
    return root


def test_a_card_says_what_the_model_was_made_of_and_what_its_score_means(folder: Path) -> None:
    text = card(told(folder, steps=STEPS))
    assert text.startswith("model 000001: may be put in force\nlearned from  2026-01-01 to 2026-01-17: 400 punches,\n")
    for part in (
        "base rate     0.",
        "passed  PR-AUC ",
        "precision over recall (. rules, o model, # both)",
        "calibration: platt",
        "  ≥ 0.80 ",
        "a ticket, from 0.80, must be right in 0.75 of cases: met",
        "honest punches accused, by shift: ok",
        "xgboost 3, seed 0, rounds 40",
        "2026-02-01T03:00Z ml_drift_detected  KS 0.2 (drift) [gps_drift_m, scores]",
    ):
        assert part in text, part
    assert max(map(len, text.splitlines())) <= 120
    assert not any(line.endswith(" ") for line in text.splitlines() if "|" in line or "#" in line)


def test_the_curve_is_drawn_from_the_best_precision_down(folder: Path) -> None:
    made = told(folder)
    curve = [{"recall": step / 20, "precision": 1 - step / 20, "score": 0.5} for step in range(1, 21)]
    curve[0]["precision"] = None  # type: ignore[assignment]  # as where nothing can be said
    figures = {"model": {**made["figures"]["model"], "pr_curve": curve}}
    lines = card({**made, "figures": figures}).splitlines()
    begin = lines.index("precision over recall (o model)") + 1
    plot = lines[begin : begin + 11]
    assert [line[:7] for line in plot] == [f"  {10 - at:>2}"[:0] + f"  {1 - at / 10:4.1f} |"[:7] for at in range(11)]
    assert plot[1].endswith("o")
    assert plot[10].endswith("o")
    assert sum(line.count("o") for line in plot) == 19


def test_of_a_version_without_a_curve_none_is_drawn(folder: Path) -> None:
    made = told(folder)
    figures = {"model": {**made["figures"]["model"], "pr_curve": None}}
    assert "precision over recall" not in card({**made, "figures": figures})


def test_a_card_says_why_a_version_cannot_be_used(folder: Path) -> None:
    text = card(told(folder, "000002"))
    assert text.startswith("model 000002: cannot be used\nbecause (gates_not_passed): version 000002 did not pass")
    assert "FAILED  PR-AUC" in text
    harmed = {
        "version": "000004",
        "active": True,
        "usable": False,
        "code": "model_tampered",
        "reason": "r",
        "steps": [],
    }
    assert card(harmed).splitlines() == [
        "model 000004: in force",
        "because (model_tampered): r",
        "",
        "its life",
        "  nothing was told of it",
    ]


def test_a_model_that_is_not_calibrated_and_rates_that_are_too_few_say_so(folder: Path) -> None:
    made = told(folder)
    rates = {"S1": {"honest": 3, "rate": [0.1, 0.0, 0.4], "enough": False}}
    group = {"rates": rates, "ratio": 2.5, "level": "refused", "reason": "S1 10 % accused"}
    text = card({**made, "calibrated": False, "groups": {"site": group}})
    assert "calibration: not calibrated: fewer than 30 rows" in text
    assert "by site: refused, 2.5 times as often" in text
    assert "(too few to compare)" in text


def test_what_is_not_known_is_a_dash() -> None:
    assert (bounded(None), bounded([None, 0.0, 1.0]), number(None)) == ("–", "–", "–")
    assert bounded([0.5, None, 1.0], 1) == "0.5 (– to 1.0)"
