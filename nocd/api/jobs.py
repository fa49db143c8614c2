"""The timetable: which jobs there are, how their runs ended, and a run on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from nocd.api import answers
from nocd.api.asking import done
from nocd.api.auth import needs
from nocd.api.keys import DESK, tenant_of
from nocd.domain.token import Act
from nocd.errors import NotFound
from nocd.store import usual

if TYPE_CHECKING:
    from nocd.api.keys import Jobs


def routes() -> list[web.RouteDef]:
    """Return the routes of jobs."""
    return [
        web.get("/v1/jobs", index),
        web.get("/v1/jobs/{name}/runs", runs),
        web.post("/v1/jobs/{name}/run", run),
    ]


@needs(Act.READ)
async def index(request: web.Request) -> web.Response:
    """Answer every job with its plan and its last run."""
    answers.known_parameters(request)
    last = await tenant_of(request).store.read(usual.last_runs)
    items = [{**job, **_last(last.get(job["name"]))} for job in _jobs(request).listed()]
    return answers.json({"items": items, "cursor": None})


@needs(Act.READ)
async def runs(request: web.Request) -> web.Response:
    """Answer a page of a job's runs, newest first."""
    answers.known_parameters(request, "limit", "cursor")
    place, limit = answers.from_cursor(request, 1), answers.limit(request)
    items, before = await tenant_of(request).store.read(
        usual.job_runs, _known(request), before=None if place is None else place[0], limit=limit
    )
    return answers.json({"items": items, "cursor": answers.to_cursor(None if before is None else (before,))})


@needs(Act.ADMINISTER)
async def run(request: web.Request) -> web.Response:
    """Run a job now, or wait for its run under way; answer how it ended for the one who asks."""
    await answers.small_body(request)
    name = _known(request)
    await done(request, "run_job", name, {})
    return answers.json(await _jobs(request).run_now(name, tenant=tenant_of(request).name))


def _jobs(request: web.Request) -> Jobs:
    return request.app[DESK].jobs()


def _known(request: web.Request) -> str:
    name, known = request.match_info["name"], [job["name"] for job in _jobs(request).listed()]
    if name not in known:
        msg = f"there is no job {name}; there are {', '.join(known)}"
        raise NotFound(msg)
    return name


def _last(ran: dict[str, Any] | None) -> dict[str, Any]:
    if ran is None:
        return {"last_started": None, "last_outcome": None, "last_seconds": None, "last_detail": None}
    return {
        "last_started": ran["started"],
        "last_outcome": ran["outcome"],
        "last_seconds": ran["seconds"],
        "last_detail": ran["detail"],
    }
