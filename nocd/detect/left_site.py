"""Guards who leave their site while they are on duty."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple, Self

from annotated_types import Ge, Le

from nocd.detect.fence import outside_m
from nocd.detect.kinds import Kind, Rule
from nocd.detect.location import GEOFENCE_VIOLATION, FenceRule, null_island
from nocd.detect.ordered import settle, take, walked
from nocd.detect.protocol import Claim, Detector
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, rfc3339
from nocd.domain.observation import LocationFix, Punch
from nocd.domain.severity import Severity
from nocd.signals.trail import ACCURACY_UNKNOWN_M

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event
    from nocd.signals.duty import Duty

_SILENT_MS: Final = HOUR_MS  # where someone was between two fixes further apart is not known
_VAGUE_M: Final = 100.0  # what is less exact shows no return


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftSiteRule(Rule):
    """How long someone on duty may be outside the fence."""

    outside_minutes: Annotated[float, Ge(1), Le(120)] = 10.0


LEFT_SITE: Final = Kind(
    name="LEFT_SITE",
    category=Category.SECURITY,
    severities=(Severity.HIGH,),
    confidence=0.85,
    says="someone on duty is outside the fence for longer than allowed; over when they return, pause or punch out",
    rule=LeftSiteRule,
)


class Place(NamedTuple):
    """A fix, ordered by its time (UTC ms)."""

    time: int
    lat: float
    lon: float
    accuracy_m: float


class Away(NamedTuple):
    """A time outside (UTC ms): first and last seen there, seen back at `until` (None while not), how far at last."""

    site: str
    first: int
    last: int
    outside_m: float
    until: int | None = None


class Post(NamedTuple):
    """A stretch of duty without a break (UTC ms), and why it ends."""

    site: str
    start: int
    end: int
    over: str


class Guarding(NamedTuple):
    """Someone's duties and their sites' fences, as the scene has them."""

    person: str
    scene: Scene

    def post(self, time: int) -> Post | None:
        """Return the stretch of duty around an instant (UTC ms), or None."""
        for duty in reversed(self.scene.duties.of(self.person)):
            if duty.start <= time < duty.until:
                return self._between_breaks(duty, time)
        return None

    def _between_breaks(self, duty: Duty, time: int) -> Post | None:
        start, paused = duty.start, False
        for mark in self.scene.duties.marks(self.person):
            if not duty.start <= mark.time < duty.until or mark.direction not in ("break_start", "break_end"):
                continue
            if mark.time > time:
                if mark.direction == "break_start" and not paused:
                    return Post(duty.site, start, mark.time, "a break began")
                continue
            start, paused = mark.time, mark.direction == "break_start"
        return None if paused else Post(duty.site, start, duty.until, "the duty ended")

    def most_ms(self, site: str) -> int:
        """Return how long one may be outside a site (ms)."""
        rule: LeftSiteRule = self.scene.rule(LEFT_SITE.name, site)
        return round(rule.outside_minutes * MINUTE_MS)

    def beyond_m(self, site: str, place: Place) -> tuple[float, float] | None:
        """Return how far outside a site's fence a fix is, and its hysteresis; None where no fence is known."""
        entry = self.scene.roster.sites.get(site)
        rule: FenceRule = self.scene.rule(GEOFENCE_VIOLATION.name, site)
        beyond_m = None if entry is None else outside_m(entry, place.lat, place.lon, radius_m=rule.radius_m)
        return None if entry is None or beyond_m is None else (beyond_m, entry.hysteresis_m)


@dataclass(slots=True, kw_only=True)
class Stay:
    """The times outside of late that were too long, and the last one, which goes on while its `until` is None."""

    away: list[Away] = field(default_factory=list)

    def copy(self) -> Self:
        """Return one that goes on from here by itself."""
        return type(self)(away=[*self.away])

    def step(self, seen: Place, known: Guarding) -> bool:
        """Take a fix in; tell whether its person is outside for too long, or comes back."""
        post = known.post(seen.time)
        self._break_off(seen, post, known)
        beyond = None if post is None else known.beyond_m(post.site, seen)
        if post is None or beyond is None:
            return False
        beyond_m, hysteresis_m = beyond
        going_on = self.going_on()
        if beyond_m > seen.accuracy_m + hysteresis_m:
            first = seen.time if going_on is None else going_on.first
            now = Away(post.site, first, seen.time, beyond_m)
            self.away = [*(self.away if going_on is None else self.away[:-1]), now]
            return _too_long(now, known)
        if going_on is None or beyond_m > (seen.accuracy_m if seen.accuracy_m <= _VAGUE_M else 0.0):
            return False
        return self._end(going_on, seen.time, known)

    def going_on(self) -> Away | None:
        """Return the time outside that goes on, or None."""
        return self.away[-1] if self.away and self.away[-1].until is None else None

    def forget_before(self, instant: int) -> None:
        """Let go of times outside that were over before an instant (ms)."""
        if self.away and self.away[0].until is not None:
            self.away = [each for each in self.away if each.until is None or each.until >= instant]

    def _break_off(self, seen: Place, post: Post | None, known: Guarding) -> None:
        """End a time outside that belongs to an earlier stretch of duty, or was too little seen."""
        away = self.going_on()
        if away is None:
            return
        silent = seen.time - away.last > _SILENT_MS and not _too_long(away, known)
        if post is None or post.start > away.first or silent:
            self._end(away, seen.time, known)

    def _end(self, away: Away, at: int, known: Guarding) -> bool:
        """End a time outside; keep it only where it was too long."""
        long = _too_long(away, known)
        self.away = [*self.away[:-1], *([away._replace(until=at)] if long else [])]
        return long


@dataclass(slots=True, kw_only=True)
class Stays:
    """One person's times outside, up to what is settled and with what is pending (UTC ms)."""

    settled: Stay = field(default_factory=Stay)
    head: Stay = field(default_factory=Stay)
    pending: list[Place] = field(default_factory=list)
    settled_to: int = 0
    walk_at: int = 0


@dataclass(frozen=True, slots=True)
class LeftSite(Detector):
    """Follows whoever is on duty; a fix that is mocked or at null island says nothing of where they are."""

    name = "left_site"
    kinds = (LEFT_SITE,)
    events = (LocationFix, Punch)
    record = Stays

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return whose phone it is, where they were on duty of late."""
        data = event.data
        assert isinstance(data, (LocationFix, Punch))
        return (data.person,) if scene.duties.of(data.person) else ()

    def step(self, record: Stays, event: Event, scene: Scene) -> bool:
        """Take a fix in, or a punch that changes what the fixes mean."""
        data = event.data
        assert isinstance(data, (LocationFix, Punch))
        guarding = Guarding(data.person, scene)
        settle(record, scene.watermark, guarding)
        for stay in (record.settled, record.head):
            stay.forget_before(record.settled_to)
        if isinstance(data, Punch):
            record.walk_at = scene.now
            return True
        if data.location_mocked or null_island(data.lat, data.lon):
            return False
        place = Place(event.time, data.lat, data.lon, data.accuracy_m or ACCURACY_UNKNOWN_M)
        return take(record, place, guarding, now=scene.now)

    def claims(self, key: str, record: Stays, at: int, scene: Scene) -> list[Claim]:
        """Return the times outside that were too long and have not been over for long."""
        guarding = Guarding(key, scene)
        return list(_claims(walked(record, at, guarding).away, at, guarding))

    def due(self, key: str, record: Stays, after: int, scene: Scene) -> int | None:
        """Return when what came out of order is walked, or when a duty ends by itself."""
        guarding = Guarding(key, scene)
        away = walked(record, after, guarding).going_on()
        post = None if away is None else guarding.post(away.first)
        times = [record.walk_at, 0 if post is None else post.end]
        return min((time for time in times if time > after), default=None)

    def final_before(self, key: str, record: Stays, scene: Scene) -> int:  # noqa: ARG002 - the record says
        """Return up to when all is settled."""
        return record.settled_to

    def ends(self, key: str, record: Stays, scene: Scene) -> int | None:  # noqa: ARG002 - the record says
        """Return a midnight two days after the person was last heard: their duty is over."""
        return (record.settled_to // DAY_MS + 3) * DAY_MS


def _too_long(away: Away, known: Guarding) -> bool:
    return away.last - away.first > known.most_ms(away.site)


def _claims(times: list[Away], at: int, known: Guarding) -> Iterator[Claim]:
    for away in times:
        if not _too_long(away, known):
            continue
        since = away.first + known.most_ms(away.site)
        post = known.post(away.first) or Post(away.site, away.first, away.first, "was not on duty, late punches say")
        until, over = away.until, f"back at {known.scene.site_name(away.site)}"
        if post.end <= (at if until is None else until):
            until, over = post.end, post.over
        if until is not None:
            until = max(until, since)  # a punch that came too late to withdraw it ends it at once
        yield _claim(away, since, known, until=until, over=over)


def _claim(away: Away, since: int, known: Guarding, *, until: int | None, over: str) -> Claim:
    scene, minutes = known.scene, known.most_ms(away.site) / MINUTE_MS
    name, site = scene.person_name(known.person), scene.site_name(away.site)
    finding = LEFT_SITE.finding(
        time=since,
        reason=f"{name} is on duty but has been outside {site} for more than {minutes:g} min, "
        f"since {scene.wall(away.site, away.first)}, {away.outside_m:.0f} m beyond its fence; call them, send cover",
        evidence={
            "outside_since": rfc3339(away.first),
            "last_seen_at": rfc3339(away.last),
            "outside_minutes": round((away.last - away.first) / MINUTE_MS, 1),
            "outside_m": round(away.outside_m),
            "outside_minutes_max": minutes,
        },
        site=away.site,
        person=known.person,
    )
    return Claim(
        key=f"LEFT_SITE:{away.first}",
        finding=finding,
        since=since,
        lasting=True,
        until=until,
        over=over,
        step=int((away.last - since) / max(minutes * MINUTE_MS, 1)),
    )
