"""The drawer: why an alert stands, what was decided about it, and the alert as received."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from noctui.state.alert import STATES, Alert
from noctui.state.cells import chop, clean, wrap
from noctui.state.lines import BLANK, Line, line
from noctui.state.snooze import came_back
from noctui.state.times import Look, moment, parse
from noctui.state.units import measure, number, words_of

if TYPE_CHECKING:
    from noctui.state.model import Ledger

LABEL_CELLS = 7
EVIDENCE_DEPTH_MAX = 4
TABS = ("why", "notes", "raw")


@dataclass(frozen=True, slots=True)
class Entry:
    """One labelled paragraph of the drawer."""

    label: str
    text: str
    role: str = "text"


def why(alert: Alert, look: Look, width: int) -> list[Line]:
    """Return the evidence of an alert in the order an operator asks: why, what, since when, whose, what now."""
    lines: list[Line] = []
    for entry in _entries(alert, look):
        lines += _paragraph(entry, width)
    return lines


def _paragraph(entry: Entry, width: int) -> Iterator[Line]:
    for index, text in enumerate(wrap(entry.text, max(width - LABEL_CELLS, 10))):
        label = "" if index else entry.label
        yield (f"{label:<{LABEL_CELLS}}", "muted"), (text, entry.role)


def _entries(alert: Alert, look: Look) -> Iterator[Entry]:
    body = alert.body
    if back := came_back(alert, look):
        yield Entry("back", back, "snz")
    if others := look.there(alert.id):
        yield Entry("with", f"{', '.join(others)} {'is' if len(others) == 1 else 'are'} looking at it too", "accent")
    yield Entry("why", clean(body.get("reason") or "no reason given"), "strong")
    evidence = body.get("evidence")
    if isinstance(evidence, Mapping) and evidence:
        yield Entry("evid", "   ".join(_facts(evidence)))
    yield Entry("seen", _seen(alert, look))
    yield Entry("what", _what(alert))
    yield Entry("prio", _priority(alert))
    yield from _steps(body)
    yield Entry("state", _state(alert, look))
    labels = body.get("labels")
    if isinstance(labels, Mapping) and labels:
        yield Entry("labels", "  ".join(f"{clean(key)}={clean(value)}" for key, value in labels.items()))


def _facts(evidence: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[str]:
    for key, value in evidence.items():
        name = f"{prefix}{clean(key)}"
        if isinstance(value, Mapping) and depth < EVIDENCE_DEPTH_MAX:
            yield from _facts(value, f"{name}.", depth + 1)
        elif value is not None:
            yield measure(name, value)


def _seen(alert: Alert, look: Look) -> str:
    first, last = (moment(parse(alert.body.get(key)), look) for key in ("first_seen", "last_seen"))
    return f"first {first}  last {last}  x{alert.count}  opened {moment(alert.opened_at or None, look)}"


def _what(alert: Alert) -> str:
    body = alert.body
    parts = [alert.type, clean(body.get("category") or "")]
    entity = body.get("entity")
    if isinstance(entity, Mapping):
        parts.append(f"{clean(entity.get('type', ''))} {clean(entity.get('id', ''))}")
    named = ("site_name", "client", "person_name", "person", "source", "runbook", "baseline")
    parts += [f"{key.replace('_name', '')} {clean(body[key])}" for key in named if body.get(key)]
    return "  ".join(dict.fromkeys(part for part in parts if part.strip()))


def _priority(alert: Alert) -> str:
    parts = alert.body.get("priority_parts")
    shown = ""
    if isinstance(parts, Mapping):
        shown = " + ".join(f"{words_of(key)} {number(value)}" for key, value in parts.items() if value)
    return f"{alert.priority} of 100" + (f" = {shown}" if shown else "")


def _steps(body: Mapping[str, Any]) -> Iterator[Entry]:
    for index, step in enumerate(body.get("recommended_actions") or (), 1):
        yield Entry("do" if index == 1 else "", f"{index} {clean(step)}")


def _state(alert: Alert, look: Look) -> str:
    body = alert.body
    said = [words_of(alert.status)]
    said += [
        f"{verb} by {clean(body[f'{verb}_by'])} {moment(parse(body.get(f'{verb}_at')), look)}"
        for verb in ("acknowledged", "resolved")
        if body.get(f"{verb}_by")
    ]
    named = ("assignee", "verdict", "suppressed_by", "incident", "ticket", "fraud_score")
    said += [f"{words_of(key)} {clean(body[key])}" for key in named if body.get(key) is not None]
    flags = ("flapping", "ended_unseen")
    said += [words_of(key) for key in flags if body.get(key)]
    if body.get("suppressed_until"):
        said.append(f"hidden until {moment(parse(body['suppressed_until']), look)}")
    if body.get("ack_expires_at"):
        said.append(f"stands open again {moment(parse(body['ack_expires_at']), look)}")
    return "  ".join((*said, f"notes {body.get('notes', 0)}"))


def notes(ledger: Ledger | None, look: Look, width: int) -> list[Line]:
    """Return every decision about an alert with its reason, newest first."""
    if ledger is None or (ledger.rows is None and not ledger.problem):
        return [line("fetching the ledger ...", "muted")]
    if ledger.problem or ledger.rows is None:
        return [line(text, "error") for text in wrap(f"not fetched: {ledger.problem}", max(width, 10))]
    lines: list[Line] = []
    for entry in reversed(ledger.rows):
        lines += _decision(entry, look, width)
    return lines or [line("nothing decided yet", "muted")]


def _decision(entry: Mapping[str, Any], look: Look, width: int) -> Iterator[Line]:
    old, new = entry.get("old_status"), entry.get("new_status")
    moved = f"  {_word(old)} > {_word(new)}" if old != new and new else ""
    when = moment(parse(entry.get("time")), look)
    yield (f"{when}  ", "muted"), (f"{words_of(clean(entry.get('decision', '')))}{moved}", "strong"), _by(entry)
    for text in wrap(clean(entry.get("reason") or ""), max(width - 10, 10)):
        if text:
            yield ("          ", "muted"), (text, "text")


def _by(entry: Mapping[str, Any]) -> tuple[str, str]:
    actor = clean(entry.get("actor") or "")
    return (f"  by {actor}" if actor else ""), "muted"


def _word(status: object) -> str:
    return STATES.get(str(status), (str(status or "-"),))[0]


def raw(alert: Alert, width: int) -> list[Line]:
    """Return the alert as received, as JSON."""
    text = orjson.dumps(dict(alert.body), option=orjson.OPT_INDENT_2, default=str).decode()
    lines: list[Line] = []
    for entry in text.splitlines():
        lines += [line(part) for part in chop(clean(entry), max(width, 10))]
    return lines or [BLANK]
