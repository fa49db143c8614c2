from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientSession, UnixConnector, web

from nocd.api.auth import Gate, auth
from nocd.api.tokens import TokenRoutes
from nocd.domain.token import Right, Role
from nocd.errors import NocdError
from nocd.store.tokens import Grant, TokenStore, TokenTable

NOW = 1_800_000_000_000


@web.middleware
async def problems(request, handler):
    try:
        return await handler(request)
    except NocdError as error:
        return web.json_response({"code": error.code, "detail": error.detail}, status=error.status)


class Desk:
    """A daemon's token routes on a Unix socket and on a port, over a real database."""

    def __init__(self, tmp_path):
        self.store = TokenStore(tmp_path / "daemon.db")
        self.table = TokenTable(self.store)
        self.revoked: list[tuple[str, ...]] = []
        routes = TokenRoutes(self.table, clock=lambda: NOW, revoked=lambda *who: self.revoked.append(who))
        app = web.Application(middlewares=[problems, auth(Gate(self.table.current, clock=lambda: NOW))])
        app.add_routes(routes.routes())
        self.runner = web.AppRunner(app)
        self.path = str(tmp_path / "s")

    async def start(self):
        await self.runner.setup()
        await web.UnixSite(self.runner, self.path).start()

    async def give(self, name, role, **more):
        secret = await asyncio.to_thread(self.store.create, Grant(name=name, role=role, **more), now=NOW)
        await asyncio.to_thread(self.table.reload)
        return secret

    async def ask(self, method, path, body=None, secret=None):
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        async with (
            ClientSession("http://localhost", connector=UnixConnector(self.path)) as session,
            session.request(method, path, json=body, headers=headers) as response,
        ):
            return response.status, await response.json()


@pytest.fixture
async def desk(tmp_path):
    desk = await asyncio.to_thread(Desk, tmp_path)
    await desk.start()
    yield desk
    await desk.runner.cleanup()


async def test_a_new_token_opens_at_once_and_is_shown_once(desk):
    asked = {"name": "gate", "role": "ingest", "sites": ["S1"], "expires_at": "2027-02-01T00:00:00+01:00"}
    status, made = await desk.ask("POST", "/v1/tokens", asked)
    assert status == 201
    token = desk.table.current().find(made["token"])
    assert token is not None
    assert (token.name, token.role, token.sites, token.tenant) == ("gate", Role.INGEST, {"S1"}, "default")
    assert made["expires_at"] == "2027-01-31T23:00:00.000Z"
    status, listed = await desk.ask("GET", "/v1/tokens")
    assert status == 200
    assert [item["name"] for item in listed["items"]] == ["gate"]
    assert made["token"] not in str(listed)


async def test_a_revoked_token_opens_nothing_at_once_and_what_it_had_open_is_ended(desk):
    secret = await desk.give("gate", Role.INGEST, tenant="north")
    assert await desk.ask("DELETE", "/v1/tokens/gate") == (200, {"name": "gate", "revoked": True})
    assert desk.table.current().find(secret) is None
    assert desk.revoked == [("north", "gate")]
    assert (await desk.ask("DELETE", "/v1/tokens/gate"))[0] == 404


async def test_a_rotated_token_has_two_secrets_for_the_overlap(desk):
    old = await desk.give("gate", Role.INGEST)
    status, made = await desk.ask("POST", "/v1/tokens/gate/rotate", {"overlap_hours": 0.5})
    assert status == 200
    was, is_now = desk.table.current().find(old), desk.table.current().find(made["token"])
    assert was is not None
    assert is_now is not None
    assert was.expires_at == NOW + 1_800_000


async def test_a_rotation_without_a_body_overlaps_a_day(desk):
    old = await desk.give("gate", Role.INGEST)
    assert (await desk.ask("POST", "/v1/tokens/gate/rotate"))[0] == 200
    was = desk.table.current().find(old)
    assert was is not None
    assert was.expires_at == NOW + 86_400_000


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"name": "a"},
        {"name": "a", "role": "king"},
        {"name": "a", "role": "ingest", "rolle": "x"},
        {"name": "a", "role": "ingest", "expires_at": "2027-02-01T00:00:00"},
        {"name": "a b", "role": "ingest"},
        {"name": "a", "role": "ingest", "expires_at": "2020-02-01T00:00:00Z"},
    ],
)
async def test_a_body_that_cannot_be_is_refused(desk, body):
    status, problem = await desk.ask("POST", "/v1/tokens", body)
    assert status == 400
    assert problem["code"] in {"bad_body", "bad_token"}


async def test_a_taken_name_is_a_conflict(desk):
    await desk.give("gate", Role.INGEST)
    assert (await desk.ask("POST", "/v1/tokens", {"name": "gate", "role": "ingest"}))[0] == 409


async def test_only_admins_handle_tokens(desk):
    for role in (Role.INGEST, Role.VIEWER, Role.OPERATOR):
        secret = await desk.give(role.value, role)
        assert (await desk.ask("GET", "/v1/tokens", secret=secret))[0] == 403


async def test_an_admin_reaches_its_own_tenant_and_no_other(desk):
    north = await desk.give("boss", Role.ADMIN, tenant="north")
    await desk.give("south-gate", Role.INGEST, tenant="south")
    _, listed = await desk.ask("GET", "/v1/tokens", secret=north)
    assert [item["name"] for item in listed["items"]] == ["boss"]
    assert (await desk.ask("DELETE", "/v1/tokens/south-gate", secret=north))[0] == 404
    assert (await desk.ask("POST", "/v1/tokens/south-gate/rotate", secret=north))[0] == 404
    status, made = await desk.ask("POST", "/v1/tokens", {"name": "n", "role": "viewer"}, secret=north)
    assert (status, made["tenant"]) == (201, "north")
    body = {"name": "s", "role": "viewer", "tenant": "south"}
    assert (await desk.ask("POST", "/v1/tokens", body, secret=north))[0] == 403


async def test_nobody_gives_more_than_it_has(desk):
    poor = await desk.give("poor", Role.ADMIN, rights=frozenset({Right.AUDIT}))
    limited = await desk.give("limited", Role.ADMIN, sites=frozenset({"S1"}))
    body = {"name": "x", "role": "operator"}
    assert (await desk.ask("POST", "/v1/tokens", body, secret=poor))[0] == 403
    assert (await desk.ask("POST", "/v1/tokens", {**body, "rights": []}, secret=poor))[0] == 201
    assert (await desk.ask("POST", "/v1/tokens", body, secret=limited))[0] == 403
    assert (await desk.ask("GET", "/v1/tokens", secret=limited))[0] == 403
