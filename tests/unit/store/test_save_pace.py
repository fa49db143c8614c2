"""How many rows of a save go with a commit."""

from __future__ import annotations

from nocd.batch import SLICE_ROWS, SLICE_ROWS_MIN, rows_due
from nocd.domain.shelf import Shelves

RECORDS = 2_000


def _begun() -> Shelves:
    shelves = Shelves(lambda _: b"")
    for number in range(RECORDS):
        shelves.put("record", str(number), number)
    shelves.begin_save()
    return shelves


async def test_beside_single_events_a_save_takes_few_rows_a_commit() -> None:
    assert len(await rows_due(_begun(), share=2.0, inputs=1)) == SLICE_ROWS_MIN


async def test_without_inputs_a_save_takes_a_slice_a_commit() -> None:
    assert len(await rows_due(_begun(), share=2.0, inputs=0)) == SLICE_ROWS


async def test_under_load_a_save_ends_with_the_inputs_it_was_meant_to_take() -> None:
    shelves = _begun()
    first = await rows_due(shelves, share=2.0, inputs=900)
    assert len(first) == 1_800
    assert shelves.saving
    assert len(await rows_due(shelves, share=2.0, inputs=900)) == RECORDS - 1_800
    assert not shelves.saving
