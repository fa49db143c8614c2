"""Migrations go forward only, each with its record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nocd.errors import StateError
from nocd.store.migrations import Migration, migrate, shipped
from nocd.store.sqlite import sqlite3
from nocd.store.writer import connect

ONE = Migration(version=1, name="create_a", sql="CREATE TABLE a (x INTEGER); -- a remark; with a semicolon\n")
TWO = Migration(version=2, name="create_b", sql="CREATE TABLE b (x INTEGER);")


@pytest.fixture
def base():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def test_only_what_is_missing_is_applied(base) -> None:
    assert migrate(base, [ONE], now=1) == ["create_a"]
    assert migrate(base, [ONE, TWO], now=2) == ["create_b"]
    assert migrate(base, [ONE, TWO], now=3) == []


def test_a_newer_database_is_refused(base) -> None:
    migrate(base, [ONE, TWO], now=1)
    with pytest.raises(StateError) as refused:
        migrate(base, [ONE], now=2)
    assert refused.value.code == "newer_database"


def test_an_altered_migration_is_refused(base) -> None:
    migrate(base, [ONE], now=1)
    with pytest.raises(StateError) as refused:
        migrate(base, [replace(ONE, sql="CREATE TABLE a (y INTEGER);")], now=2)
    assert refused.value.code == "altered_migration"


def test_a_failing_step_leaves_nothing_of_itself(base) -> None:
    bad = replace(TWO, sql="CREATE TABLE b (x INTEGER); CREATE TABLE a (x INTEGER);")
    migrate(base, [ONE], now=1)
    with pytest.raises(sqlite3.OperationalError):
        migrate(base, [ONE, bad], now=2)
    assert [row[0] for row in base.execute("SELECT name FROM sqlite_schema WHERE name IN ('a', 'b')")] == ["a"]
    assert migrate(base, [ONE, TWO], now=3) == ["create_b"]


def test_the_shipped_ones_are_numbered_without_a_hole() -> None:
    assert [step.version for step in shipped()] == list(range(1, len(shipped()) + 1))


@pytest.mark.parametrize("content", [b"not a database at all, but long enough", b"SQLite format 3\0" + b"x" * 4_096])
def test_a_damaged_file_is_named_and_left_alone(tmp_path, content: bytes) -> None:
    path = tmp_path / "t.db"
    path.write_bytes(content)
    with pytest.raises(StateError) as refused:
        connect(path).execute("SELECT * FROM sqlite_schema")
    assert refused.value.code == "corrupt_database"
    assert str(path) in refused.value.detail
    assert path.read_bytes() == content
