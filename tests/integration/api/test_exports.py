"""Exports over HTTP: streamed page by page, on record before the first byte, and no more than a token may read."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import quote

import orjson
import pytest
import pytest_asyncio

from nocd.domain.audit import GENESIS, digest
from nocd.domain.token import Right, Role
from nocd.store import exports
from tests.integration.api.desk import Answer, Desk, running
from tests.unit.ingest.examples import envelope

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> Any:
    async with running() as running_desk:
        person = {"id": "P1", "name": "Asha Rao", "sites": ["S1"]}
        await running_desk.post(envelope("noc.person", person, id="p", source="/t"))
        for n in range(7):
            data = {
                "alert_type": f"Door {n}",
                "severity": "HIGH",
                "status": "firing",
                "message": "=1+1",
                "person": "P1",
            }
            more = {"entity_type": "x", "entity_id": f"e{n}", "site": f"S{n % 2}"}
            await running_desk.post(envelope("noc.alert", {**data, **more}, id=f"a{n}", source="/t"))
        rights = frozenset({Right.EXPORT})
        await running_desk.give("narrow", Role.VIEWER, sites=frozenset({"S1"}), rights=rights)
        await running_desk.give("viewer", Role.VIEWER)
        yield running_desk


def lines(answer: Answer) -> list[dict[str, Any]]:
    assert (answer.status, answer.media_type) == (200, "application/x-ndjson")
    return [orjson.loads(line) for line in answer.body.splitlines()]


async def test_every_row_comes_once_in_order_however_small_the_pages(desk: Desk, monkeypatch: Any) -> None:
    whole = lines(await desk.ask("GET", "/v1/export/alerts", token="operator"))
    assert [row["id"] for row in whole] == sorted((row["id"] for row in whole), key=lambda name: int(name[2:]))
    assert {f"Door {n}" for n in range(7)} <= {row["type"] for row in whole}
    for limit in ("PAGE_ROWS", "LOOKED_AT_MAX"):
        monkeypatch.setattr(exports, limit, 2)
        assert lines(await desk.ask("GET", "/v1/export/alerts", token="operator")) == whole
    rare = lines(await desk.ask("GET", f"/v1/export/alerts?q={quote('type:door*6')}", token="operator"))
    assert [row["type"] for row in rare] == ["Door 6"]


async def test_a_table_for_spreadsheets_runs_no_formula(desk: Desk) -> None:
    answer = await desk.ask("GET", f"/v1/export/alerts?format=csv&q={quote('type:door*3')}")
    assert answer.media_type == "text/csv"
    assert "alerts.csv" in answer.headers["Content-Disposition"]
    (row,) = csv.DictReader(io.StringIO(answer.body.decode()))
    assert (row["type"], row["entity.id"], row["site"], row["reason"]) == ("Door 3", "e3", "S1", "'=1+1")


@pytest.mark.parametrize("name", ["incidents", "tickets"])
async def test_what_operators_work_on_is_exported_too(desk: Desk, name: str) -> None:
    shown = await desk.items(f"/v1/{name}?limit=500")
    rows = lines(await desk.ask("GET", f"/v1/export/{name}"))
    assert {row["id"] for row in rows} >= {item["id"] for item in shown}
    table = await desk.ask("GET", f"/v1/export/{name}?format=csv")
    assert len(list(csv.DictReader(io.StringIO(table.body.decode())))) == len(rows)


async def test_an_export_is_on_record_before_it_is_sent(desk: Desk) -> None:
    await desk.ask("GET", "/v1/export/alerts?q=door", token="operator")
    newest = (await desk.items("/v1/audit?act=export"))[0]
    assert (newest["actor"], newest["target"]) == ("operator", "alerts")
    assert newest["detail"]["args"] == {"format": "ndjson", "q": "door"}


async def test_a_token_exports_only_what_it_sees_and_may_read(desk: Desk) -> None:
    rows = lines(await desk.ask("GET", "/v1/export/alerts", token="narrow"))
    assert {row["site"] for row in rows} == {"S1"}
    assert {row["person_name"] for row in rows} == {"***"}
    assert (await desk.ask("GET", "/v1/export/alerts", token="viewer")).told == (403, "forbidden")
    assert (await desk.ask("GET", "/v1/export/audit", token="operator")).told == (403, "forbidden")


async def test_an_exported_trail_can_be_checked_without_us(desk: Desk) -> None:
    await desk.ask("POST", "/v1/jobs/expiries/run")
    prior = GENESIS
    for row in lines(await desk.ask("GET", "/v1/export/audit")):
        time = int(row["time_ms"])
        columns = row["no"], time, row["actor"], row["act"], row["target"], row["peer"], row["site"], row["client"]
        assert (row["prior"], row["digest"]) == (prior, digest(prior, *columns, row["detail"]))
        prior = row["digest"]
    assert prior != GENESIS


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/v1/export/nothing", (404, "not_found")),
        ("/v1/export/alerts?format=xml", (400, "bad_parameter")),
        ("/v1/export/alerts?q=sevrity:x", (400, "bad_query")),
        ("/v1/export/audit?q=x", (400, "bad_parameter")),
    ],
)
async def test_what_cannot_be_exported_is_told(desk: Desk, path: str, told: tuple[int, str]) -> None:
    assert (await desk.ask("GET", path)).told == told
