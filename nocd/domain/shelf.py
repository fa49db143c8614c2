"""The engine's memory: keyed records that know which of them changed, and can be saved while they go on changing."""

from __future__ import annotations

from heapq import heapify, heappop
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Key = tuple[str, str]
Row = tuple[str, str, bytes | None]


class Shelves:
    """Records by (kind, key), with a consistent, sliced save.

    `begin_save` marks the instant that is saved; `take_slice` hands out its rows a few at a time, in order, so that
    neighbours go to one page of a store. A record about to change before its turn is encoded first (copy on write): all
    rows are true at the same input number however many commits they are spread over. Records may be mutable: whoever
    changes one calls `edit` before.
    """

    def __init__(self, encode: Callable[[Any], bytes]) -> None:
        """Start empty; `encode` turns a record into its stored bytes."""
        self._encode = encode
        self._records: dict[str, dict[str, Any]] = {}
        self._dirty: set[Key] = set()
        self._pending: set[Key] = set()
        self._order: list[Key] = []
        self._early: dict[Key, Row] = {}

    def kind(self, kind: str) -> dict[str, Any]:
        """Return the records of one kind, for reading only; the same mapping each time."""
        try:
            return self._records[kind]
        except KeyError:
            return self._records.setdefault(kind, {})

    def get(self, kind: str, key: str) -> Any:
        """Return a record for reading, or None."""
        records = self._records.get(kind)
        return None if records is None else records.get(key)

    def edit(self, kind: str, key: str) -> Any:
        """Return a record that the caller is about to change, or None."""
        self.touch(kind, key)
        records = self._records.get(kind)
        return None if records is None else records.get(key)

    def touch(self, kind: str, key: str) -> None:
        """Say that a record, at hand already, is about to change."""
        address = kind, key
        self._dirty.add(address)
        if self._pending and address in self._pending:
            self._encode_early(address)

    def put(self, kind: str, key: str, record: object) -> None:
        """Set a record."""
        self.touch(kind, key)
        self.kind(kind)[key] = record

    def drop(self, kind: str, key: str) -> None:
        """Forget a record."""
        self.touch(kind, key)
        self.kind(kind).pop(key, None)

    def restore(self, kind: str, key: str, record: object) -> None:
        """Set a record that the store already holds."""
        self.kind(kind)[key] = record

    @property
    def unsaved(self) -> int:
        """Return how many records changed since the last `begin_save`."""
        return len(self._dirty)

    @property
    def saving(self) -> bool:
        """Tell whether rows of the present save are still to be taken."""
        return bool(self._order)

    def begin_save(self) -> int:
        """Mark this instant as the one to be saved; return how many rows it has. Only when no save is under way."""
        self._order = list(self._dirty)
        heapify(self._order)  # sorted one slice at a time: sorting all of it at once would hold the loop
        self._pending, self._dirty = self._dirty, set()
        return len(self._order)

    def take_slice(self, rows_max: int) -> list[Row]:
        """Return up to `rows_max` rows (kind, key, bytes or None where forgotten); empty when the save is complete."""
        rows: list[Row] = []
        for _ in range(min(rows_max, len(self._order))):
            address = heappop(self._order)
            rows.append(self._early.pop(address) if address in self._early else self._row(address))
            self._pending.discard(address)
        return rows

    def __iter__(self) -> Iterator[Row]:
        """Yield every record encoded, in (kind, key) order: the whole state as a value to compare."""
        for kind in sorted(self._records):
            for key in sorted(self._records[kind]):
                yield self._row((kind, key))

    def _row(self, address: Key) -> Row:
        record = self.kind(address[0]).get(address[1])
        return (*address, None if record is None else self._encode(record))

    def _encode_early(self, address: Key) -> None:
        self._pending.discard(address)
        self._early[address] = self._row(address)
