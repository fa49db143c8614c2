"""What share of a company's findings and of a real alert storm needs nobody's touch, and does any CRITICAL go unseen?

    python -m tests.e2e.untouched --seed 7 --days 30
    python -m tests.e2e.untouched --file STORM.ndjson.gz

A simulated company, or a file, goes through the live engine by `nocd replay`, without an operator; then the report
`triage-load` is read from the database that a daemon would have left. The share must be 0.8 or more, and none unseen.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from nocd.store.reports import triage_load

WAYS = ("folded", "held_back", "ended", "suppressed", "ticketed")


async def nocd(*arguments: str) -> None:
    """Run a command of the daemon's program; raises where it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "nocd", *arguments, stdout=asyncio.subprocess.DEVNULL
    )
    if await process.wait() != 0:
        raise SystemExit(f"nocd {arguments[0]} failed")


async def run(scratch: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Replay what is asked for, and return what triage took off people's hands."""
    file, data = asked.file, scratch / "data"
    if file is None:
        file = scratch / "events.ndjson"
        size = ("--sites", str(asked.sites), "--people", str(asked.people), "--days", str(asked.days))
        await nocd("simulate", "--seed", str(asked.seed), *size, "--out", str(file), "--truth", str(scratch / "truth"))
    await nocd("replay", str(file), "--data-dir", str(data), "--json")
    connection = sqlite3.connect(data / "tenants" / "default.db")
    days = triage_load(connection, since=0, limits=(frozenset(), frozenset()))
    totals = Counter[str]()
    for day in days:
        totals.update({name: day[name] for name in ("found", "critical_unseen", *WAYS)})
    share = sum(totals[name] for name in WAYS) / max(1, totals["found"])
    worst = min(day["share"] for day in days if day["found"])
    return {"days": len(days), **totals, "share": round(share, 4), "worst_day": worst}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sites", type=int, default=20)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--days", type=int, default=30)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        print(json.dumps(asyncio.run(run(Path(scratch), asked))))  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
