"""How the console was asked to be: from arguments and the environment, before any widget exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noctui.state.themes import DARK, MONO

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DUMB_TERMINALS = frozenset({"dumb", "vt100", "vt102", "vt220"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Looks and habits of one console."""

    theme: str = DARK
    mouse: bool = True
    read_only: bool = False
    log_file: Path | None = None


def theme_for(environ: Mapping[str, str], *, mono: bool, asked: str | None) -> str:
    """Return the theme: `mono` where asked for, by `NO_COLOR` or for a terminal without colour, else what was asked."""
    without = mono or bool(environ.get("NO_COLOR")) or environ.get("TERM", "") in DUMB_TERMINALS
    return MONO if without else asked or DARK
