"""What a change of the feed says in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from noctui.state.alert import STATES, rank_of
from noctui.state.bands import figure
from noctui.state.cells import clean
from noctui.state.ring import FeedLine
from noctui.state.telemetry import number
from noctui.state.threshold import level, metric_words
from noctui.state.times import parse
from noctui.state.week import hour_name

Change = Mapping[str, Any]
OTHER_CHARS_MAX = 400


def describe(change: Change, *, fetched: bool = False) -> FeedLine | None:
    """Return the line of a change, or None for one that is only counted (stored events)."""
    kind = str(change.get("type", ""))
    if kind == "events_stored":
        return None
    data = change.get("data") or {}
    word, what, extra = _WORDS.get(kind, _other)(data, kind)
    severity = change.get("severity") or data.get("severity")
    return FeedLine(
        seq=int(change["seq"]),
        time=parse(change.get("time")) or 0,
        kind=word,
        what=clean(what),
        rank=None if severity is None else rank_of(severity),
        site=clean(change.get("site") or data.get("site") or ""),
        who=clean(change.get("person") or data.get("person") or _entity(data)),
        extra=clean(extra),
        alert=_alert(kind, data),
        fetched=fetched,
    )


def _entity(data: Change) -> str:
    entity = data.get("entity")
    return str(entity.get("id", "")) if isinstance(entity, Mapping) else ""


def _alert(kind: str, data: Change) -> str:
    return clean(data.get(_ALERT_KEYS[kind]) or "") if kind in _ALERT_KEYS else ""


def _alert_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    old, new = data.get("old_status"), data.get("new_status")
    happened = str(data.get("happened") or "changed").replace("_", " ")
    if old and new and old != new:
        happened = f"{STATES.get(old, (old,))[0]} > {STATES.get(new, (new,))[0]}"
    actor = data.get("actor")
    return "alert", data.get("title") or data.get("type"), f"{happened} by {actor}" if actor else happened


def _finding_words(data: Change, kind: str) -> tuple[str, Any, str]:
    held, alert = data.get("held_back"), data.get("opened_alert")
    extra = f"held back: {held}" if held else f"alert {alert}" if alert else f"confidence {data.get('confidence')}"
    return kind.partition("_")[0], data.get("reason") or data.get("type"), extra


def _withdrawn_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    return "finding", f"withdrawn: {data.get('finding_type')}", str(data.get("reason") or "")


def _score_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    checks = data.get("checks")
    said = [str(each.get("check")) for each in checks if isinstance(each, Mapping)] if isinstance(checks, list) else []
    return (
        "fraud",
        f"punch {data.get('punch')} {data.get('level')}",
        ", ".join(said).replace("_", " ") or "nothing found",
    )


def _model_words(data: Change, kind: str) -> tuple[str, Any, str]:
    said = kind.removeprefix("model_").removeprefix("ml_").replace("_", " ")
    return "model", f"{data.get('version') or '-'} {said}: {data.get('reason') or '-'}", f"by {data.get('actor')}"


def _directory_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    return "roster", f"{data.get('kind')} {data.get('name') or data.get('id')}", str(data.get("happened") or "")


def _note_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    return "note", data.get("text"), f"by {data.get('actor')} on {data.get('alert')}"


def _maintenance_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    of = "everything" if data.get("scope") == "all" else f"{data.get('scope')} {data.get('target')}"
    said = f"maintenance of {of} {data.get('happened')}: {data.get('reason') or '-'}"
    return "maint", said, f"by {data.get('actor')} until {data.get('end')}"


def _silence_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    matchers = data.get("matchers")
    parts = (each for each in matchers if isinstance(each, Mapping)) if isinstance(matchers, list) else ()
    of = " ".join(f"{each.get('name')}{each.get('op')}{each.get('value')}" for each in parts)
    said = f"silence of {data.get('alert') or of} {data.get('happened')}: {data.get('comment') or '-'}"
    return "silence", said, f"by {data.get('author')} until {data.get('ends_at') or 'resolved'}"


def _handover_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    note, handover = data.get("note"), data.get("handover")
    if isinstance(note, Mapping):
        return "desk note", note.get("text"), f"{data.get('happened')} by {data.get('actor')}".replace("_", " ")
    named = handover.get("id") if isinstance(handover, Mapping) else "-"
    return "handover", f"{named} {data.get('happened')}", f"by {data.get('actor')}"


def _job_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    return "job", f"{data.get('job')} {data.get('outcome')}", str(data.get("detail") or f"{data.get('seconds')} s")


def _playbook_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    steps = data.get("steps")
    done = [f"{step.get('do')} {step.get('state')}" for step in steps] if isinstance(steps, list) else []
    return "play", f"{data.get('playbook')} for {data.get('alert')} {data.get('status')}", ", ".join(done)


def _unsent_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    what = "gone and disabled" if data.get("gone") else "not told"
    return "notify", f"receiver {data.get('receiver')} {what}", f"{data.get('notification')}: {data.get('detail')}"


def _system_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    return "system", f"{data.get('part')} {data.get('state')}", str(data.get("detail") or "")


def _hour_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    told = data.get("metrics")
    hours = told.items() if isinstance(told, Mapping) else ()
    metrics = {name: hour for name, hour in hours if isinstance(hour, Mapping)}
    odd = [f"{metric_words(name)} {_judged(hour)}" for name, hour in metrics.items() if hour.get("anomalous")]
    name = hour_name(int(data.get("hour_of_week") or 0))
    learned = sum(bool(hour.get("learned")) for hour in metrics.values())
    return "hour", f"{name} closed: {', '.join(odd) or 'all as usual'}", f"learned {learned} of {len(metrics)}"


def _judged(hour: Change) -> str:
    value, z = number(hour.get("value")) or 0.0, number(hour.get("z"))
    return f"{figure(value)} (z {z:+.1f})" if z is not None else figure(value)


def _threshold_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    old, new = number(data.get("old")) or 0.0, number(data.get("new")) or 0.0
    pin = "pinned" if data.get("pinned") else "not pinned"
    moved = f"{level(old)} > {level(new)}" if old != new else f"stays {level(new)}"
    said = f"{metric_words(str(data.get('metric') or 'threshold'))} {moved}, {pin}: {data.get('reason') or '-'}"
    return "thresh", said, f"by {data.get('actor')}"


def _metrics_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    of = data.get("site_name") or data.get("site") or data.get("client") or "all sites"
    reasons = data.get("reasons")
    told = [str(reason) for reason in reasons] if isinstance(reasons, list) else []
    return "state", f"{of} {data.get('state')}: {', '.join(told) or 'nothing to say'}", ""


def _scorecard_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    overall = number(data.get("overall"))
    said = "unknown" if overall is None else f"{overall:.0f}"
    return "score", f"{data.get('client')} {said} of 100, {data.get('colour')}", str(data.get("day") or "")


def _ticket_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    old, new = data.get("old_status"), data.get("new_status")
    happened = str(data.get("happened") or "changed").replace("_", " ")
    moved = f"{old} > {new}".replace("_", " ") if old and new and old != new else happened
    return (
        "ticket",
        f"{data.get('number')} {data.get('priority')} {data.get('title')}",
        f"{moved} by {data.get('actor')}",
    )


def _other(data: Change, kind: str) -> tuple[str, Any, str]:
    return kind.replace("_", " "), orjson.dumps(data, default=str).decode()[:OTHER_CHARS_MAX], ""


def _incident_words(data: Change, _kind: str) -> tuple[str, Any, str]:
    happened = str(data.get("happened") or "changed").replace("_", " ")
    many = data.get("standing")
    parts = (happened, f"{many} alerts stand" if many else "", data.get("why"))
    return "case", data.get("title"), ", ".join(str(part) for part in parts if part)


_ALERT_KEYS = {
    "alert_created": "id",
    "alert_updated": "id",
    "note_added": "alert",
    "playbook_run": "alert",
    "finding_created": "opened_alert",
    "anomaly_detected": "opened_alert",
}
_WORDS: dict[str, Callable[[Change, str], tuple[str, Any, str]]] = {
    "alert_created": _alert_words,
    "alert_updated": _alert_words,
    "ticket_created": _ticket_words,
    "ticket_updated": _ticket_words,
    "correlation_identified": _incident_words,
    "incident_updated": _incident_words,
    "finding_created": _finding_words,
    "anomaly_detected": _finding_words,
    "finding_withdrawn": _withdrawn_words,
    "fraud_scored": _score_words,
    **dict.fromkeys(
        ("model_trained", "model_refused", "model_activated", "model_rolled_back", "ml_drift_detected"), _model_words
    ),
    "directory_changed": _directory_words,
    "note_added": _note_words,
    "maintenance_window": _maintenance_words,
    "silence": _silence_words,
    "handover": _handover_words,
    "playbook_run": _playbook_words,
    "notification_failed": _unsent_words,
    "job_finished": _job_words,
    "metrics_refresh": _metrics_words,
    "scorecard": _scorecard_words,
    "system_state": _system_words,
    "baseline_updated": _hour_words,
    "threshold_changed": _threshold_words,
}
