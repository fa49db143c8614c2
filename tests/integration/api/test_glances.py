"""Glances over HTTP: what happened where and when, and the people most worth a look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from nocd.domain.token import Role
from tests.integration.api.test_fraud import phone_shared

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.api.desk import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> AsyncIterator[Desk]:
    async with phone_shared() as desk:
        await desk.give("narrow", Role.OPERATOR, sites=frozenset({"S2"}))
        await desk.give("viewer", Role.VIEWER)
        yield desk


async def test_heat_counts_what_happened_at_each_site_by_step_the_running_one_last(desk: Desk) -> None:
    told = (await desk.ask("GET", "/v1/reports/heat?step_minutes=60&steps=3")).json
    assert (told["step_minutes"], told["steps"]) == (60, 3)
    heat = {item["site"]: item for item in told["items"]}
    alerts = await desk.items("/v1/alerts?site=S1")
    assert heat["S1"]["alerts"] == [0, 0, len(alerts)]
    assert heat["S1"]["site_name"] == "Site S1"
    assert sum(heat["S1"]["findings"]) >= len(alerts) > 0
    high = [score for score in await desk.items("/v1/fraud/scores/live?min_score=0.7") if score["site"] == "S1"]
    assert heat["S1"]["fraud"] == [0, 0, len(high)]


async def test_heat_shows_a_token_its_own_sites_and_no_scores_without_the_right(desk: Desk) -> None:
    mine = (await desk.ask("GET", "/v1/reports/heat", token="narrow")).json["items"]
    assert {item["site"] for item in mine} <= {"S2"}
    blind = (await desk.ask("GET", "/v1/reports/heat", token="viewer")).json["items"]
    assert {item["fraud"] for item in blind} == {None}
    for wrong in ("step_minutes=0", "steps=201", "hours=3"):
        assert (await desk.ask("GET", f"/v1/reports/heat?{wrong}")).told[0] == 400


async def test_people_come_with_duty_alerts_and_scores_those_worth_a_look_first(desk: Desk) -> None:
    told = (await desk.ask("GET", "/v1/reports/people")).json
    assert (told["total"], told["on_duty"]) == (2, 2)
    first, second = told["items"]
    assert first["fraud_score"] == max(score for score in first["days"] if score is not None)
    assert (first["fraud_score"] or 0) >= (second["fraud_score"] or 0)
    assert len(first["days"]) == 7
    assert {item["person"]: item["site"] for item in told["items"]} == {"P1": "S2", "P2": "S1"}
    assert first["alerts"] > 0


async def test_people_are_narrowed_to_a_site_and_to_what_a_token_may_read(desk: Desk) -> None:
    at_s2 = (await desk.ask("GET", "/v1/reports/people?site=S2&limit=1")).json
    assert [item["person"] for item in at_s2["items"]] == ["P1"]
    mine = (await desk.ask("GET", "/v1/reports/people", token="narrow")).json["items"]
    assert [item["person"] for item in mine] == ["P1"]
    for item in (await desk.ask("GET", "/v1/reports/people", token="viewer")).json["items"]:
        assert (item["fraud_score"], item["days"]) == (None, None)


async def test_the_scores_of_one_person_are_told_alone(desk: Desk) -> None:
    told = await desk.items("/v1/fraud/scores/live?person=P2&min_score=0")
    assert {item["person"] for item in told} == {"P2"}
