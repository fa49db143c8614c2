"""The one table of what can be done by key; bindings, footer, help, read-only mode and the README follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noctui.state.action import ALERTS, EVERYWHERE, FEED, HEATED, NOTED, PANED, SAVED, SITES, WORKED, Action, Scope
from noctui.state.caseactions import CASE_ACTIONS
from noctui.state.glanceactions import GLANCE_ACTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ACTIONS", "BY_ID", "EVERYWHERE", "Action", "Scope"]

ACTIONS = (
    Action(
        id="down",
        title="Down",
        keys=("j", "down"),
        help="the next row, line of an open drawer, or day of the heat map",
    ),
    Action(id="up", title="Up", keys=("k", "up"), help="the row, line or day before"),
    Action(
        id="left", title="Hour before", keys=("left",), help="to the heat map, and the hour before in it", scopes=HEATED
    ),
    Action(
        id="right", title="Next hour", keys=("right",), help="to the heat map, and the next hour in it", scopes=HEATED
    ),
    Action(id="page_down", title="Page down", keys=("pagedown", "ctrl+f", "ctrl+d"), help="a page further"),
    Action(id="page_up", title="Page up", keys=("pageup",), help="a page back"),
    Action(
        id="top",
        title="Top",
        keys=("g g",),
        help="the first row, with everything new sorted in; on Feed the oldest line",
    ),
    Action(id="end", title="End", keys=("G",), help="the last row; on Feed follow the newest line again"),
    Action(
        id="open",
        title="Open",
        keys=("enter",),
        help="the drawer, the alert of a feed line, the page of a site or case, what is known of someone or linked",
        footer="open",
    ),
    Action(
        id="maximise",
        title="Maximise",
        keys=("z",),
        help="the drawer or pane that is read on the whole screen, and back",
        scopes=("alerts", "people", "risk"),
    ),
    Action(id="back", title="Back", keys=("escape",), help="close the prompt, the drawer, the page or this help"),
    Action(
        id="tab",
        title="Drawer tab",
        keys=("tab",),
        help="the next tab of the drawer (why, notes, raw), or the next pane of the screen or page",
        scopes=PANED,
    ),
    Action(
        id="pane",
        title="Pane",
        keys=("shift+tab",),
        help="between the list and the drawer or page",
        scopes=PANED,
    ),
    Action(id="metric", title="Next metric", keys=("m",), help="look at the next metric of the site", scopes=SITES),
    Action(
        id="simulate",
        title="Try threshold",
        keys=("t",),
        help="what another threshold would have given; enter then sets it, esc leaves it as it is",
        scopes=SITES,
        footer="try",
    ),
    Action(
        id="pin",
        title="Pin",
        keys=("P",),
        help="pin the threshold, so that tuning leaves it alone, or let go of it",
        scopes=SITES,
        mutating=True,
        footer="pin",
    ),
    Action(
        id="rollback",
        title="Roll back",
        keys=("U",),
        help="take the newest change of the threshold back; asks first",
        scopes=SITES,
        mutating=True,
        footer="roll back",
    ),
    *GLANCE_ACTIONS,
    Action(
        id="ack",
        title="Acknowledge",
        keys=("a",),
        help="take the alert or case on; the reason is optional, enter sends",
        scopes=("overview", *WORKED),
        mutating=True,
        footer="ack",
    ),
    Action(
        id="resolve",
        title="Resolve",
        keys=("r",),
        help="end it: a letter for the verdict, then a note (a ticket wants one), enter sends",
        scopes=WORKED,
        mutating=True,
        footer="resolve",
    ),
    Action(
        id="note",
        title="Note",
        keys=("n",),
        help="write something down on the alert or case; on Shift for the next shift",
        scopes=NOTED,
        mutating=True,
        footer="note",
    ),
    Action(
        id="take",
        title="Take",
        keys=("t",),
        help="work on the alert or case yourself, from now on",
        scopes=WORKED,
        mutating=True,
    ),
    Action(
        id="escalate",
        title="Escalate",
        keys=("e",),
        help="hand the alert or case up; the reason is optional, enter sends",
        scopes=WORKED,
        mutating=True,
    ),
    *CASE_ACTIONS,
    Action(id="mark", title="Mark", keys=("x",), help="mark the alert, or take the mark away", scopes=ALERTS),
    Action(
        id="mark_range",
        title="Mark range",
        keys=("X",),
        help="mark all from the row marked last to this one",
        scopes=ALERTS,
    ),
    Action(
        id="mark_others",
        title="Invert marks",
        keys=("ctrl+x",),
        help="mark what is not marked of the rows shown, and the other way round",
        scopes=ALERTS,
    ),
    Action(
        id="ack_all",
        title="Ack all",
        keys=("A",),
        help="acknowledge all that are marked, else all the filter shows; says how many, then wants y",
        scopes=ALERTS,
        mutating=True,
    ),
    Action(
        id="undo",
        title="Undo",
        keys=("u",),
        help="take back your last ack, resolve, verdict or act on an incident within 10 s, or cancel one never sent",
        mutating=True,
    ),
    Action(
        id="pause",
        title="Pause",
        keys=("space",),
        help="stand still while new lines are counted; again to go on",
        scopes=FEED,
        footer="pause",
    ),
    Action(
        id="filter",
        title="Filter",
        keys=("/",),
        help="words that must be found, -word that must not",
        footer="filter",
    ),
    Action(
        id="command",
        title="Command",
        keys=(":", "ctrl+p"),
        help="any of these by its name, or the start of it; tab completes",
    ),
    Action(id="copy", title="Copy", keys=("y",), help="the line under the cursor, or the text that is read"),
    Action(id="save", title="Save", keys=("w",), help="all lines of what is read, to a file in ~/noctui", scopes=SAVED),
    Action(id="private", title="Privacy", keys=("p",), help="hide people's names, in copies too, or show them"),
    Action(id="help", title="Help", keys=("?",), help="this list", footer="help"),
    Action(id="clear", title="Clear filter", keys=("0",), help="show everything again"),
    Action(
        id="retry",
        title="Retry",
        keys=("R",),
        help="try a lost link again now; also reads the token again, and on Sites the page",
    ),
    Action(id="screen_1", title="Overview", keys=("1",), help="whether anything is wrong anywhere", footer="screens"),
    Action(id="screen_2", title="Alerts", keys=("2",), help="what needs somebody, worst first"),
    Action(id="screen_3", title="Feed", keys=("3",), help="everything that was decided, as it happens"),
    Action(
        id="screen_4",
        title="Sites",
        keys=("4",),
        help="every site, and what is usual there: signals, week, threshold",
    ),
    Action(id="screen_5", title="People", keys=("5",), help="who somebody is, and what is usual of them"),
    Action(id="screen_6", title="Risk", keys=("6",), help="what looks like fraud, why, and what it turned out to be"),
    Action(id="screen_7", title="Cases", keys=("7",), help="tickets and incidents: what is open, what is the record"),
    Action(
        id="screen_8",
        title="Shift",
        keys=("8",),
        help="what the next shift must know, who did what; handing over",
    ),
    Action(
        id="quit",
        title="Quit",
        keys=("q", "Q"),
        help="leave; q closes an open drawer or page first, and both ask while acts wait to be sent",
        footer="quit",
    ),
)
BY_ID = {action.id: action for action in ACTIONS}


def action_of(key: str, scope: Scope, actions: Sequence[Action] = ACTIONS) -> Action | None:
    """Return what a key (of keys pressed in turn, the first) does on a screen, else what it does elsewhere."""
    meant = [action for action in actions if key in {each.split()[0] for each in action.keys}]
    return next((action for action in meant if scope in action.scopes), meant[0] if meant else None)


def named(text: str, scope: Scope, actions: Sequence[Action] = ACTIONS) -> list[Action]:
    """Return the actions of a screen that a name, or the start of one, may mean; one whose whole name it is, alone."""
    words = " ".join(text.lower().split())
    here = [action for action in actions if scope in action.scopes]
    exact = [action for action in here if words in {action.id, action.title.lower()}]
    return exact or [act for act in here if act.title.lower().startswith(words) or act.id.startswith(words)]


_KEY_WORDS = {"pagedown": "PgDn", "pageup": "PgUp", "escape": "esc", "shift+tab": "shift-tab", "g g": "g g"}


def key_word(key: str) -> str:
    """Return a key as it is written for people."""
    return _KEY_WORDS.get(key) or (key if key == "+" else key.replace("+", "-"))


def key_words(action: Action) -> str:
    """Return the keys of an action as they are written for people."""
    return " ".join(map(key_word, action.keys))


def footer_words(scope: Scope, cells: int, actions: Sequence[Action] = ACTIONS) -> str:
    """Return the key line of a screen, as many words as fit."""
    shown = " j/k move"
    for action in actions:
        first = "1-8" if action.id == "screen_1" else key_word(action.keys[0]) if action.keys else ""
        word = f"  {first} {action.footer}" if first else ""
        if action.footer and scope in action.scopes and len(shown + word) <= cells:
            shown += word
    return shown


def where(action: Action) -> str:
    """Return the screens on which an action is done."""
    return "all" if set(action.scopes) == set(EVERYWHERE) else ", ".join(action.scopes)


def keys_table() -> str:
    """Return the Markdown table of the README."""
    rows = (f"| `{key_words(action)}` | {action.title} | {action.help} | {where(action)} |" for action in ACTIONS)
    return "\n".join(("| keys | action | what it does | screen |", "|---|---|---|---|", *rows))
