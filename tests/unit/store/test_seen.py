"""Dedup by (source, id), whatever their digests do."""

from __future__ import annotations

import orjson
import pytest

from nocd.store.seen import Key, Seen
from nocd.store.sqlite import sqlite3


@pytest.fixture
def base():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE seen (h INTEGER PRIMARY KEY, no INTEGER)")
    connection.execute("CREATE TABLE inputs (no INTEGER PRIMARY KEY, body BLOB)")
    yield connection
    connection.close()


class Colliding(Seen):
    """Every key has the same first digests, so that only the real key tells."""

    def _digest(self, key: Key, attempt: int) -> int:
        return attempt if attempt < 2 else super()._digest(key, attempt)


def store(base, seen: Seen, keys: list[Key], start: int = 1) -> None:
    for no, (source, name) in enumerate(keys, start):
        base.execute("INSERT INTO inputs VALUES (?, ?)", (no, orjson.dumps({"source": source, "id": name})))
        seen.add((source, name), no)


@pytest.mark.parametrize("kind", [Seen, Colliding])
@pytest.mark.parametrize("saved", [False, True])
def test_known_is_exact_in_memory_and_on_disk(base, kind: type[Seen], *, saved: bool) -> None:
    seen = kind(base, b"k")
    keys = [("/a", str(n)) for n in range(5)]
    store(base, seen, keys)
    if saved:
        seen.begin_merge()
        while rows := seen.take_slice(2):
            base.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?)", rows)
        assert not seen.merging
        seen.merged()
        assert len(seen) == 0
    assert seen.known(keys) == [True] * 5
    assert seen.known([("/b", "0"), ("/b", "0"), ("/a", "9")]) == [False, True, False]
    store(base, seen, [("/b", "0")], start=6)
    assert seen.known([("/b", "0"), *keys]) == [True] * 6


def test_adding_a_key_again_changes_nothing(base) -> None:
    seen = Seen(base, b"k")
    store(base, seen, [("/a", "1")])
    seen.add(("/a", "1"), 99)
    assert len(seen) == 1


def test_a_key_whose_event_is_gone_is_new_again(base) -> None:
    seen = Seen(base, b"k")
    store(base, seen, [("/a", "1")])
    seen.begin_merge()
    base.executemany("INSERT INTO seen VALUES (?, ?)", seen.take_slice(9))
    seen.merged()
    base.execute("DELETE FROM inputs")
    assert seen.known([("/a", "1")]) == [False]
