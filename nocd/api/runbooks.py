"""Runbooks: what to do about each kind of trouble, for reading; they change with their file."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from aiohttp import web

from nocd.api import answers
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import tenant_of
from nocd.domain.token import Act
from nocd.errors import NotFound
from nocd.wire.present import use_view

if TYPE_CHECKING:
    from nocd.triage.runbooks import Runbook


def routes() -> list[web.RouteDef]:
    """Return the routes of runbooks."""
    return [web.get("/v1/runbooks", index), web.get("/v1/runbooks/{id}", show)]


@needs(Act.READ)
async def index(request: web.Request) -> web.Response:
    """Answer every runbook in force, by id."""
    answers.known_parameters(request)
    return answers.json({"items": [shown(request, runbook) for runbook in tenant_of(request).runbooks.all()]})


@needs(Act.READ)
async def show(request: web.Request) -> web.Response:
    """Answer one runbook."""
    answers.known_parameters(request)
    name = request.match_info["id"]
    runbook = tenant_of(request).runbooks.named(name)
    if runbook is None:
        raise NotFound(f"there is no runbook {name}")
    return answers.json(shown(request, runbook))


def shown(request: web.Request, runbook: Runbook) -> dict[str, Any]:
    """Return a runbook as `RunbookView`, with what came of it so far for a token that sees every site."""
    use = tenant_of(request).pipeline.engine.triage.playbooks.use(runbook.id)
    return {**asdict(runbook), "use": None if request[TOKEN].limited else use_view(use)}
