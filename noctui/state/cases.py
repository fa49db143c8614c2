"""The facts about cases: every one that is open, what is known of those looked at, and what to ask for next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from noctui.state.case import Body, Case, kind_of, read_case
from noctui.state.cells import clean
from noctui.state.times import MINUTE_MS, parse

Need: TypeAlias = tuple[str, str]
AGAIN_MS: Final = MINUTE_MS
FILES_MAX: Final = 20
ENDED_MAX: Final = 100
RUNS_MAX: Final = 5
LISTS: Final = ("tickets", "incidents")
KINDS: Final = frozenset({*LISTS, "ticket", "incident", "runs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of a timeline."""

    time: int
    what: str
    text: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a checklist: of the runbook, or of a playbook that runs by itself (`no` 0: nobody ticks it)."""

    no: int
    text: str
    done: bool
    by: str = ""
    at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """All that is known of one case: its timeline oldest first, the alerts in it, and what surrounds it."""

    moments: tuple[Moment, ...] = ()
    alerts: tuple[Body, ...] = ()
    context: Body = field(default_factory=dict)


@dataclass(slots=True)
class Cases:
    """Cases by id; a list that is not in `listed` has not come yet, and of one in `partial` there is more than we know.

    `asked` holds when (this machine's milliseconds) each need was last asked for, as on the page of a site.
    """

    rows: dict[str, Case] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    partial: set[str] = field(default_factory=set)
    files: OrderedDict[str, File] = field(default_factory=OrderedDict)
    runs: OrderedDict[str, tuple[Body, ...]] = field(default_factory=OrderedDict)
    asked: dict[Need, int] = field(default_factory=dict)
    problems: dict[Need, str] = field(default_factory=dict)

    @property
    def loaded(self) -> bool:
        """Tell whether both lists have come."""
        return self.listed.issuperset(LISTS)

    def needs(self, chosen: str | None) -> list[Need]:
        """Return all that the screen shows while a case is looked at."""
        needs: list[Need] = [(name, "") for name in LISTS]
        if chosen is None:
            return needs
        needs.append((kind_of(chosen), chosen))
        alert = self.alert_of(chosen)
        return [*needs, ("runs", alert)] if alert else needs

    def due(self, chosen: str | None, now: int) -> list[Need]:
        """Return the needs to be asked for now, and note them as asked."""
        due = [need for need in self.needs(chosen) if now - self.asked.get(need, now - AGAIN_MS) >= AGAIN_MS]
        self.asked.update(dict.fromkeys(due, now))
        while len(self.asked) > 8 * FILES_MAX:
            self.asked.pop(next(iter(self.asked)))
        return due

    def stir(self, *kinds: str) -> None:
        """Have needs of these kinds (none: of every kind) asked for again at once."""
        self.asked = {need: at for need, at in self.asked.items() if kinds and need[0] not in kinds}

    def stir_case(self, case_id: str) -> None:
        """Have all about one case asked for again at once."""
        self.asked.pop((kind_of(case_id), case_id), None)

    def take(self, kind: str, key: str, status: int, body: Body) -> str:
        """Take in what was answered; what came before is kept where that was a problem."""
        if status >= 400:  # noqa: PLR2004 - HTTP's own border
            self.problems[kind, key] = clean(body.get("detail") or f"HTTP {status}")
            return ""
        self.problems.pop((kind, key), None)
        if kind in LISTS:
            self._take_list(kind, body)
        elif kind == "runs":
            _keep(self.runs, key, _bodies(body, "items")[:RUNS_MAX])
        else:
            self.put(read_case(body[kind]))
            _keep(self.files, key, _file(body))
        return ""

    def put(self, case: Case) -> None:
        """Know a case as it stands now; of those that ended the newest are kept."""
        known = self.rows.get(case.id)
        if known is not None and known.updated_at > case.updated_at:
            return
        self.rows[case.id] = case
        if case.open:
            return
        ended = [row.id for row in self.rows.values() if not row.open]
        for case_id in ended[: max(len(ended) - ENDED_MAX, 0)]:
            del self.rows[case_id]

    def problem(self) -> str:
        """Return what went wrong, empty where nothing did."""
        return next(iter(self.problems.values()), "")

    def refused(self, case_id: str | None) -> bool:
        """Tell whether a case was asked for and could not be had."""
        return case_id is not None and (kind_of(case_id), case_id) in self.problems

    def alert_of(self, case_id: str) -> str:
        """Return the alert whose runbook a case follows: the cause suspected, else the first."""
        case = self.rows.get(case_id)
        if case is None:
            return ""
        cause = case.body.get("cause")
        alerts = case.body.get("alerts") or ()
        return clean(cause["alert"]) if isinstance(cause, Mapping) else clean(alerts[0]) if alerts else ""

    def steps(self, case_id: str) -> list[Step]:
        """Return the checklist of a case: its own steps, else those of its alert, then what a playbook does."""
        case, file = self.rows.get(case_id), self.files.get(case_id)
        if case is None:
            return []
        alert = self.alert_of(case_id)
        texts, ticks = case.body.get("steps_to_take"), case.body.get("checks")
        if texts is None and file is not None:
            texts = next((each.get("recommended_actions") for each in file.alerts if each.get("id") == alert), None)
        held = {int(tick["step"]): tick for tick in ticks or ()}
        own = [_step(no, clean(text), held.get(no), case.kind) for no, text in enumerate(texts or (), 1)]
        return own + [step for run in self.runs.get(alert, ()) for step in _run_steps(run)]

    def _take_list(self, kind: str, body: Body) -> None:
        came = [read_case(each) for each in _bodies(body, "items")]
        mine = {case.id for case in came}
        self.partial.discard(kind)
        if body.get("cursor"):  # there are more than one page: what is not on it may well be open
            self.partial.add(kind)
            mine |= set(self.rows)
        for case in [row for row in self.rows.values() if f"{row.kind}s" == kind and row.open and row.id not in mine]:
            del self.rows[case.id]
        for case in came:
            self.put(case)
        self.listed.add(kind)


def _bodies(body: Body, key: str) -> tuple[Body, ...]:
    return tuple(each for each in body.get(key) or () if isinstance(each, Mapping))


def _keep(kept: OrderedDict[str, Any], key: str, value: object) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > FILES_MAX:
        kept.popitem(last=False)


def _file(body: Body) -> File:
    moments = [
        Moment(
            time=parse(each.get("time")) or 0,
            what=clean(each.get("decision") or each.get("happened") or ""),
            text=clean(each.get("reason") or each.get("text") or ""),
            actor=clean(each.get("actor") or ""),
        )
        for each in _bodies(body, "timeline")
    ]
    context = body.get("context")
    return File(
        moments=tuple(sorted(moments, key=lambda moment: moment.time)),
        alerts=_bodies(body, "alerts"),
        context=context if isinstance(context, Mapping) else {},
    )


def _step(no: int, text: str, tick: Body | None, kind: str) -> Step:
    if tick is None:
        return Step(no=no if kind == "ticket" else 0, text=text, done=False)
    return Step(no=no, text=text, done=True, by=clean(tick.get("by") or ""), at=parse(tick.get("at")))


def _run_steps(run: Body) -> list[Step]:
    return [
        Step(
            no=0,
            text=f"{clean(each.get('do') or '').replace('_', ' ')}: "
            + clean(each.get("reason") or each.get("state") or ""),
            done=each.get("state") == "done",
            by="playbook" if each.get("state") == "done" else "",
            at=parse(each.get("ended_at")),
        )
        for each in _bodies(run, "steps")
    ]
