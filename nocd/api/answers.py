"""Reading requests and writing answers, the same way everywhere."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError

from nocd.api.keys import HTTP
from nocd.api.server import HttpLimits
from nocd.domain.token import Right, Token
from nocd.errors import InputError, TooLarge
from nocd.feed.mask import mask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

M = TypeVar("M", bound=BaseModel)
LIMIT_MAX: Final = 500
LIMIT_DEFAULT: Final = 100
NUMBER_MAX: Final = 2**63 - 1  # what the store's numbers can be
COMMAND_BODY_MAX_BYTES: Final = 65_536
_CHUNK_BYTES: Final = 65_536
_LIMITS: Final = HttpLimits()


class TooSlow(InputError):
    """The body did not come in time; the connection is let go of."""

    code = "body_timeout"
    status = 408


def json(content: object, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return a JSON answer."""
    return web.Response(body=orjson.dumps(content), status=status, content_type="application/json", headers=headers)


def page(bodies: Iterable[bytes], cursor: str | None) -> web.Response:
    """Return a page of objects that are encoded already."""
    body = b'{"items":[' + b",".join(bodies) + b'],"cursor":' + orjson.dumps(cursor) + b"}"
    return web.Response(body=body, content_type="application/json")


def number_in(text: str) -> int | None:
    """Return the number a text is, 0 to `NUMBER_MAX` in plain digits; None for any other text."""
    plain = text.isascii() and text.isdigit() and len(text) <= len(str(NUMBER_MAX))
    return int(text) if plain and int(text) <= NUMBER_MAX else None


def number_of(name: str, letter: str) -> int | None:
    """Return the number in an id like `A-12` of that letter; None for any other text."""
    no = number_in(name.removeprefix(f"{letter}-"))
    return no if name == f"{letter}-{no}" else None


def alert_no(request: web.Request) -> int | None:
    """Return the number of the alert a query names, None where it names none; raises InputError."""
    name = request.query.get("alert")
    if name is None:
        return None
    no = number_in(name.removeprefix("A-")) if name.startswith("A-") else None
    if no is None:
        raise InputError("alert is the id of one, like A-12", code="bad_parameter")
    return no


def whole_number(request: web.Request, name: str, *, default: int, low: int, high: int) -> int:
    """Return a query parameter as a whole number within its range; raises InputError."""
    text = request.query.get(name)
    if text is None:
        return default
    value = number_in(text)
    if value is None or not low <= value <= high:
        msg = f"{name} must be a whole number from {low} to {high}"
        raise InputError(msg, code="bad_parameter")
    return value


def limit(request: web.Request) -> int:
    """Return how many items are asked for, 1 to 500."""
    return whole_number(request, "limit", default=LIMIT_DEFAULT, low=1, high=LIMIT_MAX)


def words(request: web.Request, name: str, allowed: Iterable[str]) -> tuple[str, ...]:
    """Return a comma-separated query parameter, each word one of `allowed`; raises InputError."""
    known = set(allowed)
    given = tuple(word for word in request.query.get(name, "").split(",") if word)
    wrong = [word for word in given if word not in known]
    if wrong:
        msg = f"{name} cannot be {', '.join(wrong)}; it is one of {', '.join(sorted(known))}"
        raise InputError(msg, code="bad_parameter")
    return given


def word(request: web.Request, name: str, allowed: Iterable[str]) -> str | None:
    """Return a query parameter that is one of `allowed`, or None where it is not given; raises InputError."""
    given = words(request, name, allowed)
    if len(given) > 1:
        msg = f"{name} is one word, not {len(given)}"
        raise InputError(msg, code="bad_parameter")
    return given[0] if given else None


def known_parameters(request: web.Request, *names: str) -> None:
    """Refuse a query parameter nobody reads, or given twice: a typo must not pass as a wider answer."""
    unknown = set(request.query) - set(names)
    if unknown:
        msg = f"unknown parameter {', '.join(sorted(unknown))}; this route takes {', '.join(names) or 'none'}"
        raise InputError(msg, code="unknown_parameter")
    if len(request.query) > len(set(request.query)):
        raise InputError("each parameter is given once; lists have commas", code="bad_parameter")


def to_cursor(place: tuple[int, ...] | None) -> str | None:
    """Return the place to continue after as an opaque text."""
    return None if place is None else base64.urlsafe_b64encode(orjson.dumps(place)).decode()


def from_cursor(request: web.Request, size: int) -> tuple[int, ...] | None:
    """Return the place a cursor names; raises InputError for one that was not ours."""
    text = request.query.get("cursor")
    if not text:
        return None
    try:
        place = orjson.loads(base64.urlsafe_b64decode(text))
    except ValueError:
        place = None
    if not isinstance(place, list) or len(place) != size or not all(map(_is_place, place)):
        raise InputError("this cursor is not one of ours; start without one", code="bad_cursor")
    return tuple(place)


def _is_place(part: object) -> bool:
    return type(part) is int and abs(part) <= NUMBER_MAX


async def chunks(request: web.Request, *, bytes_max: int, detail: str) -> AsyncIterator[bytes]:
    """Yield a body as it arrives.

    Raises TooLarge (`body_too_large`) past `bytes_max`, where a declared length is past it already, and TooSlow where
    it stops coming or trickles.
    """
    limits, content, received = request.app.get(HTTP, _LIMITS), request.content, 0
    if (request.content_length or 0) > bytes_max:
        raise TooLarge(detail, code="body_too_large")
    patience_ends = asyncio.get_running_loop().time() + limits.body_timeout_s
    while not content.at_eof():
        if content.is_eof():  # all of it has come: most bodies have before they are asked for
            chunk = content.read_nowait(_CHUNK_BYTES)
        else:
            try:
                async with asyncio.timeout_at(patience_ends + received / limits.body_bytes_per_s_min):
                    chunk = await content.read(_CHUNK_BYTES)
            except TimeoutError:
                raise TooSlow(f"the body stopped coming after {received} bytes; send it again") from None
        received += len(chunk)
        if received > bytes_max:
            raise TooLarge(detail, code="body_too_large")
        yield chunk


async def small_body(request: web.Request) -> bytes:
    """Return the body of a command; raises TooLarge past 64 KiB, TooSlow where it stops coming."""
    detail = f"this body has at most {COMMAND_BODY_MAX_BYTES} bytes"
    return b"".join([chunk async for chunk in chunks(request, bytes_max=COMMAND_BODY_MAX_BYTES, detail=detail)])


def parsed(model: type[M], body: bytes) -> M:
    """Return the body as `model`; raises InputError naming the fields that are wrong."""
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        kinds = {fault["type"] for fault in error.errors(include_url=False, include_context=False)}
        if "int_type" in kinds and (whole := _rounded(body)) is not None:
            return parsed(model, whole)
        raise InputError(_faults(error), code=_code(error)) from None


def _rounded(body: bytes) -> bytes | None:
    """Return a body with 3.0 as 3, as which JSON Schema has it; None where there is nothing of the kind."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    whole = orjson.dumps(_whole(told))
    return whole if whole != orjson.dumps(told) else None


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < NUMBER_MAX else value


def _code(error: ValidationError) -> str:
    kinds = {fault["type"] for fault in error.errors(include_url=False, include_input=False)}
    if "json_invalid" in kinds:
        return "not_json"
    return "unknown_field" if "extra_forbidden" in kinds else "bad_value"


def _faults(error: ValidationError) -> str:
    faults: list[Any] = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in faults[:5])


def seen_by(token: Token, body: bytes) -> bytes:
    """Return an object's body as this token may see it, without what its rights do not cover."""
    names, scores = Right.PII not in token.rights, Right.FRAUD not in token.rights
    return mask(body, names=names, scores=scores) if names or scores else body


def shown(token: Token, value: dict[str, Any]) -> dict[str, Any]:
    """Return an object as this token may see it, as `seen_by` does with its body."""
    told: dict[str, Any] = orjson.loads(seen_by(token, orjson.dumps(value)))
    return told
