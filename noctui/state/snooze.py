"""Snoozing: what a silence would hide, until when, and what an operator must know before it does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from noctui.state.cells import clean
from noctui.state.deeds import Deed
from noctui.state.times import HOUR_MS, MINUTE_MS, SECOND_MS, local, rfc3339, short_time, spell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from noctui.state.alert import Alert
    from noctui.state.times import Look

LASTING: Final = {"1": "15m", "2": "1h", "4": "4h", "s": "shift", "t": "until"}
LENGTHS: Final = {"15m": 15 * MINUTE_MS, "1h": HOUR_MS, "4h": 4 * HOUR_MS}
BACK_MS: Final = 30 * MINUTE_MS
COUNTED_MAX: Final = 500
_TIME: Final = re.compile(r"\s*([01]?[0-9]|2[0-3]):([0-5][0-9])(?:\s+(.*))?\s*", re.DOTALL)
_PLAIN: Final = re.compile(r"[\w.:@-]+")
_FIELDS: Final = {"type": "type", "site": "site", "device": "entity", "person": "person"}


@dataclass(frozen=True, slots=True)
class Scope:
    """What a silence is for: a value each of some fields, as the query language calls them."""

    terms: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """Return the scope as a filter, `type:DEVICE_OFFLINE site:NTH-04`."""
        return " ".join(f"{name}:{_quoted(value)}" for name, value in self.terms)

    @property
    def matchers(self) -> list[dict[str, str]]:
        """Return the scope as the API's silences have it."""
        return [{"name": _FIELDS[name], "op": "=", "value": value} for name, value in self.terms]

    def hits(self, alerts: Iterable[Alert]) -> list[Alert]:
        """Return the alerts that stand and would be hidden; SAFETY is hidden only by its type."""
        named = any(name == "type" for name, _ in self.terms)
        return [
            alert
            for alert in alerts
            if alert.status != "resolved"
            and (named or alert.body.get("category") != "SAFETY")
            and all(_value(alert, name) == value for name, value in self.terms)
        ]


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _value(alert: Alert, name: str) -> str:
    if name == "device":
        entity = alert.body.get("entity")
        return str(entity.get("id") or "") if isinstance(entity, Mapping) else ""
    return str(alert.body.get(name) or "")


def scopes(alert: Alert) -> list[Scope]:
    """Return what may be snoozed from an alert: itself first, then ever wider."""
    found: list[tuple[tuple[str, str], ...]] = []
    kind, site = ("type", alert.type), ("site", _value(alert, "site"))
    here = (kind, site) if site[1] else (kind,)
    for name in ("device", "person"):
        entity = alert.body.get("entity")
        about = isinstance(entity, Mapping) and entity.get("type") == name
        if value := (_value(alert, name) if name == "person" or about else ""):
            found.append((*here, (name, value)))
    found.append(here)
    if site[1]:
        found += [(site,), (kind,)]
    return [Scope(terms) for terms in dict.fromkeys(found)]


def preview(scope: Scope, alerts: Iterable[Alert], day: int | None) -> tuple[str, str]:
    """Return what a scope hides now and hid in the last 24 hours, and the role: a warning for P1 and for nothing."""
    hits = scope.hits(alerts)
    levels = Counter(alert.level for alert in hits)
    parts = " ".join(f"P{level} {levels[level]}" for level in sorted(levels))
    past = "" if day is None else f", {day}{'+' if day >= COUNTED_MAX else ''} in 24 h"
    text = f"{scope.text}  hits {len(hits)} now{f' ({parts})' if parts else ''}{past}"
    if levels[1]:
        return f"HITS P1!  {text}", "p1"
    return (text, "text") if hits else (f"HITS NOTHING NOW  {text}", "stale")


def ending(choice: str, text: str, look: Look, shift_ends: int | None) -> tuple[int, str] | str:
    """Return until when (UTC ms) and the reason, or what is wrong with what was typed."""
    if choice in LENGTHS:
        return look.now + LENGTHS[choice], text.strip()
    if choice == "shift":
        return (shift_ends, text.strip()) if shift_ends else "when the shift ends is not known yet; choose another"
    found = _TIME.fullmatch(text)
    if found is None:
        return "until when? a time of day first, like 16:00, then why"
    now = local(look.now, look.tz)
    then = now.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
    if then <= now:
        then += timedelta(days=1)
    return round(then.timestamp() * SECOND_MS), (found[3] or "").strip()


def snooze_deed(alert: Alert, scope: Scope, ends_at: int, reason: str, look: Look) -> Deed:
    """Return the command that snoozes a scope until an instant."""
    body: dict[str, Any] = {
        "matchers": scope.matchers,
        "ends_at": rfc3339(ends_at),
        "comment": reason or f"snoozed at {alert.id}",
    }
    title = f"{scope.text} until {short_time(ends_at, look)}"
    return Deed(verb="silence", subject=alert.id, to=("silences",), title=title, body=body)


def came_back(alert: Alert, look: Look) -> str:
    """Return whose snooze an alert came back from, for half an hour after; else an empty text."""
    ended, by = alert.snooze_ended_at, alert.body.get("snoozed_by")
    if ended is None or not by or alert.status == "suppressed" or look.now - ended > BACK_MS:
        return ""
    who = "you" if by == look.me else clean(by)
    return f"was snoozed by {who}, ended {spell(look.now - ended)} ago"
