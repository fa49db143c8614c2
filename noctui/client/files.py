"""What the console writes down for people: text files in a folder of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def write_handover(view: Mapping[str, Any], text: str, *, folder: Path | None = None) -> Path:
    """Write a handover, or the sheet of one not signed yet, as text; return where. Raises OSError."""
    folder = Path.home() / "noctui" if folder is None else folder
    folder.mkdir(mode=0o700, exist_ok=True)
    when = str(view.get("signed_at") or view.get("time") or "")[:16].replace(":", "")
    path = folder / f"handover-{view.get('id') or 'sheet'}-{when}.txt"
    path.write_text(text, encoding="utf-8")
    return path
