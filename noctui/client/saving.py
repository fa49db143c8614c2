"""Text written to a file of the operator's own, because the terminal or another tool is to have it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TRIES_MAX = 100


class NotSaved(Exception):
    """The file could not be written; the text says why."""


def save(folder: Path, name: str, text: str, *, now_ms: int) -> Path:
    """Write a text for its owner alone, under a name with the time (UTC), and return where; raises NotSaved."""
    stamp = datetime.fromtimestamp(now_ms / 1_000, UTC).strftime("%Y%m%d-%H%M%S")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in range(TRIES_MAX):
            path = folder / (f"{name}-{stamp}.txt" if not number else f"{name}-{stamp}-{number}.txt")
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                continue
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            return path
    except OSError as error:
        raise NotSaved(f"{folder}: {error.strerror or error}") from error
    raise NotSaved(f"{folder} holds {TRIES_MAX} files of this second already")
