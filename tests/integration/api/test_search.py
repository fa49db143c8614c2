"""The search language over HTTP: on the queue and over everything, within what a token sees and may read."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from nocd.domain.token import Role
from nocd.store import search
from tests.integration.api.desk import Desk, running
from tests.unit.ingest.examples import envelope

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> Any:
    async with running() as running_desk:
        person = {"id": "P1", "name": "Asha Rao", "sites": ["S1"]}
        await running_desk.post(envelope("noc.person", person, id="p", source="/t"))
        for n, (name, site, severity) in enumerate(
            [("Door", "S1", "HIGH"), ("Camera", "S1", "LOW"), ("Door", "S2", "CRITICAL"), ("Gate", "S2", "HIGH")]
        ):
            data = {"alert_type": name, "severity": severity, "status": "firing", "message": f"{name} open"}
            more = {"entity_type": "x", "entity_id": f"e{n}", "site": site}
            who = {"person": "P1"} if name == "Camera" else {}
            await running_desk.post(envelope("noc.alert", {**data, **more, **who}, id=f"a{n}", source="/t"))
        await running_desk.give("narrow", Role.VIEWER, sites=frozenset({"S1"}))
        (gate,) = await running_desk.items("/v1/alerts?type=Gate")
        body = {"verdict": "benign"}
        assert (await running_desk.ask("POST", f"/v1/alerts/{gate['id']}/resolve", json=body)).status == 200
        yield running_desk


async def types(desk: Desk, path: str, q: str, **more: Any) -> list[str]:
    return [f"{item['type']} {item['site']}" for item in await desk.items(f"{path}?q={quote(q)}", **more)]


async def test_the_queue_is_narrowed_in_its_order_and_resolved_ones_only_where_asked_for(desk: Desk) -> None:
    assert await types(desk, "/v1/alerts", "door | sev>=p4") == ["Door S2", "Door S1", "Camera S1"]
    assert await types(desk, "/v1/alerts", "severity>=high") == ["Door S2", "Door S1"]
    assert await types(desk, "/v1/alerts", "status:resolved") == ["Gate S2"]
    both = await desk.ask("GET", f"/v1/alerts?q={quote('type:d*')}&limit=1")
    rest = await desk.ask("GET", f"/v1/alerts?q={quote('type:d*')}&limit=1&cursor={both.json['cursor']}")
    assert [each.json["items"][0]["site"] for each in (both, rest)] == ["S2", "S1"]


async def test_a_search_finds_all_that_is_kept_newest_first_page_by_page(desk: Desk, monkeypatch: Any) -> None:
    assert await types(desk, "/v1/search", "/door|gate/") == ["Gate S2", "Door S2", "Door S1"]
    monkeypatch.setattr(search, "LOOKED_AT_MAX", 2)
    found: list[str] = []
    cursor = ""
    for _ in range(5):
        answer = await desk.ask("GET", f"/v1/search?q=door&limit=1{cursor}")
        found += [item["site"] for item in answer.json["items"]]
        if answer.json["cursor"] is None:
            break
        cursor = f"&cursor={answer.json['cursor']}"
    assert found == ["S2", "S1"]


async def test_a_token_finds_only_what_it_sees_and_by_what_it_reads(desk: Desk) -> None:
    assert await types(desk, "/v1/search", "door", token="narrow") == ["Door S1"]
    assert await types(desk, "/v1/search", '"asha rao"') == ["Camera S1"]
    assert await types(desk, "/v1/search", '"asha rao"', token="narrow") == []


async def test_a_query_that_means_nothing_is_told_where(desk: Desk) -> None:
    for path in ("/v1/search", "/v1/alerts"):
        refused = await desk.ask("GET", f"{path}?q={quote('sevrity:high')}")
        assert refused.told == (400, "bad_query")
        assert refused.json["detail"] == "column 1: there is no field sevrity; did you mean severity?"
