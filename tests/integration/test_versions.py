"""Moves of the registry's pointer: told before they are made, one at a time, and not made where they cannot be told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ml.registry import Registry
from nocd.errors import Conflict, StorageFull
from nocd.store.folder import Folder
from nocd.versions import Moved, Versions
from tests.build_models import stored


class Witness:
    """Writes down what is told and loaded, and which version was in force by then."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.seen: list[tuple[str, str, str | None]] = []

    async def tell(self, moved: Moved) -> None:
        self.seen.append(("told", moved.version, await asyncio.to_thread(self.registry.active)))

    async def load(self, tenant: str) -> None:
        self.seen.append(("loaded", tenant, await asyncio.to_thread(self.registry.active)))

    async def full(self, _: Moved) -> None:
        raise StorageFull("the disk is full")


@pytest.fixture
async def witness(tmp_path: Path) -> Witness:
    registry = Registry((await asyncio.to_thread(Folder(tmp_path).create)).tenant_models("default"))
    for _ in range(2):
        await asyncio.to_thread(stored, registry.folder)
    return Witness(registry)


@pytest.fixture
def versions(witness: Witness, tmp_path: Path) -> Versions:
    return Versions(folder=Folder(tmp_path), reload=witness.load)


async def test_a_move_is_told_then_made_then_loaded(versions: Versions, witness: Witness) -> None:
    assert await versions.activate("default", "000001", witness.tell) == Moved("000001", None)
    assert witness.seen == [("told", "000001", None), ("loaded", "default", "000001")]


async def test_a_move_that_cannot_be_told_is_not_made(versions: Versions, witness: Witness) -> None:
    await versions.activate("default", "000001", witness.tell)
    with pytest.raises(StorageFull):
        await versions.activate("default", "000002", witness.full)
    assert await versions.in_force("default") == ("000001", None)
    await versions.activate("default", "000002", witness.tell)
    with pytest.raises(StorageFull):
        await versions.roll_back("default", witness.full)
    assert await versions.in_force("default") == ("000002", "000001")


async def test_moves_that_are_asked_for_at_once_are_made_one_after_the_other(
    versions: Versions, witness: Witness
) -> None:
    await asyncio.gather(*(versions.activate("default", each, witness.tell) for each in ("000001", "000002")))
    told = [(what, in_force) for what, _, in_force in witness.seen]
    assert told == [("told", None), ("loaded", "000001"), ("told", "000001"), ("loaded", "000002")]


async def test_what_is_in_force_already_is_loaded_again_and_not_told(versions: Versions, witness: Witness) -> None:
    for _ in range(2):
        await versions.activate("default", "000001", witness.tell)
    assert [what for what, _, _ in witness.seen] == ["told", "loaded", "loaded"]


async def test_without_a_former_model_there_is_nothing_to_go_back_to(versions: Versions, witness: Witness) -> None:
    with pytest.raises(Conflict, match="there is no former model to go back to"):
        await versions.roll_back("default", witness.tell)
    assert witness.seen == []
