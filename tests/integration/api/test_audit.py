"""The audit trail over HTTP: what is on record, who may read it, and whether it holds."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from nocd.domain.token import Right, Role
from tests.integration.api.desk import Desk, running
from tests.unit.ingest.examples import envelope

pytestmark = pytest.mark.asyncio(loop_scope="module")
ALERT = {"severity": "HIGH", "status": "firing", "message": "open", "entity_type": "door", "entity_id": "d"}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> Any:
    async with running(failed_logins_per_minute=2) as running_desk:
        for site in ("S1", "S2"):
            data = {**ALERT, "alert_type": f"Door {site}", "site": site}
            await running_desk.post(envelope("noc.alert", data, id=f"a-{site}", source="/t"))
        rights = frozenset({Right.AUDIT})
        await running_desk.give("narrow", Role.ADMIN, sites=frozenset({"S1"}), rights=rights)
        yield running_desk


async def test_an_act_is_on_record_with_who_from_where_before_and_after(desk: Desk) -> None:
    for site in ("S1", "S2"):
        (alert,) = await desk.items(f"/v1/alerts?site={site}")
        assert (await desk.ask("POST", f"/v1/alerts/{alert['id']}/ack", token="operator")).status == 200
    newest, former = (await desk.items("/v1/audit?actor=operator&act=ack"))[:2]
    assert (newest["peer"], newest["site"], former["site"]) == ("127.0.0.1", "S2", "S1")
    assert newest["detail"]["before"]["status"] == "open"
    assert newest["detail"]["after"]["status"] == "acknowledged"
    assert {row["site"] for row in await desk.items("/v1/audit?act=ack", token="narrow")} == {"S1"}
    assert await desk.items(f"/v1/audit?target={newest['target']}&actor=nobody") == []
    first = await desk.ask("GET", "/v1/audit?limit=1")
    second = await desk.ask("GET", f"/v1/audit?limit=1&cursor={first.json['cursor']}")
    assert second.json["items"][0]["no"] == first.json["items"][0]["no"] - 1


async def test_an_act_on_a_ticket_is_on_record_as_well(desk: Desk) -> None:
    ticket = (await desk.items("/v1/tickets"))[0]
    answer = await desk.ask("POST", f"/v1/tickets/{ticket['id']}/start", token="operator", json={})
    assert answer.status == 200, answer
    newest = (await desk.items(f"/v1/audit?target={ticket['id']}"))[0]
    assert newest["detail"]["after"]["status"] == "in_progress"
    assert newest["detail"]["before"]["status"] == ticket["status"]


async def test_only_the_right_reads_it_and_a_limited_token_sees_no_tokens(desk: Desk) -> None:
    assert (await desk.ask("GET", "/v1/audit", token="operator")).told == (403, "forbidden")
    for path in ("/v1/audit/access", "/v1/audit/verify"):
        assert (await desk.ask("GET", path, token="narrow")).told == (403, "forbidden")


async def test_tokens_refused_logins_jobs_and_backups_are_on_record(desk: Desk) -> None:
    for _ in range(4):
        assert (await desk.ask("GET", "/v1/alerts", token="noc_wrong")).status in {401, 429}
    assert (await desk.ask("POST", "/v1/tokens", json={"name": "gate", "role": "ingest"})).status == 201
    assert (await desk.ask("POST", "/v1/tokens/gate/rotate")).status == 200
    assert (await desk.ask("DELETE", "/v1/tokens/gate")).status == 200
    await desk.daemon._upkeep.keep_house()
    refused = await desk.items("/v1/audit/access?act=login_refused")
    assert [(row["actor"], row["peer"], row["detail"]["code"]) for row in refused] == [
        ("unknown", "127.0.0.1", "unauthorised")
    ] * 2
    acts = [row["act"] for row in await desk.items("/v1/audit/access?target=gate&actor=admin")]
    assert acts == ["revoke_token", "rotate_token", "create_token"]
    assert (await desk.ask("POST", "/v1/jobs/retention/run")).status == 200
    assert (await desk.ask("POST", "/v1/backup")).status == 200
    assert [row["act"] for row in (await desk.items("/v1/audit?actor=admin"))[:2]] == ["backup", "run_job"]


async def test_the_chains_hold_and_the_row_that_breaks_one_is_named(desk: Desk) -> None:
    for _ in range(2):
        assert (await desk.ask("POST", "/v1/jobs/expiries/run")).status == 200
    chains = (await desk.ask("GET", "/v1/audit/verify")).json["chains"]
    assert [(chain["chain"], chain["fault"]) for chain in chains] == [("default", None), ("access", None)]
    store = desk.daemon.tenants["default"].store
    await store.run([("DROP TRIGGER audit_never_changes", ()), ("UPDATE audit SET actor = 'x' WHERE no = 2", ())])
    chains = (await desk.ask("GET", "/v1/audit/verify")).json["chains"]
    assert (chains[0]["rows"], chains[0]["fault"]) == (1, "row 2 was altered")
