"""Fraud scores over HTTP: of late, by day, by site, and what punches turned out to be."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from nocd.domain.instant import MINUTE_MS, from_ms
from nocd.domain.token import Role
from nocd.store.reviews import put_up
from tests.build import Clock
from tests.integration.api.desk import Desk, running
from tests.unit.ingest.examples import envelope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def phone_shared() -> AsyncIterator[Desk]:
    """Run a daemon that was told of two people on one phone, and of one elsewhere."""
    clock = Clock()
    async with running(clock=clock) as desk:
        for name, client in (("S1", "ACME"), ("S2", "OTHER")):
            entry = {"id": name, "name": f"Site {name}", "timezone": "UTC", "client": client}
            await desk.post(envelope("noc.site", entry, id=f"site-{name}", source="/t"))
        for name in ("P1", "P2"):
            entry = {"id": name, "name": f"Guard {name}"}
            await desk.post(envelope("noc.person", entry, id=f"person-{name}", source="/t"))
        await punched(desk, "P1", "S1", clock)
        await punched(desk, "P2", "S1", clock)
        await punched(desk, "P1", "S2", clock, device="B")
        yield desk


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> AsyncIterator[Desk]:
    async with phone_shared() as desk:
        await desk.give("narrow", Role.OPERATOR, sites=frozenset({"S2"}))
        await desk.give("viewer", Role.VIEWER)
        yield desk


async def punched(desk: Desk, person: str, site: str, clock: Clock, device: str = "A") -> None:
    clock.forward(MINUTE_MS)
    data = {"person": person, "site": site, "direction": "in", "method": "PIN", "verified": True, "device": device}
    made = envelope(
        "noc.attendance.punch", data, id=f"punch-{person}-{site}", source="/t", time=from_ms(clock.now).isoformat()
    )
    await desk.post(made)


async def test_what_looks_like_fraud_is_told_with_its_checks_and_what_was_not_judged(desk: Desk) -> None:
    (told,) = await desk.items("/v1/fraud/scores/live")
    assert (told["punch"], told["person_name"], told["level"], told["method"]) == (
        "punch-P2-S1",
        "Guard P2",
        "CRITICAL",
        "rules",
    )
    assert told["fraud_score"] == told["rule_score"] == pytest.approx(0.9 * 0.95)
    assert [each["check"] for each in told["checks"]] == ["buddy_punching"]
    assert told["not_judged"]["geofence"] == "the punch has no position"
    assert (told["verdict"], told["label"]) == (None, None)
    assert (told["features"]["day_of_week"], told["features"]["gps_drift_m"]) == (3, None)
    assert len(await desk.items("/v1/fraud/scores/live?min_score=0")) == 3
    assert len(await desk.items("/v1/fraud/scores/live?min_score=0&site=S2")) == 1


async def test_the_alert_has_the_score_and_the_feed_tells_it_to_those_who_may_read_scores(desk: Desk) -> None:
    (alert,) = await desk.items("/v1/alerts?type=ATTENDANCE_FRAUD")
    (told,) = await desk.items("/v1/fraud/scores/live")
    assert (alert["fraud_score"], alert["id"]) == (told["fraud_score"], told["alert"])
    changes = (await desk.ask("GET", "/v1/changes?after=0&types=fraud_scored")).json["changes"]
    assert [each["data"]["punch"] for each in changes] == ["punch-P2-S1"]
    seen = (await desk.ask("GET", "/v1/changes?after=0&types=fraud_scored", token="viewer")).json["changes"]
    assert all("punch" not in each["data"] for each in seen)


async def test_a_persons_days_and_the_sites_risk_are_summed_up(desk: Desk) -> None:
    told = (await desk.ask("GET", "/v1/fraud/people/P2/history")).json
    assert told["items"] == [{"day": "2026-01-01", "mean": 0.855, "max": 0.855, "count": 1, "high": 1}]
    assert (await desk.ask("GET", "/v1/fraud/people/P9/history")).told == (404, "not_found")
    sites = (await desk.ask("GET", "/v1/fraud/heatmap?min_predictions=1")).json["items"]
    assert [(each["site"], each["count"], each["critical"], each["share"]) for each in sites] == [
        ("S1", 2, 1, 1.0),
        ("S2", 1, 0, 0.0),
    ]
    assert (await desk.ask("GET", "/v1/fraud/heatmap")).json["items"] == []


async def test_a_token_reads_and_judges_only_what_it_sees_and_needs_the_right(desk: Desk) -> None:
    assert [each["site"] for each in await desk.items("/v1/fraud/scores/live?min_score=0", token="narrow")] == ["S2"]
    assert (await desk.ask("GET", "/v1/fraud/people/P2/history", token="narrow")).json["items"] == []
    body = {"verdict": "fraud"}
    assert (await desk.ask("POST", "/v1/fraud/scores/FS-2/verdict", json=body, token="narrow")).told == (
        404,
        "not_found",
    )
    for path in ("scores/live", "heatmap", "people/P1/history"):
        assert (await desk.ask("GET", f"/v1/fraud/{path}", token="viewer")).status == 403
    assert (await desk.ask("GET", "/v1/fraud/scores/live?min_score=2")).told == (400, "bad_parameter")
    assert (await desk.ask("GET", "/v1/fraud/scores/live?min_score=x")).told == (400, "bad_parameter")


async def test_a_verdict_on_an_alert_is_its_punchs_label_until_the_score_has_its_own() -> None:
    async with phone_shared() as desk:
        (told,) = await desk.items("/v1/fraud/scores/live")
        assert (
            await desk.ask("POST", f"/v1/alerts/{told['alert']}/resolve", json={"verdict": "true_positive"})
        ).status == 200
        assert (await desk.items("/v1/fraud/scores/live"))[0]["label"] == 1
        answer = await desk.ask(
            "POST", f"/v1/fraud/scores/{told['id']}/verdict", json={"verdict": "benign", "note": "one phone"}
        )
        assert (answer.json["verdict"], answer.json["label"], answer.json["note"]) == ("benign", 0, "one phone")
        answer = await desk.ask("POST", f"/v1/fraud/scores/{told['id']}/verdict", json={"verdict": "unknown"})
        assert (answer.json["verdict"], answer.json["label"]) == ("unknown", 1)
        for name in ("FS-99", "A-1", "FS-x"):
            assert (await desk.ask("POST", f"/v1/fraud/scores/{name}/verdict", json={"verdict": "fraud"})).status == 404


async def test_what_is_put_up_for_review_is_told_with_its_weight_until_somebody_judged_it() -> None:
    async with phone_shared() as desk:
        await desk.give("narrow", Role.OPERATOR, sites=frozenset({"S2"}))
        store = desk.daemon.tenants["default"].store
        await store.run([put_up(1, 5_000, "random", 100.0), put_up(2, 6_000, "chosen", 1.0)])
        told = await desk.items("/v1/fraud/reviews")
        assert [(each["id"], each["how"], each["weight"], each["put_at"]) for each in told] == [
            ("FS-2", "chosen", 1.0, "1970-01-01T00:00:06.000Z"),
            ("FS-1", "random", 100.0, "1970-01-01T00:00:05.000Z"),
        ]
        assert [each["id"] for each in await desk.items("/v1/fraud/reviews?limit=1")] == ["FS-2"]
        assert await desk.items("/v1/fraud/reviews", token="narrow") == []
        assert (await desk.ask("GET", "/v1/fraud/reviews?open=perhaps")).told == (400, "bad_parameter")
        body = {"verdict": "benign"}
        assert (await desk.ask("POST", "/v1/fraud/scores/FS-1/verdict", json=body)).status == 200
        assert [each["id"] for each in await desk.items("/v1/fraud/reviews?open=1")] == ["FS-2"]
        assert [each["label"] for each in await desk.items("/v1/fraud/reviews?open=0")] == [None, 0]
