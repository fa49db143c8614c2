"""Runs of playbooks as they are read; every list has a bound and walks an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nocd.store.sqlite import sqlite3


def page(
    connection: sqlite3.Connection,
    *,
    statuses: tuple[str, ...],
    alert: int | None,
    sites: frozenset[str],
    clients: frozenset[str],
    before: int | None,
    limit: int,
) -> tuple[list[bytes], int | None]:
    """Return runs as they were told last, newest first, and the number to continue before."""
    where: list[str] = ["no < ?"]
    values: list[Any] = [2**62 if before is None else before]
    if statuses:
        where.append(f"status IN ({_marks(len(statuses))})")
        values += statuses
    if alert is not None:
        where.append("alert = ?")
        values.append(alert)
    if sites or clients:
        where.append(f"(site IN ({_marks(len(sites))}) OR client IN ({_marks(len(clients))}))")
        values += [*sorted(sites), *sorted(clients)]
    rows = connection.execute(
        f"SELECT body, no FROM playbook_runs WHERE {' AND '.join(where)} ORDER BY no DESC LIMIT ?",  # noqa: S608 - names and marks only
        (*values, limit + 1),
    ).fetchall()
    return [row[0] for row in rows[:limit]], (rows[limit - 1][1] if len(rows) > limit else None)


def one(connection: sqlite3.Connection, no: int) -> tuple[bytes, str | None, str | None] | None:
    """Return (run, site, client), or None."""
    row: tuple[bytes, str | None, str | None] | None = connection.execute(
        "SELECT body, site, client FROM playbook_runs WHERE no = ?", (no,)
    ).fetchone()
    return row


def _marks(count: int) -> str:
    return ", ".join("?" * count)
