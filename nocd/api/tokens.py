"""Tokens over HTTP, for admins: make, list, renew and revoke them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import orjson
from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from nocd import log
from nocd.api import answers
from nocd.api.auth import TOKEN, needs, peer
from nocd.clock import now_ms
from nocd.domain.instant import HOUR_MS, to_ms
from nocd.domain.token import DEFAULT_RIGHTS, Act, Right, Role, Token
from nocd.errors import InputError, NotAllowed, NotFound
from nocd.store.audit import LOCAL, By
from nocd.store.tokens import Grant, TokenTable, describe

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=128)]], Field(max_length=1_000)]
_M = TypeVar("_M", bound=BaseModel)


class NewToken(BaseModel):
    """The body of `POST /v1/tokens`; `rights` left out are those of the role, `sites` and `clients` empty mean all."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(min_length=1, max_length=64)]
    role: Role
    tenant: Annotated[str, Field(max_length=63)] | None = None
    rights: list[Right] | None = None
    sites: Names = []
    clients: Names = []
    allow: Names = []
    expires_at: AwareDatetime | None = None

    def grant(self, *, tenant: str) -> Grant:
        """Return the grant asked for, in `tenant` where the body names none."""
        return Grant(
            name=self.name,
            role=self.role,
            tenant=self.tenant or tenant,
            rights=None if self.rights is None else frozenset(self.rights),
            sites=frozenset(self.sites),
            clients=frozenset(self.clients),
            allow=tuple(self.allow),
            expires_at=None if self.expires_at is None else to_ms(self.expires_at),
        )


class Rotation(BaseModel):
    """The body of `POST /v1/tokens/{name}/rotate`: how long the former secret holds on."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    overlap_hours: Annotated[float, Field(ge=0, le=8_760)] = 24.0


class TokenRoutes:
    """The handlers; a token's admin reaches its own tenant's tokens, the Unix socket reaches all."""

    def __init__(
        self,
        table: TokenTable,
        *,
        clock: Callable[[], int] = now_ms,
        revoked: Callable[[str, str], object] = lambda _tenant, _name: None,
        serve: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """`revoked(tenant, name)` ends what a token that is gone had open; `serve(tenant)` opens a new one's tenant."""
        self._serve = serve
        self.table = table
        self._clock = clock
        self._revoked = revoked

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to an application."""
        return [
            web.get("/v1/tokens", self.index),
            web.post("/v1/tokens", self.create),
            web.delete("/v1/tokens/{name}", self.revoke),
            web.post("/v1/tokens/{name}/rotate", self.rotate),
        ]

    @needs(Act.ADMINISTER)
    async def index(self, request: web.Request) -> web.Response:
        """Answer `{items: [token]}`, without secrets."""
        caller = _unlimited(request)
        tokens = await asyncio.to_thread(self.table.store.all)
        return _json({"items": [describe(token) for token in tokens if _reaches(caller, token)]})

    @needs(Act.ADMINISTER)
    async def create(self, request: web.Request) -> web.Response:
        """Answer 201 `{token, …}`: the secret, shown this once, and what it may."""
        caller = _unlimited(request)
        grant = _body(NewToken, await answers.small_body(request)).grant(tenant=caller.tenant)
        _within(caller, grant)
        if self._serve is not None:
            await self._serve(grant.tenant)
        secret = await asyncio.to_thread(self.table.store.create, grant, now=self._clock(), by=_by(request))
        log.event("token_created", name=grant.name, role=grant.role.value, tenant=grant.tenant, by=caller.name)
        return _json({"token": secret, **describe(await self._reloaded(grant.name))}, status=201)

    @needs(Act.ADMINISTER)
    async def revoke(self, request: web.Request) -> web.Response:
        """Answer `{name, revoked}` once the token opens nothing any more."""
        caller = _unlimited(request)
        token = await self._reached(caller, request)
        name = token.name
        await asyncio.to_thread(self.table.store.revoke, name, now=self._clock(), by=_by(request))
        await asyncio.to_thread(self.table.reload)
        self._revoked(token.tenant, name)
        log.event("token_revoked", name=name, by=caller.name)
        return _json({"name": name, "revoked": True})

    @needs(Act.ADMINISTER)
    async def rotate(self, request: web.Request) -> web.Response:
        """Answer `{token, …}`: a new secret; the former one holds `overlap_hours` longer."""
        caller = _unlimited(request)
        name = (await self._reached(caller, request)).name
        overlap_ms = int(_body(Rotation, await answers.small_body(request) or b"{}").overlap_hours * HOUR_MS)
        secret = await asyncio.to_thread(
            self.table.store.rotate, name, overlap_ms=overlap_ms, now=self._clock(), by=_by(request)
        )
        log.event("token_rotated", name=name, by=caller.name, overlap_ms=overlap_ms)
        return _json({"token": secret, **describe(await self._reloaded(name))})

    async def _reloaded(self, name: str) -> Token:
        await asyncio.to_thread(self.table.reload)
        return await asyncio.to_thread(self.table.store.get, name)

    async def _reached(self, caller: Token, request: web.Request) -> Token:
        name = request.match_info["name"]
        token = await asyncio.to_thread(self.table.store.get, name)
        if not _reaches(caller, token):
            raise NotFound(f"no token is named {name!r}", code="unknown_token")
        return token


def _by(request: web.Request) -> By:
    return By(name=request[TOKEN].name, peer=peer(request))


def _unlimited(request: web.Request) -> Token:
    caller = request[TOKEN]
    if caller.limited:
        raise NotAllowed("a token that is limited to sites or clients may not handle tokens")
    return caller


def _reaches(caller: Token, token: Token) -> bool:
    return caller.name == LOCAL or caller.tenant == token.tenant


def _within(caller: Token, grant: Grant) -> None:
    """Raise NotAllowed where `grant` would be permitted what `caller` is not."""
    if caller.name == LOCAL:
        return
    if grant.tenant != caller.tenant:
        raise NotAllowed(f"a token of tenant {caller.tenant!r} makes tokens of that tenant only")
    rights = DEFAULT_RIGHTS[grant.role] if grant.rights is None else grant.rights
    if beyond := rights - caller.rights:
        raise NotAllowed(f"token {caller.name!r} lacks the rights it would give: {', '.join(sorted(beyond))}")


def _body(model: type[_M], body: bytes) -> _M:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in error.errors())
        raise InputError("; ".join(faults), code="bad_body") from error


def _json(content: dict[str, Any], *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(content), status=status, content_type="application/json")
