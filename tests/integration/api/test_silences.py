"""Silences over HTTP: planned, listed with what they hide, ended; and no further than a token reaches."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from nocd.clock import now_ms
from nocd.domain.instant import DAY_MS, HOUR_MS, rfc3339
from nocd.domain.silence import MATCHERS_MAX
from nocd.domain.token import Role
from tests.build_hiding import matcher
from tests.integration.api.desk import Answer, Desk, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATH = "/v1/silences"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk() -> Any:
    async with running() as running_desk:
        await running_desk.give("north", Role.OPERATOR, sites=frozenset({"S1"}))
        await running_desk.give("acme", Role.OPERATOR, clients=frozenset({"ACME"}))
        await running_desk.give("viewer", Role.VIEWER)
        sites = [{"id": name, "name": f"Site {name}", "timezone": "UTC", "client": "ACME"} for name in ("S1", "S2")]
        await running_desk.post(*({"type": "noc.site", "data": site} for site in sites))
        yield running_desk


def silence(*matchers: str, **more: Any) -> dict[str, Any]:
    given = {"matchers": [matcher(each) for each in matchers], "ends_at": rfc3339(now_ms() + HOUR_MS)}
    return {**given, "comment": "works", **more}


async def fires(desk: Desk, kind: str, *sites: str) -> list[str]:
    """Have an outside alert fire at each site; return the alerts' ids, as the sites are ordered."""
    alert = {"alert_type": kind, "severity": "HIGH", "status": "firing", "message": "", "entity_type": "camera"}
    await desk.post(
        *({"type": "noc.alert", "data": {**alert, "entity_id": f"cam-{site}", "site": site}} for site in sites)
    )
    found = {each["site"]: each["id"] for each in await desk.items(f"/v1/alerts?type={kind}")}
    return [found[site] for site in sites]


async def plan(desk: Desk, *matchers: str, token: str = "operator", **more: Any) -> Answer:
    return await desk.ask("POST", PATH, token=token, json=silence(*matchers, **more))


async def listed(desk: Desk, name: str, *, token: str = "viewer") -> dict[str, Any]:
    return next(each for each in await desk.items(PATH, token=token) if each["id"] == name)


async def test_a_silence_is_planned_listed_with_what_it_hides_and_ended(desk: Desk) -> None:
    (alert,) = await fires(desk, "Leak", "S1")
    planned = await plan(desk, "type=~Le.k", "severity!=LOW")
    assert (planned.status, planned.json["state"], planned.json["author"]) == (201, "active", "operator")
    name = planned.json["id"]
    assert (await listed(desk, name))["hiding"] == {"count": 1, "alerts": [alert]}
    shown = (await desk.ask("GET", f"/v1/alerts/{alert}")).json
    assert (shown["alert"]["status"], shown["alert"]["hidden_by"]) == ("suppressed", [name])
    assert f"silence {name} until" in shown["why"][-1]["reason"]
    assert alert in [each["id"] for each in await desk.items("/v1/alerts?status=suppressed")]
    ended = await desk.ask("DELETE", f"{PATH}/{name}", token="admin")
    assert (ended.status, ended.json["state"], ended.json["hiding"]["count"]) == (200, "ended", 0)
    assert (await desk.ask("DELETE", f"{PATH}/{name}", token="operator")).told == (409, "over")
    assert (await desk.ask("GET", f"/v1/alerts/{alert}")).json["alert"]["status"] == "open"


async def test_an_alert_is_silenced_until_it_is_resolved_and_it_is_undone(desk: Desk) -> None:
    (alert,) = await fires(desk, "Smoke", "S1")
    silenced = await desk.ask("POST", f"/v1/alerts/{alert}/silence", token="operator")
    assert (silenced.status, silenced.json["status"]) == (200, "suppressed")
    (name,) = silenced.json["hidden_by"]
    own = await listed(desk, name)
    assert (own["alert"], own["ends_at"], own["site"], own["site_name"]) == (alert, None, "S1", "Site S1")
    undone = await desk.ask("POST", f"/v1/alerts/{alert}/undo", token="operator")
    assert (undone.json["status"], (await listed(desk, name))["state"]) == ("open", "undone")
    brief = await desk.ask(
        "POST", f"/v1/alerts/{alert}/silence", token="operator", json={"minutes": 5, "note": "known"}
    )
    assert brief.json["suppressed_until"] is not None
    assert (await listed(desk, brief.json["suppressed_by"]))["comment"] == "known"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"matchers": []}, "bad_value"),
        ({"matchers": [matcher("type=X")] * (MATCHERS_MAX + 1)}, "bad_value"),
        ({"matchers": [{"name": "type", "op": "~", "value": "x"}]}, "bad_value"),
        ({"matchers": [matcher("type=~(a")]}, "bad_value"),
        ({"matchers": [matcher("type=~(?=a)")]}, "bad_value"),
        ({"matchers": [matcher("type=~" + "a" * 129)]}, "bad_value"),
        ({"matchers": [matcher("type=" + "a" * 257)]}, "bad_value"),
        ({"comment": ""}, "bad_value"),
        ({"ends_at": "2026-01-01T00:00:00"}, "bad_value"),
        ({"until": "x"}, "unknown_field"),
    ],
)
async def test_what_is_no_silence_is_refused(desk: Desk, more: dict[str, Any], code: str) -> None:
    assert (await plan(desk, "type=X", **more)).told == (400, code)


@pytest.mark.parametrize(
    ("matchers", "ends_in_ms"), [(["type!=X"], HOUR_MS), (["type=X"], -1), (["type=X"], 32 * DAY_MS)]
)
async def test_a_silence_of_everything_or_for_ever_is_refused(desk: Desk, matchers: list[str], ends_in_ms: int) -> None:
    assert (await plan(desk, *matchers, ends_at=rfc3339(now_ms() + ends_in_ms))).told == (409, "bad_silence")


async def test_a_silence_is_for_at_most_a_month(desk: Desk) -> None:
    (alert,) = await fires(desk, "Flood", "S1")
    asked = await desk.ask("POST", f"/v1/alerts/{alert}/silence", json={"minutes": 44_641})
    assert asked.told == (400, "bad_value")


async def test_a_token_silences_only_what_it_reaches_and_sees_only_that(desk: Desk) -> None:
    of_north, of_south = await fires(desk, "Power", "S1", "S2")
    for wide in (["type=Power"], ["site=S2"], ["site=~S1"], ["site!=S2", "type=Power"]):
        assert (await plan(desk, *wide, token="north")).told == (403, "forbidden"), wide
    assert (await desk.ask("POST", f"/v1/alerts/{of_south}/silence", token="north")).told == (404, "not_found")
    mine = await plan(desk, "site=S1", "type=Power", token="north")
    everybodys = await plan(desk, "type=Power")
    ours = await plan(desk, "site=S2", "type=Power", token="acme")
    assert (mine.status, everybodys.status, ours.status) == (201, 201, 201)
    assert mine.json["id"] in {each["id"] for each in await desk.items(PATH, token="north")}
    assert not {everybodys.json["id"], ours.json["id"]} & {each["id"] for each in await desk.items(PATH, token="north")}
    for other in (everybodys, ours):
        assert (await desk.ask("DELETE", f"{PATH}/{other.json['id']}", token="north")).told == (404, "not_found")
    assert (await listed(desk, everybodys.json["id"]))["hiding"] == {"count": 2, "alerts": [of_south, of_north]}
    assert (await desk.ask("GET", f"/v1/alerts/{of_north}", token="north")).json["alert"]["status"] == "suppressed"


async def test_a_window_says_what_it_hides_to_each_what_they_see(desk: Desk) -> None:
    of_north, of_south = await fires(desk, "Lift", "S1", "S2")
    now = now_ms()
    over = {
        "scope": "client",
        "target": "ACME",
        "start": rfc3339(now),
        "end": rfc3339(now + HOUR_MS),
        "reason": "works",
    }
    planned = await desk.ask("POST", "/v1/maintenance", json=over)
    assert {of_north, of_south} <= set(planned.json["hiding"]["alerts"])
    (seen,) = [each for each in await desk.items("/v1/maintenance", token="acme") if each["id"] == planned.json["id"]]
    assert seen["hiding"]["count"] == planned.json["hiding"]["count"]
    assert (await desk.ask("DELETE", f"/v1/maintenance/{planned.json['id']}")).json["hiding"]["count"] == 0


async def test_a_silence_ended_twice_or_unknown_is_told_so(desk: Desk) -> None:
    assert (await desk.ask("DELETE", f"{PATH}/S-999", token="operator")).told == (404, "not_found")
    assert (await desk.ask("GET", f"{PATH}?site=S1")).told == (400, "unknown_parameter")
    assert (await plan(desk, "type=X", token="viewer")).told == (403, "forbidden")
