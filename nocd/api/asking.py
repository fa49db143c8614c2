"""Commands on their way to the engine: under the caller's name, once per idempotency key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from nocd.api import answers
from nocd.api.auth import TOKEN, peer
from nocd.api.keys import DESK, tenant_of
from nocd.domain.command import Command, Reply
from nocd.errors import InputError, NotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from aiohttp import web

    from nocd.wire.requests import Request

_KEY_MAX: Final = 200


class NotDone(InputError):
    """A command the engine refuses, with the status, code and sentence of its reply."""

    def __init__(self, reply: Reply) -> None:
        """Say what the reply says."""
        super().__init__(reply.body["detail"], code=reply.body["code"])
        self.status = reply.status


def idempotency_key(request: web.Request) -> str | None:
    """Return the caller's idempotency key; raises InputError for one that cannot be kept."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= _KEY_MAX and key.isascii() and key.isprintable()):
        raise InputError(f"Idempotency-Key has 1 to {_KEY_MAX} printable ASCII characters", code="bad_header")
    return key


async def ask(
    request: web.Request, verb: str, target: str, args: dict[str, Any], *, foreseen: dict[str, Any] | None = None
) -> Reply:
    """Return the reply to a command once what it did is durable."""
    key = idempotency_key(request)
    asked = Command(
        verb=verb,
        target=target,
        actor=request[TOKEN].name,
        time=request.app[DESK].now_ms(),
        args=args,
        key=None if key is None else f"{key}\n{target}",
        foreseen=foreseen or {},
        peer=peer(request),
    )
    return await tenant_of(request).ask(asked)


async def done(
    request: web.Request, verb: str, target: str, args: dict[str, Any], *, foreseen: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return what a command did, once it is durable; raises NotDone for one that is refused."""
    reply = await ask(request, verb, target, args, foreseen=foreseen)
    if not reply.ok:
        raise NotDone(reply)
    return reply.body


async def command_of(request: web.Request, commands: Mapping[str, type[Request]]) -> tuple[str, dict[str, Any]]:
    """Return the command a path names and what its body says; raises NotFound where it is none of `commands`."""
    verb = request.match_info["command"]
    if verb not in commands:
        raise NotFound(f"there is no command {verb}; there are {', '.join(sorted(commands))}", code="unknown_command")
    body = answers.parsed(commands[verb], await answers.small_body(request))
    return verb, body.model_dump(exclude_none=True)


async def each(
    request: web.Request,
    verb: str,
    targets: Sequence[str],
    args: dict[str, Any],
    *,
    visible: Callable[[str], Awaitable[object]],
) -> web.Response:
    """Answer a command on many objects, one by one; `visible` raises NotFound for one the token does not see."""

    async def one(target: str) -> Reply:
        try:
            await visible(target)
        except NotFound as error:
            return Reply(status=error.status, body={"code": error.code, "detail": error.detail})
        return await ask(request, verb, target, args)

    replies = await asyncio.gather(*map(one, targets))
    items = [
        {
            "id": target,
            "status": reply.status,
            "body": answers.shown(request[TOKEN], reply.body) if reply.ok else reply.body,
        }
        for target, reply in zip(targets, replies, strict=True)
    ]
    return answers.json({"items": items})
