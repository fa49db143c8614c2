"""From an answered question to the commands on a case, or to why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noctui.messages import Question
from noctui.state.cells import cut
from noctui.state.deeds import Deed, case_deed, wants_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from noctui.messages import Answered
    from noctui.state.alert import Alert
    from noctui.state.case import Case

JOINS = frozenset({"merge", "link"})
VERBS = frozenset({"ack", "resolve", "hold", "assign", "escalate", "note", *JOINS})
BY_HAND = "open"
TITLE_CELLS = 30


def taking(case: Case, me: str) -> tuple[Deed, ...]:
    """Return what takes a case on: a ticket is begun, and becomes one's own where it is nobody's."""
    if case.kind == "incident":
        return (case_deed(case, "assign", more={"assignee": me}) if me else case_deed(case, "ack"),)
    own = () if case.owner or not me else (case_deed(case, "assign", more={"assignee": me}),)
    return (*own, case_deed(case, "start"))


def ticket_by_hand(site: str, alert: Alert | None = None) -> Question:
    """Return the question for the title of a ticket, for an alert or for a site."""
    if alert is not None:
        label = f"open a ticket for {alert.id} {cut(alert.title, TITLE_CELLS)}, title:"
        return Question(id=BY_HAND, label=label, alert=alert.id, value=alert.title)
    return Question(id=BY_HAND, label=f"open a ticket{f' at {site}' if site else ''}, title:", case=site)


def opening(question: Question, title: str, level: int = 3) -> tuple[Deed, ...]:
    """Return the command that opens a ticket with this title."""
    if not title.strip():
        return ()
    about = {"alerts": [question.alert]} if question.alert else {"site": question.case} if question.case else {}
    body = {"title": title.strip(), "priority": f"P{level}", **about}
    return (
        Deed(verb="open", subject=question.alert or question.case, to=("tickets",), title=title.strip(), body=body),
    )


def joining(case: Case, verb: str, text: str) -> tuple[Deed, ...] | str:
    """Return the command that joins an incident with those named, or what is wrong with the names."""
    names = text.upper().replace(",", " ").split()
    incidents = [name for name in names if name.startswith("I-")]
    alerts = [name for name in names if name.startswith("A-")]
    if not names:
        return ()
    if len(incidents) + len(alerts) < len(names) or (verb == "merge" and alerts):
        return f"{verb} takes ids like I-12{' and A-7' if verb == 'link' else ''}"
    more = {"incidents": incidents} | ({"alerts": alerts} if alerts else {})
    return (case_deed(case, verb, more=more),)


def answered_deeds(event: Answered, cases: Mapping[str, Case]) -> tuple[Deed, ...] | str:
    """Return the commands an answer asks for, none where it is about something else, or why it cannot be."""
    question, text = event.question, event.text
    if question.id == BY_HAND:
        return opening(question, text)
    case = cases.get(question.case)
    if case is None or question.id not in VERBS:
        return ()
    if question.id == "assign":
        return (case_deed(case, "assign", more={"assignee": text.strip()}),) if text.strip() else ()
    if question.id in JOINS:
        return joining(case, question.id, text)
    if wants_words(case, question.id) and not text.strip():
        return "" if question.id == "note" else f"not {question.id}d: say what was done"
    return (case_deed(case, question.id, text=text, verdict=event.choice),)
