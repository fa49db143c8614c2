"""The daemon about itself: alive, ready, healthy, measured; and the snapshot a console starts from."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from nocd import __version__
from nocd.api import answers
from nocd.api.asking import done
from nocd.api.asyncapi import document as feed_document
from nocd.api.auth import TOKEN, needs, public
from nocd.api.backup import permit, send
from nocd.api.keys import DESK, tenant_of
from nocd.api.openapi import document
from nocd.domain.instant import rfc3339
from nocd.domain.token import Act
from nocd.errors import UnavailableError
from nocd.store import queries

if TYPE_CHECKING:
    from nocd.domain.token import Token
    from nocd.tenant import Tenant


def routes() -> list[web.RouteDef]:
    """Return the system's routes; each also without `/v1`, where probes look."""
    return [
        web.get("/v1/live", live),
        web.get("/v1/ready", ready),
        web.get("/v1/version", version),
        web.get("/v1/health", health),
        web.get("/v1/snapshot", snapshot),
        web.get("/v1/openapi.json", openapi),
        web.get("/openapi.json", openapi),
        web.get("/asyncapi.json", asyncapi),
        web.get("/v1/docs", docs),
        web.get("/metrics", metrics),
        web.get("/v1/metrics", metrics),
        web.post("/v1/backup", backup),
    ]


@public
async def live(_: web.Request) -> web.Response:
    """Answer 200 while the event loop runs."""
    return answers.json({"live": True})


@public
async def ready(request: web.Request) -> web.Response:
    """Answer 200 while events are taken, 503 with why not otherwise."""
    reason = request.app[DESK].health.ready()
    return answers.json({"ready": not reason, "reason": reason}, status=503 if reason else 200)


@public
async def version(_: web.Request) -> web.Response:
    """Answer what is running."""
    return answers.json({"name": "nocd", "version": __version__, "api": "v1"})


@needs(Act.READ)
async def health(request: web.Request) -> web.Response:
    """Answer each part's state, and why."""
    parts = request.app[DESK].health.parts()
    worst = "ok" if all(part["state"] == "ok" for part in parts.values()) else "degraded"
    return answers.json({"status": worst, "parts": parts})


@needs(Act.READ)
async def snapshot(request: web.Request) -> web.Response:
    """Answer everything a console starts from, true at `seq`."""
    tenant, token = tenant_of(request), request[TOKEN]
    seq, bodies, counts = await tenant.store.read(queries.snapshot, sites=token.sites, clients=token.clients)
    etag = _etag(tenant.hub.epoch, seq, token)
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers={"ETag": etag})
    head: dict[str, Any] = {
        "epoch": tenant.hub.epoch,
        "seq": seq,
        "time": rfc3339(request.app[DESK].now_ms()),
        "alerts_total": sum(counts.values()),
        "counts": counts,
        "sites": _sites(tenant, token),
    }
    alerts = b",".join(answers.seen_by(token, body) for body in bodies)
    body = orjson.dumps(head)[:-1] + b',"alerts":[' + alerts + b"]}"
    return web.Response(body=body, content_type="application/json", headers={"ETag": etag})


def _etag(epoch: str, seq: int, token: Token) -> str:
    seen = orjson.dumps([epoch, seq, sorted(token.sites), sorted(token.clients), sorted(token.rights)])
    return f'"{base64.urlsafe_b64encode(hashlib.sha256(seen).digest()[:12]).decode()}"'


def _sites(tenant: Tenant, token: Token) -> list[dict[str, Any]]:
    duties = tenant.pipeline.engine.duties
    return [
        {
            "id": site.id,
            "name": site.name,
            "client": site.client,
            "timezone": site.timezone,
            "tier": site.tier,
            "people_on_duty": duties.heads(site.id),
            "provisional": site.provisional,
        }
        for site in tenant.pipeline.engine.roster.sites.values()
        if token.sees(site=site.id, client=site.client or None)
    ]


@public
async def openapi(request: web.Request) -> web.Response:
    """Answer the OpenAPI document, made from the models that are served."""
    return web.Response(body=document(request.app), content_type="application/json")


@public
async def asyncapi(_: web.Request) -> web.Response:
    """Answer the AsyncAPI document of the feed, made from the models it carries."""
    return web.Response(body=feed_document(), content_type="application/json")


@public
async def docs(request: web.Request) -> web.Response:
    """Answer every route on one plain page."""
    routes = sorted(
        {(resource.canonical, route.method) for resource in request.app.router.resources() for route in resource}
    )
    lines = "\n".join(f"{method:6} {path}" for path, method in routes if method != "HEAD")
    return web.Response(text=f"nocd {__version__}\n\n{lines}\n\nThe whole document: /openapi.json\n")


@public
async def metrics(request: web.Request) -> web.Response:
    """Answer everything that is counted, in Prometheus' text form."""
    made = request.app[DESK].metrics
    text = await asyncio.to_thread(made.text)  # it also asks the kernel about this process
    return web.Response(body=text, headers={"Content-Type": made.content_type})


@needs(Act.ADMINISTER)
async def backup(request: web.Request) -> web.StreamResponse:
    """Answer with a backup of everything, checked, as one tar."""
    desk = request.app[DESK]
    permit(request[TOKEN], desk.tenants)
    with suppress(UnavailableError):  # a store that cannot write now is why a backup is wanted
        await done(request, "backup", "", {})
    return await send(request, desk.folder, now=desk.now_ms())
