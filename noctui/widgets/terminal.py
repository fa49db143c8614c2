"""What Textual does not tell about the terminal; the only place that touches its private names (8.2)."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App


def backlog(app: App[Any]) -> int:
    """Return how many writes the terminal has not taken yet; 0 where it cannot be known."""
    writer = getattr(app._driver, "_writer_thread", None)  # noqa: SLF001 - Textual has no public name for it
    queue = getattr(writer, "_queue", None)
    return queue.qsize() if queue is not None else 0


def gone() -> bool:
    """Tell whether the terminal we read from has hung up."""
    try:
        return not os.isatty(sys.__stdin__.fileno()) if sys.__stdin__ else True
    except (OSError, ValueError):
        return True
