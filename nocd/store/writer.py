"""The one connection that writes and checkpoints; every method runs in its thread."""

from __future__ import annotations

import secrets
from itertools import chain
from typing import TYPE_CHECKING, Any

from nocd.errors import StateError
from nocd.store import audit, columns
from nocd.store.migrations import migrate, shipped
from nocd.store.rows import Commit, InputKind, InputRow, Loaded, number
from nocd.store.seen import Seen, key_of
from nocd.store.sqlite import sqlite3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

_AT_CREATION = (
    "page_size = 8192",  # most alerts and records then fit a page without overflow, and an index has half the pages
    "auto_vacuum = INCREMENTAL",
)
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "wal_autocheckpoint = 1024",  # pages; counted anew after each checkpoint, which the size of the file is not
    "temp_store = MEMORY",
    "cache_size = -32000",
    "busy_timeout = 2000",
)
_KEYS = "seen"  # the kind of state record that holds dedup keys not yet in the table of that name
_KEYS_HELD = 50_000
_KEY_RECORDS_MAX = 64
_SLICE_MIN = 64
_ROWS_A_STEP = (64, 8, 1)
_SUPERSEDE = (
    "WITH newer (kind, key, no) AS (VALUES {}) DELETE FROM state WHERE (kind, key, no) IN (SELECT state.kind,"
    " state.key, state.no FROM newer JOIN state ON state.kind = newer.kind AND state.key = newer.key"
    " AND state.no < newer.no)"
)
# Not INSERT OR REPLACE: that would remove another open ticket of the same key, where this is refused.
_UPSERT_TICKET = (
    "INSERT INTO tickets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (no) DO UPDATE SET"
    " status = excluded.status, open = excluded.open, priority = excluded.priority, client = excluded.client,"
    " assignee = excluded.assignee, updated_at = excluded.updated_at, body = excluded.body, record = excluded.record"
)
_HEADER = b"SQLite format 3\0"

# Without these, each such value is first asked in vain how it wants to be adapted: 3 µs a row.
_SAME: dict[type[Any], Callable[[Any], Any]] = {bytes: bytes, bool: int, type(None): lambda none: none}
for _type, _adapt in _SAME.items():
    sqlite3.register_adapter(_type, _adapt)


def connect(path: Path) -> sqlite3.Connection:
    """Open a tenant's file for writing; a file that is no sound database is named and left alone."""
    if path.exists() and path.stat().st_size:
        with path.open("rb") as file:
            if file.read(len(_HEADER)) != _HEADER:
                msg = f"{path} is not an SQLite database; it was left as it is: restore a backup"
                raise StateError(msg, code="corrupt_database")
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        if not path.stat().st_size:
            for pragma in _AT_CREATION:
                connection.execute(f"PRAGMA {pragma}")
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.DatabaseError as error:
        connection.close()
        if error.sqlite_errorcode in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            msg = f"{path} is damaged ({error}); it was left as it is: restore a backup"
            raise StateError(msg, code="corrupt_database") from error
        raise
    return connection


class Writer:
    """Commits batches, keeps the dedup index, saves the lagging state and checkpoints."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Work on `connection` to the file at `path`."""
        self._connection = connection
        self._wal = path.with_name(path.name + "-wal")
        self._seen = Seen(connection, b"")
        self._save_no = 0
        self._keys: list[tuple[object, ...]] = []
        self._key_records = 0
        self._merge_no = 0
        self._written: list[tuple[str, str, int]] = []
        self._stale: list[tuple[str, str, int]] = []

    def prepare(self, now: int) -> list[str]:
        """Migrate and make sure of the tenant's own secrets; return the names of the migrations applied."""
        applied = migrate(self._connection, shipped(), now=now)
        for key, value in (("epoch", secrets.token_hex(8)), ("seen_key", secrets.token_bytes(32)), ("saved_to", 0)):
            self._connection.execute("INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)", (key, value))
        return applied

    def load(self) -> Loaded:
        """Return what the last complete save holds; rows of an unfinished save are removed."""
        self.rollback()
        meta = dict(self._connection.execute("SELECT key, value FROM meta").fetchall())
        saved_to = int(meta["saved_to"])
        self._seen = Seen(self._connection, meta["seen_key"])
        self._stale, self._written = [], []
        self._connection.execute("DELETE FROM state WHERE no > ?", (saved_to,))
        self._connection.execute(
            "DELETE FROM state WHERE EXISTS (SELECT 1 FROM state AS newer"
            " WHERE newer.kind = state.kind AND newer.key = state.key AND newer.no > state.no)"
        )
        self._connection.execute("DELETE FROM state WHERE body IS NULL")
        rows = self._connection.execute("SELECT kind, key, body FROM state WHERE kind != ?", (_KEYS,)).fetchall()
        oldest = self._scalar("SELECT min(no) FROM inputs")
        recent = self._connection.execute("SELECT body FROM state WHERE kind = ? ORDER BY no", (_KEYS,)).fetchall()
        for (body,) in recent:
            self._seen.restore(body, oldest=oldest)
        self._keys, self._key_records = [], len(recent)
        return Loaded(
            epoch=str(meta["epoch"]),
            last_no=max(self._scalar("SELECT max(no) FROM inputs"), saved_to),
            last_seq=self._scalar("SELECT max(seq) FROM feed"),
            saved_to=saved_to,
            state=rows,
        )

    def tail(self, after: int, limit: int) -> list[InputRow]:
        """Return up to `limit` inputs after number `after`, holding the keys of their events as seen."""
        rows = [
            InputRow(no, InputKind(kind), time, received_at, claimed_time, bool(late), body)
            for no, kind, time, received_at, claimed_time, late, body in self._connection.execute(
                "SELECT no, kind, time, received_at, claimed_time, late, body FROM inputs"
                " WHERE no > ? ORDER BY no LIMIT ?",
                (after, limit),
            )
        ]
        held = [(key_of(row.body), row.no) for row in rows if row.kind is InputKind.EVENT]
        self._seen.known([key for key, _ in held])  # all at once, so that adding need not look again
        for key, no in held:
            self._seen.add(key, no)
        return rows

    def known(self, keys: list[tuple[str, str]]) -> list[bool]:
        """Tell for each (source, id) whether it was stored before, or stands earlier in `keys`."""
        return self._seen.known(keys)

    def reply(self, key: str) -> tuple[str, int, bytes] | None:
        """Return (what was asked, status, body) of the first answer under an idempotency key."""
        row: tuple[str, int, bytes] | None = self._connection.execute(
            "SELECT asked, status, body FROM replies WHERE key = ?", (key,)
        ).fetchone()
        return row

    def alert_record(self, no: int) -> bytes | None:
        """Return an alert's stored record, or None."""
        row = self._connection.execute("SELECT record FROM alerts WHERE no = ?", (no,)).fetchone()
        return None if row is None else bytes(row[0])

    def ticket_record(self, no: int) -> bytes | None:
        """Return a ticket's stored record, or None."""
        row = self._connection.execute("SELECT record FROM tickets WHERE no = ?", (no,)).fetchone()
        return None if row is None else bytes(row[0])

    def begin_save(self, no: int) -> None:
        """Begin a save of the lagging state as it is at input number `no`."""
        self._save_no = no
        if recent := self._seen.take_recent():
            self._keys = [(_KEYS, f"{no:020}", no, recent)]
            self._key_records += 1
        if not self._seen.merging and (len(self._seen) >= _KEYS_HELD or self._key_records >= _KEY_RECORDS_MAX):
            self._merge_no, self._key_records = no, 0
            self._seen.begin_merge()

    def commit(self, commit: Commit) -> bool:
        """Make a batch durable; return whether a save under way became complete with it."""
        execute, many = self._connection.execute, self._connection.executemany
        merged = self._seen.merging
        seen = self._seen.take_slice(_SLICE_MIN + 2 * len(commit.inputs))
        merged = merged and not self._seen.merging
        more = _SLICE_MIN + 2 * len(commit.state)
        stale, rest = self._stale[:more], self._stale[more:]
        execute("BEGIN IMMEDIATE")
        try:
            self._in_steps("INSERT INTO inputs VALUES {}", [columns.input_row(row) for row in commit.inputs])
            many("INSERT INTO feed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", columns.feed(commit))
            self._write_alerts(commit)
            many("INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)", columns.findings(commit))
            many("UPDATE findings SET withdrawn = 1 WHERE no = ?", [(number(each),) for each in commit.withdrawn])
            many("UPDATE findings SET alert = ? WHERE no = ?", columns.opened(commit))
            many("DELETE FROM verdicts WHERE alert = ? AND time > ?", columns.unjudged(commit))
            many("INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", columns.verdicts(commit))
            self._in_steps("INSERT OR REPLACE INTO site_hours VALUES {}", columns.hours(commit))
            many(
                "INSERT OR REPLACE INTO threshold_changes VALUES (?, ?, ?, ?, ?, ?, ?)",
                columns.threshold_changes(commit),
            )
            for sql, rows in columns.further(commit):
                many(sql, rows)
            audit.append(self._connection, commit.audit)
            self._write_tickets(commit)
            self._in_steps("INSERT OR REPLACE INTO seen VALUES {}", seen)
            self._in_steps("INSERT OR REPLACE INTO state VALUES {}", self._keys + columns.state(commit, self._save_no))
            self._in_steps(_SUPERSEDE, stale)
            if merged:
                execute("DELETE FROM state WHERE kind = ? AND no <= ?", (_KEYS, self._merge_no))
            if commit.save_complete:
                execute("UPDATE meta SET value = ? WHERE key = 'saved_to'", (self._save_no,))
            execute("COMMIT")
        except BaseException:
            self.rollback()
            raise
        self._stale = rest
        self._written += [(kind, key, self._save_no + (body is None)) for kind, key, body in commit.state]
        for source, event_id, no in commit.keys:
            self._seen.add((source, event_id), no)
        self._keys = []
        if merged:
            self._seen.merged()
        if commit.save_complete:  # only now may what this save replaces go: until then a start needs it
            self._stale, self._written = self._stale + self._written, []
        return commit.save_complete

    def _write_alerts(self, commit: Commit) -> None:
        """Write what was decided about alerts and incidents."""
        many = self._connection.executemany
        many("INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", columns.alerts(commit))
        many(
            "INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", columns.incidents(commit)
        )
        many("INSERT OR REPLACE INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?)", columns.ledger(commit))

    def _write_tickets(self, commit: Commit) -> None:
        """Write tickets, and what happened to them."""
        many = self._connection.executemany
        many(_UPSERT_TICKET, columns.tickets(commit))
        many("INSERT INTO ticket_timeline VALUES (?, ?, ?, ?, ?, ?, ?, ?)", columns.timeline(commit))

    def _in_steps(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Carry out a statement with many rows at a time in place of `{}`.

        At each step SQLite hands the interpreter's lock to a busy event loop, and waits to get it back.
        """
        marks = f"({', '.join('?' * len(rows[0]))})" if rows else ""
        start = 0
        for step in _ROWS_A_STEP:
            many = sql.format(", ".join([marks] * step))
            while start + step <= len(rows):
                self._connection.execute(many, tuple(chain.from_iterable(rows[start : start + step])))
                start += step

    def rollback(self) -> None:
        """Leave no transaction open."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def wal_bytes(self) -> int:
        """Return the size of the write-ahead log."""
        return self._wal.stat().st_size if self._wal.exists() else 0

    def checkpoint(self, mode: str) -> None:
        """Copy the write-ahead log back: PASSIVE when idle, TRUNCATE when it grew too long."""
        self._connection.execute(f"PRAGMA wal_checkpoint({mode})")

    def close(self) -> None:
        """Close; an open transaction is rolled back."""
        self.rollback()
        self._connection.close()

    def run(self, statements: Iterable[tuple[str, tuple[Any, ...]]]) -> int:
        """Carry out statements in one transaction; return how many rows they changed."""
        before = self._connection.total_changes
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for sql, values in statements:
                self._connection.execute(sql, values)
            self._connection.execute("COMMIT")
        except BaseException:
            self.rollback()
            raise
        return self._connection.total_changes - before

    def remove_inputs(self, before: int, upto: int, step: int) -> int:
        """Remove up to `step` of the oldest inputs received before `before`, and their dedup keys; the newest stays."""
        rows = self._connection.execute(
            "SELECT no, kind, received_at, body FROM inputs WHERE no <= ? AND no < (SELECT max(no) FROM inputs)"
            " ORDER BY no LIMIT ?",
            (upto, step),
        ).fetchall()
        old = [row for row in rows if row[2] < before]
        digests = [
            (digest, no)
            for no, kind, _, body in old
            if kind == InputKind.EVENT
            for digest in self._seen.digests(key_of(body))
        ]
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany("DELETE FROM inputs WHERE no = ?", [(row[0],) for row in old])
            self._connection.executemany("DELETE FROM seen WHERE h = ? AND no = ?", digests)
            self._connection.execute("COMMIT")
        except BaseException:
            self.rollback()
            raise
        self._seen.forget(digests)
        return len(old)

    def let_go_of_audit(self, before: int, step: int, now: int) -> int:
        """Let go of up to `step` of the oldest rows of the audit trail from before `before`, behind an anchor."""
        return audit.let_go(self._connection, before, step, now)

    def vacuum(self, pages_max: int) -> bool:
        """Give back up to `pages_max` free pages; tell whether there are more."""
        self._connection.execute(f"PRAGMA incremental_vacuum({pages_max})").fetchall()
        return self._scalar("PRAGMA freelist_count") > 0

    def _scalar(self, sql: str) -> int:
        return int(self._connection.execute(sql).fetchone()[0] or 0)
