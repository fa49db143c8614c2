"""How the console was asked to be: from arguments and the environment, before any widget exists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from noctui.state.actions import ACTIONS, Action
from noctui.state.keymap import BadKeymap, read_keymap
from noctui.state.themes import DARK, MONO

if TYPE_CHECKING:
    from collections.abc import Mapping

DUMB_TERMINALS = frozenset({"dumb", "vt100", "vt102", "vt220"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Looks and habits of one console."""

    theme: str = DARK
    mouse: bool = True
    read_only: bool = False
    log_file: Path | None = None
    keymap_file: Path | None = None


def keymap_file(environ: Mapping[str, str]) -> Path:
    """Return where keys of one's own are written down: `$NOCTUI_KEYMAP`, else in the folder of one's settings."""
    if asked := environ.get("NOCTUI_KEYMAP"):
        return Path(asked)
    home = environ.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "noctui" / "keymap.toml"


def theme_for(environ: Mapping[str, str], *, mono: bool, asked: str | None) -> str:
    """Return the theme: `mono` where asked for, by `NO_COLOR` or for a terminal without colour, else what was asked."""
    without = mono or bool(environ.get("NO_COLOR")) or environ.get("TERM", "") in DUMB_TERMINALS
    return MONO if without else asked or DARK


class KeymapFile:
    """The file of keys of one's own, looked at again and again."""

    def __init__(self, path: Path | None) -> None:
        """Watch the file at `path`, or none."""
        self._path = path
        self._seen: int | None = None

    def changed(self) -> tuple[Action, ...] | None:
        """Return the action table where the file is not what it was at the last call, else None; raises BadKeymap."""
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        self._seen = stamp
        if self._path is None or stamp is None:
            return ACTIONS
        try:
            return read_keymap(self._path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise BadKeymap(f"{self._path} cannot be read: {error}") from error

    def _stamp(self) -> int | None:
        try:
            return None if self._path is None else self._path.stat().st_mtime_ns
        except OSError:
            return None
