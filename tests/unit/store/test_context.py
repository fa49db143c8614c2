"""What surrounds an alert is read by indexes: however much is stored, opening one looks at a bounded number of rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nocd.domain.instant import HOUR_MS, MINUTE_MS
from nocd.store.context import Subject, around
from nocd.store.incidents import IncidentQuery, incidents
from nocd.store.migrations import migrate, shipped
from nocd.store.sqlite import sqlite3
from tests.build import T0

STORED = 3_000
STEPS_MAX = 60_000  # of SQLite's machine: about 5 ms; a scan of what is stored here takes several times as many


@pytest.fixture(scope="module")
def base() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, shipped(), now=T0)
    alerts = [
        (
            no,
            "resolved" if no % 2 else "open",
            1 - no % 2,
            3,
            10,
            T0 - no * MINUTE_MS,
            T0 - no * MINUTE_MS,
            f"T{no % 3}",
            f"S{no % 40}",
            None,
            f"P{no % 12}",
            f"f{no}",
            b'{"id":1}',
            b"{}",
        )
        for no in range(1, STORED)
    ]
    connection.executemany(f"INSERT INTO alerts VALUES ({', '.join('?' * 14)})", alerts)
    changes = [
        (
            no,
            no,
            T0 - no * MINUTE_MS,
            "directory_changed" if no % 7 == 0 else "alert_updated",
            None,
            None,
            None,
            None,
            b'{"data":{"kind":"site","id":"S1","happened":"updated"}}',
        )
        for no in range(1, STORED)
    ]
    connection.executemany(f"INSERT INTO feed VALUES ({', '.join('?' * 9)})", changes)
    rows = [
        (no, "open", 1, 3, 0.8, T0 - no * MINUTE_MS, T0 - no * MINUTE_MS, T0, f"S{no % 40}", None, None, b"{}", b"[]")
        for no in range(1, STORED)
    ]
    connection.executemany(f"INSERT INTO incidents VALUES ({', '.join('?' * 13)})", rows)
    yield connection
    connection.close()


def steps(base: sqlite3.Connection) -> list[int]:
    """Count, in steps of a hundred, what SQLite does from now on."""
    done: list[int] = []

    def count() -> int:
        done.append(100)
        return 0

    base.set_progress_handler(count, 100)
    return done


def test_what_surrounds_an_alert_is_read_in_bounded_work(base: sqlite3.Connection, monkeypatch) -> None:
    monkeypatch.setattr("nocd.store.context._SIMILAR", ("id",))
    subject = Subject(
        site="S1",
        person="P1",
        type="T1",
        alerts=frozenset({1}),
        first_seen=T0,
        last_seen=T0,
        until=T0 + HOUR_MS,
    )
    done = steps(base)
    found = around(base, subject)
    assert sum(done) < STEPS_MAX
    assert len(found.similar) == 5
    assert 0 < len(found.related) <= 20
    assert len(found.changes) == 4 * 60 // 7


def test_a_site_of_nowhere_and_a_person_of_nobody_are_looked_up_for_nothing(base: sqlite3.Connection) -> None:
    nowhere = Subject(site=None, person=None, type="T1", alerts=frozenset(), first_seen=T0, last_seen=T0, until=T0)
    assert around(base, nowhere)[:2] == ([], [])


@pytest.mark.parametrize(
    "query", [IncidentQuery(), IncidentQuery(any_status=True, order="newest", opened_after=T0 - HOUR_MS)]
)
def test_a_page_of_incidents_is_read_in_bounded_work(base: sqlite3.Connection, query: IncidentQuery) -> None:
    done = steps(base)
    bodies, _ = incidents(base, query)
    assert sum(done) < STEPS_MAX
    assert 0 < len(bodies) <= query.limit
