"""What handlers find on the application, by key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from aiohttp import web

from nocd.api.auth import TOKEN
from nocd.api.server import HttpLimits
from nocd.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path
    from typing import Any

    from nocd.ingest.decode import Decoder
    from nocd.metrics import Metrics
    from nocd.store.folder import Folder
    from nocd.tenant import Tenant


class Health(Protocol):
    """What the daemon knows about itself."""

    def ready(self) -> str:
        """Return why it does not take events, or nothing where it does."""
        ...

    def parts(self) -> Mapping[str, Mapping[str, Any]]:
        """Return each part's state, `ok` or `degraded`, with why."""
        ...


class Jobs(Protocol):
    """The timetable, as handlers see it."""

    def listed(self) -> list[dict[str, Any]]:
        """Return each job's name, plan, limit and next run."""
        ...

    async def run_now(self, name: str, *, tenant: str) -> dict[str, Any]:
        """Run a job, or wait for its run under way; return how it ended for a tenant."""
        ...


class Sends(Protocol):
    """Who sends messages, as handlers see it."""

    def wake(self, tenant: str) -> None:
        """Have a tenant's workers look again at what is due."""
        ...

    async def listed(self, tenant: Tenant, *, sites: frozenset[str], clients: frozenset[str]) -> list[dict[str, Any]]:
        """Return each receiver as a tenant sees it; counted is what is about these sites and clients."""
        ...

    def receiver(self, name: str) -> object:
        """Return a receiver by name; raises NotFound."""
        ...

    async def test(self, name: str) -> Tried:
        """Send a test message to a receiver now; raises NotFound."""
        ...


class TriesOut(Protocol):
    """Who runs what-ifs, as handlers see it."""

    async def ask(self, database: Path, asked: dict[str, Any]) -> dict[str, Any]:
        """Return what a change would have done to the past in a tenant's file; raises NocdError."""
        ...


class Moved(Protocol):
    """Which model is put in force, and which was before."""

    @property
    def version(self) -> str:
        """Return the version that is put in force."""
        ...

    @property
    def former(self) -> str | None:
        """Return the version that was before, None without one."""
        ...


class Versions(Protocol):
    """Who keeps models, as handlers see it; what is refused is raised with the registry's own code."""

    async def listed(self, tenant: str) -> dict[str, Any]:
        """Return a tenant's versions, which is in force and which was before."""
        ...

    async def card(self, tenant: str, version: str) -> dict[str, Any]:
        """Return what is known of a version; raises NotFound."""
        ...

    async def in_force(self, tenant: str) -> tuple[str | None, str | None]:
        """Return the version in force and the one before it."""
        ...

    async def activate(self, tenant: str, version: str, tell: Callable[[Moved], Awaitable[None]]) -> Moved:
        """Put a version in force once it is told; raises Conflict or NotFound."""
        ...

    async def roll_back(self, tenant: str, tell: Callable[[Moved], Awaitable[None]]) -> Moved:
        """Put the former version in force again once it is told; raises Conflict."""
        ...


class Tried(Protocol):
    """What came of a test message."""

    @property
    def ok(self) -> bool:
        """Tell whether it arrived."""
        ...

    @property
    def detail(self) -> str:
        """Return the receiver's answer, or why there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything handlers need: who is served, by what, within which limits."""

    tenants: Mapping[str, Tenant]
    decoder: Decoder
    metrics: Metrics
    health: Health
    now_ms: Callable[[], int]
    max_body_bytes: int
    max_event_bytes: int
    max_batch: int
    folder: Folder
    jobs: Callable[[], Jobs]
    notifier: Sends
    whatif: TriesOut
    versions: Versions


DESK: Final = web.AppKey("desk", Desk)
HTTP: Final = web.AppKey("http", HttpLimits)


def tenant_of(request: web.Request) -> Tenant:
    """Return the tenant the request's token belongs to; no other can be named."""
    name = request[TOKEN].tenant
    tenant = request.app[DESK].tenants.get(name)
    if tenant is None:
        msg = f"tenant {name} is not served here"
        raise NotFound(msg, code="unknown_tenant")
    return tenant
