"""Events of the past through an engine into a folder, on their own clock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nocd.clock import monotonic_s
from nocd.configured import decoder, tenant_limits
from nocd.history.replay import EventClock, Replay, totals
from nocd.metrics import Metrics
from nocd.tenant import Tenant
from nocd.triage.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nocd.settings import Settings
    from nocd.store.folder import Folder

DEFAULT_TENANT = "default"


async def replay(
    settings: Settings,
    folder: Folder,
    *,
    lines: Iterable[bytes],
    tenant: str = DEFAULT_TENANT,
    shift_ms: int = 0,
    speed: float | None = None,
) -> dict[str, Any]:
    """Run events through the engine into `folder`, which the caller has locked, on their own clock; return counts."""
    clock = EventClock()
    opened = await Tenant.open(
        tenant,
        folder.tenant_db(tenant),
        metrics=Metrics(),
        limits=replace(tenant_limits(settings), routes=Routes()),  # the past is told to nobody
        now_ms=clock,
        monotonic_s=monotonic_s,
        event_clock=True,
    )
    started = monotonic_s()
    try:
        run = Replay(tenant=opened, decoder=decoder(settings), clock=clock, shift_ms=shift_ms, speed=speed)
        await run.run(lines)
        seconds = round(monotonic_s() - started, 3)
        counted = {"events": run.accepted, "duplicates": run.duplicates, "rejected": run.rejected, "seconds": seconds}
        return counted | await totals(opened)
    finally:
        await opened.close()
