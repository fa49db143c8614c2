"""Sources that fell silent: a dead pipe is one alert, and while it lasts what hangs on it is not judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from annotated_types import Ge, Le

from nocd.detect.kinds import Kind, Rule
from nocd.detect.pace import KIND, PHONE_REVIEW_MS, POSTS_MIN, SILENCES_KEPT, Pace, Silence
from nocd.detect.protocol import Claim, Detector
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, MINUTE_MS, SECOND_MS, rfc3339
from nocd.domain.observation import OBSERVATION_TYPES
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event

FLOOR_MS: Final = MINUTE_MS  # no setting calls a shorter gap a silence, nor does a day's longest matter
FORGOTTEN_MS: Final = 30 * DAY_MS
SHOWN_MAX: Final = 80  # characters of a source in a reason


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRule(Rule):
    """When a source is silent: so many times its 99th-percentile gap, and at least so long."""

    gaps: Annotated[float, Ge(1), Le(20)] = 3.0
    minutes_min: Annotated[float, Ge(1), Le(1_440)] = 5.0


SOURCE_SILENT: Final = Kind(
    name="SOURCE_SILENT",
    category=Category.OPERATIONAL,
    severities=(Severity.HIGH,),
    confidence=0.90,
    says="a source of 100 posts or more is silent for 3 times its 99th-percentile gap; not of one person's phone",
    rule=SilenceRule,
)


@dataclass(frozen=True, slots=True)
class Sources(Detector):
    """Knows each source's pace by receipt; one person's phone goes home with them and is not judged here."""

    name = KIND
    kinds = (SOURCE_SILENT,)
    events = tuple(OBSERVATION_TYPES.values())
    record = Pace

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:  # noqa: ARG002 - the event says it all
        """Return the source that spoke."""
        return (event.source,)

    def step(self, record: Pace, event: Event, scene: Scene) -> bool:
        """Take a post in; tell whether it ends a silence."""
        record.met(event.data)
        at = event.received_at
        gap_ms = at - record.heard_at
        if gap_ms <= 0:
            return False
        ended = False
        if gap_ms <= FLOOR_MS:
            record.learn(gap_ms)
        elif record.posts:
            ended = _paused(record, at, scene)
        record.post(at)
        return (record.posts >= POSTS_MIN and at >= record.review_at and _reviewed(record, at, scene)) or ended

    def claims(self, key: str, record: Pace, at: int, scene: Scene) -> list[Claim]:
        """Return the silences that are remembered, and the one that lasts."""
        claims = [_claim(key, record, silence, scene) for silence in record.silences]
        since = silent_since(record, scene)
        if since is not None and since <= at:
            claims.append(_claim(key, record, (record.heard_at, since, None), scene))
        return claims

    def due(self, key: str, record: Pace, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - the record says it
        """Return when it falls silent unless it posts."""
        since = silent_since(record, scene)
        return since if since is not None and since > after else None

    def final_before(self, key: str, record: Pace, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return the first silence that is remembered once earlier ones are forgotten."""
        return record.silences[0][1] if len(record.silences) == SILENCES_KEPT else 0

    def ends(self, key: str, record: Pace, scene: Scene) -> int:  # noqa: ARG002 - the record says it
        """Return a month after its last post."""
        return record.heard_at + FORGOTTEN_MS


def silent_since(record: Pace, scene: Scene) -> int | None:
    """Return when a source counts as silent unless it posts before, or None where it is not judged."""
    return scene.heard_out(record.heard_at, record.limit_ms) if record.limit_ms else None


def silences(record: Pace, scene: Scene) -> list[Silence]:
    """Return a source's silences, the one that lasts included."""
    since = silent_since(record, scene)
    if since is None or since > scene.now:
        return record.silences
    return [*record.silences, (record.heard_at, since, None)]


def _paused(record: Pace, at: int, scene: Scene) -> bool:
    """Keep the gap before a post as a silence if it was one, else learn from it; the daemon's stops teach nothing."""
    gap_ms, since = at - record.heard_at, silent_since(record, scene)
    if since is not None and since < at:
        record.today = max(record.today, gap_ms)
        record.silences = [*record.silences[1 - SILENCES_KEPT :], (record.heard_at, since, at)]
        return True
    if not scene.unheard(record.heard_at, at):
        record.today = max(record.today, gap_ms)
        record.learn(gap_ms)
    return False


def _reviewed(record: Pace, at: int, scene: Scene) -> bool:
    """Set anew how long a source may be silent; tell that it did."""
    rule: SilenceRule = scene.rule(SOURCE_SILENT.name, _site(record))
    usual_ms = max(rule.minutes_min * MINUTE_MS, rule.gaps * record.usual_ms(), record.habit_ms())
    record.limit_ms = 0 if _phone(record, scene) else int(usual_ms)
    record.review_at = at + (record.limit_ms or PHONE_REVIEW_MS)
    return True


def _phone(record: Pace, scene: Scene) -> bool:
    """Tell whether one person's phone speaks here: it goes home with them, and DEVICE_OFFLINE watches it at work."""
    entry = scene.roster.device(record.device) if record.devices == 1 and record.device is not None else None
    return record.of_one_person() if entry is None else entry.kind == "phone"


def _site(record: Pace) -> str | None:
    return record.site if record.sites == 1 else None


def _claim(source: str, record: Pace, silence: Silence, scene: Scene) -> Claim:
    heard_at, since, until = silence
    site, shown = _site(record), source[:SHOWN_MAX]
    silent_minutes = (since - heard_at) / MINUTE_MS
    finding = SOURCE_SILENT.finding(
        time=since,
        reason=f"{shown} has sent nothing for {silent_minutes:.0f} min, "
        f"since {scene.wall(site, heard_at, told_at=since)}: check power, network and token; "
        "what it alone reports is not judged meanwhile",
        evidence={
            "source": source,
            "heard_at": rfc3339(heard_at),
            "limit_minutes": round(silent_minutes, 1),
            "gap_p99_s": round(record.usual_ms() / SECOND_MS, 1),
            "posts": record.posts,
        },
        site=site,
        entity_type="source",
        entity_id=source,
    )
    over = "" if until is None else f"{shown} speaks again after {(until - heard_at) / MINUTE_MS:.0f} min"
    return Claim(key=f"SOURCE_SILENT:{heard_at}", finding=finding, since=since, lasting=True, until=until, over=over)
