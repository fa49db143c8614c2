"""A file that any earlier build left opens in this one: nothing is lost, nothing counted twice, and work goes on."""

from __future__ import annotations

import gzip
from contextlib import closing
from functools import partial
from pathlib import Path

import orjson
import pytest

from nocd.domain.command import Command
from nocd.errors import StateError
from nocd.ingest.decode import Decoder
from nocd.store import queries
from nocd.store.audit import check as check_trail
from nocd.store.migrations import migrate, shipped
from nocd.store.queries import AlertQuery
from nocd.store.sqlite import sqlite3
from nocd.tenant import Tenant
from tests.build import Clock, Opened
from tests.migration.keep import alarm, first, late

HERE = Path(__file__).parent
KEPT = {int(file.name[:4]): file for file in sorted(HERE.glob("*.sql.gz"))}
# Versions that no build left as its last: made of the one before by the steps between.
STEPPED = [version for version in range(1, len(shipped())) if version not in KEPT]


def left_by(version: int, path: Path) -> Path:
    """Write the file as a build of that schema left it."""
    base_version = max(each for each in KEPT if each <= version)
    with closing(sqlite3.connect(path, isolation_level=None)) as base:
        base.executescript(gzip.decompress(KEPT[base_version].read_bytes()).decode())
        migrate(base, shipped()[:version], now=0)
    return path


async def alerts(tenant: Tenant) -> dict[str, dict[str, object]]:
    bodies, _ = await tenant.store.read(queries.alerts, AlertQuery(every=True, limit=500))
    return {body["type"]: body for body in map(orjson.loads, bodies)}


@pytest.mark.may_block("the test writes the file that is opened")
@pytest.mark.parametrize("version", [*KEPT, *STEPPED])
async def test_a_file_of_every_earlier_schema_opens_with_all_that_was_in_it(tmp_path: Path, version: int) -> None:
    opened = Opened(left_by(version, tmp_path / "t.db"))
    async with opened.tenant() as tenant:
        found = await alerts(tenant)
        assert {kind: alert["status"] for kind, alert in found.items()} == {
            "Door": "acknowledged",
            "Camera": "resolved",
            "Fire panel": "open",
            "Fence": "open",
            "Gate": "open",
            "GUARD_DISTRESS": found["GUARD_DISTRESS"]["status"],
        }
        engine = tenant.pipeline.engine
        assert engine.roster.sites["S-1"].name == "Depot North"
        assert engine.book.get("A-2") is not None
        assert engine.duties.on_duty("G-1") is None  # the punch out after the last save was folded
        assert await tenant.store.read(queries.quick_check) == "ok"
        oldest, newest = await tenant.store.read(queries.bounds)
        changes = await tenant.log.read(0, limit=500)
        assert [change.seq for change in changes] == list(range(oldest, newest + 1))
        place = await tenant.store.read(check_trail)
        assert (place.fault, place.ended) == (None, True)
    with closing(sqlite3.connect(opened.path)) as base:
        assert [row[0] for row in base.execute("SELECT version FROM migrations ORDER BY 1")] == [
            step.version for step in shipped()
        ]
        assert base.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.may_block("the test writes the file that is opened")
@pytest.mark.parametrize("version", [*KEPT])
async def test_work_goes_on_where_it_was_left(tmp_path: Path, version: int) -> None:
    clock = Clock()
    opened = Opened(left_by(version, tmp_path / "t.db"), clock=clock)
    decoder = Decoder(new_id=lambda: "never")
    now = clock.forward(400 * 86_400_000)
    take = partial(decoder.line, received_at=now, source="token")
    async with opened.tenant() as tenant:
        last_no, seq = tenant.pipeline.last_no, tenant.pipeline.last_seq
        again = await tenant.post([take(orjson.dumps(event)) for event in (*first(), *late())])
        assert (again.accepted, again.duplicates) == (0, 12)
        assert tenant.pipeline.last_no == last_no
        taken = await tenant.post([take(orjson.dumps(alarm("new", "HIGH", "Roof")))])
        assert taken.accepted == 1
        reply = await tenant.ask(Command(verb="ack", target="A-3", actor="op", time=now))
        assert reply.ok, reply
        assert tenant.pipeline.last_seq > seq
        before = list(tenant.pipeline.engine.shelves)
    async with opened.tenant() as restarted:
        assert {row[:2] for row in restarted.pipeline.engine.shelves} == {row[:2] for row in before}


@pytest.mark.may_block("the test writes the file that is opened")
@pytest.mark.parametrize("version", [*KEPT])
async def test_a_file_of_a_newer_build_is_refused_and_left_as_it_is(tmp_path: Path, version: int) -> None:
    path = left_by(version, tmp_path / "t.db")
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("INSERT INTO migrations VALUES (9999, 'from_tomorrow', 'x', 0)")
    with pytest.raises(StateError) as refused:
        await Opened(path).open()
    assert refused.value.code == "newer_database"
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("SELECT count(*) FROM migrations").fetchone() == (version + 1,)


@pytest.mark.may_block("the test writes the file that is opened")
@pytest.mark.parametrize("place", [0, 100])
async def test_a_file_that_was_overwritten_is_refused_and_left_as_it_is(tmp_path: Path, place: int) -> None:
    path = left_by(max(KEPT), tmp_path / "t.db")
    with path.open("r+b") as file:
        file.seek(place)
        file.write(b"\xaa" * 4_096)
    before = path.read_bytes()
    with pytest.raises(StateError) as refused:
        await Opened(path).open()
    assert refused.value.code == "corrupt_database"
    assert path.read_bytes() == before


def test_each_schema_but_the_newest_is_opened() -> None:
    assert {step.version for step in shipped()[:-1]} <= {*KEPT, *STEPPED}
