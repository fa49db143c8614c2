"""Errors as RFC 9457 problems, in one place."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import orjson
from aiohttp import web

from nocd import log
from nocd.clock import monotonic_s
from nocd.errors import NocdError, UnavailableError

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

    from nocd.metrics import Metrics

MEDIA_TYPE: Final = "application/problem+json"
_DETAIL_CHARS_MAX: Final = 2_000
# What aiohttp refuses by itself: its code here, and the sentence.
_SENTENCES: Final = {
    400: ("bad_request", "the request cannot be read"),
    404: ("not_found", "there is no such route; /v1/docs lists them"),
    405: ("method_not_allowed", "this route does not take this method; the Allow header names those it takes"),
    413: ("body_too_large", "the body is past the limit"),
    417: ("expectation_failed", "of all expectations only 100-continue can be met"),
}


def problem(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> web.Response:
    """Return a problem with a stable code and a sentence."""
    # It may repeat what was asked: however long that is, and whether or not it is UTF-8.
    shown = detail[:_DETAIL_CHARS_MAX].encode(errors="backslashreplace").decode()
    body = {"type": "about:blank", "title": _title(status), "status": status, "code": code, "detail": shown}
    return web.Response(body=orjson.dumps(body), status=status, content_type=MEDIA_TYPE, headers=headers)


def present(error: NocdError) -> web.Response:
    """Return the problem an error is, with the headers its kind calls for."""
    headers = dict(getattr(error, "headers", {}))
    if isinstance(error, UnavailableError):
        headers["Retry-After"] = str(error.retry_after_s)
    return problem(error.status, error.code, error.detail, headers)


def defect(error: BaseException | None, *, route: str = "unknown") -> web.Response:
    """Return the answer to what must not happen, and log it."""
    log.event("request_failed", level=logging.ERROR, error=error, route=route)
    return problem(500, "internal", "a defect of the daemon; its log has the details")


def from_http(error: web.HTTPException) -> web.Response:
    """Return the problem that one of aiohttp's own answers is."""
    code, detail = _SENTENCES.get(error.status, ("http_error", error.reason))
    headers = {name: value for name, value in error.headers.items() if name in ("Allow", "Location")}
    return problem(error.status, code, detail, headers)


def problems(metrics: Metrics) -> Middleware:
    """Return the outermost middleware: every error leaves as a problem, every answer is counted and timed."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        began_s, route = monotonic_s(), _route(request)
        try:
            response = await handler(request)
        except (ConnectionResetError, ConnectionAbortedError):
            raise
        except Exception as error:
            response = _answer(error, route)
            if request.writer.output_size > 0:
                raise ConnectionResetError("a part of another answer is sent already") from error
        metrics.requests.labels(route, response.status).inc()
        metrics.request_seconds.labels(route).observe(monotonic_s() - began_s)
        return response

    return middleware


def _answer(error: Exception, route: str) -> web.Response:
    if isinstance(error, NocdError):
        return present(error)
    if isinstance(error, web.HTTPException):
        return from_http(error)
    if isinstance(error, web.RequestPayloadError):
        return problem(400, "bad_request", f"the body cannot be read: {error}")
    return defect(error, route=route)


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
