"""Finding types and what can be set for each: the words of README and `config/detectors.toml`, and of every claim."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le

from nocd.domain.finding import Category, Finding
from nocd.domain.limits import STRICT
from nocd.domain.severity import Severity

Mode = Literal["on", "shadow", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAfter:
    """How many findings of one fingerprint, within how long, open an alert."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    count: Annotated[int, Ge(1), Le(100)] = 1
    minutes: Annotated[int, Ge(1), Le(1_440)] = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What can be set for every finding type: whether it is claimed, and what opens an alert.

    `shadow` findings are stored and counted and open none; those below `alert_from` likewise.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    mode: Mode = "on"
    alert_from: Severity = Severity.MEDIUM
    open_after: OpenAfter = field(default_factory=OpenAfter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One finding type: the part of guarding it belongs to, how grave and how sure it is, and its rule in a sentence.

    `severities` are those it may have, the usual one first; `rule` is what can be set for it.
    """

    name: str
    category: Category
    severities: tuple[Severity, ...]
    confidence: float
    says: str
    rule: type[Rule] = Rule

    def finding(
        self,
        *,
        time: int,
        reason: str,
        evidence: dict[str, Any],
        severity: Severity | None = None,
        confidence: float | None = None,
        **about: Any,
    ) -> Finding:
        """Return a finding of this type; `about` is its site, person and entity."""
        if about.get("person") is not None:
            about = {"entity_type": "person", "entity_id": about["person"], **about}
        elif about.get("site") is not None:
            about = {"entity_type": "site", "entity_id": about["site"], **about}
        return Finding(
            type=self.name,
            category=self.category,
            severity=severity or self.severities[0],
            confidence=self.confidence if confidence is None else confidence,
            time=time,
            reason=reason,
            evidence=evidence,
            **about,
        )
