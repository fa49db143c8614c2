"""Whoever opens an alert or incident sees what surrounds it: within bounds, in order, and only what they may see."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from nocd.clock import now_ms
from nocd.domain.instant import HOUR_MS
from nocd.domain.token import Role
from tests.integration.api.crowded import ALERTS, GUARDS, LAT, LON, alarm, day, directory, event
from tests.integration.api.desk import Desk, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOUNDS = {
    "related": 20,
    "similar": 5,
    "changes": 20,
    "on_duty": 10,
    "nearest": 3,
    "shifts": 20,
    "devices": 20,
    "tours": 10,
    "tasks": 20,
    "tickets": 20,
    "punches": 20,
    "fixes": 50,
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> Any:
    now = now_ms()
    async with running() as made:
        await made.give("viewer", Role.VIEWER)
        await made.give("operator2", Role.OPERATOR)
        await made.give("crowd", Role.OPERATOR, sites=frozenset({"CROWD"}))
        await made.post(*directory(now))
        for _ in range(7):  # each comes after the former was resolved
            await made.post({**alarm("Fence", now - 2 * HOUR_MS), "id": f"old-{_}"})
            (old,) = await made.items("/v1/alerts?type=Fence&status=open")
            await made.ask("POST", f"/v1/alerts/{old['id']}/resolve", json={"verdict": "benign"})
            made.daemon.tenants["default"].pipeline.engine.book.let_go(old["id"])
        await made.post(*day(now))
        yield made


async def opened(desk: Desk, kind: str = "Fence", *, token: str = "admin") -> dict[str, Any]:
    (alert,) = await desk.items(f"/v1/alerts?type={kind}&person=G00")
    return dict((await desk.ask("GET", f"/v1/alerts/{alert['id']}", token=token)).json)


async def test_every_list_of_the_context_is_full_and_within_its_bound(desk: Desk) -> None:
    context = (await opened(desk))["context"]
    assert {name: len(context[name]) for name in BOUNDS} == {
        **BOUNDS,
        "shifts": GUARDS,
        "tickets": len(context["tickets"]),
        "punches": 1,
    }
    assert len(context["signals"]["quarters"]) == 8


async def test_related_are_the_alerts_of_the_half_hour_before_the_newest_first(desk: Desk) -> None:
    related = (await opened(desk))["context"]["related"]
    names = [alert["type"] for alert in related if alert["type"].startswith("Gate")]
    assert names == [f"Gate-{no}" for no in range(ALERTS - 1, ALERTS - 1 - len(names), -1)]
    assert "Door" not in [alert["type"] for alert in related]


async def test_similar_ones_say_how_they_ended_and_in_how_long(desk: Desk) -> None:
    for each in (await opened(desk))["context"]["similar"]:
        assert (each["verdict"], each["resolved_by"]) == ("benign", "admin")
        assert each["time_to_resolve_s"] >= 0


async def test_the_nearest_are_told_with_distance_age_and_phone(desk: Desk) -> None:
    context = (await opened(desk))["context"]
    distances = [each["distance_m"] for each in context["nearest"]]
    assert distances == sorted(distances)
    assert "G00" not in [each["person"] for each in context["nearest"]]
    first = context["nearest"][0]
    assert first["phone"].startswith("+49 2")
    assert 300 < first["age_s"] < 900
    boss = {"person": "BOSS", "person_name": "Bea Boss", "phone": "+49 1", "age_s": None}
    assert boss.items() <= context["supervisor"].items()


async def test_who_came_and_what_of_the_roster_changed_is_told(desk: Desk) -> None:
    changes = (await opened(desk))["context"]["changes"]
    assert [each["time"] for each in changes] == sorted((each["time"] for each in changes), reverse=True)
    kinds = {(each["kind"], each["happened"]) for each in changes}
    assert kinds <= {
        ("person", "came"),
        *((kind, "created") for kind in ("site", "person", "shift", "tour", "task", "device")),
    }


async def test_the_signals_stand_beside_what_is_usual(desk: Desk) -> None:
    signals = (await opened(desk))["context"]["signals"]
    assert (signals["of"], signals["window_minutes"]) == ("G00", 120)
    assert signals["signals"]["phone_events"]["value"] == 60
    assert sum(quarter["phone_events"] for quarter in signals["quarters"]) == 60
    assert signals["signals"]["phone_events"]["usual_per_hour"] is None  # it is still learning


async def test_punches_and_fixes_of_the_person_end_with_the_newest(desk: Desk) -> None:
    context = (await opened(desk))["context"]
    assert [punch["direction"] for punch in context["punches"]] == ["in"]
    assert context["fixes"][-1]["lat"] == pytest.approx(LAT + 59 / 10_000)
    assert {fix["lon"] for fix in context["fixes"]} == {LON + 0.001}


async def test_an_incident_has_the_context_of_its_suspected_cause(desk: Desk) -> None:
    detail = await opened(desk)
    incident = (await desk.ask("GET", f"/v1/incidents/{detail['alert']['incident']}")).json
    assert incident["incident"]["cause"]["type"] == "Fence"
    own = set(incident["incident"]["alerts"])
    assert not own & {each["id"] for each in incident["context"]["related"]}
    assert len(incident["context"]["similar"]) == 5


async def test_names_and_phones_are_masked_for_who_may_not_read_them(desk: Desk) -> None:
    (alert,) = await desk.items("/v1/alerts?type=Fence&person=G00")
    body = (await desk.ask("GET", f"/v1/alerts/{alert['id']}", token="viewer")).body
    for text in (b"Bea Boss", b"Guard 3", b"+49"):
        assert text not in body


async def test_who_is_limited_to_a_site_sees_nobody_at_another(desk: Desk) -> None:
    (alert,) = await desk.items("/v1/alerts?type=Fence&person=G00")
    everyone = (await desk.ask("GET", f"/v1/alerts/{alert['id']}")).json["context"]["nearest"]
    seen = (await desk.ask("GET", f"/v1/alerts/{alert['id']}", token="crowd")).json["context"]["nearest"]
    assert "G06" in [each["person"] for each in everyone]
    assert "G06" not in [each["person"] for each in seen]


async def test_an_alert_of_nowhere_has_a_context_with_nothing_in_it(desk: Desk) -> None:
    now = now_ms()
    lone = event(
        "noc.alert",
        now,
        alert_type="Lone",
        severity="LOW",
        message="x",
        status="firing",
        entity_type="x",
        entity_id="y",
    )
    await desk.post(lone)
    (alert,) = await desk.items("/v1/alerts?type=Lone")
    context = (await desk.ask("GET", f"/v1/alerts/{alert['id']}")).json["context"]
    assert all(context[name] == [] for name in BOUNDS)
    assert (context["signals"], context["supervisor"]) == (None, None)


async def test_a_site_without_a_person_in_trouble_shows_the_sums_of_who_is_there(desk: Desk) -> None:
    (alert,) = await desk.items("/v1/alerts?type=Gate-3")
    context = (await desk.ask("GET", f"/v1/alerts/{alert['id']}")).json["context"]
    assert context["signals"]["of"] == "CROWD"
    assert context["signals"]["signals"]["location_updates"]["value"] >= GUARDS
    assert (context["punches"], context["fixes"]) == ([], [])


async def test_who_is_limited_to_a_site_sees_nothing_that_happened_at_another(desk: Desk) -> None:
    now = now_ms()
    punch = {"site": "NEXT", "direction": "in", "method": "FACE"}
    about = {"person": "G06", "entity_type": "person", "entity_id": "G06"}
    await desk.post(
        event("noc.attendance.punch", now, person="BOSS", **punch),
        event("noc.device", now, id="TABLET", kind="terminal", person="G06", site="NEXT"),
        alarm("Strayed", now, **about),
    )
    (alert,) = await desk.items("/v1/alerts?type=Strayed")
    whole, seen = [
        (await desk.ask("GET", f"/v1/alerts/{alert['id']}", token=token)).json["context"]
        for token in ("admin", "crowd")
    ]
    assert ([each["site"] for each in whole["punches"]], whole["supervisor"]["site"]) == (["NEXT"], "NEXT")
    assert "TABLET" in [each["id"] for each in whole["devices"]]
    assert (seen["punches"], seen["supervisor"]["person"], seen["supervisor"]["site"]) == ([], "BOSS", None)
    assert "TABLET" not in [each["id"] for each in seen["devices"]]
