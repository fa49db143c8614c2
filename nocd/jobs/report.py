"""What a run of a job has to tell: to everyone, and to each tenant of its own part; no tenant hears of another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from nocd.tenant import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How a run went for one tenant."""

    ok: bool
    detail: str
    error: Exception | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run did: for each tenant alone, or in a sentence that every tenant may read."""

    detail: str = ""
    parts: Mapping[str, Part] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One run of a job: how it ended, how long it took, what it said to everyone, and what to each tenant."""

    job: str
    ok: bool
    seconds: float
    detail: str
    quiet: bool
    parts: Mapping[str, Part] = field(default_factory=dict)

    def of(self, tenant: str) -> Part:
        """Return how the run went for a tenant; where tenants had parts and it has none, nothing failed for it."""
        return self.parts.get(tenant) or Part(ok=self.ok or bool(self.parts), detail=self.detail)

    def told(self, tenant: str) -> dict[str, Any]:
        """Return the run as a tenant's feed and API tell it."""
        part = self.of(tenant)
        return {
            "job": self.job,
            "outcome": "ok" if part.ok else "failed",
            "seconds": round(self.seconds, 3),
            "detail": part.detail,
        }


async def each(tenants: Mapping[str, Tenant], work: Callable[[str, Tenant], Awaitable[str]]) -> Report:
    """Do `work` for one tenant after another, whatever it comes to for those before; return the part of each."""
    parts = {}
    for name, tenant in list(tenants.items()):
        try:
            parts[name] = Part(ok=True, detail=await work(name, tenant))
        except Exception as error:  # noqa: BLE001 - it is this tenant's result, and keeps no other from theirs
            parts[name] = Part(ok=False, detail=failure(error), error=error)
    return Report(parts=parts)


def failure(error: Exception) -> str:
    """Return what went wrong in a sentence; no path, for that names a tenant (the log has it)."""
    named = isinstance(error, OSError) and error.filename is not None
    return f"{type(error).__name__}: {getattr(error, 'strerror', '') if named else error}"
