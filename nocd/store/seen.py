"""The dedup index: which (source, id) was stored, and under which number.

Keys are 64-bit keyed BLAKE2b digests. The newest are held in memory, and saved in the order they came, which costs next
to nothing; when they are many they are merged into the table in sorted slices, so that each page of it is written once
for many keys. Two different keys that share a digest are told apart by the real (source, id), and the later one takes
another digest.
"""

from __future__ import annotations

from array import array
from hashlib import blake2b
from heapq import heapify, heappop
from typing import TYPE_CHECKING

import orjson
from pydantic_core import from_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nocd.store.sqlite import sqlite3

Key = tuple[str, str]
_ATTEMPTS = tuple(attempt.to_bytes(8, "little") for attempt in range(8))


class Seen:
    """Answers what is known; works on the writer's connection, in the writer's thread."""

    def __init__(self, connection: sqlite3.Connection, secret: bytes) -> None:
        """Look up in `connection`; `secret` keeps outsiders from choosing colliding keys."""
        self._connection = connection
        self._hashers = [blake2b(digest_size=8, key=secret, salt=attempt) for attempt in _ATTEMPTS]
        self._held: dict[int, int] = {}
        self._merging: dict[int, int] = {}
        self._order: list[int] = []
        self._fresh: dict[Key, int] = {}
        self._recent = array("q")

    def __len__(self) -> int:
        """Return how many keys are held in memory."""
        return len(self._held) + len(self._merging)

    def known(self, keys: Sequence[Key]) -> list[bool]:
        """Tell for each key whether it was stored before, or stands earlier in `keys`."""
        digests = [self._digest(key, 0) for key in keys]
        taken = self._stored(digests)
        batch: set[Key] = set()
        self._fresh = {}
        answers = []
        for key, digest in zip(keys, digests, strict=True):
            if digest in taken or digest in self._held or digest in self._merging:
                answers.append(key in batch or self._place(key) is None)
            else:
                answers.append(False)
                self._fresh[key] = digest
                taken.add(digest)
            batch.add(key)
        return answers

    def add(self, key: Key, no: int) -> None:
        """Hold a key as stored under `no`; no effect where it is known already."""
        digest = self._fresh.pop(key, None)  # `known` has just looked: that place is free
        if digest is None:
            digest = self._place(key)
        if digest is not None:
            self._held[digest] = no
            self._recent.extend((digest, no))

    def take_recent(self) -> bytes:
        """Return what was added since this was last called, to be brought back by `restore`."""
        recent, self._recent = self._recent.tobytes(), array("q")
        return recent

    def restore(self, recent: bytes, *, oldest: int) -> None:
        """Hold again what `take_recent` returned, but for keys of events older than number `oldest`, which are gone."""
        numbers = array("q", recent)
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        self._held.update((digest, no) for digest, no in pairs if no >= oldest)

    def forget(self, rows: Iterable[tuple[int, int]]) -> None:
        """Let go of (digest, no) of events that are gone."""
        for digest, no in rows:
            for keys in (self._held, self._merging):
                if keys.get(digest) == no:
                    del keys[digest]

    def begin_merge(self) -> None:
        """Mark the keys held now as those to go into the table."""
        self._merging, self._held = self._held, {}
        self._order = list(self._merging)
        heapify(self._order)  # sorted one slice at a time: sorting all of it at once would hold the loop

    def take_slice(self, rows_max: int) -> list[tuple[int, int]]:
        """Return up to `rows_max` sorted (digest, no) rows of the present merge."""
        digests = [heappop(self._order) for _ in range(min(rows_max, len(self._order)))]
        return [(digest, self._merging[digest]) for digest in digests if digest in self._merging]

    @property
    def merging(self) -> bool:
        """Tell whether rows of the present merge are still to be taken."""
        return bool(self._order)

    def merged(self) -> None:
        """Let go of the keys of the merge: the table holds them."""
        self._merging = {}

    def digests(self, key: Key) -> Iterator[int]:
        """Yield every digest a key may be stored under, the likeliest first."""
        return (self._digest(key, attempt) for attempt in range(len(_ATTEMPTS)))

    def _place(self, key: Key) -> int | None:
        """Return the first digest of a key that no other key has; None where the key itself is there."""
        for digest in self.digests(key):
            owner = self._owner(digest)
            if owner is None or owner == key:
                return digest if owner is None else None
        return None

    def _owner(self, digest: int) -> Key | None:
        row = self._connection.execute(
            "SELECT body FROM inputs WHERE no = coalesce(?, (SELECT no FROM seen WHERE h = ?))",
            (self._held.get(digest, self._merging.get(digest)), digest),
        ).fetchone()
        return None if row is None else key_of(row[0])

    def _stored(self, digests: list[int]) -> set[int]:
        rows = self._connection.execute(
            "SELECT h FROM seen WHERE h IN (SELECT value FROM json_each(?))", (orjson.dumps(sorted(digests)).decode(),)
        )
        return {row[0] for row in rows}

    def _digest(self, key: Key, attempt: int) -> int:
        hasher = self._hashers[attempt].copy()  # cheaper than to begin anew with key and salt
        hasher.update(f"{key[0]}\0{key[1]}".encode())
        return int.from_bytes(hasher.digest(), "little", signed=True)


def key_of(body: bytes) -> Key:
    """Return (source, id) of a stored event."""
    event = from_json(body)
    return event["source"], event["id"]
