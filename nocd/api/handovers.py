"""Handing the desk over: the sheet as it stands, notes for the next shift, and handovers signed and accepted."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from nocd.api import answers
from nocd.api.asking import done
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import DESK, tenant_of
from nocd.domain.instant import rfc3339
from nocd.domain.token import Act
from nocd.errors import NotAllowed, NotFound
from nocd.store import handovers
from nocd.triage.handovers import ACCEPT, CLOSE_NOTE, NOTE, SIGN
from nocd.wire.handovers import AcceptHandover, AddDeskNote, SignHandover
from nocd.wire.present_handovers import note_view, shift_view, text_of

FORMATS = ("json", "text")


def routes() -> list[web.RouteDef]:
    """Return the routes of handovers and of the desk's notes."""
    return [
        web.get("/v1/handovers", index),
        web.post("/v1/handovers", sign),
        web.get("/v1/handovers/sheet", sheet),
        web.get("/v1/handovers/{id}", show),
        web.post("/v1/handovers/{id}/accept", accept),
        web.get("/v1/notes", notes),
        web.post("/v1/notes", add),
        web.delete("/v1/notes/{id}", close),
    ]


@needs(Act.READ)
async def sheet(request: web.Request) -> web.Response:
    """Answer what would be handed over now."""
    answers.known_parameters(request, "format")
    _whole_desk(request)
    now, kept = request.app[DESK].now_ms(), tenant_of(request).pipeline.engine.triage.handovers
    view = {
        "time": rfc3339(now),
        "shift": shift_view(kept.shift(now)),
        "sheet": kept.sheet(now),
        "notes": [note_view(note) for note in kept.notes()],
    }
    return _answer(request, answers.shown(request[TOKEN], view))


@needs(Act.READ)
async def index(request: web.Request) -> web.Response:
    """Answer a page of handovers, newest first."""
    answers.known_parameters(request, "limit", "cursor")
    _whole_desk(request)
    place = answers.from_cursor(request, 1)
    bodies, before = await tenant_of(request).store.read(
        handovers.page, before=None if place is None else place[0], limit=answers.limit(request)
    )
    seen = (answers.seen_by(request[TOKEN], body) for body in bodies)
    return answers.page(seen, answers.to_cursor(None if before is None else (before,)))


@needs(Act.READ)
async def show(request: web.Request) -> web.Response:
    """Answer one handover, as JSON or as text to print."""
    answers.known_parameters(request, "format")
    _whole_desk(request)
    name = request.match_info["id"]
    no = answers.number_of(name, "H")
    body = None if no is None else await tenant_of(request).store.read(handovers.one, no)
    if body is None:
        raise NotFound(f"there is no handover {name}")
    return _answer(request, orjson.loads(answers.seen_by(request[TOKEN], body)))


@needs(Act.OPERATE)
async def sign(request: web.Request) -> web.Response:
    """Sign the sheet as it stands; notes that are not pinned go with it."""
    asked = answers.parsed(SignHandover, await answers.small_body(request))
    return await _done(request, SIGN, "", asked.model_dump(exclude_none=True), status=201)


@needs(Act.OPERATE)
async def accept(request: web.Request) -> web.Response:
    """Take over a shift that somebody else signed."""
    asked = answers.parsed(AcceptHandover, await answers.small_body(request))
    return await _done(request, ACCEPT, request.match_info["id"], asked.model_dump(exclude_none=True))


@needs(Act.READ)
async def notes(request: web.Request) -> web.Response:
    """Answer the notes for the next shift, the pinned first, then the newest."""
    answers.known_parameters(request)
    _whole_desk(request)
    kept = tenant_of(request).pipeline.engine.triage.handovers.notes()
    return answers.json({"items": [note_view(note) for note in kept], "cursor": None})


@needs(Act.OPERATE)
async def add(request: web.Request) -> web.Response:
    """Write something down for the next shift."""
    asked = answers.parsed(AddDeskNote, await answers.small_body(request))
    return await _done(request, NOTE, "", asked.model_dump(exclude_none=True), status=201)


@needs(Act.OPERATE)
async def close(request: web.Request) -> web.Response:
    """Close a note: the next shift need not know it any more."""
    return await _done(request, CLOSE_NOTE, request.match_info["id"], {})


async def _done(
    request: web.Request, verb: str, target: str, args: dict[str, Any], *, status: int = 200
) -> web.Response:
    answers.known_parameters(request)
    _whole_desk(request)
    return answers.json(answers.shown(request[TOKEN], await done(request, verb, target, args)), status=status)


def _answer(request: web.Request, view: dict[str, Any]) -> web.Response:
    if answers.word(request, "format", FORMATS) == "text":
        return web.Response(text=text_of(view), content_type="text/plain")
    return answers.json(view)


def _whole_desk(request: web.Request) -> None:
    """Raise NotAllowed for a token that is limited: the sheet is of all sites."""
    if request[TOKEN].limited:
        raise NotAllowed("a handover is of the whole desk; this token is limited to some of it", code="forbidden")
