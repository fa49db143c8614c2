"""One line of JSON in, one Event out, or a refusal; nothing else.

| code | refused because |
|---|---|
| not_json | no JSON object: a syntax error, NaN, nesting past 200, a lone surrogate, or `data_base64` |
| unknown_type | `type` is none of the event types; close matches are named |
| unknown_field | `data` (or the plain form's envelope) has a field nobody knows; the probable one is named |
| missing_field | a required field is not there |
| bad_value | a field's value is not allowed; its path and the rule are named |
| bad_time | `time` has no offset, is no RFC 3339, or lies before 1970 |
| from_the_future | `time` is more than 25 h ahead of ours |
| event_too_large | the event is longer than `max_event_bytes` |

The native form is CloudEvents 1.0 JSON, kept as received. The plain form is an object without `specversion`; what it
leaves out is filled in, and it is kept as the CloudEvent it then is.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from uuid import UUID

import orjson
from pydantic import ValidationError

from nocd.domain.directory import DIRECTORY_TYPES
from nocd.domain.event import Event
from nocd.domain.instant import DAY_MS, HOUR_MS, rfc3339, to_ms
from nocd.errors import StateError
from nocd.ingest.envelope import ATTRIBUTES, ENVELOPE, REMOVAL, Envelope
from nocd.ingest.refusal import DecodeError, event_id_of, refuse, shown, unknown_field

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DecodeError", "Decoder", "decode_body", "uuid7"]

_NEWLINE: Final = ord("\n")
_PLAIN_FIELDS: Final = frozenset({"id", "source", "type", "time", "data"})
_URI_SAFE: Final = "/:@!$&'()*+,;=~"


class Decoder:
    """Turns received lines into events; times are UTC milliseconds, `new_id` names events that come without an id."""

    def __init__(
        self,
        *,
        new_id: Callable[[], str],
        max_event_bytes: int = 65_536,
        max_future_ms: int = 300_000,
        refuse_future_ms: int = 25 * HOUR_MS,
        max_age_ms: int = 30 * DAY_MS,
    ) -> None:
        """Keep the limits."""
        self._new_id = new_id
        self._max_event_bytes = max_event_bytes
        self._max_future_ms = max_future_ms
        self._refuse_future_ms = refuse_future_ms
        self._max_age_ms = max_age_ms

    def line(self, raw: bytes, *, received_at: int, source: str) -> Event:
        """Return the event of one line, received at `received_at` from `source`; raises DecodeError."""
        body = raw.strip()
        if len(body) > self._max_event_bytes:
            raise DecodeError(
                f"the event has {len(body)} bytes; at most {self._max_event_bytes} are taken", code="event_too_large"
            )
        if _NEWLINE in body:
            body = _dump(_load(body))
        try:
            envelope = ENVELOPE.validate_json(body)
        except ValidationError as error:
            envelope, body = self._second_look(body, error, received_at=received_at, source=source)
        if len(vars(envelope)) > ATTRIBUTES:
            _load(body)  # pydantic takes NaN in what it does not know; nothing else that reads the body would
        return self._event(envelope, body, received_at)

    def _event(self, envelope: Envelope, body: bytes, received_at: int) -> Event:
        time = received_at if envelope.time is None else _to_ms(envelope.time, envelope.id)
        claimed_time = None
        if time - received_at > self._max_future_ms:
            claimed_time, time = time, received_at
            if claimed_time - received_at > self._refuse_future_ms:
                raise DecodeError(
                    f"time: {envelope.time} is more than {self._refuse_future_ms / HOUR_MS:g} h ahead of our clock",
                    code="from_the_future",
                    event_id=envelope.id,
                )
        return Event(
            id=envelope.id,
            source=envelope.source,
            type=envelope.type,
            time=time,
            received_at=received_at,
            data=envelope.data,
            body=body,
            claimed_time=claimed_time,
            late=received_at - time > self._max_age_ms,
        )

    def _second_look(
        self, body: bytes, error: ValidationError, *, received_at: int, source: str
    ) -> tuple[Envelope, bytes]:
        """Return what is no native event and still one (plain form, removal), with its body; else raise DecodeError."""
        received = _object(body, error)
        if "specversion" not in received:
            received = self._completed(received, received_at=received_at, source=source)
            body = _dump(received)
            try:
                return ENVELOPE.validate_json(body), body
            except ValidationError as plain_error:
                error = plain_error
        if not _claims_removal(received):
            raise refuse(error, received) from None
        try:
            return REMOVAL.validate_json(body), body
        except ValidationError as removal_error:
            raise refuse(removal_error, received) from None

    def _completed(self, plain: dict[str, Any], *, received_at: int, source: str) -> dict[str, Any]:
        unknown = plain.keys() - _PLAIN_FIELDS
        if unknown:
            detail = "; ".join(unknown_field("", name, _PLAIN_FIELDS) for name in sorted(unknown)[:5])
            raise DecodeError(detail, code="unknown_field", event_id=event_id_of(plain))
        filled = {"specversion": "1.0", "source": quote(source, safe=_URI_SAFE), "time": rfc3339(received_at)}
        if "id" not in plain:
            filled["id"] = self._new_id()
        return filled | plain


def decode_body(
    body: bytes, *, time: int, received_at: int, claimed_time: int | None = None, late: bool = False
) -> Event:
    """Return a stored event as it was when it was taken in; its times stand. Raises StateError for no stored body."""
    try:
        envelope = ENVELOPE.validate_json(body)
    except ValidationError as error:
        try:
            envelope = REMOVAL.validate_json(body)
        except ValidationError:
            raise StateError(f"a stored event cannot be read: {shown(error.errors()[0]['msg'])}") from error
    return Event(
        id=envelope.id,
        source=envelope.source,
        type=envelope.type,
        time=time,
        received_at=received_at,
        data=envelope.data,
        body=body,
        claimed_time=claimed_time,
        late=late,
    )


def uuid7(now_ms: int, random_bytes: bytes) -> str:
    """Return the UUIDv7 (RFC 9562) of an instant in UTC milliseconds and 10 random bytes."""
    random_part = int.from_bytes(random_bytes[:10], "big")
    top = (now_ms & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | (random_part >> 68) << 64
    return str(UUID(int=top | 0b10 << 62 | random_part & (1 << 62) - 1))


def _to_ms(time: str, event_id: str) -> int:
    try:
        instant = to_ms(datetime.fromisoformat(time.upper()))
    except ValueError as error:
        raise DecodeError(f"time: {error}", code="bad_time", event_id=event_id) from None
    if instant < 0:
        raise DecodeError(f"time: {time} is before 1970: is its clock set?", code="bad_time", event_id=event_id)
    return instant


def _claims_removal(received: dict[str, Any]) -> bool:
    data = received.get("data")
    kind = received.get("type")
    return isinstance(kind, str) and kind in DIRECTORY_TYPES and isinstance(data, dict) and "removed" in data


def _object(body: bytes, error: ValidationError) -> dict[str, Any]:
    """Return `body` as an object; raises DecodeError where it is none, or where pydantic's stricter parser failed."""
    first = error.errors(include_url=False, include_input=False)[0] if error.error_count() == 1 else None
    if first is not None and first["type"] == "json_invalid":
        raise DecodeError(first["msg"], code="not_json")
    received = _load(body)
    if not isinstance(received, dict):
        raise DecodeError("an event is a JSON object; an array is a batch of them", code="not_json")
    return received


def _load(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise DecodeError(f"Invalid JSON: {error}", code="not_json") from None


def _dump(received: Any) -> bytes:
    try:
        return orjson.dumps(received)
    except orjson.JSONEncodeError as error:
        raise DecodeError(f"nested too deeply: {error}", code="not_json") from None
