"""Colours and attributes: what each role of the state looks like, and the Textual themes around them."""

from __future__ import annotations

from functools import cache

from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

DARK, MONO = "noc-dark", "mono"
BACKGROUND, FOREGROUND, MUTED, SELECTED = "#0b0f14", "#d9e0e8", "#8d99a8", "#22303f"
RED, AMBER, BLUE, VIOLET, CYAN = "#ff7a7a", "#ffb454", "#7cc0ff", "#c9a6ff", "#63d8d8"

THEMES = (
    Theme(
        name=DARK,
        primary=BLUE,
        secondary=CYAN,
        warning=AMBER,
        error=RED,
        success=CYAN,
        accent=CYAN,
        foreground=FOREGROUND,
        background=BACKGROUND,
        surface=BACKGROUND,
        panel=SELECTED,
        variables={"muted": MUTED, "border-blurred": MUTED, "input-selection-background": SELECTED},
    ),
    Theme(
        name=MONO,
        ansi=True,
        primary="ansi_default",
        secondary="ansi_default",
        warning="ansi_default",
        error="ansi_default",
        success="ansi_default",
        accent="ansi_default",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables=dict.fromkeys([*BUILTIN_THEMES["ansi-dark"].variables, "muted"], "ansi_default")
        | {"input-cursor-text-style": "reverse"},
    ),
)

_DARK = {
    "text": "",
    "muted": MUTED,
    "strong": "bold",
    "head": f"bold {MUTED}",
    "accent": CYAN,
    "p1": f"bold {RED}",
    "p2": AMBER,
    "p3": "",
    "p4": MUTED,
    "new": "",
    "ack": BLUE,
    "snz": VIOLET,
    "esc": f"underline {AMBER}",
    "res": MUTED,
    "pending": MUTED,
    "live": CYAN,
    "stale": AMBER,
    "lost": f"reverse {RED}",
    "gap": AMBER,
    "error": f"bold {RED}",
    "cell": "bold reverse",
}
_MONO = {
    "text": "",
    "muted": "dim",
    "strong": "bold",
    "head": "bold",
    "accent": "bold",
    "p1": "bold reverse",
    "p2": "bold",
    "p3": "",
    "p4": "dim",
    "new": "underline",
    "ack": "",
    "snz": "dim",
    "esc": "bold underline",
    "res": "dim",
    "pending": "dim",
    "live": "",
    "stale": "bold",
    "lost": "reverse",
    "gap": "bold",
    "error": "bold",
    "cell": "bold reverse",
}


@cache
def palette(theme: str) -> dict[str, Style]:
    """Return the style of every role in a theme; `selected` lies over the row of the cursor."""
    roles, selected = (_MONO, "reverse") if theme == MONO else (_DARK, f"on {SELECTED}")
    return {role: Style.parse(spec) if spec else Style.null() for role, spec in roles.items()} | {
        "selected": Style.parse(selected)
    }
