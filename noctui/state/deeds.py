"""Commands on what is no alert: where each is sent, what it says, and how it is named for people."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from noctui.state.cells import cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from noctui.state.case import Case
    from noctui.state.score import Score

TITLE_CELLS = 40
NO_VERDICT = "unknown"  # what a verdict is taken back to where there was none
DID = {
    "ack": "acked",
    "start": "started",
    "hold": "held",
    "assign": "assigned",
    "escalate": "escalated",
    "resolve": "resolved",
    "note": "noted on",
    "check": "ticked a step of",
    "merge": "merged others into",
    "link": "linked",
    "open": "opened a ticket:",
    "silence": "silenced",
    "end": "ended",
    "sign": "signed",
    "leave": "left",
    "close": "closed",
    "accept": "accepted",
    "undo": "undid the last act on",
    "verdict": "judged",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One command as it will be sent: `to` are the parts of its path, `subject` the id of what it is about.

    `before` is the verdict that a score had.
    """

    verb: str
    subject: str
    to: tuple[str, ...]
    title: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    method: str = "POST"
    before: str = ""


def case_deed(
    case: Case, verb: str, *, text: str = "", verdict: str = "", more: Mapping[str, Any] | None = None
) -> Deed:
    """Return a command on a case; a ticket calls the words of an act `comment`, an incident `note`."""
    body: dict[str, Any] = dict(more or {})
    if verdict:
        body["verdict"] = verdict
    if words := text.strip():
        body["text" if verb == "note" else "comment" if case.kind == "ticket" else "note"] = words
    return Deed(
        verb=verb,
        subject=case.id,
        to=(f"{case.kind}s", case.id, verb),
        title=cut(f"{case.name} {case.title}", TITLE_CELLS),
        body=body,
    )


def judging(score: Score, verdict: str, text: str = "") -> Deed:
    """Return a verdict on a score, with an optional note."""
    body = {"verdict": verdict, **({"note": text.strip()} if text.strip() else {})}
    return Deed(
        verb="verdict",
        subject=score.id,
        to=("fraud", "scores", score.id, "verdict"),
        title=cut(f"{score.id} {score.kind} {score.person}", TITLE_CELLS),
        body=body,
        before=score.verdict or NO_VERDICT,
    )


def undo_of(deed: Deed, answer: Mapping[str, Any]) -> Deed | None:
    """Return what takes a command back that was answered so, or None where nothing does."""
    if deed.to == ("silences",):
        name = str(answer.get("id") or "")
        return Deed(verb="end", subject=name, to=("silences", name), title=deed.title, method="DELETE")
    if deed.to[0] == "incidents" and answer.get("undo_until"):
        to = ("incidents", deed.subject, "undo")
        return Deed(verb="undo", subject=deed.subject, to=to, title=deed.title)
    if deed.verb == "verdict" and deed.before:
        return replace(deed, body={"verdict": deed.before}, before="")
    return None


def wants_words(case: Case, verb: str) -> bool:
    """Tell whether an act on a case asks for words: every note, and the end of a ticket."""
    return verb == "note" or (case.kind == "ticket" and verb in {"resolve", "close", "cancel"})


def possible(case: Case, verb: str) -> str:
    """Return why an act makes no sense on a case as it stands, empty where it does; the daemon has the last word."""
    if case.kind == "incident" and verb in {"start", "hold", "close", "check"}:
        return f"{verb} is for tickets; an incident is acked, assigned, escalated or resolved"
    if case.kind == "ticket" and verb in {"merge", "link"}:
        return f"{verb} is for incidents"
    if verb == "resolve" and case.status == "new":
        return f"ack or start {case.name} first"
    return ""
