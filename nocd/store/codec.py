"""Records and commands to their stored bytes and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from pydantic import TypeAdapter

from nocd.domain.alert import Alert
from nocd.domain.command import Command
from nocd.domain.prediction import Predictions
from nocd.domain.ticket import Ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ALERT = TypeAdapter(Alert)
_COMMAND = TypeAdapter(Command)
_PREDICTIONS = TypeAdapter(Predictions)
_TICKET = TypeAdapter(Ticket)


def encode(record: object) -> bytes:
    """Return a record's stored bytes."""
    return orjson.dumps(record, default=_dumped)


def decoders(types: Mapping[str, Any]) -> dict[str, Callable[[bytes], Any]]:
    """Return what brings records of each kind back: their own `load`, where they have one."""
    return {kind: _decoder(record) for kind, record in types.items()}


def _decoder(record: Any) -> Callable[[bytes], Any]:
    if hasattr(record, "load"):
        return lambda body: record.load(orjson.loads(body))
    return TypeAdapter(record).validate_json


def _dumped(record: Any) -> Any:
    return list(record) if isinstance(record, tuple) else record.dump()


def decode_alert(body: bytes) -> Alert:
    """Bring an alert back."""
    return _ALERT.validate_json(body)


def decode_ticket(body: bytes) -> Ticket:
    """Bring a ticket back."""
    return _TICKET.validate_json(body)


def decode_command(body: bytes) -> Command:
    """Bring a command back."""
    return _COMMAND.validate_json(body)


def decode_predictions(body: bytes) -> Predictions:
    """Bring back what a model said."""
    return _PREDICTIONS.validate_json(body)
