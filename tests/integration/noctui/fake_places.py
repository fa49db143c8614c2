"""What the small nocd knows about sites: signals, baselines, and thresholds that move once for each key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from nocd.wire.requests import Request
from nocd.wire.telemetry import Pin, Rollback, SetThreshold, Simulate
from tests.unit.noctui import site_story as told

if TYPE_CHECKING:
    from tests.integration.noctui.fake import FakeNocd

REQUESTS: dict[str, type[Request]] = {"threshold": SetThreshold, "pin": Pin, "rollback": Rollback}


class Places:
    """The telemetry routes of a FakeNocd."""

    def __init__(self, nocd: FakeNocd) -> None:
        self.nocd = nocd
        self.thresholds: dict[str, dict[str, Any]] = {}
        self.down = False

    def routes(self) -> list[web.RouteDef]:
        one = "/v1/baselines/{id}"
        return [
            web.get("/v1/telemetry/sites/{id}/signals", self._signals),
            web.get("/v1/baselines", self._baselines),
            web.get(one, self._detail),
            web.get(f"{one}/hours", self._hours),
            web.get(f"{one}/changes", self._changes),
            web.post(f"{one}/simulate", self._simulate),
            web.post(f"{one}/changes/{{change}}/{{verb:rollback}}", self._command),
            web.post(f"{one}/{{verb:threshold|pin}}", self._command),
        ]

    def _standing(self, baseline: str) -> dict[str, Any]:
        metric, _, site = baseline.partition("@")
        return told.baseline(metric, site, **self.thresholds.get(baseline, {}))

    async def _signals(self, request: web.Request) -> web.Response:
        self.nocd.calls["signals"] += 1
        if self.down:
            return self.nocd._problem(503, "unavailable", "the store is busy")
        assert request.query["window_minutes"] == "120"
        return web.json_response(told.signals(self.nocd.clock(), site=request.match_info["id"]))

    async def _baselines(self, request: web.Request) -> web.Response:
        site = request.query["site"]
        known = [self._standing(told.baseline_id(metric, site)) for metric in told.STABLE]
        return web.json_response({"items": known, "cursor": None})

    async def _detail(self, request: web.Request) -> web.Response:
        metric, _, site = request.match_info["id"].partition("@")
        return web.json_response(told.detail(metric, site, **self.thresholds.get(request.match_info["id"], {})))

    async def _hours(self, request: web.Request) -> web.Response:
        metric = request.match_info["id"].partition("@")[0]
        return web.json_response(told.hours(self.nocd.clock(), metric, int(request.query["limit"])))

    async def _changes(self, _request: web.Request) -> web.Response:
        return web.json_response(told.changes())

    async def _simulate(self, request: web.Request) -> web.Response:
        assert "Idempotency-Key" not in request.headers
        asked = Simulate.model_validate_json(await request.read())
        return web.json_response(told.simulation(asked.threshold, days=asked.days))

    async def _command(self, request: web.Request) -> web.Response:
        baseline, verb = request.match_info["id"], request.match_info["verb"]
        body = REQUESTS[verb].model_validate_json(await request.read()).model_dump(exclude_unset=True)
        key = request.headers["Idempotency-Key"]
        if key not in self.nocd.answers:
            self.nocd.answers[key] = 200, self._carry_out(baseline, verb, body)
        status, answer = self.nocd.answers[key]
        return web.json_response(answer, status=status)

    def _carry_out(self, baseline: str, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        self.nocd.done.append((verb, baseline, body))
        moved: dict[str, Any] = {name: body[name] for name in ("threshold", "pinned") if name in body}
        self.thresholds[baseline] = {**self.thresholds.get(baseline, {}), **moved}
        metric, _, site = baseline.partition("@")
        about = {"metric": metric, "pinned": False, "reason": "said so", "actor": "mara", "old": 3.0}
        self.nocd.publish("threshold_changed", {**about, "new": moved.get("threshold", 3.0)}, site=site)
        return {"baseline": self._standing(baseline), "change": None}
