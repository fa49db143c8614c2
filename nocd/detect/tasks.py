"""Tasks that are not done in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from annotated_types import Ge, Le

from nocd.detect.entities import of_entry
from nocd.detect.kinds import Kind, Rule
from nocd.detect.protocol import Claim, Detector
from nocd.domain.directory import Removal, Task
from nocd.domain.finding import Category
from nocd.domain.instant import DAY_MS, MINUTE_MS, rfc3339, to_ms
from nocd.domain.observation import TaskDone
from nocd.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nocd.detect.scene import Scene
    from nocd.domain.event import Event

_KEPT_MS: Final = 2 * DAY_MS  # after a task is done
_OPEN_KEPT_MS: Final = 400 * DAY_MS  # one still open then is nobody's any more
_LATER: Final = 1  # ms: worse is what is past a multiple of the SLA, not at it


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRule(Rule):
    """How long a task without a due time of its own may be open, by its priority."""

    critical_minutes: Annotated[float, Ge(5), Le(120)] = 15.0
    high_minutes: Annotated[float, Ge(5), Le(240)] = 30.0
    medium_minutes: Annotated[float, Ge(5), Le(480)] = 60.0
    low_minutes: Annotated[float, Ge(5), Le(1_440)] = 120.0

    def minutes(self, priority: str) -> float:
        """Return how long a task of a priority may be open."""
        return {
            "CRITICAL": self.critical_minutes,
            "HIGH": self.high_minutes,
            "MEDIUM": self.medium_minutes,
            "LOW": self.low_minutes,
        }[priority]


TASK_OVERDUE: Final = Kind(
    name="TASK_OVERDUE",
    category=Category.OPERATIONAL,
    severities=(Severity.MEDIUM, Severity.CRITICAL, Severity.HIGH, Severity.LOW),
    confidence=0.95,
    says="a task is open past its due time, or its priority's; worse at 1.5 (CRITICAL), 2 (HIGH) or 3 times its SLA",
    rule=TaskRule,
)
# Past how many times its SLA a task is worse, and how grave it is before and after.
_GRAVER: Final = {
    "CRITICAL": (1.5, Severity.HIGH, Severity.CRITICAL),
    "HIGH": (2.0, Severity.MEDIUM, Severity.HIGH),
    "MEDIUM": (3.0, Severity.LOW, Severity.MEDIUM),
    "LOW": (3.0, Severity.LOW, Severity.MEDIUM),
}


@dataclass(slots=True, kw_only=True)
class Job:
    """A task as the directory last had it, however long ago; when it was first done, and when removed (UTC ms)."""

    task: Task | None = None
    done_at: int | None = None
    removed_at: int | None = None

    def over_at(self) -> int | None:
        """Return when it was done, by an event or its entry, or removed (UTC ms); None while it is open."""
        completed_at = None if self.task is None or self.task.completed_at is None else to_ms(self.task.completed_at)
        ends = (self.done_at, completed_at, self.removed_at)
        return min((end for end in ends if end is not None), default=None)


@dataclass(frozen=True, slots=True)
class Tasks(Detector):
    """Expects each task to be done by its time."""

    name = "tasks"
    kinds = (TASK_OVERDUE,)
    events = (Task, Removal, TaskDone)
    record = Job

    def keys(self, event: Event, scene: Scene) -> Sequence[str]:  # noqa: ARG002 - the event names its task
        """Return the task entered, removed or done."""
        return of_entry(event, "task")

    def step(self, record: Job, event: Event, scene: Scene) -> bool:  # noqa: ARG002 - the event says it all
        """Take the entry, its end, or that it was done."""
        data = event.data
        if isinstance(data, Task):
            record.task, record.removed_at = data, None
        elif isinstance(data, Removal):
            record.removed_at = event.time
        else:
            record.done_at = event.time if record.done_at is None else min(record.done_at, event.time)
        return True

    def claims(self, key: str, record: Job, at: int, scene: Scene) -> list[Claim]:  # noqa: ARG002 - the record has its id
        """Return that a task is, or was, open past its time."""
        if record.task is None:
            return []
        since, worse_at = _moments(record.task, scene)
        over_at = record.over_at()
        begins = _begins(record.task, since, worse_at, scene)
        if begins is None or at < begins or (over_at is not None and over_at <= begins):
            return []
        worse = worse_at <= (at if over_at is None else min(at, over_at - 1))
        return [_overdue(record, begins=begins, worse=worse, at=at, scene=scene)]

    def due(self, key: str, record: Job, after: int, scene: Scene) -> int | None:  # noqa: ARG002 - the record says it
        """Return when the task is overdue, or worse."""
        over_at = record.over_at()
        if record.task is None or (over_at is not None and over_at <= after):
            return None
        moments = [*_moments(record.task, scene), *([] if over_at is None else [over_at])]
        return min((moment for moment in moments if moment > after), default=None)

    def ends(self, key: str, record: Job, scene: Scene) -> int | None:  # noqa: ARG002 - the record says it
        """Return two days after the task was done: by then every phone has told what it has to tell."""
        over_at = record.over_at()
        if over_at is not None:
            return over_at + _KEPT_MS
        return None if record.task is None else to_ms(record.task.created_at) + _OPEN_KEPT_MS


def _sla_ms(task: Task, scene: Scene) -> int:
    """Return how long a task may be open: up to its due time, where that is after it came up, else by priority."""
    own_ms = 0 if task.due_at is None else to_ms(task.due_at) - to_ms(task.created_at)
    rule: TaskRule = scene.rule(TASK_OVERDUE.name, task.site)
    return own_ms if own_ms > 0 else int(rule.minutes(task.priority) * MINUTE_MS)


def _moments(task: Task, scene: Scene) -> tuple[int, int]:
    """Return when a task is overdue, and when it is worse (UTC ms)."""
    created, sla_ms = to_ms(task.created_at), _sla_ms(task, scene)
    return created + sla_ms, created + int(_GRAVER[task.priority][0] * sla_ms) + _LATER


def _begins(task: Task, since: int, worse_at: int, scene: Scene) -> int | None:
    """Return from when a task counts as overdue: where its end may have gone unheard, not sooner than it is worse."""
    if not scene.mute(task.person, to_ms(task.created_at), since, site=task.site):
        return since
    return None if scene.mute(task.person, since, worse_at, site=task.site) else worse_at


def _overdue(record: Job, *, begins: int, worse: bool, at: int, scene: Scene) -> Claim:
    task, over_at = record.task, record.over_at()
    assert task is not None
    _, mild, grave = _GRAVER[task.priority]
    time = _moments(task, scene)[1] if worse else begins
    sla_ms, age_ms = _sla_ms(task, scene), time - to_ms(task.created_at)
    has_it = "nobody has it" if task.person is None else f"{scene.person_name(task.person)} has it"
    wall = scene.wall(task.site, to_ms(task.created_at), told_at=at)
    finding = TASK_OVERDUE.finding(
        time=time,
        severity=grave if worse else mild,
        reason=f"The {task.priority.lower()} task {task.id} at {scene.site_name(task.site)}, open since {wall}, was to "
        f"be done within {sla_ms / MINUTE_MS:.0f} min: {has_it}; call, or give it to someone else",
        evidence={
            "task": task.id,
            "priority": task.priority,
            "created_at": rfc3339(to_ms(task.created_at)),
            "sla_minutes": round(sla_ms / MINUTE_MS, 1),
            "age_minutes": round(age_ms / MINUTE_MS, 1),
            "age_to_sla": round(age_ms / sla_ms, 2),
        },
        site=task.site,
        person=task.person,
        entity_type="task",
        entity_id=task.id,
    )
    until = over_at if over_at is not None and over_at <= at else None
    over = "" if until is None else _over(record, task, until, scene)
    return Claim(
        key="TASK_OVERDUE", finding=finding, since=begins, lasting=True, until=until, over=over, step=int(worse)
    )


def _over(record: Job, task: Task, until: int, scene: Scene) -> str:
    what = "removed" if until == record.removed_at else "done"
    since, _ = _moments(task, scene)
    late_minutes = (until - since) / MINUTE_MS
    return f"the task was {what} at {scene.wall(task.site, until)}, {late_minutes:.0f} min after its time"
