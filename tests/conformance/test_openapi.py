"""The OpenAPI and AsyncAPI documents: all that is served is in them, all that is in them is served."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ml.registry import Registry
from nocd.api.openapi import spelled_out
from nocd.app import Daemon
from nocd.domain.instant import HOUR_MS, rfc3339
from nocd.domain.token import Role
from nocd.wire.changes import CHANGES
from nocd.wire.frames import FRAMES
from tests.build import Clock
from tests.build_models import stored
from tests.conformance.contract import Draft202012Validator
from tests.conformance.story import DOOR, Story
from tests.integration.api.desk import Desk, running
from tests.integration.api.planted import dead_letter, false_alerts
from tests.unit.ingest.examples import FULL, MINIMAL, envelope

PARKED = """
[PARKED]
title = "Have it moved"
applies_to = ["Parked"]
steps = ["Look"]
escalation_minutes = 10
role = "boss"
playbook = [{ do = "note", text = "moved", auto = false }]
"""
PAGE = {"event_action": "trigger", "payload": {"summary": "Doc", "source": "srv01", "severity": "info"}}
CLOSED = {"webhook": "http://127.0.0.1:9/", "secrets": ["env:NOT_SET"]}
NEVER_ENDING = {("GET", "/v1/feed"), ("GET", "/v1/feed.sse")}
STEERED = ("", "/optimum", "/hours", "/changes", "/simulate", "/threshold", "/pin")
ROLLBACK = "/v1/baselines/{id}/changes/{change}/rollback"
NAMES = {
    "/v1/sites/{id}": "NTH-04",
    "/v1/sites/{id}/state": "NTH-04",
    "/v1/people/{id}": "P1",
    **dict.fromkeys((f"/v1/people/{{id}}/{part}" for part in ("profile", "risk", "day", "trace")), "P1"),
    "/v1/shifts/{id}": "SH1",
    "/v1/tours/{id}": "T1",
    "/v1/tasks/{id}": "K1",
    "/v1/devices/{id}": "D1",
    "/v1/checkpoints/{id}": "C1",
    "/v1/findings/{id}": "F-1",
    "/v1/maintenance/{id}": "M-1",
    "/v1/incidents/{id}": "I-1",
    "/v1/silences/{id}": "S-1",
    "/v1/runbooks/{id}": "NO_SHOW",
    "/v1/telemetry/people/{id}/signals": "P1",
    "/v1/fraud/people/{id}/history": "P1",
    "/v1/fraud/scores/{id}/verdict": "FS-1",
    "/v1/telemetry/sites/{id}/signals": "NTH-04",
    "/v1/models/{version}": "former",
    "/v1/models/{version}/activate": "000001",
    **dict.fromkeys((f"/v1/baselines/{{id}}{more}" for more in STEERED), "queue@NTH-04"),
    "/v1/proposals/{id}/accept": "queue@-",
    "/v1/export/{name}": "alerts",
    "/v1/jobs/{name}/runs": "retention",
    "/v1/jobs/{name}/run": "retention",
    "/v1/notifications/{id}/replay": "N-1",
    "/v1/playbooks/{id}/run": "PARKED",
    **dict.fromkeys((f"/v1/receivers/{{name}}/{act}" for act in ("test", "enable")), "desk"),
    "/v1/events/{no}": "1",
    "/v1/alerts/{id}": "A-1",
    "/v1/alerts/{id}/why": "A-1",
    "/v1/tickets/{id}": "T-1",
    "/v1/tickets/{id}/evidence": "T-1",
}
WORK: list[tuple[str, Any]] = [
    ("ack", None),
    ("assign", {"assignee": "m"}),
    ("start", {"comment": "on my way"}),
    ("hold", {}),
    ("escalate", {"to": "manager"}),
    ("check", {"step": 1}),
    ("note", {"text": "n"}),
    ("resolve", {"verdict": "benign", "comment": "done"}),
    ("reopen", {}),
    ("start", {}),
    ("resolve", {"verdict": "benign", "comment": "done"}),
    ("close", {"comment": "seen"}),
]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    clock, own = Clock(), tmp_path / "runbooks.toml"
    own.write_text(PARKED)
    async with running(clock=clock, receivers={"desk": CLOSED}, runbooks=str(own)) as desk:
        await desk.give("viewer", Role.VIEWER)
        await Story(desk=desk, clock=clock).whole()
        entries = ("noc.shift", "noc.tour", "noc.task", "noc.device", "noc.checkpoint")
        await desk.post(*(envelope(kind, FULL[kind], id=f"doc-{kind}", source="/doc") for kind in entries))
        await models(desk.daemon)
        yield desk


async def models(daemon: Daemon) -> None:
    """Let there be two versions of a model, one in force after the other; nobody asks them."""
    daemon.versions.reload = unasked
    folder = daemon.folder.tenant_models("default")
    for _ in range(2):
        version = await asyncio.to_thread(stored, folder)
        await asyncio.to_thread(Registry(folder).activate, version)


async def unasked(_: str) -> None:
    """Load nothing."""


def references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"]
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def found(document: dict[str, Any], reference: str) -> Any:
    place: Any = document
    for step in reference.removeprefix("#/").split("/"):
        place = place[step]
    return place


async def test_every_route_served_is_documented_and_every_one_documented_is_served(desk: Desk) -> None:
    page = (await desk.ask("GET", "/v1/docs")).body.decode()
    served = {
        (method, spelled)
        for method, path in re.findall(r"^([A-Z]+) +(/\S+)$", page, re.MULTILINE)
        for spelled in spelled_out(path)
    }
    paths = desk.contract.document["paths"]
    documented = {(method.upper(), path) for path, operations in paths.items() for method in operations}
    assert documented == served
    assert len(served) > 50


@pytest.mark.heavy
@pytest.mark.timeout(150)
async def test_every_operation_answers_as_documented(desk: Desk) -> None:
    await desk.post(envelope("noc.alert", {**DOOR, "alert_type": "Window"}, id="doc-window", source="/doc"))
    (alert,) = await desk.items("/v1/alerts?type=Window")
    parked = ({**DOOR, "alert_type": "Parked", "entity_id": f"gate-{number}"} for number in range(2))
    await desk.post(*(envelope("noc.alert", data, id=data["entity_id"], source="/doc") for data in parked))
    runs = await desk.items("/v1/playbooks/runs?run_status=pending")
    acts_on = (f"/v1/playbooks/runs/{{run}}/{act}" for act in ("approve", "cancel"))
    names = {**NAMES, **{path: run["id"] for path, run in zip(acts_on, runs, strict=True)}}
    await false_alerts(desk.daemon.tenants["default"], "queue@-", before=desk.daemon.now_ms())
    await dead_letter(desk.daemon.tenants["default"])
    (token,) = (each for each in await desk.items("/v1/tokens") if each["name"] == "viewer")
    first, second, third = await lone_alerts(desk, "roof", "gate", "yard")
    bodies = bodies_of(alert["id"], [first, second], now=desk.daemon.now_ms())
    acts: dict[str, Any] = {"assign": {"assignee": "m"}, "note": {"text": "n"}, "resolve": {"verdict": "fraud"}}
    acts["verify"] = {"method": "call", "answer": "no_answer"}
    order = ["ack", "undo", "assign", "start", "escalate", "verify", "note", "resolve", "reopen", "silence"]
    every = [(method.upper(), path) for path, each in desk.contract.document["paths"].items() for method in each]
    acted = re.compile("/v1/(alerts|incidents|tickets)/{id}/")
    plain = [each for each in every if each[0] == "GET" or not acted.match(each[1])]
    await desk.ask("POST", "/v1/incidents", json={"title": "Doc", "alerts": [third]})
    signed = await desk.ask("POST", "/v1/handovers", token="operator")
    noted = await desk.ask("POST", "/v1/notes", json={"text": "gate 2 flaps", "pinned": True})
    names["/v1/notes/{id}"] = noted.json["id"]
    names |= dict.fromkeys(("/v1/handovers/{id}", "/v1/handovers/{id}/accept"), signed.json["id"])
    for method, path in sorted(set(plain) - NEVER_ENDING, key=lambda each: each[0] == "DELETE"):
        path_of = path.replace("{change}", "T-1").replace("{id}", "queue@NTH-04") if path == ROLLBACK else path
        spelled = re.sub(r"\{\w+\}", quote(names.get(path, token["name"])), path_of)
        answer = await desk.ask(method, spelled, json=bodies.get(path) if method == "POST" else None)
        assert answer.status in {200, 201, 202}, (method, path, answer)
    await carried_out(desk, f"/v1/alerts/{alert['id']}", *((verb, acts.get(verb)) for verb in order))
    await carried_out(desk, "/v1/tickets/T-2", ("cancel", {"comment": "no need"}))
    await carried_out(desk, "/v1/tickets/T-1", *WORK)
    (mine,) = (each["id"] for each in await desk.items("/v1/incidents") if each["alerts"] == [first, second])
    other = (await desk.ask("GET", f"/v1/alerts/{third}")).json["alert"]["incident"]
    regroup: dict[str, Any] = {
        "split": {"alerts": [second]},
        "link": {"incidents": [other]},
        "reparent": {"parent": other},
    }
    order = ["ack", "undo", "assign", "escalate", "note", "split", "link", "reparent", "merge", "resolve", "reopen"]
    regroup |= {**acts, "merge": {"incidents": [other]}}
    await carried_out(desk, f"/v1/incidents/{mine}", *((verb, regroup.get(verb)) for verb in order))
    done = {(method, path) for method, path, status in desk.contract.judged if status < 300}
    assert done | NEVER_ENDING == set(every)


def bodies_of(alert: str, lone: list[str], *, now: int) -> dict[str, Any]:
    """Return a good body of each route that takes one."""
    start, end = rfc3339(now + HOUR_MS), rfc3339(now + 2 * HOUR_MS)
    return {
        "/v1/incidents": {"title": "Doc", "alerts": lone},
        "/v1/events": envelope("noc.sample"),
        "/v1/webhooks/alertmanager": {"alerts": [{"labels": {"alertname": "Doc"}, "status": "firing"}]},
        "/api/v2/alerts": [{"labels": {"alertname": "Doc"}}],
        "/v1/webhooks/pagerduty": PAGE,
        "/v2/enqueue": {"event_action": "resolve", "dedup_key": "doc"},
        "/v1/alerts/bulk": {"ids": [alert, "A-0"], "command": "note", "args": {"text": "x"}},
        "/v1/tickets": {"title": "Mend the gate"},
        "/v1/tickets/bulk": {"ids": ["T-1", "T-0"], "command": "note", "args": {"text": "x"}},
        "/v1/tokens": {"name": "made", "role": "viewer"},
        "/v1/maintenance": {"scope": "all", "start": start, "end": end, "reason": "x"},
        "/v1/silences": {"matchers": [{"name": "type", "value": "X"}], "ends_at": end, "comment": "x"},
        "/v1/notes": {"text": "gate 3 flaps"},
        "/v1/playbooks/{id}/run": {"alert": alert},
        "/v1/whatif": {"set": {"ticket_severities": "CRITICAL"}, "days": 1},
        "/v1/fraud/scores/{id}/verdict": {"verdict": "fraud"},
        "/v1/fraud/score": envelope("noc.attendance.punch", id="dry", time=rfc3339(now)),
        "/v1/routes/test": {"labels": {"severity": "HIGH"}},
        "/v1/baselines/{id}/simulate": {"threshold": 2.5},
        "/v1/baselines/{id}/threshold": {"threshold": 2.5},
        "/v1/baselines/{id}/optimum": {"false_positive_rate": 0.1},
    }


async def carried_out(desk: Desk, path: str, *acts: tuple[str, Any]) -> None:
    """Carry commands out on something, each with its body."""
    for verb, body in acts:
        answer = await desk.ask("POST", f"{path}/{verb}", json=body)
        assert answer.status == 200, (verb, answer)


async def lone_alerts(desk: Desk, *names: str) -> list[str]:
    """Post alerts of devices of their own, and return their ids."""
    for name in names:
        await desk.post(envelope("noc.alert", {**DOOR, "alert_type": name, "entity_id": name}, id=name, source="/doc"))
    return [(await desk.items(f"/v1/alerts?type={name}"))[0]["id"] for name in names]


async def test_every_schema_is_one_and_every_reference_leads_somewhere(desk: Desk) -> None:
    for path in "/openapi.json", "/asyncapi.json":
        document = (await desk.ask("GET", path, token=None)).json
        for name, schema in document["components"]["schemas"].items():
            assert re.fullmatch(r"[a-zA-Z0-9._-]+", name)
            Draft202012Validator.check_schema(schema)
        for reference in references(document):
            assert found(document, reference), reference


async def test_both_addresses_have_the_same_document(desk: Desk) -> None:
    first, second = [(await desk.ask("GET", path, token=None)).json for path in ("/openapi.json", "/v1/openapi.json")]
    assert first == second
    assert first["openapi"] == "3.1.0"
    for operations in first["paths"].values():
        for operation in operations.values():
            assert operation["summary"].endswith(".")
            assert "application/problem+json" in operation["responses"]["default"]["content"]


@pytest.mark.parametrize("example", [MINIMAL, FULL], ids=["smallest", "fullest"])
async def test_every_event_that_is_taken_fits_the_documented_one(desk: Desk, example: dict[str, Any]) -> None:
    whole = {"$ref": "#/components/schemas/Event", "components": desk.contract.document["components"]}
    validator = Draft202012Validator(whole)
    for number, (kind, data) in enumerate(example.items()):
        native = envelope(kind, data, id=f"fit-{number}-{len(data)}", source="/fit")
        plain = {"type": kind, "data": data}
        for event in (native, plain):
            validator.validate(event)
            assert (await desk.post(event))["accepted"] == 1, event
        for wrong in ({**native, "type": "noc.nothing"}, {**plain, "tpye": 1}, {**native, "data": {**data, "typo": 1}}):
            assert not validator.is_valid(wrong), wrong
            assert (await desk.post(wrong, status=422))["accepted"] == 0


async def test_every_command_body_that_is_taken_fits_the_documented_one(desk: Desk) -> None:
    schemas = desk.contract.document["components"]["schemas"]
    for model, good, wrong in (
        ("Ack", {"expires_minutes": 5}, {"expires_minutes": 0}),
        ("Assign", {"assignee": "m"}, {}),
        ("AddNote", {"text": "x"}, {"text": ""}),
        ("Resolve", {"verdict": "fraud"}, {"verdict": "maybe"}),
        ("Undo", {}, {"note": "x"}),
        ("Bulk", {"ids": ["A-1"], "command": "ack"}, {"ids": [], "command": "ack"}),
        ("NewToken", {"name": "n", "role": "viewer"}, {"name": "n", "role": "king"}),
        ("Rotation", {"overlap_hours": 1}, {"overlap_hours": -1}),
    ):
        validator = Draft202012Validator({**schemas[model], "components": {"schemas": schemas}})
        assert validator.is_valid(good), model
        assert not validator.is_valid(wrong), model


async def test_the_feed_is_documented_frame_by_frame_and_change_by_change(desk: Desk) -> None:
    document = (await desk.ask("GET", "/asyncapi.json", token=None)).json
    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]["feed"]["messages"]) == set(FRAMES)
    assert set(document["components"]["messages"]) == {*FRAMES, *CHANGES}
