"""How well faces, fingers and eyes are recognised: once, and over a month."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from annotated_types import Ge, Le

from nocd.detect.kinds import Kind, Rule
from nocd.detect.protocol import Claim, Detector
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, local, rfc3339
from nocd.domain.observation import BiometricCheck, Punch
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event

BODY: Final = ("FACE", "FINGERPRINT", "IRIS")  # what a card, a code or a supervisor vouches for is no biometry
CHECKS_KEPT: Final = 96
MONTH_CHECKS_MAX: Final = 30  # of the month the last ones: among many, minutes of the day repeat by themselves
MONTH_MS: Final = 30 * DAY_MS
UNSAID: Final = -1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRule(Rule):
    """Below what a check is doubtful."""

    confidence_min: Annotated[float, Ge(0), Le(1)] = 0.7
    liveness_min: Annotated[float, Ge(0), Le(1)] = 0.5
    quality_min: Annotated[float, Ge(0), Le(1)] = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternRule(Rule):
    """From how many checks in 30 days a person is judged, and what is usual of them."""

    checks_min: Annotated[int, Ge(10), Le(30)] = 10
    minutes_distinct_min: Annotated[float, Ge(0), Le(1)] = 0.3
    confidence_mean_min: Annotated[float, Ge(0), Le(1)] = 0.7
    confidence_low: Annotated[float, Ge(0), Le(1)] = 0.5
    low_share_max: Annotated[float, Ge(0), Le(1)] = 0.3


BIOMETRIC_LOW: Final = Kind(
    name="BIOMETRIC_LOW",
    category=Category.SECURITY,
    severities=(Severity.MEDIUM,),
    confidence=0.60,
    says="a face, finger or iris accepted with low confidence, liveness or image quality",
    rule=QualityRule,
)
BIOMETRIC_PATTERN: Final = Kind(
    name="BIOMETRIC_PATTERN",
    category=Category.SECURITY,
    severities=(Severity.MEDIUM,),
    confidence=0.75,
    says="checks of 30 days, 10 or more, at too few different minutes of the day, or of low confidence on the whole",
    rule=PatternRule,
)
_DEAD_CONFIDENCE: Final = 0.80


class Odd(NamedTuple):
    """What was odd of a month of checks, at the last of them: how many, shares of them, and that in words."""

    check: Check
    checks: int
    distinct: float
    mean: float
    low: float
    said: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Check:
    """One check: its site, its local minute of the day, and how sure it was (-1 where it does not say); its event."""

    time: int
    site: str
    minute: int
    confidence: float
    liveness: float
    quality: float
    id: str
    punch: bool = False

    @property
    def said(self) -> tuple[int, str, float, float, float]:
        """Return all but its event: what is said twice is one check."""
        return self.time, self.site, self.confidence, self.liveness, self.quality


@dataclass(slots=True, kw_only=True)
class Checks:
    """A person's last checks in order of time; `trimmed` once earlier ones are forgotten."""

    checks: list[Check] = field(default_factory=list)
    trimmed: bool = False

    def take(self, check: Check) -> None:
        """Take a check in, in any order."""
        first = bisect_left(self.checks, check.time, key=lambda each: each.time)
        twin = next((each for each in self.checks[first:] if each.said == check.said), None)
        if twin is not None:
            self.checks.remove(twin)
            check = min(check, twin)
        insort(self.checks, check)
        horizon = self.checks[-1].time - 2 * MONTH_MS
        old = max(bisect_left(self.checks, horizon, key=lambda each: each.time), len(self.checks) - CHECKS_KEPT)
        if old > 0:
            del self.checks[:old]
            self.trimmed = True

    def month(self, at: int) -> list[Check]:
        """Return the checks of the 30 days up to the one at index `at`, the last of them where they are many."""
        since = self.checks[at].time - MONTH_MS
        return [each for each in self.checks[max(0, at + 1 - MONTH_CHECKS_MAX) : at + 1] if each.time > since]

    def known_from(self) -> int:
        """Return from when on the month before a check is remembered whole."""
        if not self.trimmed:
            return 0
        first = self.checks[0].time + MONTH_MS
        many = self.checks[MONTH_CHECKS_MAX - 1].time if len(self.checks) >= MONTH_CHECKS_MAX else first
        return min(first, many)


@dataclass(frozen=True, slots=True)
class Biometrics(Detector):
    """Judges each check of a person, whether a punch's or one of its own, and all of a month."""

    name = "biometric"
    kinds = (BIOMETRIC_LOW, BIOMETRIC_PATTERN)
    events = (Punch, BiometricCheck)
    record = Checks

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:  # noqa: ARG002 - the event says whose
        """Return who was checked by their body; without a confidence there is nothing to judge."""
        data = event.data
        assert isinstance(data, (Punch, BiometricCheck))
        known = (data.confidence, data.liveness) != (None, None)
        return (data.person,) if data.method in BODY and known else ()

    def step(self, record: Checks, event: Event, scene: Scene) -> bool:
        """Take a check in."""
        data = event.data
        assert isinstance(data, (Punch, BiometricCheck))
        site = scene.roster.sites.get(data.site)
        moment = local(event.time, site.timezone if site is not None else "UTC")
        quality = data.quality if isinstance(data, BiometricCheck) else None
        record.take(
            Check(
                time=event.time,
                site=data.site,
                minute=moment.hour * 60 + moment.minute,
                confidence=_said(data.confidence),
                liveness=_said(data.liveness),
                quality=_said(quality),
                id=event.id,
                punch=isinstance(data, Punch),
            )
        )
        return True

    def claims(self, key: str, record: Checks, at: int, scene: Scene) -> list[Claim]:
        """Return the checks that were doubtful, and the stretches in which a month of them was."""
        low = (_low(key, check, scene) for check in record.checks)
        return [*(claim for claim in low if claim is not None), *_patterns(key, record, at, scene)]

    def due(self, key: str, record: Checks, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - the record says it
        """Return when a month has passed without a check."""
        over = record.checks[-1].time + MONTH_MS if record.checks else 0
        return over if over > after else None

    def final_before(self, key: str, record: Checks, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return from when on every check is judged by its whole month."""
        return record.known_from()

    def ends(self, key: str, record: Checks, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return a day after a month without a check."""
        return (record.checks[-1].time if record.checks else 0) + MONTH_MS + DAY_MS


def _said(value: float | None) -> float:
    return UNSAID if value is None else value


def _below(value: float, least: float) -> bool:
    return value != UNSAID and value < least


def _low(person: str, check: Check, scene: Scene) -> Claim | None:
    rule: QualityRule = scene.rule(BIOMETRIC_LOW.name, check.site)
    doubts = {
        "liveness": (check.liveness, rule.liveness_min),
        "confidence": (check.confidence, rule.confidence_min),
        "quality": (check.quality, rule.quality_min),
    }
    low = {name: value for name, (value, least) in doubts.items() if _below(value, least)}
    if not low:
        return None
    said = ", ".join(f"{name} {value:.0%} (at least {doubts[name][1]:.0%})" for name, value in low.items())
    finding = BIOMETRIC_LOW.finding(
        time=check.time,
        confidence=_DEAD_CONFIDENCE if "liveness" in low else None,
        reason=f"{scene.person_name(person)} was checked at {scene.site_name(check.site)} at "
        f"{scene.wall(check.site, check.time)} with {said}: see whose face it is",
        evidence={
            "event": check.id,
            **({"punch": check.id} if check.punch else {}),
            **{f"{name}_share": round(value, 3) for name, (value, _) in doubts.items() if value != UNSAID},
        },
        site=check.site,
        person=person,
    )
    key = f"BIOMETRIC_LOW:{check.time}:{check.site}:{check.confidence}:{check.liveness}:{check.quality}"
    return Claim(key=key, finding=finding, since=check.time)


def _patterns(person: str, record: Checks, at: int, scene: Scene) -> Iterator[Claim]:
    """Yield each stretch of checks at which the month before was odd, as one condition."""
    begun: Odd | None = None
    for index, check in enumerate(record.checks):
        odd = _odd(record.month(index), scene) if check.time >= record.known_from() else None
        if odd is None and begun is not None:
            yield _pattern(person, begun, check.time, scene)
        begun = None if odd is None else begun or odd
    if begun is not None:
        over = record.checks[-1].time + MONTH_MS
        yield _pattern(person, begun, over if over <= at else None, scene)


def _odd(month: list[Check], scene: Scene) -> Odd | None:
    """Return what is odd of a month of checks, or None."""
    rule: PatternRule = scene.rule(BIOMETRIC_PATTERN.name, month[-1].site)
    if len(month) < rule.checks_min:
        return None
    distinct = len({check.minute for check in month}) / len(month)
    sure = [check.confidence for check in month if check.confidence != UNSAID]
    mean = sum(sure) / len(sure) if len(sure) >= rule.checks_min else 1.0
    low = sum(each < rule.confidence_low for each in sure) / len(sure) if len(sure) >= rule.checks_min else 0.0
    said = []
    if distinct < rule.minutes_distinct_min:
        said.append(f"only {distinct:.0%} at different minutes of the day")
    if mean < rule.confidence_mean_min:
        said.append(f"mean confidence {mean:.0%}")
    if low > rule.low_share_max:
        said.append(f"{low:.0%} below {rule.confidence_low:.0%}")
    return Odd(month[-1], len(month), distinct, mean, low, ", ".join(said)) if said else None


def _pattern(person: str, odd: Odd, until: int | None, scene: Scene) -> Claim:
    check = odd.check
    finding = BIOMETRIC_PATTERN.finding(
        time=check.time,
        reason=f"{odd.checks} checks of {scene.person_name(person)} within 30 days look made: {odd.said}; "
        "compare the photos, and have the next check watched",
        evidence={
            "checks": odd.checks,
            "minutes_distinct_share": round(odd.distinct, 3),
            "confidence_mean_share": round(odd.mean, 3),
            "low_share": round(odd.low, 3),
            "last_at": rfc3339(check.time),
        },
        site=check.site,
        person=person,
    )
    over = "" if until is None else "the checks of the last 30 days look honest again, or are too few"
    key = f"BIOMETRIC_PATTERN:{check.time}"
    return Claim(key=key, finding=finding, since=check.time, lasting=True, until=until, over=over)
