"""Opening the page of a site on a stage, and what it asked for."""

from __future__ import annotations

from textual.pilot import Pilot

from noctui.state.telemetry import METRICS
from tests.integration.noctui.stage import T0, Stage, queue_of_nine
from tests.unit.noctui import site_story as told

PHONE = told.baseline_id()


async def opened(stage: Stage, pilot: Pilot[int], *, facts: bool = True) -> None:
    """Open the page of NTH-04, and answer all that it asks."""
    stage.load(*queue_of_nine())
    await stage.press(pilot, "4")
    await stage.shows(pilot, "NTH-04")
    await stage.press(pilot, "enter")
    if facts:
        stage.tell("signals", "NTH-04", told.signals(T0))
        stage.tell("baselines", "NTH-04", told.baselines())
        await stage.until(pilot, lambda: asked(stage, "changes"))
        for metric in METRICS:
            stage.tell("hours", told.baseline_id(metric), told.hours(T0, metric))
        stage.tell("week", PHONE, told.detail())
        stage.tell("changes", PHONE, told.changes())
        await stage.settled(pilot)


def asked(stage: Stage, *kinds: str) -> list[tuple[str, str]]:
    return [(query.kind, query.key) for query in stage.link.queries if not kinds or query.kind in kinds]
