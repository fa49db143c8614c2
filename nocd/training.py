"""Training, and the look for drift: rows written aside, a child at the lowest priority, what came of it a step."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import resource
import sys
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from ml.labels import Label, delay_ms
from ml.registry import Registry
from ml.schema import FRAUD, Refused, Row, header
from nocd.domain.command import Command
from nocd.domain.instant import DAY_MS, HOUR_MS
from nocd.errors import UnavailableError
from nocd.fraud import retraining, steps
from nocd.fraud.features import widened
from nocd.fraud.labels import label
from nocd.store import training as stored

if TYPE_CHECKING:
    from asyncio import StreamReader
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from nocd.fraud.retraining import Told
    from nocd.store.folder import Folder
    from nocd.store.store import Store
    from nocd.store.training import ScoredPunch
    from nocd.tenant import Tenant

DAYS: Final = 180
ROWS_MAX: Final = 200_000  # past it, of the punches without a label only every so manieth
LABELS_MAX: Final = 10_000
ANSWER_MAX_BYTES: Final = 4_194_304
NICENESS: Final = 19
ACTOR: Final = "nocd"
_HOUR: Final = FRAUD.names.index("hour_of_day")
_SHIFT_MS: Final = 16 * HOUR_MS  # what a person punches within it is one shift


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long a child may take, and how much memory it may have."""

    seconds_max: float = 900.0
    memory_max_bytes: int = 536_870_912


@dataclass(slots=True, kw_only=True)
class Training:
    """Trains tenants' models and looks for drift, one child at a time; `changed` hears whose model is new."""

    folder: Folder
    now_ms: Callable[[], int]
    changed: Callable[[str], Awaitable[object]]
    auto_approve: bool = False
    command: tuple[str, ...] = (sys.executable, "-m", "ml")
    bounds: Bounds = field(default_factory=Bounds)
    running: int | None = field(default=None, init=False)  # the child's process id
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def retrain(self, name: str, tenant: Tenant, *, trigger: str = retraining.BY_PLAN) -> str:
        """Train a tenant's model, put it in force if it passed and nothing is against it; return what came of it."""
        models = self.folder.tenant_models(name)
        async with self._written(name, tenant, days=DAYS) as rows:
            if not rows.count:
                return "no punch was scored yet"
            answer = await self._child("train", "--rows", str(rows.path), "--registry", str(models), "--json")
        told = retraining.trained(answer, trigger=trigger)
        past = await tenant.store.read(stored.steps)
        decided = retraining.activation(past, auto_approve=self.auto_approve)
        if told.kind != steps.TRAINED or told.version is None:
            await self._step(tenant, told)
            return f"refused: {told.reason}"
        await self._step(tenant, told._replace(reason=f"{told.reason}; {decided.reason}"))
        if not decided.allowed:
            await self.changed(name)  # until then it judges in the shadow
            return f"{told.version} was trained; {decided.reason}"
        return await self._activate(name, tenant, told.version, trigger=trigger)

    async def look(self, name: str, tenant: Tenant) -> str:
        """Look whether a tenant's model drifted; tell it where it did, and train anew where that is grave."""
        models = self.folder.tenant_models(name)
        if await asyncio.to_thread(Registry(models).active) is None:
            return "no model is active; rules decide alone"
        async with self._written(name, tenant, days=retraining.DRIFT_DAYS_MAX + retraining.WEEK_DAYS) as rows:
            if not (windows := retraining.windows_days(rows.span_ms)):
                return f"less than a day of punches was scored: {rows.count}"
            days = [word for each in windows for word in ("--days", str(each))]
            where = ("--rows", str(rows.path), "--registry", str(models))
            answer = await self._child("drift", *where, *days, "--label-delay-days", f"{rows.label_delay_days:.3f}")
        if answer["outcome"] == "refused":
            return f"not compared: {answer['reason']}"  # where a model is harmed, loading it has told so
        told = retraining.drifted(answer)
        if told is None:
            return f"nothing moved in {answer['rows']} punches since {answer['version']} was trained"
        past = await tenant.store.read(stored.steps)
        await self._step(tenant, told)
        decided = retraining.on_drift(answer["level"], past, now=self.now_ms())
        found = f"{answer['level']} drift of {told.version}: {told.reason}"
        if not decided.allowed:
            return f"{found}; not trained anew: {decided.reason}"
        return f"{found}; trained anew: {await self.retrain(name, tenant, trigger=retraining.BY_DRIFT)}"

    async def tidy(self) -> None:
        """Remove rows that a daemon left behind which was killed."""

        def remove() -> None:
            for each in self.folder.models.glob(".rows-*"):
                each.unlink()

        await asyncio.to_thread(remove)

    async def _activate(self, name: str, tenant: Tenant, version: str, *, trigger: str) -> str:
        registry = Registry(self.folder.tenant_models(name))
        former = await asyncio.to_thread(registry.active)
        try:
            await asyncio.to_thread(registry.activate, version)
        except Refused as refusal:
            body = {"trigger": trigger, "code": refusal.code, "counts": refusal.counts}
            await self._step(tenant, retraining.Told(steps.REFUSED, version, refusal.detail, body))
            return f"refused: {refusal.detail}"
        gone: dict[str, Any] = {"trigger": trigger, "former": former}
        await self._step(tenant, retraining.Told(steps.ACTIVATED, version, "it passed its gates", gone))
        await self.changed(name)
        return f"{version} passed its gates and is in force"

    async def _step(self, tenant: Tenant, told: Told) -> None:
        args = steps.args(told.kind, version=told.version, reason=told.reason, body=told.body)
        now = self.now_ms()
        reply = await tenant.ask(
            Command(verb=steps.MODEL_STEP, target=told.version or "", actor=ACTOR, time=now, args=args)
        )
        if not reply.ok:
            raise UnavailableError(f"the step was not taken: {reply.body['detail']}", code="step_refused")

    @asynccontextmanager
    async def _written(self, name: str, tenant: Tenant, *, days: int) -> AsyncIterator[Rows]:
        """Give the scored punches of so many days in a file that is gone afterwards; one child at a time has one."""
        async with self._turn:
            path = self.folder.models / f".rows-{name}.ndjson.gz"
            try:
                yield await written(tenant.store, path, since=self.now_ms() - days * DAY_MS)
            finally:
                await asyncio.to_thread(path.unlink, missing_ok=True)

    async def _child(self, *words: str) -> dict[str, Any]:
        """Return what `python -m ml` answers; raises UnavailableError where it did not end well."""
        child = await asyncio.create_subprocess_exec(
            *(*self.command, *words), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
        )
        self.running = child.pid
        try:
            assert child.stdout is not None
            async with asyncio.timeout(self.bounds.seconds_max):
                await asyncio.to_thread(_humble, child.pid, self.bounds)
                told: dict[str, Any] = orjson.loads(await _whole(child.stdout))
        except (TimeoutError, ValueError) as error:
            raise UnavailableError(f"{words[0]} did not end well: {_why(error)}", code="training_ended") from None
        finally:
            self.running = None
            await _end(child)
        return told


@dataclass(slots=True, kw_only=True)
class Rows:
    """The rows of a training file as they are written, and what is to be known of them."""

    path: Path
    keep_every: int = 1
    count: int = 0
    first_ms: int = 0
    last_ms: int = 0
    _begun: dict[str, tuple[int, float]] = field(default_factory=dict)
    _labels: deque[Label] = field(default_factory=lambda: deque(maxlen=LABELS_MAX))

    @property
    def span_ms(self) -> int:
        """Return the time from the first punch to the last."""
        return self.last_ms - self.first_ms

    @property
    def label_delay_days(self) -> float:
        """Return how long verdicts take to come."""
        return delay_ms({str(number): each for number, each in enumerate(self._labels)}) / DAY_MS

    def begin(self) -> None:
        """Make a file that nobody else may read, with its first line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(gzip.compress(orjson.dumps(header()) + b"\n", 1))

    def add(self, punches: Iterable[ScoredPunch]) -> None:
        """Write further punches, in the order of their numbers."""
        lines = [orjson.dumps(row.told()) for each in punches if (row := self._row(each)) is not None]
        if lines:
            with self.path.open("ab") as file:
                file.write(gzip.compress(b"\n".join(lines) + b"\n", 1))

    def _row(self, punch: ScoredPunch) -> Row | None:
        x = widened(orjson.loads(punch.x))
        said = label(punch.verdict, of_alert=punch.alert_verdict, alert_type=punch.alert_type)
        if len(x) != len(FRAUD.features) or (said is None and punch.no % self.keep_every):
            return None
        if said is not None:
            self._labels.append(Label(said == 1, _judged_at(punch) - punch.time))
        self.first_ms = min(self.first_ms or punch.time, punch.time)
        self.last_ms = max(self.last_ms, punch.time)
        self.count += 1
        return Row(
            id=f"FS-{punch.no}",
            person=punch.person,
            site=punch.site,
            time_ms=punch.time,
            x=x,
            rules=punch.rules,
            label=said,
            weight=punch.weight if punch.how == "random" and punch.weight is not None else 1.0,
            chosen=punch.how == "chosen",
            shift_id=punch.shift,
            shift=retraining.shift_class(self._hour_begun(punch, x[_HOUR])),
            device=punch.device,
        )

    def _hour_begun(self, punch: ScoredPunch, hour: float) -> float:
        """Return the site's hour at which the shift of a punch began: that of its first punch."""
        begun = self._begun.get(punch.person)
        if begun is None or not 0 <= punch.time - begun[0] <= _SHIFT_MS:
            begun = self._begun[punch.person] = punch.time, hour
        return begun[1]


async def written(store: Store, path: Path, *, since: int) -> Rows:
    """Write the punches scored since `since` (UTC ms) to a training file, a slice at a time, beside the loop."""
    after, last, count = await store.read(stored.bounds, since=since)
    rows = Rows(path=path, keep_every=-(-count // ROWS_MAX) or 1)
    await asyncio.to_thread(rows.begin)
    for start in range(after, last, stored.SLICE_ROWS):
        punches = await store.read(stored.scored, after=start, since=since)
        await asyncio.to_thread(rows.add, punches)
    return rows


def _judged_at(punch: ScoredPunch) -> int:
    own = label(punch.verdict, of_alert=None, alert_type=None)
    return (punch.judged_at if own is not None else punch.alert_judged_at) or punch.time


def _humble(pid: int, bounds: Bounds) -> None:
    """Put a child behind everybody else: for time, for memory, and where that is short."""
    with contextlib.suppress(OSError):  # it may be gone already
        os.setpriority(os.PRIO_PROCESS, pid, NICENESS)
        Path(f"/proc/{pid}/oom_score_adj").write_text("1000", encoding="ascii")
        resource.prlimit(pid, resource.RLIMIT_DATA, (bounds.memory_max_bytes, bounds.memory_max_bytes))
        seconds = int(bounds.seconds_max) + 1  # its own end, where nobody is left to end it
        resource.prlimit(pid, resource.RLIMIT_CPU, (seconds, seconds))


async def _whole(stream: StreamReader) -> bytes:
    """Return all that a child says; raises ValueError where that is too much."""
    told = b""
    while part := await stream.read(65_536):
        told += part
        if len(told) > ANSWER_MAX_BYTES:
            raise ValueError(f"it said more than {ANSWER_MAX_BYTES} bytes")
    return told


def _why(error: Exception) -> str:
    if isinstance(error, orjson.JSONDecodeError):
        return "it was ended before it had an answer"
    return "it took too long" if isinstance(error, TimeoutError) else str(error)


async def _end(child: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.kill()
    await child.wait()
