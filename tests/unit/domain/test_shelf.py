"""A save of the shelves is what they held when it began, however they change meanwhile."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.shelf import Shelves

KEYS = st.sampled_from("abcdef")
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEYS, st.integers(0, 9)),
        st.tuples(st.just("grow"), KEYS, st.integers(0, 9)),
        st.tuples(st.just("drop"), KEYS, st.just(0)),
        st.tuples(st.just("slice"), st.just("a"), st.integers(1, 3)),
        st.tuples(st.just("save"), st.just("a"), st.just(0)),
    ),
    max_size=60,
)


class Disk:
    """What a store would hold: rows of complete saves only."""

    def __init__(self, shelves: Shelves) -> None:
        self.shelves = shelves
        self.rows: dict[tuple[str, str], bytes] = {}
        self.coming: dict[tuple[str, str], bytes | None] = {}
        self.expected: list[tuple[str, str, bytes]] | None = None

    def begin(self) -> None:
        if self.expected is None:
            self.expected = [(kind, key, body) for kind, key, body in self.shelves if body is not None]
            self.shelves.begin_save()

    def take(self, rows_max: int) -> None:
        if self.expected is None:
            return
        self.coming.update({(kind, key): body for kind, key, body in self.shelves.take_slice(rows_max)})
        if not self.shelves.saving:
            merged: dict[tuple[str, str], bytes | None] = {**self.rows, **self.coming}
            self.rows = {address: body for address, body in merged.items() if body is not None}
            assert [(*address, body) for address, body in sorted(self.rows.items())] == self.expected
            self.coming, self.expected = {}, None


@given(ACTS)
def test_a_save_spread_over_changes_holds_the_instant_it_began_at(acts) -> None:
    shelves = Shelves(orjson.dumps)
    disk = Disk(shelves)
    for verb, key, value in acts:
        if verb == "put":
            shelves.put("k", key, [value])
        elif verb == "grow" and shelves.get("k", key) is not None:
            shelves.edit("k", key).append(value)
        elif verb == "drop" and shelves.get("k", key) is not None:
            shelves.drop("k", key)
        elif verb == "slice":
            disk.take(value)
        elif verb == "save":
            disk.begin()
    disk.begin()
    while disk.expected is not None:
        disk.take(2)


def test_a_restored_record_is_not_saved_again() -> None:
    shelves = Shelves(orjson.dumps)
    shelves.restore("k", "a", 1)
    assert shelves.begin_save() == 0
    assert shelves.unsaved == 0
    shelves.put("k", "b", 2)
    assert shelves.unsaved == 1
