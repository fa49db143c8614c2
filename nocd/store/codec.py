"""Records and commands to their stored bytes and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from pydantic import TypeAdapter

from nocd.domain.alert import Alert
from nocd.domain.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ALERT = TypeAdapter(Alert)
_COMMAND = TypeAdapter(Command)


def encode(record: object) -> bytes:
    """Return a record's stored bytes."""
    return orjson.dumps(record)


def decoders(types: Mapping[str, Any]) -> dict[str, Callable[[bytes], Any]]:
    """Return what brings records of each kind back."""
    return {kind: TypeAdapter(record).validate_json for kind, record in types.items()}


def decode_alert(body: bytes) -> Alert:
    """Bring an alert back."""
    return _ALERT.validate_json(body)


def decode_command(body: bytes) -> Command:
    """Bring a command back."""
    return _COMMAND.validate_json(body)
