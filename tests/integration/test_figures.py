"""What reports count, on a real file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nocd.store import reports
from tests.build import T0, Opened, firing

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_a_playbook_did_to_an_alert_is_no_persons_look_at_it(tmp_path: Path) -> None:
    async with Opened(tmp_path / "t.db").tenant() as tenant:
        await tenant.post([firing("Fire", severity="CRITICAL")])
        noted = "INSERT INTO ledger VALUES (1, 99, ?, 'note', 'seen', 'playbook Doors', NULL, NULL)"
        over = "UPDATE alerts SET status = 'resolved', standing = 0 WHERE no = ?"
        await tenant.store.run([(noted, (T0,)), (over, (1,))])
        (day,) = await tenant.store.read(reports.triage_load, since=T0, limits=(frozenset(), frozenset()))
        assert (day["touched"], day["ended"], day["critical_unseen"]) == (0, 1, 1)
