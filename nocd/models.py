"""The models in force, a tenant each: loaded off the loop, asked in a thread of their own, never in anybody's way."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from ml.registry import Registry
from ml.schema import FRAUD, Refused
from nocd import log
from nocd.clock import monotonic_s
from nocd.domain.instant import DAY_MS
from nocd.domain.prediction import Alike, Moved, Prediction, Predictions
from nocd.fraud.rules import FRAUD_FROM
from nocd.fraud.standing import SHADOW_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ml.explain import Reason
    from ml.predict import Scorer
    from nocd.batch import Predict
    from nocd.metrics import Metrics
    from nocd.store.folder import Folder

EXPLAINED_MAX: Final = 64  # of one batch: the highest; what is only shadow or low is told by its figure


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A tenant's champion with the challenger in its shadow; why there is none, or why one of them was refused."""

    champion: Scorer | None = None
    challenger: Scorer | None = None
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Models:
    """Loads, holds and asks the models of all tenants."""

    folder: Folder
    metrics: Metrics
    now_ms: Callable[[], int]
    in_force: dict[str, InForce] = field(default_factory=dict)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="model"))

    def registry(self, tenant: str) -> Registry:
        """Return a tenant's models on disk."""
        return Registry(self.folder.tenant_models(tenant))

    async def reload(self, tenant: str) -> InForce:
        """Put in force what the registry says now; what it refuses is told, and rules decide alone or go on so."""
        loop, now = asyncio.get_running_loop(), self.now_ms()
        found = await loop.run_in_executor(self._thread, _loaded, self.registry(tenant), now)
        self.in_force[tenant] = found
        for version, reason in found.refused.items():
            log.event("model_refused", level=logging.ERROR, version=version, reason=reason)
        if found.champion is not None:
            log.event("model_loaded", version=found.champion.version)
        return found

    def asked_for(self, tenant: str) -> tuple[Predict, Predict]:
        """Return what asks a tenant's model, and what asks it for its reasons too, whatever the score."""
        return partial(self.predict, tenant), partial(self.predict, tenant, explained_from=0.0)

    async def predict(
        self, tenant: str, punches: Mapping[str, tuple[float, ...]], *, explained_from: float = FRAUD_FROM
    ) -> Predictions | None:
        """Return what the model in force says of punches in one call; None without one, or where it fails."""
        models = self.in_force.get(tenant, InForce())
        if models.champion is None:
            return None
        started = monotonic_s()
        loop = asyncio.get_running_loop()
        try:
            told = await loop.run_in_executor(self._thread, _told, models, punches, explained_from)
        except Exception as error:  # noqa: BLE001 - a model that fails leaves the rules to decide, and stops nothing
            self.metrics.model_failures.inc()
            log.event("model_failed", level=logging.ERROR, error=error, version=models.champion.version)
            return None
        seconds = monotonic_s() - started
        self.metrics.model_seconds.observe(seconds)
        shadow = None if models.challenger is None else models.challenger.version
        latency_ms = round(seconds * 1_000, 3)
        return Predictions(
            version=models.champion.version, shadow_version=shadow, latency_ms=latency_ms, of=tuple(told)
        )

    async def close(self) -> None:
        """Let go of the thread."""
        await asyncio.to_thread(self._thread.shutdown)


def _loaded(registry: Registry, now: int) -> InForce:
    """Return the active version and its shadow: a newer one that passed, else the former one for so many days."""
    active = registry.active()
    if active is None:
        return InForce()
    refused: dict[str, str] = {}
    champion = _scorer(registry, active, refused)
    shadow = _shadow(registry, active, now)
    challenger = None if shadow is None or champion is None else _scorer(registry, shadow, refused)
    return InForce(champion=champion, challenger=challenger, refused=refused)


def _shadow(registry: Registry, active: str, now: int) -> str | None:
    newer = [line["version"] for line in registry.listing() if line["version"] > active and line.get("passed")]
    if newer:
        return str(newer[-1])
    activated = registry.activated_ms()
    return registry.former() if activated is not None and now - activated < SHADOW_DAYS * DAY_MS else None


def _scorer(registry: Registry, version: str, refused: dict[str, str]) -> Scorer | None:
    from ml.predict import Scorer  # noqa: PLC0415 - takes seconds with XGBoost, and only those who have a model need it

    try:
        return Scorer(registry.load(version, schema=FRAUD))
    except Refused as refusal:
        refused[version] = f"{refusal.code}: {refusal.detail}"
        return None


def _told(models: InForce, punches: Mapping[str, tuple[float, ...]], explained_from: float) -> list[Prediction]:
    """Return what the champion says of each punch, why of the highest, and what the challenger says."""
    champion, challenger, vectors = models.champion, models.challenger, [*punches.values()]
    if champion is None:
        return []
    scores = champion.score(vectors).tolist()
    shadows = [None] * len(scores) if challenger is None else challenger.score(vectors).tolist()
    high = sorted((at for at, score in enumerate(scores) if score >= explained_from), key=lambda at: -scores[at])
    explained = high[:EXPLAINED_MAX]
    reasons = dict(zip(explained, champion.reasons([vectors[at] for at in explained]), strict=True))
    return [
        Prediction(
            punch=key,
            score=round(score, 6),
            shadow=None if shadow is None else round(shadow, 6),
            reasons=tuple(_moved(each) for each in reasons.get(at, ())),
            alike=_alike(champion, score),
        )
        for at, (key, score, shadow) in enumerate(zip(punches, scores, shadows, strict=True))
    ]


def _moved(reason: Reason) -> Moved:
    return Moved(
        feature=reason.feature,
        value=reason.value,
        usual=reason.usual,
        raises=reason.direction == "raises",
        share=reason.share,
        strength=reason.strength,
    )


def _alike(scorer: Scorer, score: float) -> Alike | None:
    found = scorer.meaning(score)
    if "rows" not in found:
        return None
    share, low, high = found["share"]
    return Alike(rows=found["rows"], share=share, low=low, high=high)
