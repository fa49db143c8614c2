"""Sites with fewer people on duty than their contract asks for."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final

from annotated_types import Ge, Le

from nocd.detect.absence import AHEAD_MS, near
from nocd.detect.kinds import Kind, Rule
from nocd.detect.protocol import Claim, Detector
from nocd.domain.directory import Removal, Shift, Site
from nocd.domain.finding import Category
from nocd.domain.instant import HOUR_MS, MINUTE_MS, rfc3339, to_ms
from nocd.domain.observation import Punch
from nocd.domain.severity import Severity
from nocd.domain.spans import Span, common, joined, without

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event

_LOOKED_BACK_MS: Final = 24 * HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRule(Rule):
    """How long a post may be short of people."""

    grace_minutes: Annotated[float, Ge(1), Le(120)] = 15.0


COVERAGE_GAP: Final = Kind(
    name="COVERAGE_GAP",
    category=Category.OPERATIONAL,
    severities=(Severity.HIGH,),
    confidence=0.90,
    says="fewer people on duty at a site than required, for 15 min",
    rule=CoverageRule,
)


@dataclass(frozen=True, slots=True)
class Coverage(Detector):
    """Counts heads at each site that requires some; duties and shifts say all it needs."""

    name = "coverage"
    kinds = (COVERAGE_GAP,)
    events = (Punch, Shift, Site, Removal)

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return the site whose heads, shifts or contract change."""
        data = event.data
        if isinstance(data, Removal):
            return (data.id,) if event.type == "noc.site" else ()
        if isinstance(data, Site):
            return (data.id,)
        assert isinstance(data, (Punch, Shift))
        if not _required(data.site, scene) or (isinstance(data, Shift) and not near(data, scene)):
            return ()
        return sorted({data.site, *(duty.site for duty in scene.duties.of(data.person)[-2:])})

    def claims(self, key: str, record: None, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - the directory says all
        """Return the gaps of the last day."""
        return [_claim(key, gap, at, scene) for gap in _gaps(key, at - _LOOKED_BACK_MS, at + 1, scene)]

    def due(self, key: str, record: None, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - as above
        """Return when a gap begins or ends if nobody comes or goes before; once a shift all is looked at again."""
        if not _required(key, scene):
            return None
        grace_ms = _grace_ms(key, scene)
        gaps = _gaps(key, after - _LOOKED_BACK_MS, after + AHEAD_MS, scene)
        instants = (instant for first, last in gaps for instant in (first + grace_ms, last))
        soonest = min((instant for instant in instants if instant > after), default=after + AHEAD_MS)
        return soonest if scene.presence.heads_known(key) else None

    def final_before(self, key: str, record: None, scene: Scene) -> int:  # noqa: ARG002 - as above
        """Return a day ago."""
        return scene.now - _LOOKED_BACK_MS


def _required(site: str, scene: Scene) -> int:
    entry = scene.roster.sites.get(site)
    return entry.required_guards if entry is not None else 0


def _grace_ms(site: str, scene: Scene) -> int:
    rule: CoverageRule = scene.rule(COVERAGE_GAP.name, site)
    return int(rule.grace_minutes * MINUTE_MS)


def _gaps(site: str, start: int, end: int, scene: Scene) -> list[Span]:
    """Return when from `start` to `end` there were too few people for as long as the grace."""
    required = _required(site, scene)
    if not required:
        return []
    on_duty = [(first, last) for _, first, last in scene.duties.at(site, start, end)]
    asked = without(_asked(site, start, end, on_duty, scene), scene.stops)
    short = without(asked, manned(on_duty, required))
    return [(first, last) for first, last in short if last - first >= _grace_ms(site, scene)]


def _asked(site: str, start: int, end: int, on_duty: list[Span], scene: Scene) -> list[Span]:
    """Return when people are required: between the first and last shift known, or where somebody is there or due.

    Before and after them nothing is known of the site; one that closes needs people when its shifts say so.
    """
    shifts = scene.roster.shifts_at(site, start, end)
    planned = joined((to_ms(shift.start), to_ms(shift.end)) for shift in shifts)
    known = scene.roster.shift_span(site)
    if known is None:
        return joined(on_duty)
    return common([known] if scene.roster.sites[site].open_24h else planned, [(start, end)])


def manned(on_duty: list[Span], required: int) -> list[Span]:
    """Return when at least `required` people are there."""
    changes = sorted([(first, 1) for first, _ in on_duty] + [(last, -1) for _, last in on_duty])
    spans, heads = [], 0
    for (at, change), (until, _) in pairwise(changes):
        heads += change
        if heads >= required:
            spans.append((at, until))
    return joined(spans)


def _claim(site: str, gap: Span, at: int, scene: Scene) -> Claim:
    start, end = gap
    since, until = start + _grace_ms(site, scene), end if end <= at else None
    heads = len({person for person, _, _ in scene.duties.at(site, since, since + 1)})
    required, name = _required(site, scene), scene.site_name(site)
    finding = COVERAGE_GAP.finding(
        time=since,
        reason=f"{name} has {heads} on duty instead of {required} since {scene.wall(site, start)}; "
        "call who is due there, or send a stand-in",
        evidence={
            "on_duty": heads,
            "required_guards": required,
            "short_since": rfc3339(start),
            "grace_minutes": round((since - start) / MINUTE_MS, 1),
        },
        site=site,
    )
    over = f"{name} has its {required} on duty again, or needs none, from {scene.wall(site, end)}"
    return Claim(key=f"{COVERAGE_GAP.name}:{start}", finding=finding, since=since, lasting=True, until=until, over=over)
