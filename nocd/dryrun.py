"""What a punch would score if it came now, judged beside what is known and not in it.

Whatever the punch would change (records of its person, site and device) is copied, what it is only compared with (the
directory, colleagues' duties) is read. So nothing of the engine changes, and the cost is that of one person's records,
however many there are. What triage would do beyond opening an alert (silences, correlation) is not foreseen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nocd.detect.registry import DETECTORS
from nocd.detect.scene import Scene
from nocd.detect.watches import Standing, Watches
from nocd.domain.instant import DAY_MS, HOUR_MS
from nocd.domain.roster import Roster
from nocd.domain.shelf import Shelves
from nocd.fraud.features import NAMES
from nocd.fraud.profile import KIND as PROFILE_KIND
from nocd.fraud.rules import CHECK_OF, FRAUD_FROM, TICKET_FROM
from nocd.fraud.scoring import Scoring, fraud_finding, scored, suspicious
from nocd.fraud.vector import HISTORY_KIND, PEERS_KIND
from nocd.signals.duty import KIND as DUTY_KIND
from nocd.signals.duty import Duties
from nocd.signals.presence import Presence
from nocd.triage.maintenance import subject_of, words_of
from nocd.triage.together import punch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from nocd.detect.kinds import Rule
    from nocd.domain.directory import Shift
    from nocd.domain.event import Event
    from nocd.domain.finding import Finding
    from nocd.domain.observation import Punch
    from nocd.domain.prediction import Predictions
    from nocd.domain.severity import Severity

COLLEAGUES_MAX: Final = 256  # whose shifts at the site are looked at
_AROUND_MS: Final = 3 * DAY_MS
_JUDGES: Final = tuple(each for each in DETECTORS if any(kind.name in CHECK_OF for kind in each.kinds))


class Foreseen(NamedTuple):
    """Whether something would come of a punch, and why or why not."""

    would: bool
    why: str


class DryRun:
    """One punch, judged; a model may say what it thinks of `features`."""

    def __init__(self, live: Scene, event: Event, data: Punch, *, copied: Callable[[str, Any], Any]) -> None:
        """Judge a punch on `live`, of which nothing changes; `copied` returns a record of a kind to be changed."""
        self._scene = scene = _beside(live, event, data, copied)
        self._found = _Found(scene)
        scene.duties.punch(event, data)
        self._scoring = self._found.scoring
        self._scoring.punched(event, data)
        watches = Watches(_JUDGES, scene, self._found)
        watches.take(event)
        self.features = self._scoring.unscored()
        (self._judged,) = self._scoring.settle()

    def predicted(self, predictions: Predictions) -> None:
        """Take up what a model says."""
        self._scoring.predicted(predictions)
        for judged in self._scoring.settle():
            self._judged = judged._replace(features=self._judged.features)

    def told(self, *, ticket_severities: Collection[Severity]) -> dict[str, Any]:
        """Return the score as it would be told, its features, and what would come of it, as `DryRunView`."""
        alert, severity = self._alert()
        return {
            "score": {**scored(self._judged, self._scene).view, "id": ""},
            "features": dict(zip(NAMES, self._judged.features or (), strict=True)),
            "alert": alert._asdict(),
            "ticket": self._ticket(alert, severity, ticket_severities)._asdict(),
        }

    def _alert(self) -> tuple[Foreseen, Severity | None]:
        """Return whether an alert would open, and how grave."""
        record, held = self._judged.record, ""
        claims = [*([fraud_finding(record, self._scene)] if suspicious(record) else ()), *self._found.of(record.punch)]
        for claim in claims:
            reason = self._held_back(claim)
            if reason is None:
                return Foreseen(would=True, why=f"{claim.type} is {claim.severity}"), claim.severity
            held = held or reason
        return Foreseen(would=False, why=held or f"a score of {record.score:.2f} is below {FRAUD_FROM}"), None

    def _held_back(self, claim: Finding) -> str | None:
        """Return why a claim would open no alert, or None."""
        rule: Rule = self._scene.rule(claim.type, claim.site)
        if rule.mode != "on":
            return f"{claim.type} is {rule.mode}"
        if claim.severity.rank < rule.alert_from.rank:
            return f"{claim.type} is {claim.severity}; alerts open from {rule.alert_from}"
        if rule.open_after.count > 1:
            return f"{claim.type} opens an alert after {rule.open_after.count} within {rule.open_after.minutes} min"
        window = self._scene.plans.covers(
            subject_of(claim, client=self._scene.roster.client(claim.site)), self._scene.now
        )
        return None if window is None else words_of(window, claim, self._scene)

    def _ticket(self, alert: Foreseen, severity: Severity | None, severities: Collection[Severity]) -> Foreseen:
        score = self._judged.record.score
        if severity is None:
            return Foreseen(would=False, why=alert.why)
        if score >= TICKET_FROM:
            return Foreseen(would=True, why=f"a score of {score:.2f} is work from {TICKET_FROM} on")
        if severity in severities:
            return Foreseen(would=True, why=f"an alert that is {severity} is work")
        return Foreseen(would=False, why=f"an alert that is {severity} is no work, nor a score below {TICKET_FROM}")


class _Found:
    """Hears of claims, and puts those that are checks of a punch to it."""

    def __init__(self, scene: Scene) -> None:
        self.scoring = Scoring(scene)
        self._scene = scene
        self._findings: list[Finding] = []

    def found(self, finding: Finding, *, lasting: bool = False) -> str:  # noqa: ARG002 - it is a teller's
        """Take a finding in."""
        finding = replace(finding, id=f"F-{len(self._findings) + 1}")
        self._findings.append(finding)
        punch = punch_of(finding)
        if punch is not None and self._scene.rule(finding.type, finding.site).mode == "on":
            self.scoring.found(finding, punch)
        return finding.id

    def refuted(self, claim: Standing) -> None:
        """Withdraw nothing: what stood before is not known here."""

    def over(self, claim: Standing, reason: str) -> None:
        """End nothing, likewise."""

    def of(self, punch: str) -> list[Finding]:
        """Return what was found of a punch, the gravest first."""
        mine = (each for each in self._findings if each.evidence.get("punch") == punch)
        return sorted(mine, key=lambda each: -each.severity.rank)


def _beside(live: Scene, event: Event, data: Punch, copied: Callable[[str, Any], Any]) -> Scene:
    """Return a scene of its own, with all that judging a punch looks at."""
    shelves = Shelves(lambda _: b"")
    for kind, key, changes in _records(live, event, data):
        record = live.shelves.get(kind, key)
        if record is not None:
            shelves.restore(kind, key, copied(kind, record) if changes else record)
    roster = Roster(shelves)
    roster.provide(site=data.site, person=data.person)
    duties = Duties(shelves, roster)
    duties.newest = live.duties.newest
    return Scene(
        shelves=shelves,
        roster=roster,
        duties=duties,
        presence=Presence(duties, roster),
        activities=live.activities,
        rules=live.rules,
        plans=live.plans,
        lateness_ms=live.lateness_ms,
        now=max(live.now, event.received_at),
    )


def _records(live: Scene, event: Event, data: Punch) -> Iterator[tuple[str, str, bool]]:
    """Yield the records that judging a punch looks at, as (kind, key), and whether it changes them."""
    person, marks = data.person, live.duties.marks(data.person)
    named = (data.device, *(mark.device for mark in marks))
    devices = sorted({device for device in named if device is not None})
    shifts = _shifts(live, event, data)
    people = {person, *(shift.person for shift in shifts)}
    sites = {data.site, *(mark.site for mark in marks), *(shift.site for shift in shifts)}
    for detector in _JUDGES:
        yield from ((detector.name, key, True) for key in (person, *devices) if detector.record is not None)
    yield from ((kind, person, True) for kind in (HISTORY_KIND, PROFILE_KIND))
    yield PEERS_KIND, data.site, True
    peers = live.shelves.get(PEERS_KIND, data.site)
    yield from ((HISTORY_KIND, peer, False) for peer in (peers.counts if peers is not None else ()) if peer != person)
    yield from ((DUTY_KIND, each, each == person) for each in sorted(people))
    for device in devices:
        uses = live.shelves.get("sharing", device)
        people |= {use.person for use in (uses.uses if uses is not None else ())}
        yield "device", device, False
    yield from (("shift", shift.id, False) for shift in shifts)
    yield from (("site", site, False) for site in sorted(sites))
    yield from (("person", each, False) for each in sorted(people))


def _shifts(live: Scene, event: Event, data: Punch) -> list[Shift]:
    """Return the shifts of who punches and of those due at the site then; one at the least, where any is planned."""
    roster, since, until = live.roster, event.time - _AROUND_MS, event.time + _AROUND_MS
    there = roster.shifts_at(data.site, event.time - HOUR_MS, event.time + HOUR_MS)[:COLLEAGUES_MAX]
    people = {data.person, *(shift.person for shift in there)}
    own = (shift for person in sorted(people) for shift in roster.shifts_of(person, since, until))
    span = roster.shift_span(data.site)
    first = [] if span is None else roster.shifts_at(data.site, span[0], span[0] + 1)[:1]
    return list({shift.id: shift for shift in (*own, *there, *first)}.values())
