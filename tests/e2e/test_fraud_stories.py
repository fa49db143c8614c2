"""Stories of fraud and of verdicts on a live daemon: from a punch to a frame, from ten verdicts to a threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nocd.domain.instant import HOUR_MS, MINUTE_MS
from tests.build import until
from tests.e2e.story import NIGHT, story

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.story import Story

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(120), pytest.mark.may_block("a daemon in a process of its own")]

GATES = 10
LEARNING_DAYS = 15
FAR = {"id": "S2", "name": "Mill", "client": "Acme", "timezone": "UTC", "lat": 51.9, "lon": -0.1}
MATCHED = {"method": "FACE", "match_distance": 0.12, "confidence": 0.95, "liveness": 0.96, "verified": True}
PHOTO = {"method": "FACE", "match_distance": 0.37, "confidence": 0.6, "liveness": 0.3, "verified": True}


async def test_a_photo_held_up_elsewhere_becomes_a_score_an_alert_a_ticket_and_frames(tmp_path: Path) -> None:
    async with story(tmp_path) as night:
        await night.begin()
        await night.post("noc.site", **FAR)
        await night.post("noc.person", id="P1", name="Guard P1", sites=["S1", "S2"], role="guard", active=True)
        night.clock.wind(NIGHT + 20 * MINUTE_MS)
        await night.post("noc.attendance.punch", person="P1", site="S1", direction="in", device="T1", **MATCHED)
        night.clock.wind(NIGHT + 22 * MINUTE_MS)
        await night.post("noc.attendance.punch", person="P1", site="S2", direction="in", device="T2", **PHOTO)
        for kind in ("BUDDY_PUNCHING", "BIOMETRIC_LOW", "ATTENDANCE_FRAUD"):
            await night.until("finding_created", type=kind, person="P1")
        told = (await night.until("fraud_scored", person="P1", site="S2"))["data"]
        assert (told["level"], told["method"]) == ("CRITICAL", "rules")
        assert {check["check"] for check in told["checks"]} >= {"buddy_punching", "biometric_low"}
        ticket = (await night.until("ticket_created"))["data"]
        assert told["alert"] in ticket["alerts"]
        (score,) = (await night.ask("GET", "/v1/fraud/scores/live?min_score=0.8"))["items"]
        assert (score["id"], score["label"]) == (told["id"], None)
        await night.ask("POST", f"/v1/alerts/{told['alert']}/resolve", {"verdict": "fraud", "note": "a photo"})
        (score,) = (await night.ask("GET", "/v1/fraud/scores/live?min_score=0.8"))["items"]
        assert (score["label"], score["verdict"]) == (1, None)


async def test_ten_false_positives_raise_the_threshold_to_four_at_the_next_tuning(tmp_path: Path) -> None:
    async with story(tmp_path) as night:
        await night.post("noc.site", id="S1", name="Depot", client="Acme", timezone="UTC", lat=51.5, lon=-0.1)
        for hour in range(24 * LEARNING_DAYS):
            await queues(night, 100.0 + hour * 7 % 5)
        await queues(night, 400.0)
        await queues(night, 100.0)
        await queues(night, 100.0)
        await until(lambda: len(accused(night)) == GATES)
        for alert in accused(night):
            await night.ask("POST", f"/v1/alerts/{alert}/resolve", {"verdict": "false_positive", "note": "a fair"})
        assert {each["threshold"] for each in (await night.ask("GET", "/v1/baselines"))["items"]} == {3.0}
        ran = await night.ask("POST", "/v1/jobs/tuning/run")
        assert ran["detail"] == f"{GATES} of {GATES} thresholds moved"
        assert {each["threshold"] for each in (await night.ask("GET", "/v1/baselines"))["items"]} == {4.0}
        moved = await night.ask("GET", "/v1/baselines/queue@S1:g0/changes")
        assert "10 of 10 verdicts" in moved["items"][0]["reason"]


def accused(night: Story) -> set[str]:
    """Return the alerts that a queue was longer than usual."""
    return {change["data"]["id"] for change in night.told("alert_created", type="ANOMALY_SAMPLE_ABOVE")}


async def queues(night: Story, value: float) -> None:
    """Let an hour pass in which the queues at all gates were so long."""
    night.clock.wind(night.clock.now_ms() + HOUR_MS)
    gates = [{"metric": "queue", "value": value, "site": "S1", "entity": f"g{gate}"} for gate in range(GATES)]
    await night.post_all("noc.sample", gates)
