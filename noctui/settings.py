"""How the console was asked to be: from arguments and the environment, before any widget exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DUMB_TERMINALS = frozenset({"dumb", "vt100", "vt102", "vt220"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Looks and habits of one console."""

    mono: bool = False
    mouse: bool = True
    read_only: bool = False
    log_file: Path | None = None


def is_mono(environ: Mapping[str, str], *, asked: bool) -> bool:
    """Tell whether to do without colour: asked for, `NO_COLOR` set, or a terminal that has none."""
    return asked or bool(environ.get("NO_COLOR")) or environ.get("TERM", "") in DUMB_TERMINALS
