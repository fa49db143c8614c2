"""Sites where everything is late at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from nocd.detect.absence import next_grid
from nocd.detect.kinds import Kind
from nocd.detect.protocol import Claim, Detector
from nocd.detect.watches import CLAIMS_KIND
from nocd.domain.directory import Removal, Task, Tour
from nocd.domain.finding import Category
from nocd.domain.instant import HOUR_MS, rfc3339
from nocd.domain.observation import Punch, TaskDone, TourScan
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.detect.scene import Scene
    from nocd.detect.watches import Standing, Stood
    from nocd.domain.event import Event

TASKS_MIN: Final = 5
TOURS_MIN: Final = 3
ALERTS_MIN: Final = 10
_MISSED_LATELY_MS: Final = 2 * HOUR_MS  # a missed tour still is overdue then

SLA_STORM: Final = Kind(
    name="SLA_STORM",
    category=Category.OPERATIONAL,
    severities=(Severity.CRITICAL,),
    confidence=0.90,
    says="at least 5 overdue tasks, 3 overdue tours and 10 unresolved alerts at one site",
)


class Tally(NamedTuple):
    """How much is late at a site."""

    tasks: int
    tours: int
    alerts: int

    @property
    def stormy(self) -> bool:
        """Tell whether it is too much at once."""
        return self.tasks >= TASKS_MIN and self.tours >= TOURS_MIN and self.alerts >= ALERTS_MIN


@dataclass(frozen=True, slots=True)
class Storms(Detector):
    """Counts what others claim of a site and what its operators have open; its own claim is its memory."""

    name = "storms"
    kinds = (SLA_STORM,)
    events = (Punch, Task, Tour, TaskDone, TourScan, Removal)

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:
        """Return the site; work done matters while a storm lasts."""
        data = event.data
        if isinstance(data, Removal):
            return (data.id,) if event.type == "noc.site" else ()
        site: str = data.site  # type: ignore[union-attr, assignment]  # all of `events` have one
        done = isinstance(data, (TaskDone, TourScan))
        return () if site not in scene.roster.sites or (done and _own(site, scene) is None) else (site,)

    def claims(self, key: str, record: None, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - what others claim is all
        """Return the storm that lasts, or is over now."""
        own, tally = _own(key, scene), _tally(key, at, scene)
        guarded = key in scene.roster.sites
        if own is None and not (guarded and tally.stormy):
            return []
        over = _left(key, tally, scene) if guarded else f"the site {key} was removed"
        claim = _claim(key, at if own is None else own.since, tally, scene)
        return [claim if guarded and tally.stormy else replace(claim, until=at, over=over)]

    def due(self, key: str, record: None, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - as above
        """Return the next five-minute mark while someone is on duty, or a storm lasts."""
        asked = scene.duties.heads(key) or _own(key, scene) is not None
        return next_grid(after + 1) if asked and key in scene.roster.sites else None

    def final_before(self, key: str, record: None, scene: Scene) -> int:  # noqa: ARG002 - as above
        """Return now: a storm that is over is not remembered."""
        return scene.now + 1


def _own(site: str, scene: Scene) -> Standing | None:
    stood: Stood | None = scene.shelves.get(CLAIMS_KIND, f"{Storms.name}|{site}")
    claims = () if stood is None else stood.claims.values()
    return next((claim for claim in claims if claim.until is None), None)


def _tally(site: str, at: int, scene: Scene) -> Tally:
    lately = scene.standing(site, "TOUR_MISSED", at - _MISSED_LATELY_MS)
    tours = scene.standing(site, "TOUR_OVERDUE", 0) + lately
    return Tally(scene.standing(site, "TASK_OVERDUE", 0), tours, scene.open_alerts(site))


def _left(site: str, tally: Tally, scene: Scene) -> str:
    name = scene.site_name(site)
    return f"{name} has {tally.tasks} overdue tasks, {tally.tours} overdue tours and {tally.alerts} alerts left"


def _claim(site: str, since: int, tally: Tally, scene: Scene) -> Claim:
    name = scene.site_name(site)
    finding = SLA_STORM.finding(
        time=since,
        reason=f"{name}: {tally.tasks} tasks and {tally.tours} tours are overdue and {tally.alerts} alerts stand; "
        "call the supervisor and send help before working them one by one",
        evidence={
            "tasks_overdue": tally.tasks,
            "tours_overdue": tally.tours,
            "alerts_unresolved": tally.alerts,
            "storm_since": rfc3339(since),
        },
        site=site,
    )
    return Claim(key=f"{SLA_STORM.name}:{since}", finding=finding, since=since, lasting=True)
