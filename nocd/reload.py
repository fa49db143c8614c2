"""What a hang-up has a running daemon read again: all that changed is taken over, or nothing is."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nocd import log
from nocd.configured import tenant_limits
from nocd.errors import NocdError
from nocd.settings import RELOADED, Settings, on_record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nocd.notify.notifier import Notifier
    from nocd.store.tokens import TokenTable
    from nocd.tenant import Tenant, TenantLimits

ENGINES = frozenset(RELOADED) - {"receivers"}  # what an engine is built by


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is read: the settings in force from now on, as they are on record, and what waits for a restart."""

    settings: Settings
    limits: TenantLimits
    record: dict[str, Any]
    changed: list[str]
    waiting: list[str]


@dataclass(slots=True, kw_only=True)
class Reload:
    """Reads settings, rules, runbooks, routes, receivers and tokens again while everything goes on.

    Whatever an engine is built by takes effect as it would by a restart: the state is saved whole, and the engine built
    anew from it. Meanwhile events and commands wait; no connection is dropped.
    """

    settings: Settings
    record: dict[str, Any]
    reread: Callable[[], Settings]
    table: TokenTable
    tenants: Mapping[str, Tenant]
    notifier: Notifier
    adopt: Callable[[Settings, TenantLimits], None]
    now_ms: Callable[[], int]
    refused: bool = False
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    def ask(self) -> None:
        """Reload, after what is being reloaded."""
        task = asyncio.ensure_future(self._run())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def end(self) -> None:
        """Give up what is being reloaded."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def part(self) -> dict[str, Any]:
        """Return whether what the files say is in force, in words that every tenant may read."""
        detail = "the last reload was refused, what held before holds; the log says why" if self.refused else ""
        return {"state": "degraded" if self.refused else "ok", "detail": detail}

    async def _run(self) -> None:
        async with self._lock:
            self.refused = not await self._reloads()

    async def _reloads(self) -> bool:
        """Read everything and take it over; tell whether that was done."""
        try:
            found = await asyncio.to_thread(self._read)
            await self._take_over(found)
        except NocdError as error:
            log.event("reload_failed", level=logging.ERROR, code=error.code, detail=error.detail)
            return False
        except Exception as error:  # noqa: BLE001 - whatever it is, the daemon goes on as it was
            log.event("reload_failed", level=logging.ERROR, error=error)
            return False
        log.event("reloaded", changed=", ".join(found.changed), needs_restart=", ".join(found.waiting))
        return True

    def _read(self) -> Found:
        """Read and check everything; raises Faulty with each fault's file and line."""
        wanted = self.reread()
        record = on_record(wanted)
        differing = [name for name in Settings.model_fields if record[name] != self.record[name]]
        settings = self.settings.model_copy(update={name: getattr(wanted, name) for name in RELOADED})
        limits = tenant_limits(settings)
        self.table.reload()
        return Found(
            settings=settings,
            limits=limits,
            record={**self.record, **{name: record[name] for name in RELOADED}},
            changed=[name for name in differing if name in RELOADED],
            waiting=[name for name in differing if name not in RELOADED],
        )

    async def _take_over(self, found: Found) -> None:
        if not found.changed:
            return
        self.adopt(found.settings, found.limits)
        if ENGINES.intersection(found.changed):
            for tenant in list(self.tenants.values()):
                await tenant.renew(found.limits)
        if "receivers" in found.changed:
            await self.notifier.renew(found.settings.receivers)
        self.settings, self.record = found.settings, found.record
        await asyncio.to_thread(self.table.store.configured, found.record, now=self.now_ms())
