"""Playbooks: what the daemon does by itself, what became of it, and those steps that wait for a person's word."""

from __future__ import annotations

from typing import get_args

from aiohttp import web

from nocd.api import answers
from nocd.api.asking import done
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import tenant_of
from nocd.api.runbooks import shown
from nocd.domain.playbook import RunStatus
from nocd.domain.token import Act, Right
from nocd.errors import NotFound
from nocd.store import playbooks, queries
from nocd.triage.playbooks import APPROVE, CANCEL, START
from nocd.wire.playbooks import StartPlaybook


def routes() -> list[web.RouteDef]:
    """Return the routes of playbooks."""
    return [
        web.get("/v1/playbooks", index),
        web.post("/v1/playbooks/{id}/run", run),
        web.get("/v1/playbooks/runs", runs),
        web.post("/v1/playbooks/runs/{run}/approve", approve),
        web.post("/v1/playbooks/runs/{run}/cancel", cancel),
    ]


@needs(Act.READ)
async def index(request: web.Request) -> web.Response:
    """Answer every playbook in force: the runbooks that do something by themselves."""
    answers.known_parameters(request)
    own = [runbook for runbook in tenant_of(request).runbooks.all() if runbook.playbook]
    return answers.json({"items": [shown(request, runbook) for runbook in own], "cursor": None})


@needs(Act.OPERATE)
async def run(request: web.Request) -> web.Response:
    """Run a playbook for an alert for which it has not run."""
    asked = answers.parsed(StartPlaybook, await answers.small_body(request))
    await _sees_alert(request, asked.alert)
    return answers.json(await done(request, START, request.match_info["id"], {"alert": asked.alert}))


@needs(Act.READ)
async def runs(request: web.Request) -> web.Response:
    """Answer a page of runs, newest first."""
    answers.known_parameters(request, "run_status", "alert", "limit", "cursor")
    token, place = request[TOKEN], answers.from_cursor(request, 1)
    bodies, before = await tenant_of(request).store.read(
        playbooks.page,
        statuses=answers.words(request, "run_status", get_args(RunStatus)),
        alert=answers.alert_no(request),
        sites=token.sites,
        clients=token.clients,
        before=None if place is None else place[0],
        limit=answers.limit(request),
    )
    return answers.page(bodies, answers.to_cursor(None if before is None else (before,)))


@needs(Act.OPERATE, Right.APPROVE)
async def approve(request: web.Request) -> web.Response:
    """Let a run take the step that waits for approval."""
    return await _command(request, APPROVE)


@needs(Act.OPERATE)
async def cancel(request: web.Request) -> web.Response:
    """Cancel what is left of a run."""
    return await _command(request, CANCEL)


async def _command(request: web.Request, verb: str) -> web.Response:
    await answers.small_body(request)
    name, no = request.match_info["run"], answers.number_of(request.match_info["run"], "R")
    found = None if no is None else await tenant_of(request).store.read(playbooks.one, no)
    if found is None or not request[TOKEN].sees(site=found[1], client=found[2]):
        raise NotFound(f"there is no run {name}")
    return answers.json(await done(request, verb, name, {}))


async def _sees_alert(request: web.Request, alert: str) -> None:
    no = answers.number_of(alert, "A")
    found = None if no is None else await tenant_of(request).store.read(queries.alert, no)
    if found is None or not request[TOKEN].sees(site=found[1], client=found[2]):
        raise NotFound(f"there is no alert {alert}")
