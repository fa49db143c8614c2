"""The registry of models as people and jobs steer it: listed, shown, put in force and taken back, off the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ml.registry import Registry
from ml.schema import FRAUD, Refused
from nocd.domain.instant import rfc3339_or_none
from nocd.errors import Conflict, NocdError, NotFound

if TYPE_CHECKING:
    from nocd.store.folder import Folder

Tell = Callable[["Moved"], Awaitable[None]]
_UNKNOWN: Final = "no_such_version"
SCORERS: Final = ("model", "rules", "both", "champion")
_FIGURES: Final = (
    *("pr_auc", "roc_auc", "precision_at_80_recall", "recall_at_1_percent_alerts", "brier", "pr_curve", "reliability"),
    "confusion",
)


@dataclass(frozen=True, slots=True)
class Moved:
    """Which version is put in force, and which was before; the same where nothing moves."""

    version: str
    former: str | None


@dataclass(slots=True, kw_only=True)
class Versions:
    """Every tenant's models on disk; one move at a time, each told before it is made and loaded after."""

    folder: Folder
    reload: Callable[[str], Awaitable[object]]
    _moving: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def listed(self, tenant: str) -> dict[str, Any]:
        """Return the versions, the newest first, with what each is worth or why it cannot be used."""
        return await asyncio.to_thread(_listed, self._registry(tenant))

    async def card(self, tenant: str, version: str) -> dict[str, Any]:
        """Return what is known of a version, or of the one in force (`active`, `former`); raises NotFound."""
        return await asyncio.to_thread(_card, self._registry(tenant), version)

    async def in_force(self, tenant: str) -> tuple[str | None, str | None]:
        """Return the version in force and the one before it."""
        registry = self._registry(tenant)
        return await asyncio.to_thread(registry.active), await asyncio.to_thread(registry.former)

    async def activate(self, tenant: str, version: str, tell: Tell) -> Moved:
        """Put a version in force; raises Conflict or NotFound with the registry's own code and reason."""
        return await self._move(tenant, partial(_to, version=version), tell)

    async def roll_back(self, tenant: str, tell: Tell, *, to: str | None = None) -> Moved:
        """Put the former version in force again, which is `to` where given; raises Conflict or NotFound likewise."""
        return await self._move(tenant, partial(_back, to=to), tell)

    async def _move(
        self, tenant: str, check: Callable[[Registry], tuple[Moved, Callable[[], object]]], tell: Tell
    ) -> Moved:
        """Check, tell, move, load: what is told can be done, and is on record before it happens."""
        async with self._moving:
            try:
                moved, move = await asyncio.to_thread(check, self._registry(tenant))
                if moved.version != moved.former:
                    await tell(moved)
                    await asyncio.to_thread(move)
            except Refused as refusal:
                raise error_of(refusal) from refusal
            await self.reload(tenant)
        return moved

    def _registry(self, tenant: str) -> Registry:
        return Registry(self.folder.tenant_models(tenant))


def error_of(refusal: Refused) -> NocdError:
    """Return a refusal of the registry as an error of the daemon, for the same reason."""
    if refusal.code == _UNKNOWN:
        return NotFound(refusal.detail)
    return Conflict(refusal.detail, code=refusal.code)


def _to(registry: Registry, *, version: str) -> tuple[Moved, Callable[[], object]]:
    registry.admit(version, FRAUD)
    return Moved(version, registry.active()), partial(registry.activate, version)


def _back(registry: Registry, *, to: str | None) -> tuple[Moved, Callable[[], object]]:
    former = registry.former()
    if former is None:
        raise Refused("no_former_model", "there is no former model to go back to")
    if to not in (None, former):
        raise Refused("no_former_model", f"version {to} is not what was in force before; {former} was")
    registry.load(former, FRAUD)
    return Moved(former, registry.active()), registry.rollback


def _listed(registry: Registry) -> dict[str, Any]:
    lines = [_line(registry, line) for line in reversed(registry.listing())]
    return {"active": registry.active(), "former": registry.former(), "items": lines}


def _line(registry: Registry, line: dict[str, Any]) -> dict[str, Any]:
    version = line["version"]
    code, reason = _fault(registry, version)
    return {
        "version": version,
        "active": line["active"],
        "usable": not code,
        "code": code,
        "reason": reason,
        "learned_to": rfc3339_or_none(line.get("to_ms")),
        "labelled": line.get("labelled"),
        "fraud": line.get("fraud"),
        "pr_auc": line.get("pr_auc"),
    }


def _fault(registry: Registry, version: str) -> tuple[str | None, str | None]:
    """Return why a version cannot be put in force: a stable code, and in words."""
    try:
        registry.admit(version, FRAUD)
    except Refused as refusal:
        return refusal.code, refusal.detail
    return None, None


def _card(registry: Registry, name: str) -> dict[str, Any]:
    by_name = {"active": registry.active(), "former": registry.former()}
    version = by_name.get(name, name)
    if version is None:
        raise NotFound(f"there is no {name} model")
    code, reason = _fault(registry, version)
    if code == _UNKNOWN:
        raise NotFound(str(reason))
    told = {"version": version, "active": version == by_name["active"], "usable": not code}
    try:
        return {**told, "code": code, "reason": reason, **_shown(registry.manifest(version))}
    except Refused:
        return {**told, "code": code, "reason": reason}
    except KeyError as missing:
        unknown = f"version {version}: its manifest has no {missing}"
        return {**told, "usable": False, "code": "model_unreadable", "reason": unknown}


def _shown(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return what a manifest says to people: no histograms, no digests of files."""
    metrics, data = manifest["metrics"], manifest["data"]
    test = metrics["test"]
    return {
        "learned_from": rfc3339_or_none(data.get("from_ms")),
        "learned_to": rfc3339_or_none(data.get("to_ms")),
        "tested_from": rfc3339_or_none(test.get("from_ms")),
        "tested_to": rfc3339_or_none(test.get("to_ms")),
        **{name: data[name] for name in ("rows", "labelled", "fraud", "chosen")},
        "split": manifest["split"],
        "base_rate": manifest["score_table"][0]["precision"],
        "calibrated": manifest["calibrated"],
        "calibrator": manifest["calibrator"],
        "figures": {name: _figures(metrics[name]) for name in SCORERS if name in metrics},
        **{name: metrics[name] for name in ("differences", "ticket", "groups")},
        **{name: manifest[name] for name in ("score_table", "parameters", "seed", "rounds", "libraries")},
        "gates": manifest["gates"]["gates"],
        "passed": manifest["gates"]["passed"],
    }


def _figures(metrics: dict[str, Any]) -> dict[str, Any]:
    return {name: metrics.get(name) for name in _FIGURES}
