"""Tickets: the work to be done, one with its alerts and what happened to it, and what operators do to it."""

from __future__ import annotations

from functools import partial

from aiohttp import web
from pydantic_core import to_json

from nocd.api import answers
from nocd.api.asking import command_of, done, each, idempotency_key
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import tenant_of
from nocd.domain.ticket import TicketPriority, TicketStatus
from nocd.domain.token import Act
from nocd.errors import NotAllowed, NotFound
from nocd.store import queries, tickets
from nocd.store.rows import number
from nocd.store.tickets import TicketQuery
from nocd.triage.ticket_acts import CREATE, SUFFIX
from nocd.wire.tickets import TICKET_COMMANDS, CreateTicket, TicketBulk

_FILTERS = ("status", "priority", "site", "person", "assignee", "type", "limit", "cursor")
# `bulk` is no ticket and `evidence` no command, so that a wrong method there is answered as one.
_ID = "{id:(?!bulk$)[^{}/]+}"
_COMMAND = "{command:(?!evidence$)[^{}/]+}"
NOBODY = "-"


def routes() -> list[web.RouteDef]:
    """Return the routes of tickets."""
    return [
        web.get("/v1/tickets", index),
        web.post("/v1/tickets", create),
        web.post("/v1/tickets/bulk", bulk),
        web.get(f"/v1/tickets/{_ID}", show),
        web.post(f"/v1/tickets/{{id}}/{_COMMAND}", command),
    ]


@needs(Act.READ)
async def index(request: web.Request) -> web.Response:
    """Answer a page of tickets, P1 first, then newest; `assignee=-` for those that are nobody's."""
    answers.known_parameters(request, *_FILTERS)
    token = request[TOKEN]
    statuses = answers.words(request, "status", [*TicketStatus, "unresolved"])
    priorities = answers.words(request, "priority", TicketPriority)
    place = answers.from_cursor(request, 2)
    assignee = request.query.get("assignee")
    query = TicketQuery(
        statuses=() if "unresolved" in statuses else statuses,
        priorities=tuple(TicketPriority(word).rank for word in priorities),
        site=request.query.get("site"),
        person=request.query.get("person"),
        assignee=None if assignee == NOBODY else assignee,
        type=request.query.get("type"),
        unassigned=assignee == NOBODY,
        sites=token.sites,
        clients=token.clients,
        after=None if place is None else (place[0], place[1]),
        limit=answers.limit(request),
    )
    bodies, after = await tenant_of(request).store.read(tickets.tickets, query)
    return answers.page((answers.seen_by(token, body) for body in bodies), answers.to_cursor(after))


@needs(Act.READ)
async def show(request: web.Request) -> web.Response:
    """Answer one ticket with its alerts and all that happened to it."""
    answers.known_parameters(request)
    body = await tenant_of(request).store.read(tickets.detail, await _visible(request))
    assert body is not None
    return web.Response(body=answers.seen_by(request[TOKEN], body), content_type="application/json")


@needs(Act.OPERATE)
async def create(request: web.Request) -> web.Response:
    """Open a ticket by hand, for alerts or for none."""
    answers.known_parameters(request)
    asked = answers.parsed(CreateTicket, await answers.small_body(request))
    await _reaches(request, asked)
    ticket = await done(request, CREATE, "", asked.model_dump(exclude_none=True))
    return answers.json(answers.shown(request[TOKEN], ticket), status=201)


@needs(Act.OPERATE)
async def command(request: web.Request) -> web.Response:
    """Carry out one command and answer with the ticket after it."""
    answers.known_parameters(request)
    verb, args = await command_of(request, TICKET_COMMANDS)
    await _visible(request)
    ticket = await done(request, f"{verb}{SUFFIX}", request.match_info["id"], args)
    return answers.json(answers.shown(request[TOKEN], ticket))


@needs(Act.OPERATE)
async def bulk(request: web.Request) -> web.Response:
    """Carry out one command on up to 100 tickets, answering for each."""
    answers.known_parameters(request)
    idempotency_key(request)
    asked = answers.parsed(TicketBulk, await answers.small_body(request))
    args = answers.parsed(TICKET_COMMANDS[asked.command], to_json(asked.args)).model_dump(exclude_none=True)
    return await each(request, f"{asked.command}{SUFFIX}", asked.ids, args, visible=partial(ticket_no, request))


async def _reaches(request: web.Request, asked: CreateTicket) -> None:
    """Refuse a ticket about a site this token does not see, or for an alert that is not there for it."""
    token, tenant = request[TOKEN], tenant_of(request)
    somewhere = asked.site is not None or not asked.alerts  # else it is where its alerts are
    if somewhere and not token.sees(site=asked.site, client=tenant.pipeline.engine.roster.client(asked.site)):
        raise NotAllowed("this token does not reach the site of the ticket", code="forbidden")
    for alert_id in asked.alerts:
        found = await tenant.store.read(queries.alert, number(alert_id))
        if found is None or not token.sees(site=found[1], client=found[2]):
            raise NotFound(f"there is no alert {alert_id}")


async def _visible(request: web.Request) -> int:
    return await ticket_no(request, request.match_info["id"])


async def ticket_no(request: web.Request, ticket_id: str) -> int:
    """Return the number of a ticket this token sees; one it does not see is not there."""
    token = request[TOKEN]
    no = answers.number_of(ticket_id, "T")
    found = None if no is None else await tenant_of(request).store.read(tickets.ticket, no)
    if no is None or found is None or not token.sees(site=found[1], client=found[2]):
        raise NotFound(f"there is no ticket {ticket_id}")
    return no
