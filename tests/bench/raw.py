"""The limit of durable ingest: SQLite by itself, inputs and dedup keys, nothing else.

The keys are random digests, as the product's are, sorted within a commit: keys that only ever grow would be five times
as fast, and nobody's dedup keys do.
"""

from __future__ import annotations

import random
import time
from contextlib import closing
from typing import TYPE_CHECKING

from nocd.store.sqlite import sqlite3

if TYPE_CHECKING:
    from pathlib import Path

ROWS_A_COMMIT = 1_000
_SCHEMA = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    """CREATE TABLE inputs (
        no INTEGER PRIMARY KEY, kind INTEGER NOT NULL, time INTEGER NOT NULL, received_at INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT""",
    "CREATE TABLE seen (h INTEGER PRIMARY KEY, no INTEGER NOT NULL) STRICT",
)


class Raw:
    """A database that takes rows as fast as SQLite does: sorted keys, no other index, 1 000 rows an fsync."""

    def __init__(self, path: Path, lines: list[bytes], *, stored: int = 0) -> None:
        """Make it at `path`, and write `lines` over and over until `stored` rows are in."""
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._lines = lines
        self._chance = random.Random(1)
        self._no = 0
        for statement in _SCHEMA:
            self._connection.execute(statement)
        while self._no < stored:
            self.rows_per_s()

    def rows_per_s(self) -> float:
        """Write all lines once and return the rate; keys are digests, as they are in earnest, sorted in each commit."""
        keys = [
            sorted(self._chance.getrandbits(63) for _ in self._lines[start : start + ROWS_A_COMMIT])
            for start in range(0, len(self._lines), ROWS_A_COMMIT)
        ]
        began = time.perf_counter()
        for commit, digests in enumerate(keys):
            self._commit(self._lines[commit * ROWS_A_COMMIT :][:ROWS_A_COMMIT], digests)
        return len(self._lines) / (time.perf_counter() - began)

    def _commit(self, lines: list[bytes], digests: list[int]) -> None:
        numbered = list(enumerate(lines, self._no + 1))
        self._no += len(lines)
        self._connection.execute("BEGIN IMMEDIATE")
        rows = [(no, 0, no, no, line) for no, line in numbered]
        self._connection.executemany("INSERT INTO inputs VALUES (?, ?, ?, ?, ?)", rows)
        seen = [(digest, no) for digest, (no, _) in zip(digests, numbered, strict=True)]
        self._connection.executemany("INSERT INTO seen VALUES (?, ?)", seen)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


def limit(path: Path, lines: list[bytes], *, stored: int = 0) -> closing[Raw]:
    """Return the limit as a context."""
    return closing(Raw(path, lines, stored=stored))
