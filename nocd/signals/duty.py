"""Who is on duty: punches paired by event time, however late and in whatever order they arrive."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from nocd.domain.instant import HOUR_MS, MINUTE_MS, to_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from nocd.domain.event import Event
    from nocd.domain.observation import Punch
    from nocd.domain.roster import Roster
    from nocd.domain.shelf import Shelves

KIND = "duty"
OPEN_PUNCH_AFTER_MS = 16 * HOUR_MS
SHIFT_END_GRACE_MS = 60 * MINUTE_MS
PUNCHES_MAX = 64
PUNCHES_KEPT_MS = 72 * HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mark:
    """A punch as pairing needs it, ordered by event time."""

    time: int
    id: str
    source: str
    direction: Literal["in", "out", "break_start", "break_end"]
    site: str
    verified: bool
    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None
    mocked: bool | None = None
    device: str | None = None
    method: str = ""
    confidence: float | None = None
    liveness: float | None = None

    @property
    def key(self) -> str:
        """Return what names this punch among all: its source and id."""
        return f"{self.source}:{self.id}"


@dataclass(slots=True, kw_only=True)
class DutyRecord:
    """One person's recent punches, the findings they led to (key → finding id), and how far absence was judged."""

    marks: list[Mark] = field(default_factory=list)
    claims: dict[str, str] = field(default_factory=dict)
    judged_to: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """From an `in` to what ended it; `end` is None while it lasts and `deadline` is when it ends by itself."""

    site: str
    start: int
    deadline: int
    end: int | None = None
    closed_by: Literal["out", "in", "deadline"] | None = None

    @property
    def until(self) -> int:
        """Return when it ended, or will by itself."""
        return self.deadline if self.end is None else self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A punch that does not pair: `kind` DOUBLE_PUNCH or OPEN_PUNCH at the punch `mark`, found at `time`."""

    kind: Literal["DOUBLE_PUNCH", "OPEN_PUNCH"]
    mark: Mark
    time: int

    @property
    def key(self) -> str:
        """Return what makes this claim the same claim after another pairing."""
        return f"{self.kind}:{self.mark.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """A claim that later evidence refuted: its kind, the finding it had become, and where."""

    kind: str
    finding: str
    site: str


Settled = tuple[list[Claim], list[Withdrawn], int | None]


def pair(marks: list[Mark], *, deadline_of: Callable[[Mark], int], judged_to: int) -> tuple[list[Duty], list[Claim]]:
    """Pair time-ordered marks into duties, and name those that do not pair.

    An open duty ends at its deadline once a later mark or `judged_to` (ms) has passed it. An `out` is a second one only
    after another `out`: what was before the first mark is not known.
    """
    pairing = _Pairing(deadline_of)
    for mark in marks:
        if mark.direction == "out" or (mark.direction == "in" and mark.verified):
            pairing.take(mark)
    pairing.expire(judged_to)
    return pairing.duties, pairing.claims


class _Pairing:
    def __init__(self, deadline_of: Callable[[Mark], int]) -> None:
        self.duties: list[Duty] = []
        self.claims: list[Claim] = []
        self._deadline_of = deadline_of
        self._former: str | None = None

    def take(self, mark: Mark) -> None:
        self.expire(mark.time - 1)
        if mark.direction == self._former:
            self.claims.append(Claim(kind="DOUBLE_PUNCH", mark=mark, time=mark.time))
        self._close(mark.time, "in" if mark.direction == "in" else "out")
        self._former = mark.direction
        if mark.direction == "in":
            self._opened = mark
            self.duties.append(Duty(site=mark.site, start=mark.time, deadline=self._deadline_of(mark)))

    def expire(self, now: int) -> None:
        if self.duties and self.duties[-1].end is None and self.duties[-1].deadline <= now:
            deadline = self.duties[-1].deadline
            self.claims.append(Claim(kind="OPEN_PUNCH", mark=self._opened, time=deadline))
            self._close(deadline, "deadline")
            self._former = None

    def _close(self, end: int, by: Literal["out", "in", "deadline"]) -> None:
        if self.duties and self.duties[-1].end is None:
            self.duties[-1] = replace(self.duties[-1], end=end, closed_by=by)


class Duties:
    """Every person's duty, kept up to date punch by punch."""

    def __init__(self, shelves: Shelves, roster: Roster) -> None:
        """Take up what the shelves hold."""
        self._shelves = shelves
        self._records: dict[str, DutyRecord] = shelves.kind(KIND)
        self._roster = roster
        self.newest = 0  # punch of anyone (UTC ms)
        self._open: dict[str, Duty] = {}
        self._heads: dict[str, int] = {}
        self._duties: dict[str, list[Duty]] = {}
        self._seen_at: dict[str, dict[str, None]] = {}
        for person in shelves.kind(KIND):
            self._pair(person)

    def punch(self, event: Event, data: Punch) -> Settled:
        """Take a punch in; return new claims, claims that no longer hold, and the open duty's deadline."""
        record = self._shelves.edit(KIND, data.person)
        if record is None:
            record = DutyRecord()
            self._shelves.put(KIND, data.person, record)
        mark = Mark(
            time=event.time,
            id=event.id,
            source=event.source,
            direction=data.direction,
            site=data.site,
            verified=data.verified is not False,
            lat=data.lat,
            lon=data.lon,
            accuracy_m=data.accuracy_m,
            mocked=data.location_mocked,
            device=data.device,
            method=data.method,
            confidence=data.confidence,
            liveness=data.liveness,
        )
        horizon = max(mark.time, record.marks[-1].time if record.marks else 0) - PUNCHES_KEPT_MS
        self._trim(data.person, record, horizon)
        if mark.time >= horizon:
            insort(record.marks, mark)
        return self._settle(data.person, record)

    def again(self, person: str) -> Settled:
        """Pair a person's punches again, because a shift changed; same answer as `punch`."""
        record = self._shelves.get(KIND, person)
        return ([], [], None) if record is None else self._settle(person, self._shelves.edit(KIND, person))

    def judge(self, person: str, now: int) -> Settled:
        """Let time pass for one person's open duty; same answer as `punch`."""
        if self._shelves.get(KIND, person) is None:
            return [], [], None
        record = self._shelves.edit(KIND, person)
        record.judged_to = max(record.judged_to, now)
        return self._settle(person, record)

    def remember(self, person: str, claim: Claim, finding: str) -> None:
        """Keep the id of the finding a claim became, so that it can be withdrawn."""
        self._shelves.edit(KIND, person).claims[claim.key] = finding

    def marks(self, person: str) -> list[Mark]:
        """Return a person's punches of the last days, in order of time, for reading."""
        record = self._records.get(person)
        return [] if record is None else record.marks

    def of(self, person: str) -> list[Duty]:
        """Return a person's duties of the last days, in order of time, for reading."""
        return self._duties.get(person, [])

    def on_duty(self, person: str) -> Duty | None:
        """Return the person's open duty, or None."""
        return self._open.get(person)

    def open(self) -> list[tuple[str, Duty]]:
        """Return who is on duty anywhere, by their punches."""
        return list(self._open.items())

    def heads(self, site: str) -> int:
        """Return how many people are on duty at a site."""
        return self._heads.get(site, 0)

    def at(self, site: str, start: int, end: int) -> list[tuple[str, int, int]]:
        """Return (person, from, to) of the duties at a site within `start` to `end` (ms), of the last days."""
        found = []
        for person in list(self._seen_at.get(site, ())):
            duties = [duty for duty in self._duties[person] if duty.site == site]
            if not duties:
                del self._seen_at[site][person]  # all of it is so long ago that the punches are gone
            for duty in duties:
                first, last = max(duty.start, start), min(duty.until, end)
                if first < last:
                    found.append((person, first, last))
        return found

    def known_at(self, site: str) -> bool:
        """Tell whether anyone punched in at a site lately."""
        return bool(self._seen_at.get(site))

    def deadlines(self) -> list[tuple[int, str]]:
        """Return (deadline, person) of every open duty."""
        return [(duty.deadline, person) for person, duty in self._open.items()]

    def _trim(self, person: str, record: DutyRecord, horizon: int) -> None:
        """Let go of old punches, and in silence of the claims that go with them: nothing refuted those."""
        old = sum(mark.time < horizon for mark in record.marks)
        excess = max(old, len(record.marks) + 1 - PUNCHES_MAX)
        if excess > 0:
            del record.marks[:excess]
            standing = {claim.key for claim in self._pair(person)}
            record.claims = {key: finding for key, finding in record.claims.items() if key in standing}

    def _settle(self, person: str, record: DutyRecord) -> Settled:
        claims = {claim.key: claim for claim in self._pair(person)}
        sites = {mark.key: mark.site for mark in record.marks}
        gone = {key: record.claims.pop(key) for key in list(record.claims) if key not in claims}
        withdrawn = [
            Withdrawn(kind=kind, finding=finding, site=sites[mark])
            for (kind, _, mark), finding in ((key.partition(":"), finding) for key, finding in gone.items())
        ]
        fresh = [claim for key, claim in claims.items() if key not in record.claims]
        duty = self._open.get(person)
        return fresh, withdrawn, duty.deadline if duty else None

    def _pair(self, person: str) -> list[Claim]:
        record = self._shelves.get(KIND, person)
        self.newest = max(self.newest, record.marks[-1].time) if record.marks else self.newest
        duties, claims = pair(record.marks, deadline_of=self._deadline_of(person), judged_to=record.judged_to)
        self._duties[person] = duties
        for duty in duties:
            self._seen_at.setdefault(duty.site, {})[person] = None
        former = self._open.pop(person, None)
        if former is not None:
            self._heads[former.site] -= 1
        if duties and duties[-1].end is None:
            self._open[person] = duties[-1]
            self._heads[duties[-1].site] = self._heads.get(duties[-1].site, 0) + 1
        return claims

    def _deadline_of(self, person: str) -> Callable[[Mark], int]:
        def deadline(mark: Mark) -> int:
            shift = self._roster.shift_at(person=person, site=mark.site, time=mark.time, margin_ms=SHIFT_END_GRACE_MS)
            return mark.time + OPEN_PUNCH_AFTER_MS if shift is None else to_ms(shift.end) + SHIFT_END_GRACE_MS

        return deadline
