"""Steps of a model's life as commands: what is taken, what is told of one, and which drift is a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from nocd.detect.registry import CATALOG
from nocd.domain.command import Refused
from nocd.domain.instant import DAY_MS, MINUTE_MS
from nocd.domain.model_step import ModelStep
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from nocd.domain.command import Command
    from nocd.domain.finding import Finding
    from nocd.domain.shelf import Shelves

MODEL_STEP: Final = "model_step"
TRAINED: Final = "model_trained"
REFUSED: Final = "model_refused"
ACTIVATED: Final = "model_activated"
ROLLED_BACK: Final = "model_rolled_back"
DRIFTED: Final = "ml_drift_detected"
KINDS: Final = (TRAINED, REFUSED, ACTIVATED, ROLLED_BACK, DRIFTED)
FINDING: Final = "ML_DRIFT"
REASON_CHARS_MAX: Final = 2_000
BODY_MAX_BYTES: Final = 65_536
REPEATED_MS: Final = DAY_MS - MINUTE_MS  # a day, were it not that the next day's run may begin a little earlier
_NAMES_MAX: Final = 6


def args(kind: str, *, version: str | None, reason: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the arguments of a command that tells of a step."""
    return {"kind": kind, "version": version, "reason": reason[:REASON_CHARS_MAX], "body": body or {}}


def taken(command: Command, *, now: int) -> ModelStep:
    """Return the step that a command tells of; raises Refused where it is none."""
    given = command.args
    kind, version, reason, body = (given.get(name) for name in ("kind", "version", "reason", "body"))
    if kind not in KINDS:
        raise Refused("bad_step", f"{kind!r:.40} is no step of a model; it is one of {', '.join(KINDS)}")
    if not isinstance(version, str | None) or not isinstance(reason, str) or not isinstance(body, dict):
        raise Refused("bad_step", "a step has a version or none, a reason in words, and a body")
    if len(reason) > REASON_CHARS_MAX or len(orjson.dumps(body)) > BODY_MAX_BYTES:
        raise Refused("bad_step", f"at most {REASON_CHARS_MAX} characters of reason and {BODY_MAX_BYTES} bytes of body")
    return ModelStep(time=now, kind=kind, version=version, reason=reason, actor=command.actor, body=body)


def severity(step: ModelStep) -> Severity | None:
    """Return how grave a drift is, None for any other step and where nothing moved."""
    level = step.body.get("level")
    return Severity(level) if step.kind == DRIFTED and level in CATALOG[FINDING].severities else None


def told(step: ModelStep) -> dict[str, Any]:
    """Return a step as the feed tells it."""
    return {"version": step.version, "reason": step.reason, "actor": step.actor, "body": step.body}


def drifted(step: ModelStep, shelves: Shelves) -> Finding | None:
    """Return the finding of a drift, once a day unless it got graver; None for any other step."""
    how_grave, moved = severity(step), [str(name) for name in step.body.get("moved", ())]
    if how_grave is None or not moved:
        return None
    keys = {each: f"{FINDING}|{each}" for each in CATALOG[FINDING].severities}
    said = [shelves.get("counter", key) for each, key in keys.items() if each.rank >= how_grave.rank]
    if any(at is not None and step.time - at < REPEATED_MS for at in said):
        return None
    shelves.put("counter", keys[how_grave], step.time)
    more = f" and {len(moved) - _NAMES_MAX} more" if len(moved) > _NAMES_MAX else ""
    named = f"{', '.join(moved[:_NAMES_MAX])}{more}"
    return CATALOG[FINDING].finding(
        time=step.time,
        severity=how_grave,
        reason=f"the fraud model {step.version} no longer judges what it learned from; moved: {named} ({step.reason})",
        evidence={"version": step.version, "level": str(how_grave), "moved": moved, "said": step.reason},
        entity_type="model",
        entity_id="fraud",
    )
