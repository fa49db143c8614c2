"""What the console writes down for people: text files in a folder of their own."""

from __future__ import annotations

from pathlib import Path


def write_down(name: str, text: str, *, folder: Path | None = None) -> Path:
    """Write a text into a file of `~/noctui`, or of another folder; return where. Raises OSError."""
    folder = Path.home() / "noctui" if folder is None else folder
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
