"""Values for tests: events, alerts and a tenant on a real file, with a clock that is wound by hand."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

import orjson

from nocd.clock import monotonic_s
from nocd.domain.event import Event
from nocd.domain.observation import EVENT_TYPES
from nocd.domain.severity import Severity
from nocd.domain.shelf import Shelves
from nocd.engine import Engine
from nocd.ingest.decode import Decoder
from nocd.metrics import Metrics
from nocd.outcome import RECORD_TYPES
from nocd.store.codec import decoders, encode
from nocd.tenant import Tenant, TenantLimits
from nocd.triage.intake import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

T0 = 1_767_225_600_000  # 2026-01-01T00:00:00Z
ALONE = Limits(ticket_severities=frozenset(), escalate_minutes={})  # alerts by themselves: no work, nobody told
_ids = count(1)


@dataclass(slots=True)
class Clock:
    """A time of day that moves when told to."""

    now: int = T0

    def __call__(self) -> int:
        return self.now

    def forward(self, ms: int) -> int:
        self.now += ms
        return self.now


def line(kind: str, data: dict[str, Any], *, at: str = "2026-01-01T00:00:00Z", event_id: str | None = None) -> bytes:
    """Return a CloudEvent as a script would post it."""
    event = {"specversion": "1.0", "id": event_id or f"e{next(_ids)}", "source": "/t", "type": kind, "time": at}
    return orjson.dumps({**event, "data": data})


def event(
    kind: str, /, *, at: int = T0, received_at: int | None = None, event_id: str | None = None, **data: Any
) -> Event:
    """Return a decoded event at `at` (ms)."""
    event_id = event_id or f"e{next(_ids)}"
    body = orjson.dumps({"specversion": "1.0", "id": event_id, "source": "/t", "type": kind, "data": data})
    return Event(
        id=event_id,
        source="/t",
        type=kind,
        time=at,
        received_at=at if received_at is None else received_at,
        data=EVENT_TYPES[kind](**data),
        body=body,
    )


def firing(name: str = "Camera", *, at: int = T0, **more: Any) -> Event:
    """Return an outside alert that fires."""
    return _outside(name, at=at, status="firing", **more)


def resolved(name: str = "Camera", *, at: int = T0, **more: Any) -> Event:
    """Return an outside alert that is over."""
    return _outside(name, at=at, status="resolved", **more)


def _outside(name: str, *, at: int, status: str, severity: str = "HIGH", entity: str = "cam-7", **more: Any) -> Event:
    data = {"alert_type": name, "severity": Severity(severity), "status": status, "message": f"{name} {status}"}
    received_at, event_id = more.pop("received_at", None), more.pop("event_id", None)
    return event(
        "noc.alert",
        at=at,
        received_at=received_at,
        event_id=event_id,
        **{**data, "entity_type": "camera", "entity_id": entity, "site": "S1", **more},
    )


def engine(limits: Limits | None = None, **rooms: Any) -> Engine:
    """Return an engine that knows nothing yet."""
    return Engine(Shelves(encode), limits or Limits(), **rooms)


@cache
def _decoders() -> dict[str, Callable[[bytes], Any]]:
    return decoders(RECORD_TYPES)


def saved_and_loaded(made: Engine, **rooms: Any) -> Engine:
    """Return an engine that takes up what another has on its shelves, as after a restart."""
    shelves, decode = Shelves(encode), _decoders()
    for kind, key, body in made.shelves:
        assert body is not None
        shelves.restore(kind, key, decode[kind](body))
    return Engine(shelves, Limits(), **rooms)


@dataclass(slots=True)
class Opened:
    """A tenant's file and the clock it runs by, to open again and again."""

    path: Path
    clock: Clock = field(default_factory=Clock)
    limits: TenantLimits = field(default_factory=TenantLimits)

    async def open(self) -> Tenant:
        return await Tenant.open(
            "default", self.path, metrics=Metrics(), limits=self.limits, now_ms=self.clock, monotonic_s=monotonic_s
        )

    @asynccontextmanager
    async def tenant(self) -> AsyncIterator[Tenant]:
        tenant = await self.open()
        try:
            yield tenant
        finally:
            await tenant.close()


async def crash(tenant: Tenant) -> None:
    """Stop a tenant as a kill would: nothing more is saved."""
    assert tenant._task is not None
    tenant._task.cancel()
    await tenant.store.close()


def decoder() -> Decoder:
    """Return a decoder with the default limits."""
    ids = count(1)
    return Decoder(new_id=lambda: f"made-{next(ids)}")


async def until(holds: Callable[[], bool], *, within_s: float = 20.0) -> None:
    """Return as soon as `holds` does; raises TimeoutError where it does not in time."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - what is waited for gives no event, and a test only watches
            await asyncio.sleep(0.002)
