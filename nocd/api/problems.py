"""Errors as RFC 9457 problems, in one place."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import orjson
from aiohttp import web

from nocd import log
from nocd.errors import NocdError, UnavailableError

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

    from nocd.metrics import Metrics

MEDIA_TYPE: Final = "application/problem+json"
_CODES: Final = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 400: "bad_request"}


def problem(status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> web.Response:
    """Return a problem with a stable code and a sentence."""
    body = {"type": "about:blank", "title": _title(status), "status": status, "code": code, "detail": detail}
    return web.Response(body=orjson.dumps(body), status=status, content_type=MEDIA_TYPE, headers=headers)


def present(error: NocdError) -> web.Response:
    """Return the problem an error is, with the headers its kind calls for."""
    headers = dict(getattr(error, "headers", {}))
    if isinstance(error, UnavailableError):
        headers["Retry-After"] = str(error.retry_after_s)
    return problem(error.status, error.code, error.detail, headers)


def problems(metrics: Metrics) -> Middleware:
    """Return the outermost middleware: every error leaves as a problem, every answer is counted."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except NocdError as error:
            response = present(error)
        except web.HTTPException as error:
            response = _from_http(error)
        except (ConnectionResetError, ConnectionAbortedError):
            raise
        except Exception as error:  # noqa: BLE001 - the last resort: a defect is logged, and still answered as a problem
            log.event("request_failed", level=logging.ERROR, error=error, route=_route(request))
            response = problem(500, "internal", "a defect of the daemon; its log has the details")
        metrics.requests.labels(_route(request), response.status).inc()
        return response

    return middleware


def _from_http(error: web.HTTPException) -> web.Response:
    detail = error.reason if error.text is None else error.text
    headers = {name: value for name, value in error.headers.items() if name in ("Allow", "Location")}
    return problem(error.status, _CODES.get(error.status, "http_error"), detail, headers)


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
