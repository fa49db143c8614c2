"""Handovers as they are read, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nocd.store.sqlite import sqlite3


def page(connection: sqlite3.Connection, *, before: int | None, limit: int) -> tuple[list[bytes], int | None]:
    """Return handovers, newest first, and the number to continue before."""
    rows = connection.execute(
        "SELECT body, no FROM handovers WHERE no < ? ORDER BY no DESC LIMIT ?",
        (2**62 if before is None else before, limit + 1),
    ).fetchall()
    return [row[0] for row in rows[:limit]], (rows[limit - 1][1] if len(rows) > limit else None)


def one(connection: sqlite3.Connection, no: int) -> bytes | None:
    """Return one handover, or None."""
    row = connection.execute("SELECT body FROM handovers WHERE no = ?", (no,)).fetchone()
    return None if row is None else bytes(row[0])
