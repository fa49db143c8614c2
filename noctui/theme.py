"""Colours and attributes: what each role of the state looks like, and the Textual themes around them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

from noctui.state.themes import DARK, MONO


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """The colours of one theme: red and amber are kept for severity and the link, green means nothing."""

    background: str
    foreground: str
    muted: str
    selected: str
    red: str
    amber: str
    blue: str
    violet: str
    cyan: str


COLOURS: Final[dict[str, Colours]] = {
    DARK: Colours(
        background="#0b0f14",
        foreground="#d9e0e8",
        muted="#8d99a8",
        selected="#22303f",
        red="#ff7a7a",
        amber="#ffb454",
        blue="#7cc0ff",
        violet="#c9a6ff",
        cyan="#63d8d8",
    ),
    "noc-light": Colours(
        background="#f7f8fa",
        foreground="#1b2430",
        muted="#55606e",
        selected="#dbe5f1",
        red="#a80f1e",
        amber="#7a4a00",
        blue="#0b4f9e",
        violet="#5b2ca0",
        cyan="#005f63",
    ),
    "hc-dark": Colours(
        background="#000000",
        foreground="#ffffff",
        muted="#c4ccd6",
        selected="#192634",
        red="#ff9a9a",
        amber="#ffc766",
        blue="#a3d3ff",
        violet="#dcc4ff",
        cyan="#7ff0f0",
    ),
    "hc-light": Colours(
        background="#ffffff",
        foreground="#000000",
        muted="#3d4550",
        selected="#e4edf7",
        red="#8a0010",
        amber="#5c3600",
        blue="#003a7d",
        violet="#45168c",
        cyan="#00474a",
    ),
}
_ROLES: Final = {
    "text": "",
    "muted": "{muted}",
    "strong": "bold",
    "head": "bold {muted}",
    "accent": "{cyan}",
    "p1": "bold {red}",
    "p2": "{amber}",
    "p3": "",
    "p4": "{muted}",
    "new": "",
    "ack": "{blue}",
    "snz": "{violet}",
    "esc": "underline {amber}",
    "res": "{muted}",
    "pending": "{muted}",
    "live": "{cyan}",
    "stale": "{amber}",
    "lost": "reverse {red}",
    "gap": "{amber}",
    "error": "bold {red}",
    "cell": "bold reverse",
}
_MONO: Final = {
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


def _coloured(name: str, colours: Colours) -> Theme:
    return Theme(
        name=name,
        dark="light" not in name,
        primary=colours.blue,
        secondary=colours.cyan,
        warning=colours.amber,
        error=colours.red,
        success=colours.cyan,
        accent=colours.cyan,
        foreground=colours.foreground,
        background=colours.background,
        surface=colours.background,
        panel=colours.selected,
        variables={
            "muted": colours.muted,
            "border-blurred": colours.muted,
            "input-selection-background": colours.selected,
        },
    )


def _plain() -> Theme:
    own = "ansi_default"
    return Theme(
        name=MONO,
        ansi=True,
        primary=own,
        secondary=own,
        warning=own,
        error=own,
        success=own,
        accent=own,
        foreground=own,
        background=own,
        surface=own,
        panel=own,
        boost=own,
        variables=dict.fromkeys([*BUILTIN_THEMES["ansi-dark"].variables, "muted"], own)
        | {"input-cursor-text-style": "reverse"},
    )


THEMES: Final = (*(_coloured(name, colours) for name, colours in COLOURS.items()), _plain())


@cache
def palette(theme: str) -> dict[str, Style]:
    """Return the style of every role in a theme; `selected` lies over the row of the cursor."""
    if theme == MONO:
        specs = {**_MONO, "selected": "reverse"}
    else:
        names = {name: getattr(COLOURS[theme], name) for name in Colours.__slots__}
        specs = {role: spec.format(**names) for role, spec in _ROLES.items()}
        specs["selected"] = f"on {COLOURS[theme].selected}"
    return {role: Style.parse(spec) if spec else Style.null() for role, spec in specs.items()}
