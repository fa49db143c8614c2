"""Alertmanager's webhook (versions 4 and 3, and Grafana's variant of it) as `noc.alert` events.

A firing alert counts from when the notification reached us, since repeats renew it; a resolved one from when it ended.
One that fires and names an end that is yet to come is over then, unless it is repeated.
An alert that cannot be read is refused by its place in the body; the good ones are kept.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson

from nocd.domain.instant import DAY_MS, MINUTE_MS, SECOND_MS, rfc3339, to_ms
from nocd.domain.observation import RESOLVE_TIMEOUT_MAX_S, RESOLVE_TIMEOUT_MIN_S
from nocd.domain.severity import from_foreign
from nocd.errors import InputError, TooLarge
from nocd.ingest.bodies import Item, Line
from nocd.ingest.refusal import DecodeError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

ALERTS_MAX: Final = 10_000
LABELS_MAX: Final = 128
LABELS_BYTES_MAX: Final = 24_000
_LABEL_NAME_CHARS_MAX: Final = 200
_TEXT_CHARS_MAX: Final = 4_000
_ID_CHARS_MAX: Final = 128
_ENTITY_CHARS_MAX: Final = 256
_FINGERPRINT_CHARS_MAX: Final = 48
_RECEIVER_CHARS_MAX: Final = 200
_AHEAD_MAX_MS: Final = DAY_MS

# The labels that name what is in trouble, the narrowest first: a pod is scraped through some instance.
ENTITY_LABELS: Final = (
    "pod",
    "deployment",
    "statefulset",
    "daemonset",
    "node",
    "instance",
    "host",
    "hostname",
    "device",
    "target",
    "container",
    "service",
    "namespace",
    "job",
    "cluster",
)
_MESSAGES: Final = ("summary", "description", "title", "message")
_STATUS: Final = {
    "firing": "firing",
    "alerting": "firing",
    "resolved": "resolved",
    "ok": "resolved",
    "normal": "resolved",
}
_UNNAMED: Final = "ALERT"


def to_lines(body: bytes, *, received_at: int) -> Iterator[Item]:
    """Return one line or rejection for each alert of a webhook body; raises InputError where the body is no such."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError(f"Invalid JSON: {error}", code="not_json") from None
    if not isinstance(payload, dict):
        raise InputError("a webhook body is a JSON object", code="not_json")
    alerts = payload.get("alerts")
    if not isinstance(alerts, list):
        raise InputError("alerts: must be an array", code="missing_field" if alerts is None else "bad_value")
    if len(alerts) > ALERTS_MAX:
        raise TooLarge(f"more than {ALERTS_MAX} alerts in one body", code="batch_too_large")
    return _lines(payload, alerts, received_at)


def _lines(payload: dict[str, Any], alerts: list[Any], received_at: int) -> Iterator[Item]:
    for index, alert in enumerate(alerts):
        try:
            yield Line(index, orjson.dumps(_event(payload, alert, received_at)))
        except DecodeError as error:
            yield error.at(index)


def _event(payload: dict[str, Any], alert: Any, received_at: int) -> dict[str, Any]:
    if not isinstance(alert, dict):
        raise DecodeError("an alert is a JSON object", code="bad_value")
    labels = _labels(alert)
    status = _status(payload, alert)
    fingerprint = _fingerprint(alert, labels)
    starts_at = _instant(alert.get("startsAt"))
    ends_at = _instant(alert.get("endsAt"))
    firing = status == "firing"
    # A repeat says "still firing now" at its receipt, so an end counts from its receipt too: the `endsAt` it names may
    # lie before the last repeat.
    time = _firing_time(starts_at, received_at) if firing else received_at
    began = starts_at if firing or starts_at is not None else ends_at
    minute = received_at // MINUTE_MS if firing or began is None else None
    parts = (fingerprint, None if began is None else rfc3339(began), status, minute)
    name = _name(payload, labels)
    event = {
        "specversion": "1.0",
        "id": ":".join(str(part) for part in parts if part is not None),
        "source": _source(payload),
        "type": "noc.alert",
        "time": rfc3339(time),
        "data": {
            **_subject(labels, name),
            "alert_type": name,
            "severity": _severity(payload, alert, labels),
            "status": status,
            "message": _message(payload, alert, labels) or name,
            "dedup_key": fingerprint,
            "labels": _bounded(labels),
            **_patience(ends_at if firing else None, received_at),
        },
    }
    told = {"startsat": starts_at, "endsat": None if firing else ends_at}
    return event | {name: rfc3339(instant) for name, instant in told.items() if instant is not None}


def _labels(alert: dict[str, Any]) -> dict[str, str]:
    labels = alert.get("labels")
    if not isinstance(labels, dict):
        raise DecodeError("labels: must be an object", code="missing_field" if labels is None else "bad_value")
    return {name: _text(value) for name, value in labels.items() if name}


def _status(payload: dict[str, Any], alert: dict[str, Any]) -> str:
    word = _text(alert.get("status") or payload.get("status") or "firing")
    status = _STATUS.get(word.strip().lower())
    if status is None:
        raise DecodeError(f"status: must be firing or resolved, not {shown(word)!r}", code="bad_value")
    return status


def _fingerprint(alert: dict[str, Any], labels: dict[str, str]) -> str:
    """Return Alertmanager's fingerprint, or a digest of the labels where it (as version 3 does) gives none."""
    given = _text(alert.get("fingerprint")).strip()
    if given and given.isprintable():
        return given if len(given) <= _FINGERPRINT_CHARS_MAX else _digest(given.encode())
    return _digest(orjson.dumps(labels, option=orjson.OPT_SORT_KEYS))


def _firing_time(starts_at: int | None, received_at: int) -> int:
    """Return when it was last seen firing: now, or its start where the sender's clock is a little ahead."""
    ahead = starts_at is not None and received_at < starts_at <= received_at + _AHEAD_MAX_MS
    return starts_at if ahead and starts_at is not None else received_at


def _patience(ends_at: int | None, received_at: int) -> dict[str, int]:
    """Return how long a firing alert may be quiet, where its sender says by when it is over unless it fires again."""
    if ends_at is None or ends_at <= received_at:
        return {}
    seconds = -(-(ends_at - received_at) // SECOND_MS)
    return {"resolve_timeout_s": min(max(seconds, RESOLVE_TIMEOUT_MIN_S), RESOLVE_TIMEOUT_MAX_S)}


def _source(payload: dict[str, Any]) -> str:
    receiver = _text(payload.get("receiver"))
    quoted = quote(receiver, safe="")
    name = quoted if len(quoted) <= _RECEIVER_CHARS_MAX else _digest(receiver.encode())
    return f"/alertmanager/{name}" if name else "/alertmanager"


def _subject(labels: dict[str, str], name: str) -> dict[str, str]:
    """Return the entity (the alert's own name for want of one), and site and person where labels can be their ids."""
    entity_type = next((label for label in ENTITY_LABELS if _one_line(labels.get(label, ""))), "alert")
    entity_id = _one_line(labels.get(entity_type, "")) or name
    subject = {"entity_type": entity_type, "entity_id": entity_id[:_ENTITY_CHARS_MAX]}
    for label in ("site", "person"):
        value = labels.get(label, "").strip()
        if value and value.isprintable() and len(value) <= _ID_CHARS_MAX:
            subject[label] = value
    return subject


def _name(payload: dict[str, Any], labels: dict[str, str]) -> str:
    found = _first(("alertname",), labels, payload.get("commonLabels"), payload.get("groupLabels"))
    return _one_line(found)[:_ID_CHARS_MAX] or _UNNAMED


def _severity(payload: dict[str, Any], alert: dict[str, Any], labels: dict[str, str]) -> str:
    return from_foreign(_first(("severity",), labels, alert.get("annotations"), payload.get("commonLabels")))


def _message(payload: dict[str, Any], alert: dict[str, Any], labels: dict[str, str]) -> str:
    places = (alert.get("annotations"), labels, payload.get("commonAnnotations"), {"message": payload.get("message")})
    return _first(_MESSAGES, *places)


def _first(names: tuple[str, ...], *places: Any) -> str:
    """Return the first text that is found under one of `names`, place by place; empty for none."""
    found = (_text(place.get(name)) for place in places if isinstance(place, dict) for name in names)
    return next((text for text in found if text.strip()), "")


def _bounded(labels: dict[str, str]) -> dict[str, str]:
    """Return the labels as sent, up to 128 of them and 24 kB in all; what is past that is left out."""
    bounded: dict[str, str] = {}
    left = LABELS_BYTES_MAX
    for name, value in labels.items():
        if len(bounded) == LABELS_MAX:
            break
        short = name[:_LABEL_NAME_CHARS_MAX]
        left -= len(orjson.dumps(short)) + len(orjson.dumps(value))
        if left < 0:
            break
        bounded[short] = value
    return bounded


def _text(value: Any) -> str:
    """Return a value of somebody else's JSON as text of at most 4 000 characters."""
    if isinstance(value, str):
        return value[:_TEXT_CHARS_MAX]
    return "" if value is None else _json(value)[:_TEXT_CHARS_MAX]


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return ""


def _one_line(text: str) -> str:
    """Return text that may stand in an id: what cannot be printed becomes a space."""
    return (text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)).strip()


def _instant(text: Any) -> int | None:
    """Return UTC milliseconds of an RFC 3339 time; None for none, for year 1 (Go's zero) and for what is no time."""
    try:
        moment = datetime.fromisoformat(text.upper()) if isinstance(text, str) else None
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None or moment.year not in range(1970, 9999):
        return None
    return max(0, to_ms(moment))


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=8).hexdigest()
