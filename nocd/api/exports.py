"""Exports: a table as CSV or one JSON object a line, streamed a page at a time, and on record before the first."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

import orjson
from aiohttp import web

from nocd.api import answers
from nocd.api.asking import done
from nocd.api.auth import TOKEN, needs
from nocd.api.keys import tenant_of
from nocd.api.search import asked
from nocd.domain.token import Act, Right
from nocd.errors import InputError, NotAllowed, NotFound
from nocd.store import exports
from nocd.store.exports import EXPORTS, Export
from nocd.store.search import condition

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


MEDIA: Final = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
_RIGHTS: Final = {"audit": Right.AUDIT}  # what a table wants beside the right to export
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def routes() -> list[web.RouteDef]:
    """Return the routes of exports."""
    return [web.get("/v1/export/{name}", export)]


@needs(Act.READ, Right.EXPORT)
async def export(request: web.Request) -> web.StreamResponse:
    """Stream a table, oldest first, as far as the token sees and may read it."""
    answers.known_parameters(request, "format", "q")
    name, token = request.match_info["name"], request[TOKEN]
    table = EXPORTS.get(name)
    if table is None:
        raise NotFound(f"there is no export {name}; there are {', '.join(EXPORTS)}")
    if (right := _RIGHTS.get(name)) is not None and right not in token.rights:
        raise NotAllowed(f"token {token.name!r} lacks the right {right.value!r}")
    form = answers.word(request, "format", MEDIA) or "ndjson"
    wanted = _wanted(request, table)
    await done(request, "export", name, {"format": form, "q": request.query.get("q", "")})
    response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}.{form}"'})
    response.content_type = MEDIA[form]
    response.charset = "utf-8"
    await response.prepare(request)
    if form == "csv":
        await response.write(_csv([table.columns]))
    async for rows in _pages(request, table, wanted):
        await response.write(_csv(_cells(rows, table)) if form == "csv" else _lines(rows))
    await response.write_eof()
    return response


def _wanted(request: web.Request, table: Export) -> tuple[str, tuple[Any, ...]]:
    if "q" not in request.query:
        return "1", ()
    if not table.searchable:
        raise InputError(f"{table.table} cannot be searched; leave q out", code="bad_parameter")
    sql, values = condition(*asked(request))
    return sql, tuple(values)


async def _pages(
    request: web.Request, table: Export, wanted: tuple[str, tuple[Any, ...]]
) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield the rows that were there when it began, each as it is when its page is read."""
    token, store = request[TOKEN], tenant_of(request).store
    after: int | None = 0
    upto = await store.read(exports.newest, table)
    while after is not None:
        rows, after = await store.read(
            exports.page, table, after=after, upto=upto, asked=wanted, sites=token.sites, clients=token.clients
        )
        if rows:
            yield [answers.shown(token, row) for row in rows]


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _cells(rows: list[dict[str, Any]], table: Export) -> list[list[object]]:
    return [[_cell(row, key) for key in table.columns] for row in rows]


def _cell(row: Mapping[str, Any], key: str) -> object:
    """Return a value as a cell: objects as JSON, and no text that a spreadsheet would take for a formula."""
    first, dot, rest = key.partition(".")
    value = row.get(first)
    value = value.get(rest) if dot and value else value
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _csv(rows: list[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
