from __future__ import annotations

import logging
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, UnixConnector, WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer

from nocd.api.auth import TOKEN, Gate, Rate, auth, needs, public, undeclared
from nocd.domain.token import Act, Right, Role, Token
from nocd.errors import NocdError
from nocd.store.tokens import Tokens, digest, new_secret

NOW = 1_800_000_000_000
USED = web.AppKey("used", dict[str, int])
SECRETS = {role: new_secret() for role in Role}
ROLES = {digest(secret): Token(name=role.value, role=role) for role, secret in SECRETS.items()}


@needs(Act.READ)
async def read(request):
    return web.json_response({"name": request[TOKEN].name})


@needs(Act.POST)
async def post(request):
    return web.json_response({"name": request[TOKEN].name})


@needs(Act.OPERATE)
async def operate(request):
    return web.json_response({"name": request[TOKEN].name})


@needs(Act.ADMINISTER)
async def administer(request):
    return web.json_response({"name": request[TOKEN].name})


@needs(Act.READ, Right.FRAUD)
async def fraud(request):
    return web.json_response({"name": request[TOKEN].name})


@public
async def live(request):
    return web.json_response({"live": True})


async def forgotten(request):
    return web.json_response({})


@needs(Act.READ)
async def feed(request):
    socket = web.WebSocketResponse(protocols=("bearer." + SECRETS[Role.VIEWER],))
    await socket.prepare(request)
    await socket.send_str(request[TOKEN].name)
    await socket.close()
    return socket


@web.middleware
async def problems(request, handler):
    try:
        return await handler(request)
    except NocdError as error:
        headers = dict(getattr(error, "headers", {}))
        if wait_s := getattr(error, "retry_after_s", None):
            headers["Retry-After"] = str(wait_s)
        return web.json_response({"code": error.code, "detail": error.detail}, status=error.status, headers=headers)


class Clocks:
    ms = NOW
    s = 0.0


def application(tokens=ROLES, clocks=None, **limits):
    clocks = clocks or Clocks()
    used: dict[str, int] = {}
    gate = Gate(
        lambda: Tokens(tokens), clock=lambda: clocks.ms, monotonic=lambda: clocks.s, used=used.__setitem__, **limits
    )
    app = web.Application(middlewares=[problems, auth(gate)])
    app.router.add_get("/read", read)
    app.router.add_post("/post", post)
    app.router.add_post("/operate", operate)
    app.router.add_get("/operate", operate)
    app.router.add_post("/administer", administer)
    app.router.add_get("/fraud", fraud)
    app.router.add_get("/live", live)
    app.router.add_get("/forgotten", forgotten)
    app.router.add_get("/feed", feed)
    app[USED] = used
    return app


@asynccontextmanager
async def client_of(app):
    async with TestClient(TestServer(app)) as client:
        yield client


def shown(secret):
    return {"Authorization": f"Bearer {secret}"}


async def answer(client, method, path, secret):
    async with client.request(method, path, headers=shown(secret)) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.INGEST, {"POST /post"}),
        (Role.VIEWER, {"GET /read"}),
        (Role.OPERATOR, {"GET /read", "POST /operate"}),
        (Role.ADMIN, {"GET /read", "POST /operate", "POST /post", "POST /administer"}),
    ],
)
async def test_a_role_reaches_what_it_may_and_nothing_else(role, allowed):
    async with client_of(application()) as client:
        for route in ("GET /read", "POST /post", "POST /operate", "POST /administer"):
            method, path = route.split()
            status, body = await answer(client, method, path, SECRETS[role])
            if route in allowed:
                assert (status, body) == (200, {"name": role.value})
            else:
                assert (status, body["code"]) == (403, "forbidden")


async def test_a_right_beside_the_role_is_asked_for():
    secret = new_secret()
    tokens = {
        digest(secret): Token(name="a", role=Role.VIEWER, rights=frozenset({Right.FRAUD})),
        digest(SECRETS[Role.VIEWER]): Token(name="b", role=Role.VIEWER),
    }
    async with client_of(application(tokens)) as client:
        assert (await answer(client, "GET", "/fraud", secret))[0] == 200
        assert (await answer(client, "GET", "/fraud", SECRETS[Role.VIEWER]))[0] == 403


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic eDp5"}, shown("noc_" + "x" * 43), shown("é")],
)
async def test_who_is_not_known_is_asked_who_it_is(headers):
    async with client_of(application()) as client, client.get("/read", headers=headers) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert (await response.json())["code"] == "unauthorised"


async def test_the_scheme_is_read_whatever_its_case():
    async with client_of(application()) as client:
        headers = {"Authorization": f"bearer  {SECRETS[Role.VIEWER]}"}
        async with client.get("/read", headers=headers) as response:
            assert response.status == 200


async def test_an_expired_token_is_told_so_to_the_millisecond():
    secret, clocks = new_secret(), Clocks()
    tokens = {digest(secret): Token(name="a", role=Role.VIEWER, expires_at=NOW + 1)}
    async with client_of(application(tokens, clocks)) as client:
        assert (await answer(client, "GET", "/read", secret))[0] == 200
        clocks.ms = NOW + 1
        status, body = await answer(client, "GET", "/read", secret)
        assert (status, body["code"]) == (401, "token_expired")


@pytest.mark.parametrize(("allow", "status"), [(("127.0.0.0/8",), 200), (("10.0.0.0/8", "::1/128"), 403), ((), 200)])
async def test_an_address_list_is_held(allow, status):
    secret = new_secret()
    tokens = {digest(secret): Token(name="a", role=Role.VIEWER, allow=allow)}
    async with client_of(application(tokens)) as client:
        got, body = await answer(client, "GET", "/read", secret)
        assert got == status
        assert status == 200 or body["code"] == "address_not_allowed"


async def test_public_routes_need_nobody_and_forgotten_ones_serve_nobody():
    app = application()
    assert undeclared(app) == ["GET /forgotten", "HEAD /forgotten"] or undeclared(app) == [
        "HEAD /forgotten",
        "GET /forgotten",
    ]
    async with client_of(app) as client:
        async with client.get("/live") as response:
            assert response.status == 200
        assert (await answer(client, "GET", "/forgotten", SECRETS[Role.ADMIN]))[0] == 403


async def test_unknown_paths_are_not_found_rather_than_refused():
    async with client_of(application()) as client:
        async with client.get("/nowhere") as response:
            assert response.status == 404
        async with client.put("/read") as response:
            assert response.status == 405


async def test_failures_are_counted_by_address_and_good_tokens_still_pass():
    clocks = Clocks()
    async with client_of(application(clocks=clocks, failures_per_minute=3)) as client:
        for _ in range(3):
            assert (await answer(client, "GET", "/read", "wrong"))[0] == 401
        async with client.get("/read", headers=shown("wrong")) as response:
            assert response.status == 429
            assert response.headers["Retry-After"] == "20"
            assert (await response.json())["code"] == "too_many_failures"
        assert (await answer(client, "GET", "/read", SECRETS[Role.VIEWER]))[0] == 200
        clocks.s = 20.0
        assert (await answer(client, "GET", "/read", "wrong"))[0] == 401
        assert (await answer(client, "GET", "/read", "wrong"))[0] == 429


async def test_commands_are_limited_by_token_and_reads_are_not():
    clocks = Clocks()
    async with client_of(application(clocks=clocks, commands_per_minute=2)) as client:
        operator, admin = SECRETS[Role.OPERATOR], SECRETS[Role.ADMIN]
        for _ in range(2):
            assert (await answer(client, "POST", "/operate", operator))[0] == 200
        async with client.post("/operate", headers=shown(operator)) as response:
            assert response.status == 429
            assert response.headers["Retry-After"] == "30"
            assert (await response.json())["code"] == "rate_limited"
        assert (await answer(client, "GET", "/operate", operator))[0] == 200
        assert (await answer(client, "GET", "/read", operator))[0] == 200
        assert (await answer(client, "POST", "/operate", admin))[0] == 200
        clocks.s = 30.0
        assert (await answer(client, "POST", "/operate", operator))[0] == 200


async def test_what_may_not_be_does_not_count_as_a_command():
    async with client_of(application(commands_per_minute=1)) as client:
        for _ in range(3):
            assert (await answer(client, "POST", "/operate", SECRETS[Role.VIEWER]))[0] == 403


async def test_use_is_noted():
    app = application()
    async with client_of(app) as client:
        await answer(client, "GET", "/read", SECRETS[Role.VIEWER])
        await answer(client, "GET", "/read", "wrong")
    assert app[USED] == {"viewer": NOW}


async def test_failures_are_logged_without_the_secret(caplog):
    wrong = new_secret()
    async with client_of(application()) as client:
        with caplog.at_level(logging.WARNING, logger="nocd"):
            await answer(client, "GET", "/read", wrong)
    (record,) = caplog.records
    assert record.getMessage() == "login_failed"
    assert record.fields == {"address": "127.0.0.1", "code": "unauthorised"}
    assert wrong not in caplog.text


async def test_the_unix_socket_is_admin_unless_a_token_is_shown(tmp_path):
    runner = web.AppRunner(application(commands_per_minute=1))
    await runner.setup()
    await web.UnixSite(runner, str(tmp_path / "s")).start()
    try:
        async with ClientSession("http://localhost", connector=UnixConnector(str(tmp_path / "s"))) as session:
            for _ in range(3):
                async with session.post("/administer") as response:
                    assert (response.status, await response.json()) == (200, {"name": "local"})
            async with session.post("/administer", headers=shown(SECRETS[Role.VIEWER])) as response:
                assert response.status == 403
            async with session.post("/administer", headers=shown("wrong")) as response:
                assert response.status == 401
    finally:
        await runner.cleanup()


async def test_a_websocket_brings_its_token_as_header_or_subprotocol():
    secret = SECRETS[Role.VIEWER]
    async with client_of(application()) as client:
        async with client.ws_connect("/feed", headers=shown(secret)) as socket:
            assert await socket.receive_str() == "viewer"
        async with client.ws_connect("/feed", protocols=(f"bearer.{secret}",)) as socket:
            assert await socket.receive_str() == "viewer"


@pytest.mark.parametrize(("role", "code", "reason"), [(None, 4401, "unauthorised"), (Role.INGEST, 4403, "forbidden")])
async def test_a_websocket_is_refused_by_a_close_code_its_client_can_see(role, code, reason):
    secret = SECRETS.get(role, "wrong")
    async with client_of(application()) as client, client.ws_connect("/feed", headers=shown(secret)) as socket:
        message = await socket.receive()
        assert (socket.close_code, message.extra) == (code, reason)


async def test_a_websocket_past_the_limit_of_failures_is_refused_before_the_handshake():
    async with client_of(application(failures_per_minute=1)) as client:
        async with client.ws_connect("/feed", headers=shown("wrong")) as socket:
            await socket.receive()
        with pytest.raises(WSServerHandshakeError) as refused:
            await client.ws_connect("/feed", headers=shown("wrong"))
        assert refused.value.status == 429


async def test_half_a_handshake_is_refused_as_a_request():
    async with client_of(application()) as client, client.get("/feed", headers={"Upgrade": "websocket"}) as response:
        assert response.status == 401


def test_a_rate_remembers_so_many_keys_and_no_more():
    rate = Rate(1, keys_max=3)
    for number in range(10):
        assert rate.take(str(number), 0.0) == 0
    assert len(rate) == 3
    assert rate.take("9", 0.0) == 60
    assert rate.take("0", 0.0) == 0  # forgotten


def test_a_rate_refills_to_its_burst_and_no_further():
    rate = Rate(60)
    assert rate.take("a", 0.0) == 0
    assert [rate.take("a", 10_000.0) for _ in range(61)] == [0] * 60 + [1]
    assert rate.take("a", 10_000.5) == 1
    assert rate.take("a", 10_001.0) == 0


@pytest.mark.parametrize(
    ("first", "second", "same"), [("2001:db8::1", "2001:db8::2", True), ("10.0.0.1", "10.0.0.2", False)]
)
def test_one_machine_counts_as_one_address(first, second, same):
    gate = Gate(Tokens, clock=lambda: NOW, monotonic=lambda: 0.0, failures_per_minute=1)
    with pytest.raises(NocdError) as refused:
        gate.admit("x", address=first)
    assert refused.value.code == "unauthorised"
    with pytest.raises(NocdError) as refused:
        gate.admit("x", address=second)
    assert refused.value.code == ("too_many_failures" if same else "unauthorised")


def test_an_address_that_is_none_is_not_on_a_list():
    secret = new_secret()
    tokens = Tokens({digest(secret): Token(name="a", role=Role.VIEWER, allow=("10.0.0.0/8",))})
    gate = Gate(lambda: tokens)
    for address in (None, "", "nonsense", "::ffff:192.168.1.1"):
        with pytest.raises(NocdError) as refused:
            gate.admit(secret, address=address)
        assert refused.value.code == "address_not_allowed"
    assert gate.admit(secret, address="::ffff:10.1.1.1").name == "a"
