"""Every frame and every change of a whole day is what the wire's models say, and nothing more."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from nocd.wire.changes import CHANGES
from nocd.wire.context import AlertDetail
from nocd.wire.frames import FRAMES, Batch, ChangeFrame
from nocd.wire.views import (
    AlertView,
    EventView,
    FindingRow,
    HealthView,
    LedgerView,
    PostAnswer,
    ReadyView,
    SnapshotView,
    VersionView,
    View,
)
from tests.build import Clock
from tests.conformance.fitting import fits
from tests.conformance.story import Story, listening
from tests.integration.api.desk import Desk, running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def desk(clock: Clock) -> AsyncIterator[Desk]:
    async with running(clock=clock) as desk:
        yield desk


async def test_every_change_of_a_day_fits_its_model_live_and_read_again(desk: Desk, clock: Clock) -> None:
    async with listening(desk, "after=0&events=1") as live:
        await Story(desk=desk, clock=clock).whole()
        last = (await desk.ask("GET", "/v1/snapshot")).json["seq"]
        frames = await live.until(last)
    async with listening(desk, "after=0&events=1") as again:
        await again.until(last)
    for frame in (*frames, *again.frames):
        fits(FRAMES[frame["type"]], frame)
        for change in frame.get("changes", ()):
            fits(ChangeFrame, change)
            fits(CHANGES[change["type"]], change["data"])
    assert {change["type"] for change in live.changes} == set(CHANGES)
    assert [change["seq"] for change in live.changes][:last] == list(range(1, last + 1))
    assert live.changes[:last] == again.changes[:last]
    polled = (await desk.ask("GET", "/v1/changes?after=0&events=1&limit=500")).json["changes"]
    assert polled[:last] == live.changes[:last]  # time goes on, and with it the feed


async def test_what_a_change_tells_names_whom_and_where(desk: Desk, clock: Clock) -> None:
    await Story(desk=desk, clock=clock).whole()
    changes = (await desk.ask("GET", "/v1/changes?after=0&limit=500")).json["changes"]
    of_site = [change for change in changes if change.get("site") == "NTH-04"]
    assert {change["type"] for change in of_site} >= {"finding_created", "alert_created", "alert_updated", "note_added"}
    for change in of_site:
        if change["type"] != "directory_changed":
            assert change["data"]["site_name"] == "North Yard", change
    steps = [change["data"] for change in changes if change["type"].startswith("alert_")]
    assert {step["happened"] for step in steps} >= {"opened", "acknowledged", "undone", "reopened", "ended"}
    assert all(step["why"] and step["actor"] and step["new_status"] == step["status"] for step in steps)
    (withdrawn,) = (change for change in changes if change["type"] == "finding_withdrawn")
    assert withdrawn["data"]["reason"] == "late_evidence"
    assert withdrawn["data"]["person_name"] == "Asha Rao"
    states = [change["data"]["state"] for change in changes if change["type"] == "system_state"]
    assert states == ["degraded", "ok"]


async def test_every_answer_about_a_day_fits_its_view(desk: Desk, clock: Clock) -> None:
    await Story(desk=desk, clock=clock).whole()

    async def answer(path: str) -> object:
        return (await desk.ask("GET", path)).json

    alerts = await desk.items("/v1/alerts?status=unresolved,resolved")
    for alert in alerts + await desk.items("/v1/alerts?status=resolved"):
        fits(AlertView, alert)
        detail = await answer(f"/v1/alerts/{alert['id']}")
        assert fits(AlertDetail, detail) == AlertDetail.model_validate(detail)
        assert [fits(LedgerView, row) for row in await desk.items(f"/v1/alerts/{alert['id']}/why")]
    lists: dict[str, type[View]] = {"/v1/findings": FindingRow, "/v1/events": EventView}
    for path, model in lists.items():
        items = await desk.items(f"{path}?limit=500")
        assert [fits(model, item) for item in items], path
        fits(model, await answer(f"{path}/{items[0].get('id') or items[0]['no']}"))
    snapshot = fits(SnapshotView, await answer("/v1/snapshot"))
    assert isinstance(snapshot, SnapshotView)
    assert snapshot.alerts_total == len(snapshot.alerts)
    single: dict[str, type[View]] = {"health": HealthView, "ready": ReadyView, "version": VersionView}
    for path, view in single.items():
        fits(view, await answer(f"/v1/{path}"))
    fits(PostAnswer, await desk.post({"type": "noc.sample"}, status=422))


async def test_a_filtered_client_is_told_what_passes_in_numbers_that_advance(desk: Desk, clock: Clock) -> None:
    async with listening(desk, "after=0&types=note_added") as live:
        await Story(desk=desk, clock=clock).whole()
        polled = (await desk.ask("GET", "/v1/changes?after=0&types=note_added")).json
        frames = await live.until(polled["changes"][-1]["seq"])
    batches = [fits(Batch, frame) for frame in frames if frame["type"] == "batch"]
    assert live.changes == polled["changes"]
    assert {change["type"] for change in live.changes} == {"note_added"}
    assert len(batches) == len(live.changes) == 1
    assert polled["seq"] == (await desk.ask("GET", "/v1/snapshot")).json["seq"]
