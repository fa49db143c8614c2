"""Punches and their scores: what is found of one, sooner or later, is put together and judged anew."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final, NamedTuple

from nocd.detect.registry import CATALOG
from nocd.detect.watches import CLAIMS_KIND
from nocd.domain.instant import DAY_MS, rfc3339
from nocd.domain.prediction import Said
from nocd.domain.score import KIND, Check, Level, PunchScore, Scored
from nocd.domain.severity import Severity
from nocd.domain.verdict import FRAUD
from nocd.fraud.missing import missing
from nocd.fraud.rules import CHECK_OF, FRAUD_FROM, TICKET_FROM, level, reasons, score
from nocd.fraud.saying import told as told_of
from nocd.fraud.saying import words
from nocd.fraud.vector import Histories

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nocd.detect.scene import Scene
    from nocd.detect.watches import Stood
    from nocd.domain.event import Event
    from nocd.domain.finding import Finding
    from nocd.domain.observation import Punch
    from nocd.domain.prediction import Predictions

PUNCHES_MAX: Final = 20_000  # of the last day; past it a punch is judged once, and nothing late is put to it
_FORGOT: Final = "fraud_forgot_day"
_PATTERN: Final = "BIOMETRIC_PATTERN"
UNSCORED_MAX: Final = 1_000  # punches of one batch; nobody waits for more, and past it rules decide alone
_REASONS_CHARS: Final = 180  # what an operator reads at a glance; the rest are evidence
_RANKS: Final = (Level.MINIMAL, Level.LOW, Level.MEDIUM, Level.HIGH, Level.CRITICAL)


class Judged(NamedTuple):
    """A punch that was judged, its former score, and its features where it is judged for the first time."""

    record: PunchScore
    former: float
    features: tuple[float, ...] | None


class Scoring:
    """Keeps the punches of the last day with what was found of each."""

    def __init__(self, scene: Scene) -> None:
        """Take up what the shelves hold."""
        self._scene = scene
        self._shelves = scene.shelves
        self._records: dict[str, PunchScore] = scene.shelves.kind(KIND)
        self._of_finding: dict[str, set[str]] = {}
        for key, record in self._records.items():
            for finding in record.checks:
                self._of_finding.setdefault(finding, set()).add(key)
        self._touched: dict[str, PunchScore] = {}
        self._histories = Histories(scene)
        self._features: dict[str, tuple[float, ...]] = {}  # of punches that came since the last call of `settle`
        self._unscored: dict[str, tuple[float, ...]] = {}  # of punches that no model has judged

    def punched(self, event: Event, data: Punch) -> None:
        """Take up a punch of someone known; what is found of it follows."""
        key = f"{data.person}|{event.id}"
        if key in self._records or event.late:
            return
        self._forget_the_past()
        number = (self._shelves.get("counter", KIND) or 0) + 1
        self._shelves.put("counter", KIND, number)
        compared = self._histories.judge(event, data)
        record = PunchScore(
            id=f"FS-{number}",
            punch=event.id,
            person=data.person,
            site=data.site,
            time=event.time,
            direction=data.direction,
            shift=data.shift,
            device=data.device,
            device_kind=self._device_kind(data),
            missing=missing(data, self._scene),
            deviations=compared.deviations,
        )
        if compared.unjudged is not None:
            record.missing["profile"] = compared.unjudged
        if len(self._records) < PUNCHES_MAX:
            self._shelves.put(KIND, key, record)
        self._touched[key] = record
        self._features[record.id] = compared.features
        if key in self._records and len(self._unscored) < UNSCORED_MAX:
            self._unscored[key] = compared.features

    def _device_kind(self, data: Punch) -> str | None:
        """Return the kind of device that a punch came from, None where that is not known."""
        known = None if data.device is None else self._scene.roster.device(data.device)
        return None if known is None else known.kind

    def found(self, finding: Finding, key: str) -> None:
        """Put a finding to its punch, if it is a check of one."""
        check = CHECK_OF.get(finding.type)
        record = self._edit(key) if check is not None else None
        if check is not None and record is not None:
            self._put(key, record, finding.id, Check(name=check, confidence=finding.confidence, reason=finding.reason))

    def withdrawn(self, findings: Sequence[str]) -> None:
        """Let go of findings that later evidence refutes."""
        for finding in findings:
            for key in sorted(self._of_finding.pop(finding, ())):
                record = self._edit(key)
                if record is not None:
                    record.checks.pop(finding, None)

    def unscored(self) -> dict[str, tuple[float, ...]]:
        """Return the features of punches that came since the last call, for a model to judge."""
        unscored, self._unscored = self._unscored, {}
        return unscored

    def predicted(self, predictions: Predictions) -> None:
        """Take up what a model says of punches; of one that is no longer kept it says nothing any more."""
        for each in predictions.of:
            record = self._edit(each.punch)
            if record is not None:
                record.model = Said(
                    version=predictions.version,
                    shadow_version=predictions.shadow_version,
                    latency_ms=predictions.latency_ms,
                    prediction=each,
                )

    def settle(self) -> list[Judged]:
        """Judge anew the punches of which something changed; return them."""
        touched, self._touched = self._touched, {}
        features, self._features = self._features, {}
        judged = []
        for key, record in touched.items():
            self._patterned(key, record)
            judged.append(Judged(record, record.score, features.get(record.id)))
            record.rules = score(record.checks.values())
            record.score = max(record.rules, 0.0 if record.model is None else record.model.prediction.score)
        return judged

    def _forget_the_past(self) -> None:
        """Once a day let go of punches that are a day old: nothing late comes of them any more."""
        day, instant = self._scene.now // DAY_MS, self._scene.now - DAY_MS
        if day == self._shelves.get("counter", _FORGOT):
            return
        self._shelves.put("counter", _FORGOT, day)
        self._histories.forget_before(self._scene.now)
        for key in [key for key, record in self._records.items() if record.time < instant]:
            for finding in self._records[key].checks:
                self._of_finding.get(finding, set()).discard(key)
            self._shelves.drop(KIND, key)
        self._of_finding = {finding: keys for finding, keys in self._of_finding.items() if keys}

    @property
    def waits(self) -> bool:
        """Tell whether something is to be judged."""
        return bool(self._touched)

    def _edit(self, key: str) -> PunchScore | None:
        """Return a punch that is about to change, or None where it is not kept."""
        record = self._touched.get(key)
        if record is None and key in self._records:
            record = self._touched[key] = self._shelves.edit(KIND, key)
        return record

    def _put(self, key: str, record: PunchScore, finding: str, check: Check) -> None:
        record.checks[finding] = check
        record.missing.pop(check.name, None)
        if key in self._records:
            self._of_finding.setdefault(finding, set()).add(key)

    def _patterned(self, key: str, record: PunchScore) -> None:
        """Put to a punch what stands about its person's checks of a month, if their body was compared at it."""
        stood: Stood | None = self._shelves.get(CLAIMS_KIND, f"biometric|{record.person}")
        if stood is None or "biometric_pattern" in record.missing:
            return
        for claim in stood.claims.values():
            finding = claim.findings[-1]
            lasts = claim.since <= record.time and (claim.until is None or claim.until > record.time)
            if claim.type == _PATTERN and lasts and finding and finding not in record.checks:
                confidence = CATALOG[_PATTERN].confidence
                words = "the checks of the last 30 days look made"
                self._put(key, record, finding, Check(name=CHECK_OF[_PATTERN], confidence=confidence, reason=words))


def fraud_finding(record: PunchScore, scene: Scene) -> Finding:
    """Return the finding that a punch is a fraud, with its checks as reasons."""
    said = [each for each in reasons(record.checks.values()) if each.counts]
    model = None if record.model is None else told_of(record.model)
    name, where = scene.person_name(record.person), scene.site_name(record.site)
    spoken = [*(each.words for each in said), *(_of_model(record.model) if record.model is not None else ())]
    told = list(_within(spoken))
    more = f" (and {len(spoken) - len(told)} more)" if len(spoken) > len(told) else ""
    return CATALOG[FRAUD].finding(
        time=record.time,
        severity=severity(record),
        confidence=max((*(each.confidence for each in said), record.score if model is not None else 0.0)),
        reason=f"The punch of {name} at {where} at {scene.wall(record.site, record.time)} looks like fraud: "
        + "; ".join(told)
        + more,
        evidence={
            "punch": record.punch,
            "punched_at": rfc3339(record.time),
            "fraud_score": record.score,
            "rule_score": record.rules,
            **({} if model is None else {"model": model}),
            "checks": {each.check: each.words for each in said},
            "deviations": {each.name: each.words for each in record.deviations},
            "not_judged": dict(sorted(record.missing.items())),
        },
        site=record.site,
        person=record.person,
    )


def scored(judged: Judged, scene: Scene) -> Scored:
    """Return a score as it is stored; the feed tells of it from level LOW on, and where it no longer is."""
    record = judged.record
    told = max(level(record.score), level(judged.former), key=_RANKS.index)
    view = {
        "id": record.id,
        "punch": record.punch,
        "punched_at": rfc3339(record.time),
        "person": record.person,
        "person_name": scene.roster.person_name(record.person),
        "site": record.site,
        "site_name": scene.roster.site_name(record.site),
        "client": scene.roster.client(record.site),
        "direction": record.direction,
        "shift": record.shift,
        "device": record.device,
        "device_kind": record.device_kind,
        "fraud_score": record.score,
        "rule_score": record.rules,
        "model_score": None if record.model is None else record.model.prediction.score,
        "method": _method(record),
        "model": None if record.model is None else told_of(record.model),
        "level": str(level(record.score)),
        "checks": [each._asdict() for each in reasons(record.checks.values())],
        "deviations": [asdict(each) for each in record.deviations],
        "not_judged": dict(sorted(record.missing.items())),
        "alert": record.alert,
    }
    return Scored(
        id=record.id,
        view=view,
        time=record.time,
        told=told is not Level.MINIMAL,
        features=judged.features,
        model=record.model,
    )


def punch_key(record: PunchScore) -> str:
    """Return what triage and scoring keep a punch by."""
    return f"{record.person}|{record.punch}"


def severity(record: PunchScore) -> Severity:
    """Return how grave an alert of a punch is: from .80 it is work by itself, below it never is by its score alone."""
    return Severity.CRITICAL if record.score >= TICKET_FROM else Severity.MEDIUM


def suspicious(record: PunchScore) -> bool:
    """Tell whether a punch is to be alerted of."""
    return record.score >= FRAUD_FROM


def _method(record: PunchScore) -> str:
    """Return who speaks of a punch: the model alone where no check says anything."""
    if record.model is None:
        return "rules"
    return "both" if record.rules else "model"


def _of_model(said: Said) -> Iterator[str]:
    """Yield a model's reasons in words where it is what makes a punch suspicious, its figure first."""
    prediction = said.prediction
    if prediction.score >= FRAUD_FROM:
        yield f"the model gives it {prediction.score:.2f}"
        yield from (words(each) for each in prediction.reasons if each.raises)


def _within(sentences: Iterable[str]) -> Iterator[str]:
    """Yield reasons, one at the least, while there is room for them in a sentence."""
    room = _REASONS_CHARS
    for each in sentences:
        if len(each) > room and room < _REASONS_CHARS:
            return
        room -= len(each)
        yield each
