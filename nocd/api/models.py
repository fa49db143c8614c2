"""Versions of the fraud model: listed, shown, put in force, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from nocd.api import answers
from nocd.api.asking import NotDone, idempotency_key
from nocd.api.auth import TOKEN, needs, peer
from nocd.api.keys import DESK, tenant_of
from nocd.batch import reply_key
from nocd.domain.command import Command
from nocd.domain.token import Act, Right
from nocd.errors import NotAllowed
from nocd.fraud.steps import ACTIVATED, MODEL_STEP, ROLLED_BACK, args
from nocd.store import model_rows
from nocd.wire.models import MoveModel

if TYPE_CHECKING:
    from nocd.api.keys import Moved

_BY_HAND = {ACTIVATED: "put in force by hand", ROLLED_BACK: "taken back by hand"}


def routes() -> list[web.RouteDef]:
    """Return the routes of models."""
    return [
        web.get("/v1/models", index),
        web.post("/v1/models/rollback", rollback),
        web.get("/v1/models/{version:(?!rollback$)[^/]+}", show),
        web.post("/v1/models/{version:[^/]+}/activate", activate),
    ]


@needs(Act.READ, Right.FRAUD)
async def index(request: web.Request) -> web.Response:
    """Answer the versions on disk, the newest first, with what each is worth or why it cannot be used."""
    _unlimited(request)
    return answers.json(await request.app[DESK].versions.listed(tenant_of(request).name))


@needs(Act.READ, Right.FRAUD)
async def show(request: web.Request) -> web.Response:
    """Answer a version's card; `active` and `former` name the one in force and the one before."""
    _unlimited(request)
    tenant = tenant_of(request)
    card = await request.app[DESK].versions.card(tenant.name, request.match_info["version"])
    return answers.json({**card, "steps": await tenant.store.read(model_rows.steps, card["version"])})


@needs(Act.ADMINISTER, Right.APPROVE)
async def activate(request: web.Request) -> web.Response:
    """Put a version in force that is whole and passed its gates; else it is refused with the reason."""
    said = await _said(request)
    version = request.match_info["version"]

    async def tell(moved: Moved) -> None:
        await _tell(request, ACTIVATED, moved, said)

    moved = await request.app[DESK].versions.activate(tenant_of(request).name, version, tell)
    return answers.json({"version": moved.version, "former": moved.former})


@needs(Act.ADMINISTER, Right.APPROVE)
async def rollback(request: web.Request) -> web.Response:
    """Put the version that was in force before there again."""
    said, tenant, versions = await _said(request), tenant_of(request), request.app[DESK].versions
    active, former = await versions.in_force(tenant.name)
    repeated = Command(verb=MODEL_STEP, target="", actor=request[TOKEN].name, time=0, key=_key(request, ROLLED_BACK))
    first = None if repeated.key is None else await tenant.store.reply(reply_key(repeated))
    if first is not None and orjson.loads(first[2]).get("version") == active:  # a repeat takes nothing back again
        return answers.json({"version": active, "former": former})

    async def tell(moved: Moved) -> None:
        await _tell(request, ROLLED_BACK, moved, said)

    moved = await versions.roll_back(tenant.name, tell)
    return answers.json({"version": moved.version, "former": moved.former})


async def _said(request: web.Request) -> MoveModel:
    _unlimited(request)
    return answers.parsed(MoveModel, await answers.small_body(request))


def _unlimited(request: web.Request) -> None:
    """Refuse a token that sees a part: a model is of all sites, and its card names them."""
    answers.known_parameters(request)
    if request[TOKEN].limited:
        raise NotAllowed("a token that is limited to sites or clients may not handle models")


async def _tell(request: web.Request, kind: str, moved: Moved, said: MoveModel) -> None:
    """Have the step on record and on the feed before it is made."""
    body: dict[str, Any] = {"former": moved.former}
    told = Command(
        verb=MODEL_STEP,
        target=moved.version,
        actor=request[TOKEN].name,
        time=request.app[DESK].now_ms(),
        args=args(kind, version=moved.version, reason=said.note or _BY_HAND[kind], body=body),
        key=_key(request, kind),
        peer=peer(request),
    )
    reply = await tenant_of(request).ask(told)
    if not reply.ok:
        raise NotDone(reply)


def _key(request: web.Request, kind: str) -> str | None:
    key = idempotency_key(request)
    return None if key is None else f"{key}\n{kind}"
