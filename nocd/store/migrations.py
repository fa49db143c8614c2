"""Forward-only migrations: each SQL file and its record in one transaction; a newer database is refused."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

from nocd.errors import StateError
from nocd.store.sqlite import sqlite3


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step: its number, name, SQL and the digest that tells whether it was altered after the fact."""

    version: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the SQL."""
        return sha256(self.sql.encode()).hexdigest()


def shipped() -> list[Migration]:
    """Return the migrations of this build, in order."""
    folder = files("nocd.store") / "migrations"
    steps = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return [
        Migration(version=int(entry.name[:4]), name=entry.name[5:-4], sql=entry.read_text(encoding="utf-8"))
        for entry in steps
    ]


def migrate(connection: sqlite3.Connection, steps: list[Migration], *, now: int) -> list[str]:
    """Apply what is missing and return the names; raise StateError for a newer or altered database."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL,"
        " digest TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT"
    )
    applied = dict(connection.execute("SELECT version, digest FROM migrations").fetchall())
    newest = max(applied, default=0)
    known = max((step.version for step in steps), default=0)
    if newest > known:
        msg = f"the database is at version {newest}, this build knows {known}: install the newer build"
        raise StateError(msg, code="newer_database")
    for step in steps:
        if step.version in applied and applied[step.version] != step.digest:
            msg = f"migration {step.version} ({step.name}) is not the one this database was made with"
            raise StateError(msg, code="altered_migration")
    missing = [step for step in steps if step.version not in applied]
    for step in missing:
        _apply(connection, step, now)
    return [step.name for step in missing]


def _apply(connection: sqlite3.Connection, step: Migration, now: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in statements(step.sql):
            connection.execute(statement)
        connection.execute(
            "INSERT INTO migrations (version, name, digest, applied_at) VALUES (?, ?, ?, ?)",
            (step.version, step.name, step.digest, now),
        )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def statements(sql: str) -> list[str]:
    """Split a script at its semicolons, those within triggers left alone; texts and comments hold none."""
    found, part = [], ""
    for piece in "\n".join(line.split("--", 1)[0] for line in sql.splitlines()).split(";"):
        part += f"{piece};"
        if sqlite3.complete_statement(part):
            found.append(part)
            part = ""
    return [statement for statement in found if statement.strip("; \n")]
