"""Rows as months of work leave them, written straight into a tenant's file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from nocd.domain.finding import Category, Finding
from nocd.domain.instant import HOUR_MS
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from nocd.tenant import Tenant

FALSE_ALERTS = 3
FIRST_ALERT = 900_000


def _finding(number: int, hour: int, site: str) -> Finding:
    return Finding(
        id=f"F-{number}",
        type="ANOMALY_PHONE_EVENTS_ABOVE",
        category=Category.DEVICE_HEALTH,
        severity=Severity.MEDIUM,
        confidence=0.7,
        time=hour + HOUR_MS,
        reason="more than usual",
        site=site,
    )


async def false_alerts(tenant: Tenant, baseline: str, *, before: int) -> None:
    """Leave three alerts of a baseline that were called false, at z of 3.1 to 3.3, each an hour of the days before."""
    statements = []
    for number in range(FALSE_ALERTS):
        hour = before - (24 * (number + 1)) * HOUR_MS
        alert, site = FIRST_ALERT + number, baseline.rpartition("@")[2]
        statements += [
            (
                "INSERT OR REPLACE INTO site_hours VALUES (?, ?, 5, 40.0, 1.0, 20.0, 6.0, ?, 3.0, 1, 0)",
                (baseline, hour, 3.1 + 0.1 * number),
            ),
            (
                "INSERT INTO findings VALUES (?, ?, ?, ?, 'ANOMALY_PHONE_EVENTS_ABOVE', 3, ?, NULL, NULL, 0, ?)",
                (alert, alert, hour + HOUR_MS, hour + HOUR_MS, site, orjson.dumps(_finding(alert, hour, site))),
            ),
            (
                "INSERT INTO verdicts VALUES (?, ?, 'false_positive', 'ANOMALY_PHONE_EVENTS_ABOVE', ?, NULL, NULL, ?)",
                (alert, hour + HOUR_MS, site, baseline),
            ),
        ]
    await tenant.store.run(statements)


async def dead_letter(tenant: Tenant, *, site: str | None = None, receiver: str = "desk") -> None:
    """Leave one message that was given up."""
    sql = (
        "INSERT INTO outbox (id, receiver, state, route, site, alerts, created_at, due_at, give_up_at, ended_at, error,"
        " body) VALUES ('msg_x' || (SELECT count(*) FROM outbox), ?, 'dead', 'all', ?, 'A-1', 1, 1, 1,"
        " unixepoch() * 1000, 'no', x'7b7d')"
    )
    await tenant.store.run([(sql, (receiver, site))])
