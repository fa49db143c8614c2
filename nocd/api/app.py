"""The web application: every route, behind problems and auth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from nocd.api import (
    alerts,
    audit,
    baselines,
    directory,
    evidence,
    exports,
    feed,
    fraud,
    glances,
    handovers,
    incidents,
    ingest,
    jobs,
    maintenance,
    models,
    notifications,
    people,
    performance,
    playbooks,
    presence,
    proposals,
    reports,
    runbooks,
    search,
    silences,
    system,
    telemetry,
    tickets,
    whatif,
)
from nocd.api.auth import auth, undeclared
from nocd.api.keys import DESK, HTTP, Desk
from nocd.api.problems import problems

if TYPE_CHECKING:
    from nocd.api.auth import Gate
    from nocd.api.feed_server import FeedServer
    from nocd.api.server import HttpLimits
    from nocd.api.tokens import TokenRoutes


def make_app(
    desk: Desk, *, gate: Gate, feed_server: FeedServer, tokens: TokenRoutes, http: HttpLimits
) -> web.Application:
    """Return the application; raises RuntimeError where a route does not say whom it serves."""
    app = web.Application(middlewares=[problems(desk.metrics), auth(gate)], client_max_size=desk.max_body_bytes)
    app[DESK] = desk
    app[HTTP] = http
    app[ingest.STRANGERS] = ingest.Strangers()
    app[feed.FEED_KEY] = feed_server
    app.add_routes(
        [
            *ingest.routes(),
            *alerts.routes(),
            *tickets.routes(),
            *evidence.routes(),
            *directory.routes(),
            *telemetry.routes(),
            *baselines.routes(),
            *proposals.routes(),
            *incidents.routes(),
            *fraud.routes(),
            *performance.PerformanceRoutes().routes(),
            *models.routes(),
            *people.routes(),
            *maintenance.routes(),
            *silences.routes(),
            *handovers.routes(),
            *runbooks.routes(),
            *playbooks.routes(),
            *notifications.routes(),
            *jobs.routes(),
            *reports.routes(),
            *glances.routes(),
            *search.routes(),
            *exports.routes(),
            *whatif.routes(),
            *feed.routes(),
            *presence.routes(),
            *tokens.routes(),
            *audit.AuditRoutes(tokens.table).routes(),
            *system.routes(),
        ]
    )
    if missing := undeclared(app):
        msg = f"these routes do not say whom they serve: {', '.join(missing)}"
        raise RuntimeError(msg)
    return app
