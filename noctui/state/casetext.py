"""The panes of one case: its clocks and timeline, its checklist, and what is linked with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noctui.state.alert import STATES
from noctui.state.case import kind_of
from noctui.state.cells import clean, wrap
from noctui.state.lines import Line, line
from noctui.state.times import SECOND_MS, age, parse, short_time, stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noctui.state.case import Case
    from noctui.state.cases import Cases, File, Step
    from noctui.state.times import Look

LINKED_MAX = 120
CLOCK_WORDS = {"paused": "resting", "over": "over", "breached": "late", "met": "met"}


@dataclass(frozen=True, slots=True)
class Linked:
    """One thing a case is linked with: what kind of thing, its id, and its words."""

    kind: str
    id: str
    text: str
    role: str = "text"


def clocks(case: Case, look: Look) -> str:
    """Return how long a case has been open, and how its clocks stand."""
    said = [f"open {age(look.now - case.opened_at)}"]
    sla = case.body.get("sla")
    if isinstance(sla, Mapping):
        said += [_clock(name, sla.get(name), look) for name in ("response", "resolution")]
        return "  ".join(filter(None, said))
    first = case.body.get("time_to_acknowledge_s")
    said.append(f"first response {age(round(first * SECOND_MS))}" if first is not None else "first response -")
    if (took := case.body.get("time_to_resolve_s")) is not None:
        said.append(f"resolved in {age(round(took * SECOND_MS))}")
    return "  ".join(said)


def _clock(name: str, body: object, look: Look) -> str:
    if not isinstance(body, Mapping):
        return ""
    due, word = parse(body.get("due")), CLOCK_WORDS.get(str(body.get("state")))
    return f"{name} {word or (short_time(due, look) if due is not None else '-')}"


def timeline(file: File | None, look: Look, width: int) -> list[Line]:
    """Return all that happened to a case, oldest first."""
    if file is None:
        return [line("fetching the timeline ...", "muted")]
    lines: list[Line] = []
    for each in file.moments:
        by = f"{each.actor} " if each.actor not in {"", "engine", "nocd"} else ""
        me = "you " if by and each.actor == look.me else by
        words = f"{me}{each.what.replace('_', ' ')}{': ' if each.text else ''}{each.text}"
        role = "strong" if each.what in {"note", "noted"} else "text"
        lines += _dated(stamp(each.time, look), words, role, width)
    return lines


def _dated(when: str, words: str, role: str, width: int) -> Iterator[Line]:
    for index, text in enumerate(wrap(words, max(width - len(when) - 1, 10))):
        yield (f"{'' if index else when:<{len(when)}} ", "muted"), (text, role)


def checklist(
    steps: Sequence[Step], look: Look, width: int, *, here: int | None = None
) -> tuple[list[Line], int | None]:
    """Return the checklist and the line of the cursor, which stands on step `here`.

    A box is ticked by somebody, who did and when is said; a step without a box is done by a playbook.
    """
    lines: list[Line] = []
    at = None
    for index, step in enumerate(steps):
        at = len(lines) if index == here else at
        lines += _step(step, look, width, here=index == here)
    return lines or [line(" no steps known for this kind", "muted")], at


def _step(step: Step, look: Look, width: int, *, here: bool) -> Iterator[Line]:
    at = f" {short_time(step.at, look)}" if step.at else ""
    by = f"  {'you' if step.by == look.me else step.by}{at}" if step.by else ""
    role = "muted" if step.done else "text"
    box = "[x] " if step.done else "[ ] " if step.no else " -  "
    for index, text in enumerate(wrap(step.text + by, max(width - 5, 10))):
        yield (">" if here and not index else " ", "strong"), ("    " if index else box, role), (text, role)


def done_words(steps: Sequence[Step]) -> str:
    """Return how many of the steps are done, `2/6`."""
    return f"{sum(step.done for step in steps)}/{len(steps)}" if steps else ""


def linked(case: Case, cases: Cases) -> list[Linked]:
    """Return what a case is linked with: site, person, alerts, other cases, and who is on duty there."""
    file = cases.files.get(case.id)
    found = [*_places(case), *_cases(case, file, cases), *_alerts(case, file)]
    if file is not None:
        found += _duty(file)
    return found[:LINKED_MAX]


def _places(case: Case) -> Iterator[Linked]:
    body = case.body
    if case.site:
        yield Linked("site", case.site, _named(body, "site_name"))
    if body.get("person"):
        yield Linked("person", clean(body["person"]), _named(body, "person_name"))


def _cases(case: Case, file: File | None, cases: Cases) -> Iterator[Linked]:
    body = case.body
    alerts = file.alerts if file is not None else ()
    own = [clean(each[name]) for each in alerts for name in ("incident", "ticket") if each.get(name)]
    named = [clean(body[name]) for name in ("merged_into", "parent") if body.get(name)]
    for case_id in dict.fromkeys([*named, *map(clean, body.get("links") or ()), *own]):
        if case_id != case.id:
            known = cases.rows.get(case_id)
            yield Linked(kind_of(case_id), case_id, f"{known.name} {known.title}" if known is not None else "")


def _alerts(case: Case, file: File | None) -> Iterator[Linked]:
    known = {clean(each["id"]): each for each in (file.alerts if file is not None else ()) if each.get("id")}
    for alert_id in dict.fromkeys([*known, *map(clean, case.body.get("alerts") or ())]):
        body = known.get(alert_id, {})
        word = STATES.get(str(body.get("status")), ("", ""))[0]
        over = body.get("status") == "resolved"
        yield Linked("alert", alert_id, f"{word} {_named(body, 'title')}".strip(), "muted" if over else "text")


def _duty(file: File) -> Iterator[Linked]:
    for each in file.context.get("on_duty") or ():
        yield Linked("person", clean(each.get("person") or "-"), f"on duty  {_named(each, 'person_name')}", "muted")


def linked_lines(found: Sequence[Linked], *, here: int | None = None) -> list[Line]:
    """Return the linked things, one a line; `here` is the cursor."""
    lines: list[Line] = [
        ((">" if index == here else " ", "strong"), (f"{each.id}  ", "strong"), (each.text, each.role))
        for index, each in enumerate(found)
    ]
    return lines or [line(" nothing", "muted")]


def _named(body: Mapping[str, Any], key: str) -> str:
    return clean(body.get(key) or "")
