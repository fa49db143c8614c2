"""What can be done by key on cases, and how one goes from thing to thing."""

from __future__ import annotations

from noctui.state.action import ALERTS, CASES, SHIFT, Action

CASE_ACTIONS = (
    Action(id="view", title="View", keys=("v",), help="all cases, mine, due or active", scopes=CASES, footer="view"),
    Action(
        id="check",
        title="Tick",
        keys=("x",),
        help="tick the step of the checklist under the cursor, or take the tick away",
        scopes=CASES,
        mutating=True,
        footer="tick",
    ),
    Action(
        id="hold",
        title="Hold",
        keys=("h",),
        help="let the ticket rest, its clocks too, until it is started again",
        scopes=CASES,
        mutating=True,
    ),
    Action(
        id="assign",
        title="Assign",
        keys=("o",),
        help="hand the case to somebody; their name or id",
        scopes=CASES,
        mutating=True,
    ),
    Action(
        id="case",
        title="Case",
        keys=("c",),
        help="the case of the alert, or open a ticket for it; on Cases a ticket by hand",
        scopes=(*ALERTS, *CASES),
        mutating=True,
    ),
    Action(
        id="snooze",
        title="Snooze",
        keys=("s",),
        help="hide it for a while: a letter for how long, then why; tab widens it, and what it hits is said below",
        scopes=ALERTS,
        mutating=True,
        footer="snooze",
    ),
    Action(
        id="sign",
        title="Hand over",
        keys=("h",),
        help="sign the sheet as it stands; whoever comes must accept it",
        scopes=SHIFT,
        mutating=True,
        footer="hand over",
    ),
    Action(
        id="accept",
        title="Accept",
        keys=("a",),
        help="take over the shift that somebody else signed",
        scopes=SHIFT,
        mutating=True,
        footer="accept",
    ),
    Action(
        id="end_it",
        title="End",
        keys=("x",),
        help="end the silence under the cursor, or close the note; asks first",
        scopes=SHIFT,
        mutating=True,
        footer="end",
    ),
    Action(
        id="export",
        title="Export",
        keys=("w",),
        help="write the sheet, or the handover that is read, to a text file",
        scopes=SHIFT,
        footer="export",
    ),
    Action(id="go_back", title="Go back", keys=("[",), help="to where you jumped from"),
    Action(id="go_on", title="Go on", keys=("]",), help="to where you went back from"),
)
