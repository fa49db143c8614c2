"""A small nocd on a real socket: snapshot, feed with resume, commands under idempotency keys; and ways to fail."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from nocd.wire.requests import COMMANDS, SayPresence
from nocd.wire.views import AlertView
from tests.integration.noctui.fake_places import Places
from tests.unit.noctui import shift_story as shift
from tests.unit.noctui.story import T0

TOKEN = "operator-secret"
SITES = {"NTH-04": "Depot North", "STH-11": "Harbour South", "WST-01": "West Gate", "EST-09": "East Yard"}


def rfc3339(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Clock:
    """A daemon's clock that moves when told."""

    def __init__(self, now: int = 1_795_356_442_000) -> None:  # 2026-11-22 14:07:22 UTC
        self.now = now

    def __call__(self) -> int:
        return self.now


class FakeNocd:
    def __init__(self, clock: Any = None) -> None:
        self.clock = clock or Clock()
        self.epoch = "epoch-1"
        self.changes: list[dict[str, Any]] = []
        self.tells_past = False  # most stories count lines from the snapshot on
        self.first_seq = 1
        self.alerts: dict[str, dict[str, Any]] = {}
        self.ledger: dict[str, list[dict[str, Any]]] = {}
        self.answers: dict[str, tuple[int, dict[str, Any]]] = {}
        self.done: list[tuple[str, str, dict[str, Any]]] = []
        self.calls: Counter[str] = Counter()
        self.afters: list[int] = []
        self.sockets: set[web.WebSocketResponse] = set()
        self.tokens = {TOKEN: "mara"}
        self.present: dict[str, dict[str, Any]] = {}
        self.port = 0
        self.refuse: dict[str, tuple[int, str]] = {}
        self.break_after_commit = 0
        self.swallow = 0
        self.busy = 0
        self.places = Places(self)
        self._runner: web.AppRunner | None = None

    # ------------------------------------------------------------------------------------------------------- serving

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> FakeNocd:
        app = web.Application()
        app.add_routes(
            [
                web.get("/v1/snapshot", self._snapshot),
                web.get("/v1/changes", self._changes),
                web.get("/v1/feed", self._feed),
                web.get("/v1/alerts/{id}/why", self._why),
                web.get("/v1/handovers/{id}", self._handover),
                web.post("/v1/presence", self._presence),
                web.post("/v1/alerts/{id}/{verb}", self._command),
                *self.places.routes(),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self, code: int | None = None) -> None:
        """End as a restart would (1001) or, without a code, as a kill."""
        for socket in tuple(self.sockets):
            if code is not None:
                await socket.close(code=code)
            elif socket._req is not None and socket._req.transport is not None:
                socket._req.transport.abort()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def drop(self, code: int) -> None:
        for socket in tuple(self.sockets):
            await socket.close(code=code)

    def _known(self, request: web.Request) -> bool:
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.tokens

    def _unknown(self) -> web.Response:
        return self._problem(401, "unauthorised", "who are you?")

    def _problem(self, status: int, code: str, detail: str) -> web.Response:
        body = {"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail}
        return web.json_response(
            body, status=status, content_type="application/problem+json", headers={"Retry-After": "0"}
        )

    async def _snapshot(self, request: web.Request) -> web.Response:
        self.calls["snapshot"] += 1
        if not self._known(request):
            return self._unknown()
        alerts = [alert for alert in self.alerts.values() if alert["status"] != "resolved" or alert["ended_unseen"]]
        return web.json_response(
            {
                "epoch": self.epoch,
                "seq": self.seq,
                "time": rfc3339(self.clock()),
                "alerts": alerts,
                "alerts_total": len(alerts),
                "sites": [{"id": key, "name": name, "client": "Acme"} for key, name in SITES.items()],
                "counts": {"open": len(alerts)},
            }
        )

    async def _changes(self, request: web.Request) -> web.Response:
        after = int(request.query["after"])
        kept = self.changes if self.tells_past else []
        return web.json_response({"changes": [change for change in kept if change["seq"] > after]})

    async def _why(self, request: web.Request) -> web.Response:
        self.calls["why"] += 1
        alert = self.alerts.get(request.match_info["id"])
        if alert is None:
            return self._problem(404, "not_found", "there is no such alert")
        return web.json_response({"items": self.ledger.get(alert["id"], []), "cursor": None})

    async def _handover(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        if name not in {"sheet", "H-3"}:
            return self._problem(404, "not_found", f"there is no handover {name}")
        return web.json_response(shift.sheet(T0) if name == "sheet" else shift.handover(name, T0))

    async def _presence(self, request: web.Request) -> web.Response:
        name = self.tokens.get(request.headers["Authorization"].removeprefix("Bearer "))
        said = SayPresence.model_validate_json(await request.read())
        self.calls["presence"] += 1
        until = rfc3339(self.clock() + 75_000)
        self.present[str(name)] = {"name": name, "looking": said.looking, "claims": said.claims, "until": until}
        self.broadcast({"type": "presence", "people": [*self.present.values()]})
        return web.json_response({})

    async def _command(self, request: web.Request) -> web.Response:
        alert_id, verb = request.match_info["id"], request.match_info["verb"]
        self.calls[verb] += 1
        if not self._known(request):
            return self._unknown()
        if self.busy:
            self.busy -= 1
            return self._problem(503, "unavailable", "starting")
        body = COMMANDS[verb].model_validate_json(await request.read()).model_dump(exclude_unset=True)
        key = request.headers["Idempotency-Key"]
        if key not in self.answers:
            self.answers[key] = self._carry_out(alert_id, verb, body)
        if self.break_after_commit:
            self.break_after_commit -= 1
            if request.transport is not None:
                request.transport.abort()
            raise web.HTTPInternalServerError
        status, answer = self.answers[key]
        return web.json_response(answer, status=status)

    def _carry_out(self, alert_id: str, verb: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if alert_id in self.refuse:
            status, detail = self.refuse[alert_id]
            return status, {"code": "refused", "detail": detail, "status": status}
        self.done.append((verb, alert_id, body))
        moves: dict[str, dict[str, Any]] = {
            "ack": {"status": "acknowledged", "acknowledged_by": "mara", "acknowledged_at": rfc3339(self.clock())},
            "resolve": {"status": "resolved", "verdict": body.get("verdict"), "resolved_by": "mara"},
            "undo": {"status": "open", "acknowledged_by": None, "acknowledged_at": None, "verdict": None},
            "note": {"notes": self.alerts[alert_id]["notes"] + 1},
        }
        moved = moves[verb]
        if verb in {"ack", "resolve"}:
            moved["undo_until"] = rfc3339(self.clock() + 10_000)
        self.change_alert(alert_id, happened=verb, actor="mara", **moved)
        return 200, self.alerts[alert_id]

    async def _feed(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.calls["feed"] += 1
        if not self._known(request):
            await socket.close(code=4401)
            return socket
        after = int(request.query.get("after", self.seq))
        self.afters.append(after)
        await self._welcome(socket, after)
        self.sockets.add(socket)
        try:
            async for message in socket:
                assert message.type is not WSMsgType.TEXT
        finally:
            self.sockets.discard(socket)
        return socket

    async def _welcome(self, socket: web.WebSocketResponse, after: int) -> None:
        await self._tell(
            socket,
            {
                "type": "hello",
                "epoch": self.epoch,
                "seq": self.seq,
                "oldest_seq": self.first_seq,
                "server_time": rfc3339(self.clock()),
                "version": "0.1.0",
                "capabilities": ["resume"],
            },
        )
        if after + 1 < self.first_seq:
            lost = {"type": "gap", "from": after + 1, "to": self.first_seq - 1, "reason": "older than what is kept"}
            await self._tell(socket, lost)
            after = self.first_seq - 1
        past = [change for change in self.changes if change["seq"] > after]
        for start in range(0, len(past), 7):
            await self._tell(socket, batch(past[start : start + 7]))
        await self._tell(socket, {"type": "caught_up", "seq": self.seq})

    async def _tell(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionError):
            await socket.send_str(orjson.dumps(frame).decode())

    # ------------------------------------------------------------------------------------------------------ deciding

    @property
    def seq(self) -> int:
        return self.changes[-1]["seq"] if self.changes else 0

    def publish(self, kind: str, data: dict[str, Any], **about: Any) -> None:
        change = {"seq": self.seq + 1, "time": rfc3339(self.clock()), "type": kind, **about, "data": data}
        self.changes.append(change)
        if self.swallow:
            self.swallow -= 1
            return
        self.broadcast(batch([change]))

    def broadcast(self, frame: dict[str, Any]) -> None:
        for socket in tuple(self.sockets):
            task = asyncio.get_running_loop().create_task(self._tell(socket, frame))
            _tasks.add(task)
            task.add_done_callback(_tasks.discard)

    def heartbeat(self) -> None:
        self.broadcast({"type": "heartbeat", "seq": self.seq, "time": rfc3339(self.clock())})

    def open_alert(self, alert_id: str, **fields: Any) -> None:
        self.alerts[alert_id] = view(alert_id, self.clock(), **fields)
        self.ledger[alert_id] = [
            {
                "seq": 1,
                "time": rfc3339(self.clock()),
                "decision": "opened",
                "reason": "first finding",
                "actor": "engine",
            }
        ]
        self._publish_alert("alert_created", alert_id, old=None, happened="opened", actor="engine")

    def change_alert(self, alert_id: str, *, happened: str, actor: str = "engine", **fields: Any) -> None:
        old = self.alerts[alert_id]
        self.alerts[alert_id] = {**old, "updated_at": rfc3339(self.clock()), **fields}
        self._publish_alert("alert_updated", alert_id, old=old["status"], happened=happened, actor=actor)

    def _publish_alert(self, kind: str, alert_id: str, *, old: str | None, happened: str, actor: str) -> None:
        alert = self.alerts[alert_id]
        data = {**alert, "old_status": old, "new_status": alert["status"], "happened": happened}
        self.publish(kind, {**data, "why": "because", "actor": actor}, site=alert["site"], severity=alert["severity"])


_tasks: set[asyncio.Task[None]] = set()


def batch(changes: list[dict[str, Any]]) -> dict[str, Any]:
    ends = {"from": changes[0]["seq"], "to": changes[-1]["seq"]}
    return {"type": "batch", **ends, "changes": changes, "latency_ms": 1.0}


def view(alert_id: str, now: int, **fields: Any) -> dict[str, Any]:
    """Return an AlertView as JSON, checked by the daemon's own model."""
    body = {
        "id": alert_id,
        "fingerprint": f"fp-{alert_id}",
        "type": "DEVICE_OFFLINE",
        "category": "SECURITY",
        "severity": "HIGH",
        "status": "open",
        "priority": 50,
        "priority_parts": {"severity": 24.0, "site_tier": 9.0},
        "title": f"Trouble {alert_id}",
        "reason": "camera 7 was silent for 12 min (limit 10)",
        "site": "NTH-04",
        "site_name": "Depot North",
        "entity": {"type": "device", "id": "cam-7"},
        "source": "nocd",
        "first_seen": rfc3339(now),
        "last_seen": rfc3339(now),
        "opened_at": rfc3339(now),
        "updated_at": rfc3339(now),
        "count": 1,
        "condition": True,
        "evidence": {"silent_s": 720, "limit_min": 10, "last_value": None, "checks": {"ping": False}},
        "labels": {"zone": "dock"},
        "recommended_actions": ["Call the site", "Send the nearest guard"],
        **fields,
    }
    return AlertView.model_validate(body).model_dump()
