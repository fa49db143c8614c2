"""Events in, in their own form and in others': decoded while they arrive, durable before they are answered."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from aiohttp import web

from nocd.api import answers
from nocd.api.auth import TOKEN, needs, secret_from
from nocd.api.keys import DESK, Desk, tenant_of
from nocd.domain.token import Act
from nocd.errors import InputError, TooLarge, UnavailableError
from nocd.ingest import pagerduty
from nocd.ingest.alertmanager import pushed_lines, to_lines
from nocd.ingest.bodies import (
    NDJSON,
    Inflater,
    Item,
    Line,
    LineSplitter,
    UnsupportedMediaType,
    binary_line,
    is_binary,
    media_type,
    split,
)
from nocd.ingest.refusal import DecodeError
from nocd.wire.foreign import PageRefused, PageTaken
from nocd.wire.views import Rejection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from nocd.domain.event import Event

TOO_LARGE: Final = "event_too_large"
SLICE_LINES = 256
STRANGERS_MAX: Final = 64
_PAGE: Final = web.RequestKey("page", bytes)


@dataclass(slots=True)
class Strangers:
    """Those whose body is read before it is known who they are: at most `STRANGERS_MAX`, so that memory is bounded."""

    reading: int = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count one more while the context lasts; raises UnavailableError where that would be too many."""
        if self.reading >= STRANGERS_MAX:
            raise UnavailableError("too many pages are being read; send the token in the header, or try again")
        self.reading += 1
        try:
            yield
        finally:
            self.reading -= 1


@dataclass(slots=True, kw_only=True)
class _Intake:
    """What of a request was decoded so far."""

    desk: Desk
    source: str
    events: list[Event] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)

    async def take(self, items: Iterable[Item]) -> None:
        """Decode lines, letting others run between slices."""
        for taken, item in enumerate(items, start=1):
            refusal = item if isinstance(item, Rejection) else self._refusal(item)
            if refusal is not None:
                self.desk.metrics.rejected.labels(refusal.code).inc()
                self.rejected.append(refusal)
            if taken % SLICE_LINES == 0:
                await asyncio.sleep(0)

    def _refusal(self, line: Line) -> Rejection | None:
        try:
            self.events.append(self.desk.decoder.line(line.raw, received_at=self.desk.now_ms(), source=self.source))
        except DecodeError as error:
            return error.at(line.index)
        return None


STRANGERS: Final = web.AppKey("strangers", Strangers)


def routes() -> list[web.RouteDef]:
    """Return the routes events come in by."""
    return [
        web.post("/v1/events", events),
        web.post("/v1/webhooks/alertmanager", alertmanager),
        web.post("/api/v2/alerts", pushed),
        web.post("/v1/webhooks/pagerduty", paged),
        web.post("/v2/enqueue", paged),
    ]


@needs(Act.POST)
async def events(request: web.Request) -> web.Response:
    """Store CloudEvents: one, a batch, NDJSON, or binary mode; gzip allowed."""
    desk = request.app[DESK]
    intake = _Intake(desk=desk, source=request[TOKEN].name)
    kind = media_type(request.headers)
    if is_binary(request.headers):
        await intake.take([_binary(request, await _whole(request, desk))])
    elif kind in NDJSON:
        splitter = LineSplitter(max_event_bytes=desk.max_event_bytes, max_events=desk.max_batch)
        async for chunk in _chunks(request, desk):
            await intake.take(splitter.feed(chunk))
        await intake.take(splitter.end())
    else:
        whole = await _whole(request, desk)
        await intake.take(split(kind, whole, max_event_bytes=desk.max_event_bytes, max_events=desk.max_batch))
    return await _store(request, intake)


@needs(Act.POST)
async def alertmanager(request: web.Request) -> web.Response:
    """Store what Alertmanager (v3, v4) or Grafana tells its webhook."""
    desk = request.app[DESK]
    intake = _Intake(desk=desk, source=request[TOKEN].name)
    await intake.take(to_lines(await _whole(request, desk), received_at=desk.now_ms()))
    return await _store(request, intake)


@needs(Act.POST)
async def pushed(request: web.Request) -> web.Response:
    """Store what Prometheus, or anything that speaks as it, pushes to its Alertmanager."""
    desk, pusher = request.app[DESK], request[TOKEN].name
    intake = _Intake(desk=desk, source=pusher)
    await intake.take(pushed_lines(await _whole(request, desk), received_at=desk.now_ms(), pusher=pusher))
    return await _store(request, intake)


async def _routing_key(request: web.Request) -> str | None:
    """Return the secret a page brings in its body, which is kept for the handler."""
    with request.app[STRANGERS].one():
        return pagerduty.routing_key(await _page(request))


async def _page(request: web.Request) -> bytes:
    if _PAGE not in request:
        detail = f"a page has at most {pagerduty.BODY_BYTES_MAX} bytes"
        chunks = answers.chunks(request, bytes_max=pagerduty.BODY_BYTES_MAX, detail=detail)
        request[_PAGE] = b"".join([chunk async for chunk in chunks])
    return request[_PAGE]


@needs(Act.POST)
@secret_from(_routing_key)
async def paged(request: web.Request) -> web.Response:
    """Store what is sent as to PagerDuty's Events API v2, and answer as that does; the routing key may be the token."""
    desk, sender = request.app[DESK], request[TOKEN].name
    body, received_at = await _page(request), desk.now_ms()
    try:
        page = pagerduty.to_page(body, received_at=received_at, sender=sender, new_key=lambda: uuid4().hex)
        event = desk.decoder.line(page.raw, received_at=received_at, source=sender)
    except pagerduty.NotAnEvent as error:
        desk.metrics.rejected.labels(error.code).inc()
        refusal = PageRefused(errors=error.errors, code=error.code)
        return answers.json(refusal.model_dump(), status=error.status)
    await tenant_of(request).post([event])
    return answers.json(PageTaken(dedup_key=page.dedup_key).model_dump(), status=202)


async def _store(request: web.Request, intake: _Intake) -> web.Response:
    if not intake.events and not intake.rejected:
        raise InputError("the body holds no event", code="no_events")
    if not intake.events and all(refusal.code == TOO_LARGE for refusal in intake.rejected):
        raise TooLarge(intake.rejected[0].detail, code=TOO_LARGE)
    stored = await tenant_of(request).post(intake.events)
    rejected = [refusal.model_dump() for refusal in intake.rejected]
    answer = {"accepted": stored.accepted, "duplicates": stored.duplicates, "rejected": rejected}
    return answers.json(answer, status=200 if intake.events else 422)


def _binary(request: web.Request, body: bytes) -> Item:
    try:
        return Line(0, binary_line(request.headers, body))
    except DecodeError as error:
        return error.at(0)


async def _whole(request: web.Request, desk: Desk) -> bytes:
    return b"".join([chunk async for chunk in _chunks(request, desk)])


async def _chunks(request: web.Request, desk: Desk) -> AsyncIterator[bytes]:
    """Yield the body, inflated and bounded."""
    inflater = _inflater(request, desk)
    detail = f"a body has at most {desk.max_body_bytes} bytes; nothing of it was stored"
    async for chunk in answers.chunks(request, bytes_max=desk.max_body_bytes, detail=detail):
        if inflater is None:
            yield chunk
        else:
            for piece in inflater.feed(chunk):
                yield piece
    if inflater is not None:
        inflater.end()


def _inflater(request: web.Request, desk: Desk) -> Inflater | None:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip"):
        return Inflater(max_bytes=desk.max_body_bytes)
    raise UnsupportedMediaType(f"Content-Encoding {encoding} is not read here; send gzip or nothing")
