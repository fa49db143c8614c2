"""A ticket's evidence over HTTP: put together, hashed, and its root on record before it is handed out."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from nocd import __version__
from nocd.api import answers
from nocd.api.asking import done
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import DESK, tenant_of
from nocd.api.tickets import ticket_no
from nocd.detect.registry import CATALOG
from nocd.domain import evidence
from nocd.domain.instant import rfc3339
from nocd.domain.token import Act, Right
from nocd.errors import NotAllowed
from nocd.store import evidence as store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nocd.domain.token import Token
    from nocd.store.evidence import Case
    from nocd.tenant import Tenant

_LIMITS = (
    "events are those that name who or what the alerts are about, from an hour before them to an hour after",
    "rules are those in force when this was made; what was in force before is told by the audit trail of settings",
)


def routes() -> list[web.RouteDef]:
    """Return the routes of evidence."""
    return [web.get("/v1/tickets/{id}/evidence", show)]


@needs(Act.READ, Right.FRAUD)
async def show(request: web.Request) -> web.Response:
    """Answer all that is on record of a ticket's case, each item hashed, under a root that the audit trail seals."""
    answers.known_parameters(request)
    token, tenant, ticket_id = request[TOKEN], tenant_of(request), request.match_info["id"]
    _permit(token)
    found = await tenant.store.read(store.case, await ticket_no(request, ticket_id))
    assert found is not None
    header = {
        "tenant": tenant.name,
        "ticket": ticket_id,
        "number": found.ticket["number"],
        "made_at": rfc3339(request.app[DESK].now_ms()),
        "made_by": token.name,
        "version": __version__,
        "model": None,
        "limits": [*_LIMITS, *(f"left out: {each}" for each in found.left_out)],
    }
    document = evidence.sealed(header, _items(tenant, found, token))
    told = {"root": document["root"], "items": len(document["items"])}
    await done(request, evidence.EVIDENCE, ticket_id, told)
    document["seal"] = await tenant.store.read(store.seal, ticket_id, document["root"])
    return answers.json(document, headers={"Cache-Control": "no-store"})


def _permit(token: Token) -> None:
    """Pass who may read scores, take things out of the house and read names: a masked document would prove nothing."""
    for right in (Right.EXPORT, Right.PII):
        if right not in token.rights:
            raise NotAllowed(f"token {token.name!r} lacks the right {right.value!r}")


def _items(tenant: Tenant, found: Case, token: Token) -> Iterator[dict[str, Any]]:
    """Yield the case's items, of which a limited token gets what it sees."""
    alerts = [each for each in found.alerts if token.sees(site=each["site"], client=each["client"])]
    seen = {found.ticket["id"], *(alert["id"] for alert in alerts)}
    yield evidence.item("ticket", found.ticket["id"], found.ticket)
    yield from _rows("timeline", found.ticket["id"], found.timeline)
    for alert in alerts:
        yield evidence.item("alert", alert["id"], alert)
        yield from _rows("decision", alert["id"], found.ledger[alert["id"]])
    yield from (evidence.item("finding", each["id"], each) for each in found.findings if each["alert"] in seen)
    yield from _rules(tenant, alerts)
    yield from (evidence.item("event", str(each["no"]), each) for each in _events(tenant, found, token))
    acts = (each for each in found.acts if each["target"] in seen or not token.limited)
    yield from (evidence.item("act", str(each["no"]), each) for each in acts)


def _rows(kind: str, of: str, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from (evidence.item(kind, f"{of}/{row['row']}", row) for row in rows)


def _events(tenant: Tenant, found: Case, token: Token) -> Iterator[dict[str, Any]]:
    """Yield the events that a token sees: one who is limited those of its sites alone."""
    client = tenant.pipeline.engine.roster.client
    for event in found.events:
        site = orjson.loads(event["body"])["data"].get("site")
        if not token.limited or token.sees(site=site, client=client(site)):
            yield event


def _rules(tenant: Tenant, alerts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the rule in force of each type of alert at its site; outside alerts have none."""
    scene = tenant.pipeline.engine.scene
    for kind, site in sorted({(each["type"], each["site"] or "") for each in alerts}):
        if kind in CATALOG:
            yield evidence.item("rule", f"{kind}@{site or '-'}", asdict(scene.rule(kind, site or None)))
