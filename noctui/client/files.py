"""What the console writes down for people: text files in a folder of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nocd.wire.present_handovers import text_of
from noctui.state.cells import clean

if TYPE_CHECKING:
    from collections.abc import Mapping


def handover_text(view: Mapping[str, Any]) -> str:
    """Return a handover or sheet as text that no terminal obeys."""
    return "".join(f"{clean(each)}\n" for each in text_of(view).splitlines())


def write_handover(view: Mapping[str, Any], *, folder: Path | None = None) -> Path:
    """Write a handover, or the sheet of one not signed yet, as text; return where. Raises OSError."""
    folder = Path.home() / "noctui" if folder is None else folder
    folder.mkdir(mode=0o700, exist_ok=True)
    when = str(view.get("signed_at") or view.get("time") or "")[:16].replace(":", "")
    path = folder / f"handover-{view.get('id') or 'sheet'}-{when}.txt"
    path.write_text(handover_text(view), encoding="utf-8")
    return path
