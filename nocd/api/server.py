"""The HTTP server under the application: how much and how long it waits for, and its own refusals as problems too."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong

from nocd import log
from nocd.api.problems import defect, from_http, problem

if TYPE_CHECKING:
    import asyncio

    from aiohttp.web_request import BaseRequest

_TOO_MANY_HEADERS: Final = "Too many headers received"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """What one client may take of the server.

    `idle_s` passes from the last answer (or the connection) to the end of the next request's head; a body has
    `body_timeout_s`, and a second more for every `body_bytes_per_s_min` that came; `linger_s` is how long what is left
    of a refused body is read, so that the refusal is seen.
    """

    line_bytes_max: int = 16_384
    headers_max: int = 100
    connections_max: int = 10_000
    idle_s: float = 75.0
    body_timeout_s: float = 20.0
    body_bytes_per_s_min: int = 8_192
    linger_s: float = 5.0
    shutdown_s: float = 2.0


class Runner(web.AppRunner):
    """Runs an application within `limits`; whatever is refused, by whom, is answered as a problem."""

    __slots__ = ("_limits",)

    def __init__(self, app: web.Application, limits: HttpLimits) -> None:
        super().__init__(app, handle_signals=False, shutdown_timeout=limits.shutdown_s)
        self._limits = limits

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made, self._limits)


class _Server(web.Server):
    def __init__(self, made: web.Server, limits: HttpLimits) -> None:
        super().__init__(
            made.request_handler,
            request_factory=made.request_factory,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=limits.idle_s,
            lingering_time=limits.linger_s,
            max_field_size=limits.line_bytes_max,
            max_headers=limits.headers_max,
            max_line_size=limits.line_bytes_max,
        )
        self._connections_max = limits.connections_max

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        if len(self._connections) > self._connections_max:
            transport.abort()


class _Connection(web.RequestHandler):
    """One connection; overrides aiohttp's two places where it answers by itself."""

    __slots__ = ()

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to what no handler answered, and close the connection after it."""
        if isinstance(exc, ConnectionError) or request.writer.output_size > 0:
            raise ConnectionError("nobody is there to answer, or a part of the answer is sent already") from exc
        response = _unreadable(exc, message or "") if status == HTTPStatus.BAD_REQUEST else defect(exc)
        response.force_close()
        return response

    async def finish_response(
        self, request: BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer; an exception that passed by the middlewares (an unknown `Expect`) as a problem."""
        if isinstance(resp, web.HTTPException):
            resp = from_http(resp)
        return await super().finish_response(request, resp, start_time)


def _unreadable(error: BaseException | None, message: str) -> web.Response:
    """Return the answer to a request that could not be parsed; what was sent is not repeated in it."""
    reason = message.partition("\n")[0].rstrip(":")
    log.event("request_unreadable", level=logging.DEBUG, reason=type(error).__name__)
    if isinstance(error, LineTooLong) or reason == _TOO_MANY_HEADERS:
        return problem(431, "headers_too_large", "the request line, a header, or their number is past the limit")
    return problem(400, "bad_request", f"the request cannot be read: {reason}")
