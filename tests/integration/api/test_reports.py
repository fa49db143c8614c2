"""Reports over HTTP: sites' states, how long things took, where it is noisy, what needed nobody."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from nocd.domain.instant import MINUTE_MS
from nocd.domain.token import Role
from tests.build import Clock
from tests.integration.api.desk import Desk, running
from tests.unit.ingest.examples import envelope

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> Any:
    clock = Clock()
    async with running(clock=clock) as running_desk:
        for name, client in (("S1", "ACME"), ("S2", "ACME"), ("S3", "OTHER")):
            entry = {"id": name, "name": f"Site {name}", "timezone": "UTC", "client": client}
            await running_desk.post(envelope("noc.site", entry, id=f"site-{name}", source="/t"))
        await running_desk.give("narrow", Role.VIEWER, sites=frozenset({"S1"}))
        await day(running_desk, clock)
        await running_desk.give("acme", Role.VIEWER, clients=frozenset({"ACME"}))
        for job in ("kpis", "scorecard"):
            assert (await running_desk.ask("POST", f"/v1/jobs/{job}/run")).json["outcome"] == "ok"
        yield running_desk


async def day(desk: Desk, clock: Clock) -> None:
    """Let four doors be forced at S1, thrice the first, and a CRITICAL one at S2; work on some of them."""
    doors = [("Door 1", "S1", "HIGH")] * 3 + [(f"Door {n}", "S1", "HIGH") for n in (2, 3, 4)]
    for number, (name, site, severity) in enumerate([*doors, ("Fire", "S2", "CRITICAL")]):
        data = {"alert_type": name, "severity": severity, "status": "firing", "message": name, "site": site}
        more = {"entity_type": "door", "entity_id": name}
        await desk.post(envelope("noc.alert", {**data, **more}, id=f"r{number}", source="/t"))
    alerts = {item["type"]: item["id"] for item in await desk.items("/v1/alerts")}
    clock.forward(MINUTE_MS)
    for name in ("Door 1", "Fire"):
        assert (await desk.ask("POST", f"/v1/alerts/{alerts[name]}/ack")).status == 200
    clock.forward(2 * MINUTE_MS)
    for name, verdict in (("Door 1", "true_positive"), ("Door 2", "false_positive")):
        body = {"verdict": verdict}
        assert (await desk.ask("POST", f"/v1/alerts/{alerts[name]}/resolve", json=body)).status == 200
    over = {"alert_type": "Door 3", "severity": "HIGH", "status": "resolved", "message": "over", "site": "S1"}
    await desk.post(
        envelope("noc.alert", {**over, "entity_type": "door", "entity_id": "Door 3"}, id="r-over", source="/t")
    )


async def test_a_sites_state_says_why_and_what_is_not_seen_is_not_there(desk: Desk) -> None:
    told = (await desk.ask("GET", "/v1/sites/S2/state")).json
    assert (told["state"], told["reasons"], told["client"]) == ("CRITICAL", ["1 CRITICAL alerts are open"], "ACME")
    assert (await desk.ask("GET", "/v1/sites/S1/state", token="narrow")).json["state"] == "WARNING"
    for site, token in (("S2", "narrow"), ("S9", "admin")):
        assert (await desk.ask("GET", f"/v1/sites/{site}/state", token=token)).told == (404, "not_found")


async def test_the_overview_sums_what_a_token_sees(desk: Desk) -> None:
    whole = (await desk.ask("GET", "/v1/reports/overview")).json
    assert [each["site"] for each in whole["troubled"]] == ["S2", "S1"]
    assert (whole["states"]["NORMAL"], whole["states"]["CRITICAL"]) == (1, 1)
    assert whole["figures"]["alerts_open"] == 2
    assert [(each["client"], each["sites"], each["state"]) for each in whole["clients"]] == [
        ("ACME", 2, "CRITICAL"),
        ("OTHER", 1, "NORMAL"),
    ]
    mine = (await desk.ask("GET", "/v1/reports/overview", token="narrow")).json
    assert (sum(mine["states"].values()), mine["figures"]["alerts_open"]) == (1, 1)


async def test_response_times_are_those_of_people(desk: Desk) -> None:
    told = (await desk.ask("GET", "/v1/reports/mtta")).json
    high = next(each for each in told["by_severity"] if each["severity"] == "HIGH")
    assert [each["severity"] for each in told["by_severity"]] == ["CRITICAL", "HIGH"]
    assert (told["alerts"], high["alerts"]) == (5, 4)
    assert high["acknowledge"] == {"count": 2, "mean_s": 120.0, "median_s": 120.0, "p90_s": 168.0}
    assert high["resolve"]["count"] == 2  # the one that ended by itself took nobody any time
    assert [(each["site"], each["alerts"]) for each in told["by_site"]] == [("S1", 4), ("S2", 1)]
    assert told["by_site"][1]["resolve"] == {"count": 0, "mean_s": None, "median_s": None, "p90_s": None}
    mine = (await desk.ask("GET", "/v1/reports/mtta", token="narrow")).json
    assert [each["site"] for each in mine["by_site"]] == ["S1"]


async def test_the_noisiest_site_says_about_what_and_how_often_it_was_wrong(desk: Desk) -> None:
    first, second = (await desk.ask("GET", "/v1/reports/noise")).json["items"]
    assert (first["site"], first["alerts"], first["sightings"]) == ("S1", 4, 6)
    assert (first["judged"], first["false_positive_rate"]) == (2, 0.5)
    assert {each["type"] for each in first["types"]} == {f"Door {n}" for n in (1, 2, 3, 4)}
    assert (second["site"], second["false_positive_rate"]) == ("S2", None)
    assert len((await desk.ask("GET", "/v1/reports/noise?limit=1")).json["items"]) == 1


async def test_triage_load_counts_what_needed_nobody_and_no_critical_one_is_unseen(desk: Desk) -> None:
    (whole,) = (await desk.ask("GET", "/v1/reports/triage-load")).json["items"]
    assert whole["critical_unseen"] == 0
    (told,) = (await desk.ask("GET", "/v1/reports/triage-load", token="narrow")).json["items"]
    assert (told["day"], told["alerts"], told["sightings"]) == ("2026-01-01", 4, 6)
    assert (told["folded"], told["touched"], told["ended"], told["suppressed"]) == (2, 2, 1, 0)
    without = sum(told[name] for name in ("folded", "held_back", "ended", "suppressed", "ticketed"))
    assert told["share"] == round(without / (6 + told["held_back"]), 4)


async def test_trends_are_of_one_place_that_the_token_sees(desk: Desk) -> None:
    whole = (await desk.ask("GET", "/v1/reports/trends?days=1")).json
    assert (whole["scope"], whole["minutes"], len(whole["points"])) == ("all", 5, 1)
    of_client = (await desk.ask("GET", "/v1/reports/trends?client=ACME&days=1")).json
    assert of_client["points"][0]["figures"]["alerts_critical"]["max"] == 1
    assert (await desk.ask("GET", "/v1/reports/trends?site=S1&days=1", token="narrow")).json["scope"] == "site:S1"
    for query, told in (
        ("", (403, "forbidden")),
        ("site=S2", (404, "not_found")),
        ("client=ACME", (404, "not_found")),
        ("site=S1&client=ACME", (400, "bad_parameter")),
        ("days=0", (400, "bad_parameter")),
    ):
        assert (await desk.ask("GET", f"/v1/reports/trends?{query}", token="narrow")).told == told, query


async def test_scorecards_are_those_of_the_clients_a_token_sees(desk: Desk) -> None:
    whole = await desk.items("/v1/scorecards")
    assert [card["client"] for card in whole] == ["ACME", "OTHER"]
    response = next(pillar for pillar in whole[0]["pillars"] if pillar["name"] == "control_room_response")
    assert (response["score"], response["colour"]) == (100.0, "green")  # all were answered within 15 and 30 min
    assert whole[0]["colour"] == "grey"
    assert [card["client"] for card in await desk.items("/v1/scorecards?client=OTHER")] == ["OTHER"]
    assert [card["client"] for card in await desk.items("/v1/scorecards", token="acme")] == ["ACME"]
    assert await desk.items("/v1/scorecards", token="narrow") == []
