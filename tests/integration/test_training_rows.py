"""Rows for training: each scored punch as it was judged, what it turned out to be, how it was put up for review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ml.dataset import Rows, read_rows
from ml.schema import FRAUD
from nocd import training
from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS, HOUR_MS
from nocd.training import written
from tests.build import T0, Opened, event
from tests.build_field import company, minutes, punch
from tests.integration.build_scores import NOW, scored

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from nocd.tenant import Tenant


async def rows(tenant: Tenant, folder: Path, *, since: int = 0) -> tuple[Rows, training.Rows]:
    """Return what a child reads of what was written, and what is known of it."""
    told = await written(tenant.store, folder / "rows.ndjson.gz", since=since)
    return read_rows(told.path, FRAUD), told


async def judge(tenant: Tenant, verb: str, target: str, verdict: str, *, at: int) -> None:
    said = Command(verb=verb, target=target, actor="mara", time=at, args={"verdict": verdict})
    assert (await tenant.ask(said)).ok


async def test_a_row_has_what_the_engine_knew_and_what_people_said(tmp_path: Path) -> None:
    opened = Opened(tmp_path / "t.db")
    opened.clock.now = minutes(482)
    terminal = event("noc.device", at=minutes(1), id="A", kind="terminal", site="S1")
    phone = event("noc.device", at=minutes(1), id="B", kind="phone", person="P1")
    async with opened.tenant() as tenant:
        story = [punch("P1", "in", minutes(480), device="B", shift="SH1"), punch("P2", "in", minutes(481), device="B")]
        later = [punch("P3", "in", minutes(485), device="A"), punch("P1", "out", minutes(960), device=None)]
        opened.clock.now = minutes(961)
        await tenant.post([*company("P1", "P2", "P3"), terminal, phone, *story, *later])
        (alert,) = (each for each in tenant.pipeline.engine.book.all() if each.type == "ATTENDANCE_FRAUD")
        await judge(tenant, "resolve", alert.id, "fraud", at=minutes(1_000))
        await judge(tenant, "judge_score", "FS-3", "benign", at=minutes(1_100))
        put = "INSERT INTO reviews VALUES (?, 0, ?, ?)"
        await tenant.store.run([(put, (3, "random", 100.0)), (put, (4, "chosen", 1.0))])
        read, told = await rows(tenant, tmp_path)
        stored = await tenant.store.read(lambda base: base.execute("SELECT x FROM scores ORDER BY no").fetchall())
    assert told.count == len(read) == len(stored) == 4
    assert read.id.tolist() == ["FS-1", "FS-2", "FS-3", "FS-4"]
    assert np.array_equal(read.label, [np.nan, 1, 0, np.nan], equal_nan=True)
    assert (read.weight.tolist(), read.chosen.tolist()) == ([1, 1, 100, 1], [False, False, False, True])
    assert read.groups["device"].tolist() == ["phone", "phone", "terminal", ""]
    assert read.groups["shift"].tolist() == ["day"] * 4
    assert read.rules[1] > 0.8
    assert (told.span_ms, round(told.label_delay_days * DAY_MS)) == (minutes(960) - minutes(480), minutes(615) - T0)


async def test_rows_are_those_of_the_time_asked_for_slice_by_slice(tmp_path: Path) -> None:
    async with Opened(tmp_path / "t.db").tenant() as tenant:
        count = await scored(tenant)
        everything, told = await rows(tenant, tmp_path)
        late, _ = await rows(tenant, tmp_path, since=NOW - 30 * DAY_MS)
    assert count > 5 * 500
    assert len(everything) == told.count == count
    assert np.array_equal(np.sort(late.time_ms), np.sort(everything.time_ms[everything.time_ms >= NOW - 30 * DAY_MS]))
    night = everything.x[:, 0] >= 22
    assert set(everything.groups["shift"][night]) == {"night"}
    assert everything.frauds > 50


async def test_of_too_many_punches_every_labelled_one_is_kept_and_of_the_others_every_so_manieth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "ROWS_MAX", 1_000)
    async with Opened(tmp_path / "t.db").tenant() as tenant:
        count = await scored(tenant, label=0.1)
        read, _ = await rows(tenant, tmp_path)
    labelled = int((~np.isnan(read.label)).sum())
    assert 0.05 * count < labelled < 0.15 * count
    assert len(read) - labelled < 1_000


async def test_a_shift_that_began_at_night_is_of_the_night_until_it_ends(tmp_path: Path) -> None:
    opened = Opened(tmp_path / "t.db")
    opened.clock.now = minutes(2_000)
    night: list[Any] = [punch("P1", "in", minutes(1_330)), punch("P1", "out", minutes(1_800))]
    day = [punch("P1", "in", minutes(1_330) + 17 * HOUR_MS)]
    async with opened.tenant() as tenant:
        opened.clock.now = day[0].time
        await tenant.post([*company("P1"), *night, *day])
        read, _ = await rows(tenant, tmp_path)
    assert read.groups["shift"].tolist() == ["night", "night", "day"]
