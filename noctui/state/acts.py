"""What the operator asked for: waiting in a visible outbox until the daemon answers, undoable for a while after."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from noctui.state.cells import clean
from noctui.state.deeds import DID, Deed, undo_of
from noctui.state.times import SECOND_MS, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from noctui.state.alert import Alert

ACTS_MAX = 100
UNDO_MS = 10 * SECOND_MS
MANY_MAX = 1_000
MANY_A_REQUEST = 100
UNDOABLE = ("ack", "resolve")
DONE = {
    "ack": "acked",
    "resolve": "resolved",
    "note": "noted on",
    "start": "took",
    "escalate": "escalated",
    "undo": "undid the last act on",
}
THRESHOLD_WORDS = {
    "threshold": ("set", "set"),
    "pin": ("pin", "pinned"),
    "let_go": ("let go of", "let go of"),
    "rollback": ("roll back", "rolled back"),
}
VERDICTS = {
    "t": "true_positive",
    "f": "fraud",
    "p": "false_positive",
    "b": "benign",
    "d": "duplicate",
    "u": "unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One command on one alert, on many, on one baseline, or a `deed` on anything else, under its idempotency key.

    `at` and `undo_until` are this machine's milliseconds; `back` is what takes a deed back.
    """

    key: str
    verb: str
    alert: str = ""
    alerts: tuple[str, ...] = ()
    baseline: str = ""
    deed: Deed | None = None
    back: Deed | None = None
    title: str = ""
    at: int
    body: Mapping[str, Any] = field(default_factory=dict)
    tried: bool = False
    undo_until: int = 0

    @property
    def words(self) -> str:
        """Return what is asked, of what."""
        if self.deed is not None:
            return f"{self.verb} {self.title or self.what}"
        return f"{self._threshold_words[0]} {self.title}" if self.baseline else f"{self.verb} {self.what}"

    @property
    def what(self) -> str:
        """Return the id of what it is about, or how many alerts."""
        if self.deed is not None:
            return self.deed.subject
        return f"{len(self.alerts)} alerts" if self.alerts else self.alert

    @property
    def _threshold_words(self) -> tuple[str, str]:
        return THRESHOLD_WORDS["let_go" if self.verb == "pin" and not self.body.get("pinned") else self.verb]

    @property
    def sentence(self) -> str:
        """Return what was done, for the undo line."""
        did = self._threshold_words[1] if self.baseline else f"{DONE.get(self.verb, self.verb)} {self.what}"
        words = f"{did} {self.title}".rstrip()
        if self.deed is not None:
            words = f"{DID.get(self.verb, self.verb)} {self.title or self.what}"
        named = ("verdict", "note", "comment", "text", "assignee")
        reason = next((self.body[name] for name in named if self.body.get(name)), None)
        return f"{words}  '{clean(reason)}'" if reason else words


@dataclass(slots=True)
class Outbox:
    """Acts in the order they were asked; the last one answered well can be undone while its time lasts."""

    waiting: dict[str, Act] = field(default_factory=dict)
    last: Act | None = None

    @property
    def full(self) -> bool:
        """Tell whether no further act may be queued."""
        return len(self.waiting) >= ACTS_MAX

    def ask(self, act: Act) -> None:
        """Queue an act; its row is marked until the answer comes."""
        self.waiting[act.key] = act

    def tried(self, key: str) -> None:
        """Note that an act was sent: from here on it cannot be cancelled, only undone."""
        if key in self.waiting:
            self.waiting[key] = replace(self.waiting[key], tried=True)

    def newest_unsent(self) -> Act | None:
        """Return the newest act that was never sent, which can be cancelled."""
        return next((act for act in reversed(self.waiting.values()) if not act.tried), None)

    def undoable(self, now: int) -> Act | None:
        """Return the act that `u` would undo now."""
        return self.last if self.last is not None and now < self.last.undo_until else None


def settle(outbox: Outbox, key: str, status: int, body: Mapping[str, Any], *, now: int, offset_ms: int) -> str:
    """Take in the answer to an act and return what went wrong, empty where nothing did."""
    act = outbox.waiting.pop(key, None)
    if act is None:
        return ""
    if status >= 400:  # noqa: PLR2004 - HTTP's own border
        return f"{act.words} refused: {refusal(status, body, role='admin' if act.baseline else 'operator')}"
    _done(outbox, act, body, now=now, offset_ms=offset_ms)
    return ""


def settle_many(outbox: Outbox, key: str, items: Sequence[Mapping[str, Any]], *, now: int, offset_ms: int) -> str:
    """Take in the answers to an act on many alerts, one by one, and return what went wrong with how many."""
    act = outbox.waiting.pop(key, None)
    if act is None:
        return ""
    done = [item for item in items if item["status"] < 400]  # noqa: PLR2004 - HTTP's own border
    refused = [item for item in items if item not in done]
    if done:
        offered = [item for item in done if item["body"].get("undo_until")] or done
        settled = replace(act, alerts=tuple(item["id"] for item in offered))
        _done(outbox, settled, offered[-1]["body"], now=now, offset_ms=offset_ms)
    if not refused:
        return ""
    first = refused[0]
    return f"{act.verb}: {len(refused)} of {len(items)} refused, the first: {refusal(first['status'], first['body'])}"


def _done(outbox: Outbox, act: Act, body: Mapping[str, Any], *, now: int, offset_ms: int) -> None:
    until = 0
    if act.deed is not None:
        act = replace(act, back=undo_of(act.deed, body))
        until = (parse(body.get("undo_until")) or now + offset_ms + UNDO_MS) - offset_ms if act.back else 0
    elif act.verb in UNDOABLE:
        told = parse(body.get("undo_until"))
        until = told - offset_ms if told else 0 if "undo_until" in body else now + UNDO_MS
    outbox.last = replace(act, undo_until=until) if act.verb != "undo" else None


def refusal(status: int, body: Mapping[str, Any], *, role: str = "operator") -> str:
    """Return why the daemon said no, with the cure where the console knows one: a token of the `role` that may."""
    if status == 401:  # noqa: PLR2004 - unauthorised
        return f"the token is not known to nocd; start noctui with --token-file of an {role} token"
    if status == 403:  # noqa: PLR2004 - forbidden
        return clean(body.get("detail") or "this token may not do that") + f"; ask for an {role} token"
    return clean(body.get("detail") or body.get("title") or f"HTTP {status}")


def body_of(verb: str, text: str) -> dict[str, Any]:
    """Return the request body of an act from what was typed; an empty reason is left out."""
    text = text.strip()
    if verb == "note":
        return {"text": text}
    return {"note": text} if text else {}


def many_words(alerts: Sequence[Alert], *, marked: bool) -> str:
    """Return what acknowledging many alerts would do: how many of which severity, and how many others hold already."""
    fresh = [alert for alert in alerts if alert.unattended]
    levels = Counter(alert.level for alert in fresh)
    parts = " ".join(f"P{level} {levels[level]}" for level in sorted(levels))
    held = Counter(alert.who or "nobody by name" for alert in alerts if not alert.unattended)
    others = f"; {sum(held.values())} held already ({', '.join(f'{who} {n}' for who, n in held.most_common(3))})"
    words = f"ack {len(fresh)} {'marked' if marked else 'shown'} ({parts})" if fresh else "nothing to ack"
    return words + (others if held else "")
