"""Scores of a company's punches, put into a tenant's file as the pipeline would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from nocd.domain.instant import DAY_MS
from tests.build_punches import MONDAY_MS, company

if TYPE_CHECKING:
    from nocd.tenant import Tenant

DAYS = 150
NOW = MONDAY_MS + (DAYS + 1) * DAY_MS
_INSERT = (
    "INSERT INTO scores (no, punch, person, site, client, time, updated_at, rules, model, score, level, alert, x, body,"
    " verdict, judged_at) VALUES (?, ?, ?, ?, NULL, ?, ?, ?, NULL, ?, 'MINIMAL', NULL, ?, ?, ?, ?)"
)


async def scored(tenant: Tenant, *, fraud: float = 0.04, label: float = 1.0, people: int = 30) -> int:
    """Put in 150 days of punches that end a day before `NOW`; return how many. So much of them has a verdict."""
    rows = company(1, days=DAYS, people=people, fraud=fraud, label=label)
    body = orjson.dumps({"shift": None, "device_kind": "terminal"})
    statements: list[tuple[str, tuple[Any, ...]]] = []
    for at in range(len(rows)):
        said, time = rows.label[at], int(rows.time_ms[at])
        verdict = None if np.isnan(said) else "fraud" if said else "benign"
        x = orjson.dumps([None if np.isnan(value) else float(value) for value in rows.x[at]])
        rules, site = float(rows.rules[at]), rows.groups["site"][at]
        row = (at + 1, f"e{at}", f"P{rows.unit[at]}", site, time, time, rules, rules, x, body)
        statements.append((_INSERT, (*row, verdict, None if verdict is None else time + DAY_MS)))
    return await tenant.store.run(statements)


async def moved(tenant: Tenant, *, days: float, column: int, factor: float) -> None:
    """Let a column of the punches of the last days be so many times what it was."""
    asked = "SELECT no, x FROM scores WHERE time > ?"
    rows = await tenant.store.read(lambda base: base.execute(asked, (NOW - int(days * DAY_MS),)).fetchall())
    statements = []
    for no, told in rows:
        x = orjson.loads(told)
        x[column] *= factor
        statements.append(("UPDATE scores SET x = ? WHERE no = ?", (orjson.dumps(x), no)))
    await tenant.store.run(statements)
