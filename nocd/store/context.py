"""What the stored past says about an alert's surroundings; every list has a bound and walks an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, rfc3339
from nocd.domain.showing import RELATED_MAX, SIMILAR_MAX, TICKETS_MAX

if TYPE_CHECKING:
    from nocd.store.sqlite import sqlite3

RELATED_MS: Final = 30 * MINUTE_MS
CHANGES_MS: Final = 4 * HOUR_MS
SIMILAR_MS: Final = 90 * DAY_MS
LOOKED_AT_MAX: Final = 500
_SIMILAR: Final = ("id", "title", "last_seen", "resolved_at", "resolved_by", "verdict", "time_to_resolve_s")

Row = tuple[bytes, str | None, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is looked at: where and whose it is, of which type, its own alerts, first and last seen (ms).

    What changed is told up to `until` (ms), a little after it was last seen.
    """

    site: str | None
    person: str | None
    type: str
    alerts: frozenset[int]
    first_seen: int
    last_seen: int
    until: int


class Stored(NamedTuple):
    """What the stored past says: related alerts, similar ones, changes of the directory, open tickets."""

    related: list[Row]
    similar: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    tickets: list[dict[str, Any]]


def around(connection: sqlite3.Connection, subject: Subject) -> Stored:
    """Return what the stored past says about what surrounds something, in one read."""
    site, but = subject.site, subject.alerts
    return Stored(
        related(connection, site=site, person=subject.person, at=subject.first_seen, but=but),
        similar(connection, site=site, kind=subject.type, at=subject.last_seen, but=but),
        directory_changes(connection, since=subject.last_seen - CHANGES_MS, until=subject.until),
        tickets(connection, site=site),
    )


def related(
    connection: sqlite3.Connection, *, site: str | None, person: str | None, at: int, but: frozenset[int]
) -> list[Row]:
    """Return (body, site, client) of alerts of a site or person in the half hour up to `at` (ms), newest first."""
    found: dict[int, tuple[int, Row]] = {}
    for column, value in (("site", site), ("person", person)):
        if value is None:
            continue
        rows = connection.execute(
            f"SELECT no, last_seen, body, site, client FROM alerts WHERE {column} = ?"  # noqa: S608 - one of two names
            " AND last_seen BETWEEN ? AND ? ORDER BY last_seen DESC LIMIT ?",
            (value, at - RELATED_MS, at, RELATED_MAX + len(but)),
        )
        found |= {row[0]: (row[1], row[2:]) for row in rows if row[0] not in but}
    newest = sorted(found.items(), key=lambda item: (-item[1][0], -item[0]))
    return [row for _, (_, row) in newest[:RELATED_MAX]]


def similar(
    connection: sqlite3.Connection, *, site: str | None, kind: str, at: int, but: frozenset[int]
) -> list[dict[str, Any]]:
    """Return how alerts of a type at a site ended in the 90 days up to `at` (ms), the newest first."""
    rows = connection.execute(
        "SELECT no, body FROM alerts WHERE status = 'resolved' AND site IS ? AND type = ? AND updated_at >= ?"
        " ORDER BY updated_at DESC LIMIT ?",
        (site, kind, at - SIMILAR_MS, SIMILAR_MAX + len(but)),
    )
    bodies = [orjson.loads(body) for no, body in rows if no not in but]
    return [{name: body[name] for name in _SIMILAR} for body in bodies[:SIMILAR_MAX]]


def directory_changes(connection: sqlite3.Connection, *, since: int, until: int) -> list[dict[str, Any]]:
    """Return what changed in the directory between two instants (ms), the newest first."""
    rows = connection.execute(
        "SELECT time, body FROM feed WHERE type = 'directory_changed' AND time BETWEEN ? AND ?"
        " ORDER BY time DESC LIMIT ?",
        (since, until, LOOKED_AT_MAX),
    )
    told = ((time, orjson.loads(body)["data"]) for time, body in rows)
    return [
        {"time": rfc3339(time), "kind": data["kind"], "id": data["id"], "happened": data["happened"]}
        for time, data in told
    ]


def tickets(connection: sqlite3.Connection, *, site: str | None) -> list[dict[str, Any]]:
    """Return the open tickets of a site, the newest first."""
    known = connection.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'tickets'").fetchone()
    if known is None or site is None:
        return []
    rows = connection.execute(
        "SELECT body FROM tickets WHERE open = 1 AND site = ? ORDER BY priority, no DESC LIMIT ?",
        (site, TICKETS_MAX),
    )
    return [orjson.loads(body) for (body,) in rows]
