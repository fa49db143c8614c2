"""What scores were worth, over HTTP: the model, the rules alone, and the shadow on the same punches."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from nocd.api import performance
from nocd.api.performance import FRESH_MS
from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS, HOUR_MS
from nocd.domain.token import Role
from nocd.fraud.steps import ACTIVATED, MODEL_STEP, args
from nocd.store.reviews import put_up
from tests.build import T0, Clock
from tests.build_scores import Kept, mixed
from tests.integration.api.desk import Desk, running

if TYPE_CHECKING:
    from pathlib import Path

NOW = T0 + 100 * DAY_MS
BEGIN = NOW - 5 * DAY_MS


async def asked(desk: Desk, path: str, token: str = "admin") -> Any:
    answer = await desk.ask("GET", path, token=token)
    assert answer.status == 200, answer
    return answer.json


async def with_scores(desk: Desk, *kept: Kept, version: str | None = "000002") -> None:
    """Keep scores, and say which model is in force since `BEGIN`."""
    tenant = desk.daemon.tenants["default"]
    await tenant.store.run([each.row() for each in kept])
    if version is not None:
        pointer = desk.daemon.folder.tenant_models("default") / "active"
        await asyncio.to_thread(pointer.parent.mkdir)
        await asyncio.to_thread(pointer.write_text, f"{version} 000001\n")
        told = args(ACTIVATED, version=version, reason="r")
        clock = desk.daemon.now_ms
        assert isinstance(clock, Clock)
        clock.now = BEGIN
        asked = Command(verb=MODEL_STEP, target=version, actor="mara", time=BEGIN, args=told)
        assert (await tenant.ask(asked)).ok
        clock.now = NOW


@pytest.fixture
async def desk(tmp_path: Path):
    clock = Clock()
    clock.now = NOW
    async with running(root=tmp_path, clock=clock) as desk:
        yield desk


async def test_the_model_is_measured_by_the_verdicts_since_it_was_put_in_force_beside_rules_and_shadow(
    desk: Desk,
) -> None:
    judged = mixed(60, time=BEGIN)
    open_ = [Kept(no=100 + at, time=BEGIN + DAY_MS, score=0.6, rules=0.55, shadow=0.1) for at in range(4)]
    others = [
        Kept(no=200, time=BEGIN - HOUR_MS, score=0.9, verdict="benign"),  # before it was
        Kept(no=201, time=BEGIN + HOUR_MS, score=0.9, verdict="benign", version="000001"),
    ]
    await with_scores(desk, *judged, *open_, *others)
    told = await asked(desk, "/v1/fraud/models/performance")
    assert (told["version"], told["punches"], told["judged"], told["frauds"]) == ("000002", 64, 60, 20)
    assert told["since"] == "2026-04-06T00:00:00.000Z"
    assert told["active"]["pr_auc"] == [1.0, 1.0, 1.0]
    assert (told["active"]["alerts"], told["active"]["tickets"]) == (24, 20)
    assert told["active"]["alert_rate"] == 0.375
    assert (told["active"]["judged_tickets"], told["active"]["ticket_precision"][0]) == (20, 1.0)
    assert (told["rules"]["alerts"], told["rules"]["judged_tickets"]) == (4, 0)
    assert told["rules"]["pr_auc"][0] == pytest.approx(1 / 3, abs=1e-6)
    assert told["label_delay"] == {"median_days": 0.083333, "p90_days": 0.083333}
    shadow = told["shadow"]
    assert (shadow["version"], shadow["punches"], shadow["judged"]) == ("000001", 64, 60)
    assert shadow["difference"][2] < 0
    assert shadow["active"]["pr_auc"][0] > shadow["shadow"]["pr_auc"][0]


async def test_a_verdict_counts_for_what_it_stands_for_and_a_chosen_one_in_no_figure(desk: Desk) -> None:
    rows = [
        Kept(no=1, time=BEGIN, score=0.9, verdict="fraud"),
        Kept(no=2, time=BEGIN, score=0.1, verdict="fraud"),
        Kept(no=3, time=BEGIN, score=0.85, verdict="benign"),
        Kept(no=4, time=BEGIN, score=0.85, verdict="unknown"),
    ]
    await with_scores(desk, *rows)
    store = desk.daemon.tenants["default"].store
    await store.run([put_up(2, NOW, "random", 100.0), put_up(3, NOW, "chosen", 1.0)])
    told = await asked(desk, "/v1/fraud/models/performance")
    assert (told["judged"], told["frauds"], told["chosen"]) == (2, 2, 1)
    assert told["active"]["ticket_precision"][0] == 1.0
    assert told["active"]["pr_auc"][0] == 1.0
    assert told["shadow"] is None


async def test_without_a_model_the_rules_alone_are_told(desk: Desk) -> None:
    await with_scores(desk, *mixed(6, time=NOW - 2 * DAY_MS), version=None)
    told = await asked(desk, "/v1/fraud/models/performance")
    assert (told["version"], told["punches"], told["judged"], told["shadow"]) == (None, 6, 6, None)
    assert (await asked(desk, "/v1/models/compare"))["why"] == "no model is in force"


async def test_of_nothing_nothing_is_said(desk: Desk) -> None:
    await with_scores(desk)
    told = await asked(desk, "/v1/fraud/models/performance")
    assert (told["punches"], told["active"]["alert_rate"], told["label_delay"]["median_days"]) == (0, None, None)
    assert told["active"]["pr_auc"] == [None, None, None]
    assert (await asked(desk, "/v1/models/compare"))["why"] == "no other model scored in the shadow of 000002"


async def test_two_models_are_compared_on_the_punches_that_both_scored(desk: Desk) -> None:
    rows = [
        *mixed(30, time=BEGIN, better="shadow"),
        Kept(no=90, time=BEGIN, score=0.99),  # the other did not score it
        Kept(no=91, time=BEGIN, score=0.95, shadow=0.0),
    ]
    await with_scores(desk, *rows)
    told = await asked(desk, "/v1/models/compare")
    assert (told["why"], told["worth"]["version"], told["worth"]["punches"]) == (None, "000001", 31)
    active, shadow = told["worth"]["active"]["alerts"], told["worth"]["shadow"]["alerts"]
    assert (told["both"] + told["only_active"], told["both"] + told["only_shadow"]) == (active, shadow)
    assert told["worth"]["difference"][1] > 0
    assert len(told["apart"]) == 10
    assert told["apart"][0] == {
        "score": "FS-91",
        "punched_at": "2026-04-06T00:00:00.000Z",
        "site": "S1",
        "rules": 0.0,
        "active": 0.95,
        "shadow": 0.0,
        "label": None,
    }


async def test_a_token_is_told_of_the_sites_it_sees(desk: Desk) -> None:
    await desk.give("narrow", Role.OPERATOR, sites=frozenset({"S2"}), now=NOW)
    here, there = (
        Kept(no=1, time=BEGIN, score=0.9, shadow=0.1),
        Kept(no=2, time=BEGIN, score=0.2, shadow=0.3, site="S2"),
    )
    await with_scores(desk, here, there)
    told = await asked(desk, "/v1/fraud/models/performance", token="narrow")
    assert (told["punches"], told["active"]["alerts"]) == (1, 0)
    assert [each["site"] for each in (await asked(desk, "/v1/models/compare", token="narrow"))["apart"]] == ["S2"]


async def test_an_answer_stands_for_a_minute_so_that_asking_again_costs_nothing(desk: Desk) -> None:
    await with_scores(desk, Kept(no=1, time=BEGIN, score=0.9))
    path, clock = "/v1/fraud/models/performance", desk.daemon.now_ms
    assert isinstance(clock, Clock)
    assert (await asked(desk, path))["punches"] == 1
    await desk.daemon.tenants["default"].store.run([Kept(no=2, time=BEGIN, score=0.9).row()])
    clock.forward(FRESH_MS - 1)
    assert (await asked(desk, path))["punches"] == 1
    clock.forward(1)
    assert (await asked(desk, path))["punches"] == 2


async def test_of_the_answers_that_stand_no_more_are_kept_than_fit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance, "KEPT_MAX", 1)
    await with_scores(desk, Kept(no=1, time=BEGIN, score=0.9))
    path = "/v1/fraud/models/performance"
    await asked(desk, path)
    await asked(desk, "/v1/models/compare")
    await desk.daemon.tenants["default"].store.run([Kept(no=2, time=BEGIN, score=0.9).row()])
    assert (await asked(desk, path))["punches"] == 2
