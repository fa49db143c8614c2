"""Every route, asked wrongly: by method, by path, by parameter, by token. Never a 500, always a problem with a code."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from nocd.api.openapi import QUERY, spelled_out
from tests.integration.api.desk import Desk, running
from tests.unit.ingest.examples import MINIMAL, envelope

pytestmark = pytest.mark.asyncio(loop_scope="module")

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
MEDIA = {"Content-Type": "application/json"}
STREAMS = ("/v1/feed", "/v1/feed.sse")
SERIES = "queue_length@-"


async def served(desk: Desk) -> dict[str, set[str]]:
    """Return the methods of every path served, each parameter filled in; from the daemon's own list."""
    page = (await desk.ask("GET", "/v1/docs", token=None)).body.decode()
    found: dict[str, set[str]] = {}
    for method, path in re.findall(r"^([A-Z]+) +(/\S+)$", page, re.MULTILINE):
        for spelled in spelled_out(path):
            named = found.setdefault(re.sub(r"\{\w+\}", "A-1", spelled), set())
            named |= (
                {method, "HEAD"} if method == "GET" and not path.startswith(("/v1/feed", "/v1/changes")) else {method}
            )
    return found


def filled(path: str) -> str:
    """Return a path with its parameters replaced by names of what is there."""
    there = {
        "/v1/telemetry/people/": "P1",
        "/v1/telemetry/sites/": "S1",
        "/v1/fraud/people/": "P1",
        "/v1/people/": "P1",
        "/v1/baselines/": SERIES,
        "/v1/jobs/": "tuning",
        "/v1/export/": "alerts",
    }
    name = next((name for start, name in there.items() if path.startswith(start)), "A-1")
    return re.sub(r"\{\w+\}", quote(name, safe=""), path)


def needed(method: str, path: str) -> set[str]:
    """Return the roles that may, of those made here."""
    if path.startswith(("/v1/tokens", "/v1/backup")):
        return {"admin"}
    if path == "/v1/routes/test":
        return {"admin", "operator", "viewer"}
    if method == "POST" and path.startswith(("/v1/baselines", "/v1/jobs", "/v1/models", "/v1/receivers")):
        return {"admin", "operator", "viewer"} if path.endswith(("/simulate", "/optimum")) else {"admin"}
    if method == "POST" and path.startswith(("/v1/events", "/v1/webhooks", "/api/v2", "/v2")):
        return {"admin", "ingest"}
    return {"admin", "operator"} if method == "POST" else {"admin", "operator", "viewer"}


@pytest_asyncio.fixture(loop_scope="module", scope="module", autouse=True)
async def one_of_each(desk: Desk) -> None:
    await desk.post(*(envelope(kind, id=f"each-{kind}", source="/routes") for kind in MINIMAL))
    await desk.post({"type": "noc.sample", "data": MINIMAL["noc.sample"]})  # now: from what is late nothing is learned


async def test_a_method_a_route_does_not_take_is_told_which_it_takes(desk: Desk) -> None:
    for path, taken in (await served(desk)).items():
        for method in set(METHODS) - taken:
            answer = await desk.ask(method, path)
            assert answer.status == 405, (method, path)
            assert method == "HEAD" or answer.json["code"] == "method_not_allowed"
            assert set(answer.headers["Allow"].split(",")) == taken, (method, path)


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/", "/v2/events", "/v1/events/", "//v1/live", "/v1/live/", "/v1/alerts/A-1/why/not", "/V1/LIVE"],
)
async def test_a_path_nobody_serves_is_not_found(desk: Desk, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert (await desk.ask(method, path)).told == (404, "not_found")


async def test_every_route_but_the_public_wants_a_token_and_the_right_role(desk: Desk) -> None:
    public = {"/v1/live", "/v1/ready", "/v1/version", "/v1/docs", "/v1/openapi.json", "/openapi.json"}
    public |= {"/asyncapi.json", "/metrics", "/v1/metrics"}
    every = [(method, path) for path, methods in (await served(desk)).items() for method in methods - {"HEAD"}]
    assert len(every) > 45
    for method, path in every:
        if path in public:
            assert (await desk.ask(method, path, token=None)).status == 200, path
            continue
        for secret in (None, "", "noc_wrong"):
            answer = await desk.ask(method, path, token=secret)
            assert answer.told == (401, "unauthorised"), (path, secret)
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="nocd"'
        for role in {"ingest", "viewer", "operator"} - needed(method, path):
            assert (await desk.ask(method, path, token=role)).told == (403, "forbidden"), (path, role)


@pytest.mark.parametrize(
    "header", ["Basic YTpi", "Bearer", "Bearer  ", "noc_x", "Digest a=b", "bearer\u00a0x", "Bearer x y"]
)
async def test_an_authorization_of_another_kind_is_none(desk: Desk, header: str) -> None:
    answer = await desk.ask("GET", "/v1/alerts", token=None, headers={"Authorization": header})
    assert answer.told == (401, "unauthorised")


PAST_THE_STORE = "WzE4NDQ2NzQ0MDczNzA5NTUxNjE1LDEsMSwxXQ=="  # [2**64 - 1, 1, 1, 1]
BAD_VALUES: dict[str, tuple[str, ...]] = {
    "limit": ("0", "501", "-1", "abc", "1.5", "1_0", "%2B5", "", "%D9%A3", "9" * 30, "9" * 5_000, "%00", "1e2"),
    "after": ("-1", "x", "%FF", "9223372036854775808", "9" * 5_000, "1.0"),
    "cursor": (
        "x",
        "!!",
        "bnVsbA==",
        "WzFd" * 9,
        "%C3%A9",
        "%FF",
        quote("[1]"),
        "WzE4NDQ2NzQ0MDczNzA5NTUxNjE1LDEsMSwxXQ==",
    ),
    "status": ("done", "open,done", "OPEN", "%FF", "%00"),
    "priority": ("p1", "P5", "P1;P2"),
    "state": ("lost", "dead,waiting", "%FF"),
    "run_status": ("lost", "SUCCESS", "%00"),
    "severity": ("high", "WORST", "HIGH;LOW"),
    "min_severity": ("WORST", "9", "LOW,HIGH"),
    "alert": ("12", "A-", "A-x", "A-9223372036854775808", "A-%D9%A3", "B-1", "A--1", ""),
    "types": ("alert_deleted", "%FF"),
    "wait_s": ("-1", "61", "nan", "inf", "x", "1" * 400),
    "days": ("0", "801", "-1", "x"),
    "date": ("", "x", "2026-02-30", "0001-01-01", "9999-12-31"),
    "from": ("", "x", "2026-01-31", "2026-01-31T00:00:00", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"),
    "to": ("", "x", "2026-01-31T00:00:00"),
    "hours": ("0", "2161", "x"),
    "min_score": ("-0.1", "1.1", "nan", "x"),
    "min_predictions": ("0", "x"),
    "window_minutes": ("29", "481", "x", "1.5"),
    "events": ("2", "yes"),
    "open": ("2", "yes", "0,1"),
    "sites": (",".join(["S"] * 3 + [f"S{n}" for n in range(201)]), "x" * 129),
}


def wrong(path: str) -> list[tuple[str, str]]:
    listed = path in {"/v1/alerts", "/v1/findings", "/v1/events"}
    return [
        (name, value)
        for name in QUERY[path]
        for value in BAD_VALUES.get(name, ())
        if (name != "cursor" or listed) and not (path.startswith(("/v1/feed", "/v1/changes")) and not value)
    ]


@pytest.mark.parametrize("path", sorted(QUERY))
async def test_a_parameter_that_cannot_be_meant_is_refused(desk: Desk, path: str) -> None:
    for name, value in wrong(path):
        answer = await desk.ask("GET", f"{filled(path)}?{name}={value}")
        code = "bad_cursor" if name == "cursor" and path != "/v1/events" else "bad_parameter"
        assert answer.told == (400, code), (name, value)


@pytest.mark.parametrize("path", sorted(QUERY))
async def test_a_parameter_nobody_reads_is_refused(desk: Desk, path: str) -> None:
    for query in ("statsu=open", "limit=1&%FF=2", "%00=1", "LIMIT=1", "a" * 5_000 + "=1"):
        answer = await desk.ask("GET", f"{filled(path)}?{query}")
        assert answer.status == 400, query
        assert answer.json["code"] in {"unknown_parameter", "bad_parameter"}


async def test_a_parameter_given_twice_is_refused(desk: Desk) -> None:
    for query in ("limit=1&limit=2", "site=A&site=B", "status=open&status=resolved"):
        assert (await desk.ask("GET", f"/v1/alerts?{query}")).told == (400, "bad_parameter")


@pytest.mark.parametrize("path", sorted(set(QUERY) - set(STREAMS)))
async def test_every_documented_parameter_is_read(desk: Desk, path: str) -> None:
    good: dict[str, Any] = {"status": "open,resolved", "severity": "HIGH,LOW", "min_severity": "LOW", "limit": 1}
    good |= {"alert": "A-1", "after": 0, "types": "alert_created", "wait_s": 0, "events": 1, "cursor": ""}
    good |= {"date": "2026-01-31", "from": "2026-01-31T00:00:00Z", "to": "2026-01-31T00:00:00Z"}
    good |= {"days": 30, "window_minutes": 60, "priority": "P1,P2", "format": "csv"}
    good |= {"state": "dead", "run_status": "failed,partial", "hours": 24, "min_score": 0.2, "min_predictions": 1}
    good |= {"open": 1}
    good |= {"step_minutes": 5, "steps": 12}
    for name in QUERY[path]:
        assert (await desk.ask("GET", f"{filled(path)}?{name}={good.get(name, 'S1')}")).status == 200, name


STRANGE = (
    *("A-0", "A-00", "A-01", "A--1", "a-1", "F-0", "-", "A-1%20", "%20", "%00", "%FF", "%ED%A0%80", "..%2F..%2Fx"),
    *("A-9223372036854775807", "A-9223372036854775808", "A-" + "9" * 4_000, "A-%D9%A3", "A-%EF%BC%91", "9" * 5_000),
    *("*", "'", "%22", "%3Bdrop", "%25", "x" * 6_000, "%C3%A9", "null", "-1", "1e3", "0x1", "1_0", "%0A"),
)


@pytest.mark.parametrize("name", STRANGE, ids=lambda name: name[:24])
async def test_what_is_nobodys_name_is_not_found(desk: Desk, name: str) -> None:
    showing = [path for path, methods in (await served(desk)).items() if "GET" in methods and "A-1" in path]
    assert len(showing) >= 11
    for path in showing:
        answer = await desk.ask("GET", path.replace("A-1", name))
        assert answer.told == (404, "not_found"), path
    answer = await desk.ask("POST", f"/v1/alerts/{name}/ack", json={})
    assert answer.told == (404, "not_found")
    for method, path in ("DELETE", f"/v1/tokens/{name}"), ("POST", f"/v1/tokens/{name}/rotate"):
        assert (await desk.ask(method, path)).told == (404, "unknown_token")


@pytest.mark.parametrize(
    "name", ["a/b", "a{b}", "a b", "ü😀", "a%2Fb", "a?b#c", "..", "a\\b", "+", "a;b", "why", "bulk"]
)
async def test_an_entry_is_found_by_whatever_name_it_has(desk: Desk, name: str) -> None:
    site = {"id": name, "name": "Site", "timezone": "UTC"}
    await desk.post(envelope("noc.site", site, id=f"named-{quote(name)}", source="/n"))
    answer = await desk.ask("GET", f"/v1/sites/{quote(name, safe='')}")
    assert (answer.status, answer.json["id"]) == (200, name)


async def test_a_page_leads_to_the_next_until_all_was_shown(desk: Desk) -> None:
    alerts = [
        envelope("noc.alert", {**MINIMAL["noc.alert"], "entity_id": f"p{n}"}, id=f"page{n}", source="/p")
        for n in range(7)
    ]
    await desk.post(*alerts)
    for path in ("/v1/alerts", "/v1/findings", "/v1/events", "/v1/sites", "/v1/people"):
        whole = [item.get("id", item.get("no")) for item in await desk.items(f"{path}?limit=500")]
        seen: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            answer = await desk.ask("GET", f"{path}?limit=2&cursor={quote(cursor)}")
            seen += [item.get("id", item.get("no")) for item in answer.json["items"]]
            cursor = answer.json["cursor"]
        assert seen == whole, path
        assert len(set(seen)) == len(seen) > 0, path


async def test_an_alert_filter_narrows(desk: Desk) -> None:
    mine = {**MINIMAL["noc.alert"], "site": "F1", "person": "FP", "alert_type": "Filtered", "entity_id": "f1"}
    await desk.post(envelope("noc.alert", mine, id="filter1", source="/f"))
    (alert,) = await desk.items("/v1/alerts?site=F1")
    for query in (
        "person=FP",
        "type=Filtered",
        "site=F1&severity=HIGH",
        "site=F1&status=unresolved",
        "site=F1&status=open",
    ):
        assert await desk.items(f"/v1/alerts?{query}") == [alert], query
    for query in ("site=F1&severity=LOW", "site=F1&min_severity=CRITICAL", "site=F1&status=resolved", "site=f1"):
        assert await desk.items(f"/v1/alerts?{query}") == [], query
    (finding, *_) = await desk.items("/v1/findings?site=F1&type=UNKNOWN_ENTITY")
    assert (await desk.ask("GET", f"/v1/findings/{finding['id']}")).json == finding
    assert await desk.items(f"/v1/findings?alert={alert['id']}") == []


async def test_a_head_answers_as_get_does_without_a_body(desk: Desk) -> None:
    for path in ("/v1/alerts", "/v1/live", "/v1/snapshot", "/v1/docs", "/openapi.json"):
        got = await desk.ask("GET", path)
        head = await desk.ask("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert head.headers["Content-Type"] == got.headers["Content-Type"]


async def test_a_snapshot_is_sent_once_while_nothing_changes(desk: Desk) -> None:
    first = await desk.ask("GET", "/v1/snapshot")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert (await desk.ask("GET", "/v1/snapshot", headers=tag)).status == 304
    assert (await desk.ask("GET", "/v1/snapshot", headers=tag, token="viewer")).status == 200
    await desk.post(envelope("noc.alert", {**MINIMAL["noc.alert"], "entity_id": "tag"}, id="tag1", source="/s"))
    again = await desk.ask("GET", "/v1/snapshot", headers=tag)
    assert again.status == 200
    assert again.json["seq"] > first.json["seq"]


async def test_the_daemon_says_when_it_takes_no_events() -> None:
    async with running() as desk:
        assert (await desk.ask("GET", "/v1/ready", token=None)).json == {"ready": True, "reason": ""}
        desk.daemon._starting = "starting"
        answer = await desk.ask("GET", "/v1/ready", token=None)
        assert (answer.status, answer.json) == (503, {"ready": False, "reason": "starting"})


async def test_a_defect_is_answered_and_logged_without_what_was_asked(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as desk:

        def broken() -> str:
            raise ZeroDivisionError("a defect")

        desk.daemon.ready = broken  # type: ignore[method-assign]  # any handler's defect
        async with desk.session.get(f"{desk.daemon.url}/v1/ready?secret=1") as answer:
            assert answer.status == 500
            assert (await answer.json())["code"] == "internal"
        (record,) = (each for each in caplog.records if each.getMessage() == "request_failed")
        assert "secret" not in str(record.__dict__["fields"])
        assert b'status="500"' in (await desk.ask("GET", "/metrics", token=None)).body


async def test_nothing_is_served_for_a_tenant_that_is_gone(desk: Desk) -> None:
    tenant = desk.daemon.tenants.pop("default")
    try:
        assert (await desk.ask("GET", "/v1/alerts")).told == (404, "unknown_tenant")
    finally:
        desk.daemon.tenants["default"] = tenant
