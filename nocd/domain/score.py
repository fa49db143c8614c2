"""How much a punch looks like fraud: what was checked, what it says together, and what could not be judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.prediction import Said

if TYPE_CHECKING:
    from nocd.domain.alert import Verdict

KIND: Final = "fraud_score"


class Level(StrEnum):
    """How high a score is."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    MINIMAL = "MINIMAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one finding says of a punch: the check it belongs to, how sure it is (0-1), and its sentence."""

    name: str
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """How a punch is unlike its person's others, in words with what is usual, and how strongly (1-5)."""

    name: str
    words: str
    strength: int


@dataclass(slots=True, kw_only=True)
class PunchScore:
    """A punch as it is judged: its checks by finding, why others were not judged, and what a model says of it.

    `deviations` are reasons of their own, which change no score.
    `rules` is what the checks say together, `score` the greater of that and of the model's (0-1). `finding` is the
    ATTENDANCE_FRAUD that was made of it, '' where there is none; `alert` is the one it is part of. `shift` and
    `device` are those the punch names, `device_kind` is what kind of device that is, where known.
    """

    id: str
    punch: str
    person: str
    site: str
    time: int
    direction: str | None = None
    shift: str | None = None
    device: str | None = None
    device_kind: str | None = None
    checks: dict[str, Check] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    deviations: list[Deviation] = field(default_factory=list)
    rules: float = 0.0
    model: Said | None = None
    score: float = 0.0
    finding: str = ""
    alert: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreVerdict:
    """What someone says the punch of a score turned out to be, at `time` (UTC ms)."""

    score: str
    verdict: Verdict
    time: int
    actor: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A score as it is stored and told: its punch's time (UTC ms), its view, features at first, what a model says."""

    id: str
    time: int
    view: dict[str, Any]
    told: bool
    features: tuple[float, ...] | None = None
    model: Said | None = None
