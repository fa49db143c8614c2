"""The composition root: builds everything in order, closes it in reverse; the one place that knows everybody."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import ssl
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any

from aiohttp import web

from nocd import log, service
from nocd.api.app import make_app
from nocd.api.auth import Gate
from nocd.api.feed_server import FeedLimits, FeedServer, FeedSource
from nocd.api.keys import Desk
from nocd.api.server import HttpLimits, Runner
from nocd.api.tokens import TokenRoutes
from nocd.clock import monotonic_s, now_ms
from nocd.configured import decoder, tenant_limits, upkeep_limits
from nocd.domain.command import HEARTBEAT, Command
from nocd.domain.instant import zone
from nocd.errors import NocdError, StorageFull
from nocd.jobs.models import model_jobs
from nocd.jobs.scheduler import Scheduler
from nocd.jobs.timetable import Upkeep, timetable
from nocd.metrics import Metrics
from nocd.models import Models
from nocd.notify.notifier import Notifier
from nocd.reload import Reload
from nocd.replaying import DEFAULT_TENANT
from nocd.settings import on_record
from nocd.store.tokens import TokenStore, TokenTable
from nocd.tenant import Tenant, TenantLimits
from nocd.training import Training
from nocd.versions import Versions
from nocd.whatif import WhatIf

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from nocd.settings import Settings
    from nocd.store.folder import Folder


# Most of what is in memory is state, without cycles: to walk it at every quarter it grows by held the loop 200 ms.
_COLLECT_AFTER = (10_000, 10, 50)


class Daemon:
    """Everything that runs, from the lock on its folder to the socket it listens on."""

    def __init__(
        self,
        settings: Settings,
        folder: Folder,
        *,
        sockets: list[socket.socket] | None = None,
        now_ms: Callable[[], int] = now_ms,
        http: HttpLimits | None = None,
        reread: Callable[[], Settings] | None = None,
    ) -> None:
        """Plan a daemon on `folder`, which the caller has locked; `sockets` are served in place of `listen`.

        A hang-up takes over what `reread` returns then.
        """
        self.now_ms = now_ms
        self.http = http or HttpLimits()
        self.decoder = decoder(settings)
        self.limits: TenantLimits
        self.settings = settings
        self.folder = folder
        self.metrics = Metrics()
        self.whatif = WhatIf(settings)
        self.notifier = Notifier(settings.receivers, metrics=self.metrics, now_ms=now_ms)
        self.models = Models(folder=folder, metrics=self.metrics, now_ms=now_ms)
        self.versions = Versions(folder=folder, reload=self.models.reload)
        self.training = Training(
            folder=folder, now_ms=now_ms, changed=self.models.reload, auto_approve=settings.auto_approve
        )
        self.tenants: dict[str, Tenant] = {}
        self.url = ""
        self._sockets = sockets or []
        self._reread = reread or (lambda: settings)
        self._stack, self._served = AsyncExitStack(), AsyncExitStack()
        self._stop_by_s = 0.0
        self._opening = asyncio.Lock()
        self._starting = "starting"
        self._reload: Reload | None = None
        self._upkeep: Upkeep
        self._scheduler: Scheduler

    async def start(self) -> None:
        """Build in order; whatever fails, what was built before it is closed again."""
        try:
            await self._build()
        except BaseException:
            await self._stack.aclose()
            raise
        self._starting = ""

    async def stop(self) -> None:
        """Close in reverse: stop intake, end feeds, commit, save, close; each step bounded, all within `shutdown_s`."""
        self._starting = "stopping"
        self._stop_by_s = monotonic_s() + self.settings.shutdown_s
        with suppress(OSError):  # whoever is to be told may be gone; stopping goes on
            service.notify(os.environ, "STOPPING=1")
        await self._stack.aclose()

    def ready(self) -> str:
        """Return why events are not taken now, or nothing."""
        if self._starting:
            return self._starting
        for name, tenant in self.tenants.items():
            reason = tenant.pipeline.broken or tenant.pipeline.refusal
            if reason is not None:
                return f"{name}: {reason.detail}"
        return ""

    def parts(self) -> dict[str, dict[str, Any]]:
        """Return each part's state and why."""
        return self._upkeep.parts()

    def _other_parts(self) -> dict[str, dict[str, Any]]:
        return {
            "notify": self.notifier.part(),
            "settings": self._reload.part() if self._reload else {"state": "ok", "detail": ""},
        }

    async def _build(self) -> None:
        settings = self.settings
        self.limits = await asyncio.to_thread(tenant_limits, settings)
        table = await asyncio.to_thread(_tokens, self.folder, settings)
        self._closing("tokens", lambda: asyncio.to_thread(table.flush))
        self._closing("models", self.models.close)
        self._closing("tenants", self._served.aclose)
        for name in await asyncio.to_thread(_tenant_names, table, self.folder):
            await self._open_tenant(name)
        feed_server = FeedServer(
            self._feed_of,
            limits=FeedLimits(
                clients_max=settings.feed_clients_max, backlog_max=settings.feed_backlog_max, close_timeout_s=2.0
            ),
            now=self.now_ms,
        )
        self._upkeep = Upkeep(
            tenants=self.tenants,
            folder=self.folder.root,
            metrics=self.metrics,
            settings=upkeep_limits(settings),
            feed_stats=feed_server.stats,
            flush_tokens=table.flush,
            flush_refusals=table.flush_refusals,
            others=self._other_parts,
            now_ms=self.now_ms,
        )
        gate = Gate(
            table.current,
            used=table.used,
            refused=table.refused,
            commands_per_minute=settings.commands_per_minute,
            failures_per_minute=settings.failed_logins_per_minute,
        )
        tokens = TokenRoutes(table, revoked=feed_server.expel, serve=self._open_tenant)
        app = make_app(self._desk(), gate=gate, feed_server=feed_server, tokens=tokens, http=self.http)
        await self.training.tidy()
        jobs = [*timetable(self._upkeep), *model_jobs(self.training, self.versions, self.tenants, self.now_ms)]
        self._scheduler = Scheduler(
            jobs, timezone=zone(settings.timezone), told=self._upkeep.told, monotonic_s=monotonic_s
        )
        await self._listen(app)
        self._closing("whatif", self.whatif.close)  # before HTTP, which waits for those who asked
        self._closing("feed", feed_server.close_all)
        await self._upkeep.guard_disk()
        self._scheduler.start(await self._upkeep.recall(jobs))
        self._closing("jobs", self._scheduler.stop)
        checking = asyncio.create_task(self._scheduler.run("integrity"))
        self._closing("integrity", lambda: _end(checking))
        self._hear_hang_ups(table, await asyncio.to_thread(on_record, settings))

    def _hear_hang_ups(self, table: TokenTable, record: dict[str, Any]) -> None:
        """Have a hang-up take over what changed since `record`."""
        self._reload = Reload(
            settings=self.settings,
            record=record,
            reread=self._reread,
            table=table,
            tenants=self.tenants,
            notifier=self.notifier,
            adopt=self._adopt,
            now_ms=self.now_ms,
        )
        self._closing("reload", self._reload.end)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload.ask)

    def _adopt(self, settings: Settings, limits: TenantLimits) -> None:
        self.settings = self.whatif.settings = settings
        self.limits = limits

    async def _open_tenant(self, name: str) -> None:
        """Serve a tenant, making its file where there is none; no effect where it is served already."""
        async with self._opening:
            if name in self.tenants:
                return
            self.tenants[name] = tenant = await Tenant.open(
                name,
                self.folder.tenant_db(name),
                metrics=self.metrics,
                limits=self.limits,
                now_ms=self.now_ms,
                monotonic_s=monotonic_s,
            )
            tenant.pipeline.predict, tenant.explain = self.models.asked_for(name)
            self._closing(f"tenant {name}", tenant.close, among=self._served)
            loading = asyncio.create_task(self._load_model(name))  # the library alone takes seconds; rules begin
            self._closing(f"model {name}", lambda: _end(loading), among=self._served)
            self._closing(f"outbox {name}", self.notifier.serve(tenant), among=self._served)
            if tenant.pipeline.last_no:  # a file that has lived before learns how long it has not
                with suppress(NocdError):  # on a full disk it is told by the first heartbeat that has room
                    await tenant.ask(Command(verb=HEARTBEAT, target=name, actor="nocd", time=self.now_ms()))

    async def _load_model(self, tenant: str) -> None:
        try:
            await self.models.reload(tenant)
        except OSError as error:
            log.event("model_unread", level=logging.ERROR, error=error)

    def _desk(self) -> Desk:
        settings = self.settings
        return Desk(
            tenants=self.tenants,
            decoder=self.decoder,
            metrics=self.metrics,
            health=self,
            now_ms=self.now_ms,
            max_body_bytes=settings.max_body_bytes,
            max_event_bytes=settings.max_event_bytes,
            max_batch=settings.max_batch,
            folder=self.folder,
            jobs=lambda: self._scheduler,
            notifier=self.notifier,
            whatif=self.whatif,
            versions=self.versions,
        )

    async def _listen(self, app: web.Application) -> None:
        settings = self.settings
        runner = Runner(app, self.http)
        await runner.setup()
        self._closing("http", runner.cleanup)
        tls = await asyncio.to_thread(_tls, settings)
        for handed in self._sockets:
            await web.SockSite(runner, handed, ssl_context=tls).start()
        if not self._sockets:
            await web.TCPSite(runner, settings.host, settings.port, ssl_context=tls, reuse_address=True).start()
        await asyncio.to_thread(self.folder.socket.unlink, missing_ok=True)
        former = os.umask(0o177)
        try:
            await web.UnixSite(runner, str(self.folder.socket)).start()
        finally:
            os.umask(former)
        self.url = _url(runner.addresses, tls=tls is not None)
        await asyncio.to_thread(self.folder.url_file.write_text, f"{self.url}\n")
        self._closing("signposts", lambda: asyncio.to_thread(_unlink, self.folder.url_file, self.folder.socket))

    def _feed_of(self, tenant: str) -> FeedSource:
        return FeedSource(self.tenants[tenant].hub, self.tenants[tenant].log)

    def _closing(
        self, name: str, close: Callable[[], Awaitable[object]], *, among: AsyncExitStack | None = None
    ) -> None:
        """Have `close` awaited at the stop, within what is then left of `shutdown_s`: a second at the least."""

        async def closing() -> None:
            try:
                async with asyncio.timeout(max(1.0, self._stop_by_s - monotonic_s())):
                    await close()
            except Exception as error:  # noqa: BLE001 - one part that will not close must not keep the rest from it
                log.event("close_failed", level=logging.ERROR, part=name, error=error)

        (among or self._stack).push_async_callback(closing)


async def serve(
    daemon: Daemon,
    *,
    ready: Callable[[str], None],
    beside: Callable[[Daemon], Awaitable[None]] | None = None,
) -> None:
    """Run a daemon until SIGTERM or SIGINT, or until `beside` ends; `ready` hears the URL once events are taken."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopping.set)
    loop.set_exception_handler(log.loop_faults(monotonic_s))
    gc.set_threshold(*_COLLECT_AFTER)
    await daemon.start()
    gc.freeze()
    tasks: list[asyncio.Task[None]] = []
    try:
        tasks.append(asyncio.create_task(_feed_watchdog(service.watchdog_s(os.environ))))
        log.event("ready", url=daemon.url)
        service.notify(os.environ, "READY=1")
        ready(daemon.url)
        ends = [asyncio.create_task(_run(stopping.wait()))]
        if beside is not None:
            ends.append(asyncio.create_task(_run(beside(daemon))))
        tasks += ends
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await daemon.stop()
        log.event("stopped")
    for task in done:
        task.result()


async def _run(work: Awaitable[object]) -> None:
    await work


async def _feed_watchdog(every_s: float | None) -> None:
    """Tell the service manager that the event loop turns."""
    while every_s is not None:
        service.notify(os.environ, "WATCHDOG=1")
        await asyncio.sleep(every_s)


def _tokens(folder: Folder, settings: Settings) -> TokenTable:
    store = TokenStore(folder.daemon_db)
    try:
        store.configured(on_record(settings), now=now_ms())
    except StorageFull as error:  # reads go on with a full disk, so a start does too
        log.event("settings_not_on_record", level=logging.ERROR, error=error)
    for written in store.first(folder, now=now_ms()):
        log.event("token_written", file=str(written))
    return TokenTable(store)


def _tenant_names(table: TokenTable, folder: Folder) -> list[str]:
    """Return who is served: the default tenant, and every other that has a token or a file."""
    return sorted({DEFAULT_TENANT, *(token.tenant for token in table.store.all()), *folder.tenant_names()})


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.tls_cert, settings.tls_key)
    return context


def _url(addresses: list[Any], *, tls: bool) -> str:
    host, port = next(address[:2] for address in addresses if isinstance(address, tuple))
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{shown}:{port}"


async def _end(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _unlink(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
