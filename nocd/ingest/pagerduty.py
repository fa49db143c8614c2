"""PagerDuty's Events API v2 as `noc.alert` events: trigger fires, acknowledge says it is seen to, resolve ends it.

Each post is an event of its own; its `dedup_key` makes those of one trouble one alert. Who pages once says once that
it is over, so an alert waits for that for as long as any may, not for the hour after which outside alerts end by quiet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

import orjson
from pydantic import Discriminator, TypeAdapter, ValidationError

from nocd.domain.instant import rfc3339
from nocd.domain.observation import RESOLVE_TIMEOUT_MAX_S
from nocd.domain.severity import from_foreign
from nocd.errors import InputError
from nocd.ingest.foreign import ID_CHARS_MAX, bounded, digest, instant, one_line, subject, text
from nocd.wire.foreign import FollowUp, PagePayload, Trigger

if TYPE_CHECKING:
    from collections.abc import Callable

BODY_BYTES_MAX: Final = 524_288
_ENTITY_CHARS_MAX: Final = 256
_ERRORS_MAX: Final = 5
_STATUS: Final = {"trigger": "firing", "acknowledge": "acknowledged", "resolve": "resolved"}
_LABELS: Final = ("client", "client_url", "links")
_PAGE: Final[TypeAdapter[Trigger | FollowUp]] = TypeAdapter(
    Annotated[Trigger | FollowUp, Discriminator("event_action")]
)
_UNNAMED: Final = "ALERT"


class NotAnEvent(InputError):
    """The body is no event of that API; `errors` has a sentence for each fault."""

    code = "bad_value"

    def __init__(self, errors: list[str], *, code: str) -> None:
        """Keep the faults."""
        super().__init__("; ".join(errors), code=code)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Page:
    """What was posted: what makes its alerts one, and the event as a line for the decoder."""

    dedup_key: str
    raw: bytes


def routing_key(body: bytes) -> str | None:
    """Return the secret a body brings, or None."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    key = told.get("routing_key") if isinstance(told, dict) else None
    return key if isinstance(key, str) else None


def to_page(body: bytes, *, received_at: int, sender: str, new_key: Callable[[], str]) -> Page:
    """Return the event that `sender` posts, received at `received_at` (UTC ms); raises NotAnEvent with every fault.

    `new_key` makes the key of a trigger that comes without one.
    """
    try:
        told = _PAGE.validate_json(body)
    except ValidationError as error:
        raise _refused(error) from None
    key = told.dedup_key or new_key()
    event = {
        "specversion": "1.0",
        "id": f"{digest(key.encode())}:{told.event_action}:{received_at}",
        "source": f"/pagerduty/{quote(sender, safe='')}",
        "type": "noc.alert",
        "time": rfc3339(received_at),
        "data": {"status": _STATUS[told.event_action], "dedup_key": key, **_words(told, key)},
    }
    since = instant(told.payload.timestamp) if isinstance(told, Trigger) else None
    return Page(key, orjson.dumps(event if since is None else {**event, "startsat": rfc3339(since)}))


def _words(told: Trigger | FollowUp, key: str) -> dict[str, Any]:
    """Return what is said of the trouble; a follow-up says nothing, for its alert knows."""
    if isinstance(told, Trigger):
        return _fired(told, told.payload)
    blank = {"alert_type": _UNNAMED, "severity": from_foreign(""), "message": "", "entity_type": "source"}
    return {**blank, "entity_id": key}


def _fired(told: Trigger, payload: PagePayload) -> dict[str, Any]:
    details = payload.custom_details
    labels = {
        **(details if isinstance(details, dict) else {"custom_details": details}),
        **payload.model_dump(include={"component", "group", "class_", "source"}, by_alias=True),
        **told.model_dump(include={*_LABELS}),
    }
    labels = {name: text(value) for name, value in labels.items() if name and value not in (None, "")}
    return {
        **subject(labels),
        "alert_type": one_line(labels.get("class") or labels.get("alertname", ""))[:ID_CHARS_MAX] or _UNNAMED,
        "severity": from_foreign(payload.severity),
        "message": text(payload.summary),
        "entity_type": "source",
        "entity_id": one_line(payload.source)[:_ENTITY_CHARS_MAX],
        "labels": bounded(labels),
        "resolve_timeout_s": RESOLVE_TIMEOUT_MAX_S,
    }


def _refused(error: ValidationError) -> NotAnEvent:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    kinds = {fault["type"] for fault in faults}
    if "json_invalid" in kinds:
        return NotAnEvent([faults[0]["msg"]], code="not_json")
    missing = kinds & {"missing", "union_tag_not_found"}
    tags = ("trigger", "acknowledge", "resolve")
    told = [(".".join(str(part) for part in fault["loc"] if part not in tags), fault["msg"]) for fault in faults]
    errors = [f"{place or 'event_action'}: {said}" for place, said in told[:_ERRORS_MAX]]
    return NotAnEvent(errors, code="missing_field" if missing else "bad_value")
