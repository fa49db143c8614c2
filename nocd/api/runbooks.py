"""Runbooks: what to do about each kind of trouble, for reading; they change with their file."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from aiohttp import web

from nocd.api import answers
from nocd.api.auth import needs
from nocd.api.keys import tenant_of
from nocd.domain.token import Act
from nocd.errors import NotFound

if TYPE_CHECKING:
    from nocd.triage.runbooks import Runbook


def routes() -> list[web.RouteDef]:
    """Return the routes of runbooks."""
    return [web.get("/v1/runbooks", index), web.get("/v1/runbooks/{id}", show)]


@needs(Act.READ)
async def index(request: web.Request) -> web.Response:
    """Answer every runbook in force, by id."""
    answers.known_parameters(request)
    return answers.json({"items": [asdict(runbook) for runbook in _all(request)]})


@needs(Act.READ)
async def show(request: web.Request) -> web.Response:
    """Answer one runbook."""
    answers.known_parameters(request)
    name = request.match_info["id"]
    runbook = next((runbook for runbook in _all(request) if runbook.id == name), None)
    if runbook is None:
        raise NotFound(f"there is no runbook {name}")
    return answers.json(asdict(runbook))


def _all(request: web.Request) -> list[Runbook]:
    return tenant_of(request).runbooks.all()
