"""Who is asking, and may they: bearer tokens, roles, address lists, and limits on failures and commands."""

from __future__ import annotations

import ipaddress
import logging
import math
from collections import OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

from aiohttp import web

from nocd import log
from nocd.clock import monotonic_s, now_ms
from nocd.domain.audit import Entry
from nocd.domain.token import DEFAULT_RIGHTS, Act, Right, Role, Token
from nocd.errors import NocdError, NotAllowed, Overloaded
from nocd.store.audit import LOCAL
from nocd.wire.frames import CLOSE_NOT_ALLOWED, CLOSE_UNKNOWN_TOKEN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.typedefs import Handler, Middleware

    from nocd.store.tokens import Tokens

# What the middleware leaves on a request: its caller. Handlers read `request[TOKEN]`.
TOKEN: Final = web.RequestKey("token", Token)
LOCAL_TOKEN: Final = Token(name=LOCAL, role=Role.ADMIN, tenant="default", rights=DEFAULT_RIGHTS[Role.ADMIN])

_H = TypeVar("_H", bound="Callable[..., Awaitable[web.StreamResponse]]")
_COMMANDS: Final = frozenset({Act.OPERATE, Act.ADMINISTER})
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER: Final = "Bearer "
_SUBPROTOCOL: Final = "bearer."
_ADDRESSES_MAX: Final = 10_000
_MINUTE_S: Final = 60.0


class Unauthorised(NotAllowed):
    """The caller is not known, or no longer; `headers` belong on the answer."""

    code = "unauthorised"
    status = 401
    headers: Final = {"WWW-Authenticate": 'Bearer realm="nocd"'}


class TooMany(Overloaded):
    """A rate was passed; `retry_after_s` says when the next attempt is answered."""

    code = "rate_limited"

    def __init__(self, detail: str, *, code: str, retry_after_s: int) -> None:
        super().__init__(detail, code=code)
        self.retry_after_s = retry_after_s


def needs(act: Act, right: Right | None = None) -> Callable[[_H], _H]:
    """Mark a handler with what its caller must be permitted to do."""

    def mark(handler: _H) -> _H:
        handler.__dict__["nocd_needs"] = (act, right)
        return handler

    return mark


def secret_from(read: Callable[[web.Request], Awaitable[str | None]]) -> Callable[[_H], _H]:
    """Mark a handler whose callers may bring their secret elsewhere than in a header; `read` returns it, or None."""

    def mark(handler: _H) -> _H:
        handler.__dict__["nocd_secret"] = read
        return handler

    return mark


def public(handler: _H) -> _H:
    """Mark a handler as open to everybody."""
    handler.__dict__["nocd_needs"] = None
    return handler


def undeclared(app: web.Application) -> list[str]:
    """Return the routes whose handler is marked neither by `needs` nor by `public`; they are refused to everybody."""
    return [
        f"{route.method} {route.resource.canonical if route.resource else ''}"
        for route in app.router.routes()
        if not hasattr(route.handler, "nocd_needs")
    ]


class Rate:
    """So many a minute and key, in bursts of as many; it remembers `keys_max` keys and forgets the longest unseen."""

    def __init__(self, per_minute: int, *, keys_max: int = _ADDRESSES_MAX) -> None:
        self._per_minute = float(per_minute)
        self._keys_max = keys_max
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._left)

    def take(self, key: str, now_s: float) -> int:
        """Take one for `key`; returns 0, or the seconds until there is one again."""
        left, since = self._left.pop(key, (self._per_minute, now_s))
        left = min(self._per_minute, left + (now_s - since) * self._per_minute / _MINUTE_S)
        wait_s = 0 if left >= 1 else max(1, math.ceil((1 - left) * _MINUTE_S / self._per_minute))
        self._left[key] = (left if wait_s else left - 1, now_s)
        if len(self._left) > self._keys_max:
            self._left.popitem(last=False)
        return wait_s


class Gate:
    """Turns a secret and an address into a token, or an error that says which of the two failed.

    A failure is counted against its address and answered 429 past the limit; a good token is let in at any time, so
    that one broken script behind a proxy locks nobody out (secrets have 256 bits: guessing is hopeless).
    """

    def __init__(
        self,
        tokens: Callable[[], Tokens],
        *,
        clock: Callable[[], int] = now_ms,
        monotonic: Callable[[], float] = monotonic_s,
        used: Callable[[str, int], None] = lambda _name, _now: None,
        refused: Callable[[Entry], None] = lambda _entry: None,
        failures_per_minute: int = 10,
        commands_per_minute: int = 100,
    ) -> None:
        self._tokens = tokens
        self._clock = clock
        self._monotonic = monotonic
        self._used = used
        self._refused = refused
        self._failures = Rate(failures_per_minute)
        self._commands = Rate(commands_per_minute)

    def admit(self, secret: str | None, *, address: str | None) -> Token:
        """Return the token that `secret` opens from `address`; raises Unauthorised, NotAllowed or TooMany."""
        token = self._tokens().find(secret) if secret else None
        if token is None:
            raise self._failed(address, Unauthorised("send a known token: Authorization: Bearer noc_…"))
        now = self._clock()
        if token.expires_at is not None and token.expires_at <= now:
            raise self._failed(
                address, Unauthorised("this token has expired; ask for another", code="token_expired"), token
            )
        if token.allow and not _allowed(token.allow, address or ""):
            detail = f"token {token.name!r} may not be used from {address}"
            raise self._failed(address, NotAllowed(detail, code="address_not_allowed"), token)
        self._used(token.name, now)
        return token

    def permit(self, token: Token, act: Act, right: Right | None, *, command: bool) -> None:
        """Pass, or raise NotAllowed where role or rights lack it, or TooMany where commands come too fast."""
        if not token.may(act):
            raise NotAllowed(f"role {token.role.value} may not {act.value} here")
        if right is not None and right not in token.rights:
            raise NotAllowed(f"token {token.name!r} lacks the right {right.value!r}")
        if command and (wait_s := self._commands.take(token.name, self._monotonic())):
            detail = f"more commands a minute than a token may send; try again in {wait_s} s"
            raise TooMany(detail, code="rate_limited", retry_after_s=wait_s)

    def _failed(self, address: str | None, error: NotAllowed, token: Token | None = None) -> NocdError:
        if wait_s := self._failures.take(_neighbourhood(address or ""), self._monotonic()):
            detail = f"too many failed logins from here; try again in {wait_s} s"
            return TooMany(detail, code="too_many_failures", retry_after_s=wait_s)
        log.event("login_failed", level=logging.WARNING, address=address or "unknown", code=error.code)
        self._refused(
            Entry(
                time=self._clock(),
                actor=token.name if token else "unknown",
                act="login_refused",
                peer=address or "unknown",
                detail={"code": error.code, "tenant": token.tenant if token else None},
            )
        )
        return error


def auth(gate: Gate) -> Middleware:
    """Return the middleware that lets through who may, and leaves the caller's token at `request[TOKEN]`.

    What a route needs is marked on its handler by `needs` or `public`; an unmarked one is refused. Requests over the
    Unix socket that bring no token are admin, under the name `local`. Errors are raised as the error tree has them; a
    WebSocket is refused with a close code instead.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        match = request.match_info
        if match.http_exception is not None:
            return await handler(request)
        needed = getattr(match.handler, "nocd_needs", ())
        if needed is None:
            return await handler(request)
        try:
            request[TOKEN] = _caller(gate, request, needed, await _secret(request))
        except NotAllowed as error:
            if (refusal := await _refusal(request, error)) is None:
                raise
            return refusal
        return await handler(request)

    return middleware


async def _secret(request: web.Request) -> str | None:
    secret, read = bearer(request), getattr(request.match_info.handler, "nocd_secret", None)
    if secret is None and read is not None:
        brought: str | None = await read(request)
        return brought
    return secret


def _caller(
    gate: Gate, request: web.Request, needed: tuple[Act, Right | None] | tuple[()], secret: str | None
) -> Token:
    token = LOCAL_TOKEN if secret is None and _is_local(request) else gate.admit(secret, address=request.remote)
    if not needed:
        raise NotAllowed("this route does not say whom it serves")
    act, right = needed
    gate.permit(token, act, right, command=act in _COMMANDS and request.method not in _SAFE and token.name != LOCAL)
    return token


def bearer(request: web.Request) -> str | None:
    """Return the secret a request brings: `Authorization: Bearer …`, or for a WebSocket the subprotocol `bearer.…`."""
    header = request.headers.get("Authorization")
    if header is not None:
        return header[len(_BEARER) :].strip() if header[: len(_BEARER)].title() == _BEARER else ""
    for protocol in request.headers.get("Sec-WebSocket-Protocol", "").split(","):
        if protocol.strip().startswith(_SUBPROTOCOL):
            return protocol.strip()[len(_SUBPROTOCOL) :]
    return None


def peer(request: web.Request) -> str:
    """Return the address a request came from; `socket` for the daemon's own."""
    return "socket" if _is_local(request) else request.remote or "unknown"


def _is_local(request: web.Request) -> bool:
    """Tell whether the request came over a Unix socket, whose own name is a text and not a pair."""
    transport = request.transport
    return transport is not None and isinstance(transport.get_extra_info("sockname"), str | bytes)


async def _refusal(request: web.Request, error: NotAllowed) -> web.StreamResponse | None:
    """Return the refusal of a WebSocket as its client can see it; None for any other request."""
    if request.headers.get("Upgrade", "").lower() != "websocket":
        return None
    from nocd.api.feed import is_upgrade, refuse  # noqa: PLC0415 - the feed imports this module

    if not is_upgrade(request):
        return None
    code = CLOSE_UNKNOWN_TOKEN if error.status == Unauthorised.status else CLOSE_NOT_ALLOWED
    return await refuse(request, code, error.code)


@lru_cache(maxsize=1_024)
def _neighbourhood(address: str) -> str:
    """Return what failures are counted by: the address, or for IPv6 its /64, of which one machine has all."""
    try:
        return str(ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False)) if ":" in address else address
    except ValueError:
        return address


@lru_cache(maxsize=4_096)
def _allowed(allow: tuple[str, ...], address: str) -> bool:
    try:
        here = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    here = getattr(here, "ipv4_mapped", None) or here
    return any(here in ipaddress.ip_network(network) for network in allow)
