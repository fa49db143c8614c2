"""Whether the model that was in force before comes back, by what both made of the same punches."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS
from nocd.errors import UnavailableError
from nocd.fraud.performance import ROWS_MAX, Judged
from nocd.fraud.standing import SHADOW_DAYS, Shadowed, decide
from nocd.fraud.steps import ACTIVATED, MODEL_STEP, ROLLED_BACK, args
from nocd.store import model_rows
from nocd.store.model_rows import Scope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nocd.tenant import Tenant

ACTOR: Final = "nocd"
SHADOW_MS: Final = SHADOW_DAYS * DAY_MS


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


class KeepsModels(Protocol):
    """Who knows which model is in force, and can take it back."""

    @property
    def reload(self) -> Callable[[str], Awaitable[object]]:
        """Return what loads a tenant's models anew: the one in force, and the one that is in its shadow by now."""
        ...

    async def in_force(self, tenant: str) -> tuple[str | None, str | None]:
        """Return the version in force and the one before it."""
        ...

    async def roll_back(self, tenant: str, tell: Callable[[Moved], Awaitable[None]], *, to: str | None) -> Moved:
        """Put the former version in force again, if it is `to`, once it is told; raises NocdError."""
        ...


async def judge_champion(tenant: Tenant, models: KeepsModels, *, now: int) -> str:
    """Have a tenant's former model come back where it is better; return what was decided, and why.

    What is in force and was never told, for a stop came between, is told first.
    """
    active, former = await models.in_force(tenant.name)
    if active is None:
        return "no model is in force; rules decide alone"
    last = await tenant.store.read(model_rows.put_in_force)
    if last is None or last.version != active:
        reason = "it was found in force"
        await _tell(tenant, ACTIVATED, active, reason, {"former": former}, now=now)
        return f"{active}: {reason}"
    if last.kind == ROLLED_BACK:
        return f"{active} stays: it was put back, and a model is put back once"
    if former is None:
        return f"{active} stays: no model was in force before it"
    decision = await asyncio.to_thread(decide, await _shadowed(tenant, active, former, since=last.time), now=now)
    if not decision.returns:
        if now - last.time > SHADOW_MS and await _still_scores(tenant, active, former, now=now):
            await models.reload(tenant.name)
        return decision.reason

    async def tell(moved: Moved) -> None:
        body = {"former": moved.former, **decision.figures}
        await _tell(tenant, ROLLED_BACK, moved.version, decision.reason, body, now=now)

    await models.roll_back(tenant.name, tell, to=former)
    return decision.reason


async def _still_scores(tenant: Tenant, active: str, former: str, *, now: int) -> bool:
    """Tell whether a model still scored in the shadow in the last day."""
    scope = Scope(since=now - DAY_MS, version=active)
    return await tenant.store.read(model_rows.shadow_of, scope) == former


async def _shadowed(tenant: Tenant, active: str, former: str, *, since: int) -> Shadowed:
    """Return what both models made of the punches since `since` (UTC ms)."""
    scope = Scope(since=since, version=active, shadow=former)
    counts = await tenant.store.read(model_rows.counted, scope)
    rows = await tenant.store.read(model_rows.judged, scope, limit=ROWS_MAX)
    return Shadowed(
        active=active,
        former=former,
        since=since,
        punches=counts.punches,
        alerts=counts.alerts,
        former_alerts=counts.shadow_alerts,
        judged=[
            Judged(row.person, row.label, row.weight, (row.score, row.shadow))
            for row in rows
            if not row.chosen and row.shadow is not None
        ],
    )


async def _tell(tenant: Tenant, kind: str, version: str, reason: str, body: dict[str, Any], *, now: int) -> None:
    told = args(kind, version=version, reason=reason, body=body)
    reply = await tenant.ask(Command(verb=MODEL_STEP, target=version, actor=ACTOR, time=now, args=told))
    if not reply.ok:
        raise UnavailableError(f"the step was not taken: {reply.body['detail']}", code="step_refused")
