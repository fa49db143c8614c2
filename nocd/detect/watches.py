"""Detectors at work: which claims are fresh, which last, are over or refuted, and when time alone may change one."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final, Protocol

from nocd.detect.protocol import Detector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.detect.protocol import Claim
    from nocd.detect.scene import Scene
    from nocd.domain.event import Event
    from nocd.domain.finding import Finding

CLAIMS_KIND: Final = "claims"
DUE_KIND: Final = "due"
ASKED_A_TICK: Final = 64  # so that no tick holds the loop long; the rest comes with the next
FINDINGS_MAX: Final = 300  # of one claim: what lasts a day is told again every five minutes


@dataclass(slots=True, kw_only=True)
class Standing:
    """A claim that was made: its findings' ids, what they are of, when it began and whether it is over."""

    findings: list[str]
    type: str
    fingerprint: str
    since: int
    until: int | None = None
    step: int = 0
    lasting: bool = False
    site: str | None = None
    person: str | None = None


@dataclass(slots=True, kw_only=True)
class Stood:
    """All standing claims of one detector and key, by claim key."""

    claims: dict[str, Standing] = field(default_factory=dict)

    @property
    def lasts(self) -> bool:
        """Tell whether a condition among them is not over."""
        return any(claim.lasting and claim.until is None for claim in self.claims.values())


class Teller(Protocol):
    """What hears of claims."""

    def found(self, finding: Finding, *, lasting: bool = False) -> str:
        """Take a finding in, of a condition that lasts or an instant; return its id."""

    def refuted(self, claim: Standing) -> None:
        """Withdraw a claim's findings."""

    def over(self, claim: Standing, reason: str) -> None:
        """End a condition."""


class Watch:
    """A detector with what is kept of it, at hand: it is asked at every event."""

    __slots__ = ("detector", "lasting", "name", "no", "planned", "record", "records", "waits")

    def __init__(self, no: int, detector: Detector, scene: Scene) -> None:
        """Take up the detector's records; `no` orders what is due at one instant."""
        kind = type(detector)
        self.no = no
        self.detector = detector
        self.name = detector.name
        self.record = detector.record
        self.records = scene.shelves.kind(detector.name)
        self.waits = kind.due is not Detector.due or kind.ends is not Detector.ends  # time alone means something to it
        self.lasting: set[str] = set()  # keys with a condition that an event may end
        self.planned: dict[str, int] = {}  # when each key is to be asked (UTC ms)

    def address(self, key: str) -> str:
        """Return what a key's claims and deadline are kept under."""
        return f"{self.name}|{key}"


class Watches:
    """Asks every detector what it claims, and tells only what is new."""

    def __init__(self, detectors: Sequence[Detector], scene: Scene, teller: Teller) -> None:
        """Take up what the shelves hold, and plan what is due."""
        self._scene = scene
        self._shelves = scene.shelves
        self._teller = teller
        self._watches = [Watch(no, detector, scene) for no, detector in enumerate(detectors)]
        self._of_data: dict[type, list[Watch]] = {}
        self._at_site: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
        for watch in self._watches:
            for data in watch.detector.events:
                self._of_data.setdefault(data, []).append(watch)
        self._due: list[tuple[int, int, str]] = []
        self._claims: dict[str, Stood] = self._shelves.kind(CLAIMS_KIND)
        self._take_up()

    def _take_up(self) -> None:
        """Take up what stood and was planned."""
        named = {watch.name: watch for watch in self._watches}
        for address, stood in self._claims.items():
            name, _, key = address.partition("|")
            if stood.lasts and name in named:
                named[name].lasting.add(key)
            self._list(address, stood)
        for address, at in self._shelves.kind(DUE_KIND).items():
            name, _, key = address.partition("|")
            if name in named:
                named[name].planned[key] = at
                self._due.append((at, named[name].no, key))
        heapify(self._due)

    def take(self, event: Event) -> None:
        """Let every detector of an event's data look at it."""
        scene = self._scene
        for watch in self._of_data.get(type(event.data), ()):
            for key in watch.detector.keys(event, scene):
                self._step(watch, key, event)

    def next_due(self) -> int | None:
        """Return when time alone may next change a claim (UTC ms), or None."""
        while self._due and not self._stands_planned(*self._due[0]):
            heappop(self._due)
        return self._due[0][0] if self._due else None

    def tick(self, now: int) -> bool:
        """Ask again what is due by `now`, a bounded number a call; tell whether anything was asked.

        A deadline that has moved since it was planned is only planned again: most do, with every event.
        """
        asked = 0
        while self._due and self._due[0][0] <= now and asked < ASKED_A_TICK:
            at, no, key = heappop(self._due)
            if not self._stands_planned(at, no, key):
                continue
            watch = self._watches[no]
            self._unplan(watch, key)
            if self._next(watch, key, at - 1) == at:
                self._judge(watch, key, at)
                asked += 1
            else:
                self._plan(watch, key, at)
        return asked > 0

    def standing_at(self, site: str, finding_type: str, since: int) -> int:
        """Return how many claims of a type at a site began at `since` (UTC ms) or later and are not over."""
        return sum(began >= since for began in self._at_site.get((site, finding_type), {}).values())

    def _step(self, watch: Watch, key: str, event: Event) -> None:
        record = None
        if watch.record is not None:
            record = watch.records.get(key)
            if record is None:
                record = watch.record()
                self._shelves.put(watch.name, key, record)
            else:
                self._shelves.touch(watch.name, key)
        if watch.detector.step(record, event, self._scene) or key in watch.lasting:
            self._judge(watch, key, self._scene.now)
        elif watch.waits and key not in watch.planned:
            self._plan(watch, key, self._scene.now)

    def _judge(self, watch: Watch, key: str, at: int) -> None:
        detector, record = watch.detector, watch.records.get(key)
        ends = detector.ends(key, record, self._scene)
        if ends is not None and ends <= at:
            self._forget(watch, key)
            return
        address = watch.address(key)
        stood = self._claims.get(address)
        claims = self._claimed(detector, key, record, at)
        if claims or stood is not None:
            if stood is None:
                stood = Stood()
                self._shelves.put(CLAIMS_KIND, address, stood)
            else:
                self._shelves.touch(CLAIMS_KIND, address)
            self._unlist(address, stood)
            self._compare(stood, claims, final_before=detector.final_before(key, record, self._scene))
            self._list(address, stood)
            self._note(watch, key, stood)
        if watch.waits:
            self._plan(watch, key, at)

    def _note(self, watch: Watch, key: str, stood: Stood) -> None:
        """Keep in mind which keys have a condition that an event may end."""
        if stood.lasts:
            watch.lasting.add(key)
        else:
            watch.lasting.discard(key)
        if not stood.claims:
            self._shelves.drop(CLAIMS_KIND, watch.address(key))

    def _claimed(self, detector: Detector, key: str, record: object, at: int) -> list[Claim]:
        """Return a detector's claims, but for types that are off at their site and what is said to be stopped for."""
        return [
            claim
            for claim in detector.claims(key, record, at, self._scene)
            if self._scene.rule(claim.finding.type, claim.finding.site).mode != "off"
        ]

    def _compare(self, stood: Stood, claims: list[Claim], *, final_before: int) -> None:
        former, stood.claims = stood.claims, {}
        for claim in claims:
            key = _same(claim, former, claims)
            standing = former.pop(key) if key is not None else None
            stood.claims[claim.key] = self._tell(claim, standing)
        for gone in former.values():
            if gone.since >= final_before:
                self._teller.refuted(gone)
            elif gone.lasting and gone.until is None:
                self._teller.over(gone, "it is so no more; since when is too long ago to be told")

    def _tell(self, claim: Claim, standing: Standing | None) -> Standing:
        finding = claim.finding
        if standing is None or (claim.step > standing.step and standing.until is None):
            number = self._teller.found(finding, lasting=claim.lasting)
            findings = [] if standing is None else standing.findings
            findings = [*findings[1 - FINDINGS_MAX :], number]
        else:
            findings = standing.findings
        told = Standing(
            findings=findings,
            type=finding.type,
            fingerprint=finding.fingerprint,
            since=claim.since,
            until=claim.until,
            step=max(claim.step, standing.step if standing is not None else 0),
            lasting=claim.lasting,
            site=finding.site,
            person=finding.person,
        )
        if claim.until is not None and (standing is None or standing.until is None):
            self._teller.over(told, claim.over)
        return told

    def _plan(self, watch: Watch, key: str, after: int) -> None:
        """Keep one deadline a key; a later one replaces an earlier one when that comes up."""
        at, kept = self._next(watch, key, after), watch.planned.get(key)
        if at is None:
            if kept is not None and kept > after:
                self._unplan(watch, key)
        elif kept is None or at < kept:
            self._shelves.put(DUE_KIND, watch.address(key), at)
            watch.planned[key] = at
            heappush(self._due, (at, watch.no, key))

    def _unplan(self, watch: Watch, key: str) -> None:
        if watch.planned.pop(key, None) is not None:
            self._shelves.drop(DUE_KIND, watch.address(key))

    def _next(self, watch: Watch, key: str, after: int) -> int | None:
        """Return when a key is to be asked or let go of, after an instant (UTC ms)."""
        detector, record = watch.detector, watch.records.get(key)
        due, ends = detector.due(key, record, after, self._scene), detector.ends(key, record, self._scene)
        if ends is None:
            return due
        ends = max(ends, after + 1)
        return ends if due is None else min(due, ends)

    def _stands_planned(self, at: int, no: int, key: str) -> bool:
        return self._watches[no].planned.get(key) == at

    def _list(self, address: str, stood: Stood) -> None:
        """Keep what of a key is not over in the index by site and type."""
        for key, claim in stood.claims.items():
            if claim.until is None and claim.site is not None:
                self._at_site.setdefault((claim.site, claim.type), {})[address, key] = claim.since

    def _unlist(self, address: str, stood: Stood) -> None:
        for key, claim in stood.claims.items():
            listed = self._at_site.get((claim.site or "", claim.type), {})
            if listed.pop((address, key), None) is not None and not listed:
                del self._at_site[claim.site or "", claim.type]

    def _forget(self, watch: Watch, key: str) -> None:
        address = watch.address(key)
        stood = self._claims.get(address)
        if stood is not None:
            self._unlist(address, stood)
            for claim in stood.claims.values():
                if claim.lasting and claim.until is None:
                    self._teller.over(claim, "so long ago that nothing is known of it any more")
        self._shelves.drop(CLAIMS_KIND, address)
        watch.lasting.discard(key)
        self._unplan(watch, key)
        if watch.record is not None:
            self._shelves.drop(watch.name, key)


def _same(claim: Claim, former: dict[str, Standing], claims: list[Claim]) -> str | None:
    """Return the key of the standing claim that a claim goes on with, or None: its own key, of its fingerprint.

    A condition also goes on with one whose time overlaps, unless that is claimed by its key again.
    """
    if not former:
        return None
    fingerprint = claim.finding.fingerprint
    own = former.get(claim.key)
    if own is not None and own.fingerprint == fingerprint:
        return claim.key
    for key, standing in former.items() if claim.lasting else ():
        if standing.lasting and standing.fingerprint == fingerprint and all(other.key != key for other in claims):
            begins_before = claim.until is None or standing.since <= claim.until
            if begins_before and (standing.until is None or claim.since <= standing.until):
                return key
    return None
