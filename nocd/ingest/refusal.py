"""Why an event is refused, in words its sender can act on."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.observation import EVENT_TYPES
from nocd.errors import InputError
from nocd.wire.views import Rejection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError

NAMED_ERRORS_MAX: Final = 5
_LISTED_ERRORS_MAX: Final = 100
_SHOWN_CHARS_MAX: Final = 64
_ID_CHARS_MAX: Final = 128

# The most telling first: a typo explains the missing field it leaves behind.
_RANK: Final = ("not_json", "unknown_field", "missing_field", "bad_time", "bad_value")

# pydantic's error types, in our words; {names} come from the error's own context.
_WORDS: Final = {
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be a finite number",
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "string_type": "must be a string",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must not contain control characters",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "tuple_type": "must be an array",
    "dict_type": "must be an object",
    "dataclass_type": "must be an object",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "datetime_type": "must be an RFC 3339 time with an offset",
    "datetime_parsing": "must be an RFC 3339 time with an offset",
    "datetime_from_date_parsing": "must be an RFC 3339 time with an offset",
    "value_error": "{error}",
}

# Fields whose every fault has one cause and one cure.
_FIELD_WORDS: Final = {
    "data_base64": ("not_json", "is not taken: send JSON in data"),
    "datacontenttype": ("not_json", "must be a JSON media type, or left out"),
    "time": ("bad_time", "must be RFC 3339 with an offset, like 2026-01-31T22:00:00+01:00"),
    "source": ("bad_value", "must be a URI reference of 1 to 256 characters, without spaces"),
    "data.removed": ("bad_value", "must be true, or left out"),
}


class DecodeError(InputError):
    """One event is refused: a stable `code`, a `detail` for a person and the event's own id where it can be read."""

    code = "bad_value"
    status = 422

    def __init__(self, detail: str, *, code: str, event_id: str | None = None) -> None:
        """Keep the reason and whose it is."""
        super().__init__(detail, code=code)
        self.event_id = event_id
        if code == "event_too_large":
            self.status = 413

    def at(self, index: int) -> Rejection:
        """Return this refusal as the answer to the batch shows it, for the event sent at `index`."""
        return Rejection(index=index, id=self.event_id, code=self.code, detail=self.detail)


def event_id_of(received: dict[str, Any]) -> str | None:
    """Return the id an event was sent with, cut to 128 characters, or None."""
    event_id = received.get("id")
    return event_id[:_ID_CHARS_MAX] if isinstance(event_id, str) else None


def shown(text: object) -> str:
    """Return what an outsider wrote so that it is short, on one line and safe on a terminal."""
    plain = str(text)
    cut = plain if len(plain) <= _SHOWN_CHARS_MAX else plain[: _SHOWN_CHARS_MAX - 1] + "…"
    return cut if cut.isprintable() else ascii(cut)[1:-1]


def unknown_field(path: str, name: str, known: Iterable[str]) -> str:
    """Return a sentence on a field nobody knows, naming the one that was probably meant."""
    return f"{path}{shown(name)}: unknown field{_meant(name, known, cutoff=0.6)}"


def refuse(error: ValidationError, received: dict[str, Any]) -> DecodeError:
    """Return the refusal of `received` for which pydantic found `error`; at most 5 faults are named."""
    event_id = event_id_of(received)
    if error.error_count() > _LISTED_ERRORS_MAX:
        detail = f"data: {error.error_count()} faults, too many to name"
        return DecodeError(detail, code="bad_value", event_id=event_id)
    found = error.errors(include_url=False, include_input=False)
    if found[0]["type"].startswith("union_tag"):
        return _refuse_type(received, event_id)
    faults = sorted((_fault(one, str(received["type"])) for one in found), key=lambda fault: _RANK.index(fault[0]))
    more = len(faults) - NAMED_ERRORS_MAX
    detail = "; ".join(sentence for _, sentence in faults[:NAMED_ERRORS_MAX])
    return DecodeError(detail + (f"; and {more} more" if more > 0 else ""), code=faults[0][0], event_id=event_id)


def _refuse_type(received: dict[str, Any], event_id: str | None) -> DecodeError:
    name = received.get("type")
    if name is None:
        return DecodeError("type: is required", code="missing_field", event_id=event_id)
    if not isinstance(name, str):
        return DecodeError("type: must be a string", code="bad_value", event_id=event_id)
    meant = _meant(name, EVENT_TYPES, cutoff=0.5) or f"; known are {', '.join(EVENT_TYPES)}"
    return DecodeError(f"type: nobody knows {shown(name)!r}{meant}", code="unknown_type", event_id=event_id)


def _meant(name: str, known: Iterable[str], *, cutoff: float) -> str:
    if len(name) > _SHOWN_CHARS_MAX:
        return ""
    close = get_close_matches(name, list(known), n=3, cutoff=cutoff)
    return f" (did you mean {' or '.join(map(repr, close))}?)" if close else ""


def _fault(error: Any, event_type: str) -> tuple[str, str]:
    """Return the code of one of pydantic's errors, and a sentence on it."""
    kind, where = error["type"], error["loc"]
    steps = where[1:] if where[0] == event_type else where
    path = ".".join(map(shown, steps))
    if kind == "unexpected_keyword_argument":
        return "unknown_field", unknown_field(
            "data.", steps[-1], [field.name for field in fields(EVENT_TYPES[event_type])]
        )
    if kind == "missing":
        return "missing_field", f"{path}: is required"
    if path in _FIELD_WORDS:
        code, words = _FIELD_WORDS[path]
        return code, f"{path}: {words}"
    context = {name: _tidy(value) for name, value in error.get("ctx", {}).items()}
    sentence = _WORDS[kind].format_map(context) if kind in _WORDS else error["msg"]
    return "bad_value", f"{path}: {sentence}"


def _tidy(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value
