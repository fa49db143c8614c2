"""What can be done by key on the risk screen beside what is done everywhere."""

from __future__ import annotations

from noctui.state.action import RISK, Action

GLANCE_ACTIONS = (
    Action(
        id="measure",
        title="Heat of",
        keys=("v",),
        help="what the heat map counts: what was found, alerts, or fraud",
        scopes=RISK,
        footer="heat",
    ),
    Action(
        id="level",
        title="Level",
        keys=("t",),
        help="list scores from another level on, from 0.3 to 1, and say what it would give",
        scopes=RISK,
        footer="level",
    ),
    Action(
        id="judge",
        title="Verdict",
        keys=("l",),
        help="what the punch was: a letter for the verdict, then an optional note, enter sends",
        scopes=RISK,
        mutating=True,
        footer="verdict",
    ),
    Action(id="person", title="Person", keys=("o",), help="who punched, on People", scopes=RISK),
)
