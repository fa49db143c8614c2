"""Alertmanager's webhook (versions 4 and 3, and Grafana's variant of it) and its push API as `noc.alert` events.

A firing alert counts from when the notification reached us, since repeats renew it; a resolved one from when it ended.
One that fires and names an end that is yet to come is over then, unless it is repeated. What is pushed says by its end
alone whether it is over.
An alert that cannot be read is refused by its place in the body; the good ones are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson

from nocd.domain.instant import DAY_MS, MINUTE_MS, SECOND_MS, rfc3339
from nocd.domain.observation import RESOLVE_TIMEOUT_MAX_S, RESOLVE_TIMEOUT_MIN_S
from nocd.domain.severity import from_foreign
from nocd.errors import InputError, TooLarge
from nocd.ingest.bodies import Item, Line
from nocd.ingest.foreign import ID_CHARS_MAX, bounded, digest, instant, one_line, subject, text
from nocd.ingest.refusal import DecodeError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

ALERTS_MAX: Final = 10_000
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
    payload = _loaded(body)
    if not isinstance(payload, dict):
        raise InputError("a webhook body is a JSON object", code="not_json")
    alerts = payload.get("alerts")
    if not isinstance(alerts, list):
        raise InputError("alerts: must be an array", code="missing_field" if alerts is None else "bad_value")
    return _lines(payload, alerts, received_at)


def pushed_lines(body: bytes, *, received_at: int, pusher: str) -> Iterator[Item]:
    """Return one line or rejection for each alert that Prometheus pushes (`POST /api/v2/alerts`) as `pusher`.

    Raises InputError where the body is no array.
    """
    alerts = _loaded(body)
    if not isinstance(alerts, list):
        raise InputError("the body is a JSON array of alerts", code="not_json")
    told = [_with_status(alert, received_at) if isinstance(alert, dict) else alert for alert in alerts]
    return _lines({"receiver": pusher}, told, received_at)


def _loaded(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError(f"Invalid JSON: {error}", code="not_json") from None


def _with_status(alert: dict[str, Any], received_at: int) -> dict[str, Any]:
    """Return a pushed alert as a webhook tells it: over where its end lies behind us, named by its labels alone."""
    ends_at = instant(alert.get("endsAt"))
    over = ends_at is not None and ends_at <= received_at
    return {**alert, "status": "resolved" if over else "firing", "fingerprint": None}


def _lines(payload: dict[str, Any], alerts: list[Any], received_at: int) -> Iterator[Item]:
    if len(alerts) > ALERTS_MAX:
        raise TooLarge(f"more than {ALERTS_MAX} alerts in one body", code="batch_too_large")
    return _each_line(payload, alerts, received_at)


def _each_line(payload: dict[str, Any], alerts: list[Any], received_at: int) -> Iterator[Item]:
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
    starts_at = instant(alert.get("startsAt"))
    ends_at = instant(alert.get("endsAt"))
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
            "labels": bounded(labels),
            **_patience(ends_at if firing else None, received_at),
        },
    }
    told = {"startsat": starts_at, "endsat": None if firing else ends_at}
    link = one_line(text(alert.get("generatorURL")))
    return {
        **event,
        **{name: rfc3339(at) for name, at in told.items() if at is not None},
        **({"generatorurl": link} if link else {}),
    }


def _labels(alert: dict[str, Any]) -> dict[str, str]:
    labels = alert.get("labels")
    if not isinstance(labels, dict):
        raise DecodeError("labels: must be an object", code="missing_field" if labels is None else "bad_value")
    return {name: text(value) for name, value in labels.items() if name}


def _status(payload: dict[str, Any], alert: dict[str, Any]) -> str:
    word = text(alert.get("status") or payload.get("status") or "firing")
    status = _STATUS.get(word.strip().lower())
    if status is None:
        raise DecodeError(f"status: must be firing or resolved, not {shown(word)!r}", code="bad_value")
    return status


def _fingerprint(alert: dict[str, Any], labels: dict[str, str]) -> str:
    """Return Alertmanager's fingerprint, or a digest of the labels where it (as version 3 does) gives none."""
    given = text(alert.get("fingerprint")).strip()
    if given and given.isprintable():
        return given if len(given) <= _FINGERPRINT_CHARS_MAX else digest(given.encode())
    return digest(orjson.dumps(labels, option=orjson.OPT_SORT_KEYS))


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
    receiver = text(payload.get("receiver"))
    quoted = quote(receiver, safe="")
    name = quoted if len(quoted) <= _RECEIVER_CHARS_MAX else digest(receiver.encode())
    return f"/alertmanager/{name}" if name else "/alertmanager"


def _subject(labels: dict[str, str], name: str) -> dict[str, str]:
    """Return the entity (the alert's own name for want of one), and site and person where labels can be their ids."""
    entity_type = next((label for label in ENTITY_LABELS if one_line(labels.get(label, ""))), "alert")
    entity_id = one_line(labels.get(entity_type, "")) or name
    return {"entity_type": entity_type, "entity_id": entity_id[:_ENTITY_CHARS_MAX], **subject(labels)}


def _name(payload: dict[str, Any], labels: dict[str, str]) -> str:
    found = _first(("alertname",), labels, payload.get("commonLabels"), payload.get("groupLabels"))
    return one_line(found)[:ID_CHARS_MAX] or _UNNAMED


def _severity(payload: dict[str, Any], alert: dict[str, Any], labels: dict[str, str]) -> str:
    return from_foreign(_first(("severity",), labels, alert.get("annotations"), payload.get("commonLabels")))


def _message(payload: dict[str, Any], alert: dict[str, Any], labels: dict[str, str]) -> str:
    places = (alert.get("annotations"), labels, payload.get("commonAnnotations"), {"message": payload.get("message")})
    return _first(_MESSAGES, *places)


def _first(names: tuple[str, ...], *places: Any) -> str:
    """Return the first text that is found under one of `names`, place by place; empty for none."""
    found = (text(place.get(name)) for place in places if isinstance(place, dict) for name in names)
    return next((text for text in found if text.strip()), "")
