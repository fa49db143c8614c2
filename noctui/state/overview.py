"""The panes of the overview as lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noctui.state import alertrows
from noctui.state.alert import Alert, rank_of, state_of
from noctui.state.heat import cells_each, hours_head, hours_row, spark
from noctui.state.lines import BLANK, Line, Span, column, dimmed, line, spread
from noctui.state.model import tally
from noctui.state.sheet import ListSheet
from noctui.state.times import SECOND_MS, Look, age
from noctui.state.units import short
from noctui.state.watch import NEEDS_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from noctui.state.facts import Facts
    from noctui.state.glance import Condition, Heat, Overview, Work
    from noctui.state.model import Model
    from noctui.state.present import Person
    from noctui.state.sheet import Ordered
    from noctui.state.watch import Watch

ROOMY = 84
GLYPHS = {"CRITICAL": ("!", "p1"), "WARNING": ("*", "p2"), "ATTENTION": ("-", "p3"), "UNKNOWN": ("?", "stale")}
SPARK_HOURS = 7
SPARKS = (72, 48, 36, 24, 12)
LABEL_CELLS, VALUE_CELLS = 8, 6
GUARDS_CELLS = 6
TENTHS_UNDER = 10


def duration(seconds: float) -> str:
    """Return seconds as an age: 1:50, 11m, 2h10."""
    return age(round(seconds * SECOND_MS))


def missing(facts: Facts, kind: str, what: str) -> Line:
    """Return why there is nothing to show yet."""
    problem = facts.problem(kind)
    return line(f"not fetched: {problem} (R)", "error") if problem else line(f"Loading {what} ...", "muted")


# ------------------------------------------------------------------------------------------------------ needs you now


def need_row(alert: Alert, look: Look, width: int, *, here: bool, pending: bool) -> Line:
    """Return an alert in few cells: cursor, severity, state, age, site, title, how often or whose."""
    state, role = state_of(alert)
    mine = "you" if alert.who and alert.who == look.me else alert.who
    tail = mine or f"x{short(alert.count)}"
    spans: list[Span] = [
        (">" if here else "~" if pending else " ", "pending" if pending and not here else "strong"),
        (f"{alertrows.GLYPHS[alert.level]} P{alert.level} ", f"p{alert.level}"),
        column(state, 3, f"p{alert.level}" if role == "new" else role),
        column(age(look.now - alert.opened_at), 5, right=True),
        column(alert.site or "-", 6),
    ]
    room = width - sum(len(text) for text, _ in spans) - 5
    return (
        *spans,
        column(alert.title, max(room, 4), "strong" if alert.level == 1 else "text"),
        (f"{tail[:4]:>4}", "muted"),
    )


@dataclass(frozen=True, slots=True)
class NeedSheet(ListSheet):
    """What needs somebody, as its widget shows it."""

    model: Model
    watch: Watch
    look: Look
    frozen: bool = False

    @property
    def listed(self) -> Ordered:
        """Return the rows."""
        return self.watch.needs

    def head(self, width: int) -> Line | None:
        """Return the column heads where there is room for columns."""
        return alertrows.head(width) if width >= ROOMY else None

    def foot(self, _width: int) -> Line | None:
        """Return where the rest is, where not all are listed."""
        more = len(self.model.alerts) - NEEDS_MAX
        return line(f"  +{more:,} more  (2)", "muted") if more > 0 and not self.watch.needs.filter else None

    def line(self, index: int, width: int) -> Line:
        """Return a line by its index."""
        if not self.watch.needs.order:
            return line(self._nothing(), "muted")
        alert_id = self.watch.needs.order[index]
        alert = self.model.find(alert_id)
        if alert is None:
            return line(f"  {alert_id} is no longer in the queue", "muted")
        here, pending = index == self.cursor, self.model.pending(alert_id)
        draw = alertrows.row if width >= ROOMY else need_row
        spans = draw(alert, self.look, width, here=here, pending=pending)
        return dimmed(spans) if self.frozen or not alert.queued else spans

    def _nothing(self) -> str:
        if self.watch.needs.filter:
            return f"Nothing matches  {self.watch.needs.filter.text}     0: clear"
        return "Nothing needs you." if self.model.loaded else "Loading alerts ..."


def needs_caption(model: Model, look: Look) -> str:
    """Return how many nobody took on, and how old the oldest of them is."""
    counts = tally(model)
    oldest = f"  oldest {age(look.now - counts.oldest)}" if counts.oldest is not None else ""
    return f"{counts.unattended} unacked{oldest}" if model.loaded else ""


# ------------------------------------------------------------------------------------------------------ the last hours


def pulse_lines(model: Model, now: int, width: int) -> list[Line]:
    """Return how the last hours went: counts by five minutes as sparks, waits, the feed and the daemon."""
    heat: Heat | None = model.facts.get("pulse")
    steps = pulse_steps(width)
    if heat is None:
        return [missing(model.facts, "pulse", "counts"), *_health(model)]
    lines = [
        _trend(name, heat.sum(measure)[-steps:], width, blind=measure == "fraud" and heat.blind)
        for name, measure in (("alerts", "alerts"), ("found", "findings"), ("fraud>.7", "fraud"))
    ]
    return [*lines, _events(model, heat, now, steps, width), *_waits(model), *_health(model)]


def pulse_steps(width: int) -> int:
    """Return how many steps of five minutes have room."""
    return next((steps for steps in SPARKS if width >= LABEL_CELLS + 1 + steps + VALUE_CELLS), SPARKS[-1])


def _trend(name: str, counts: tuple[int, ...], width: int, *, blind: bool = False) -> Line:
    if blind:
        return column(name, LABEL_CELLS, "muted"), ("not for this token", "muted")
    total = sum(counts)
    return spread((column(name, LABEL_CELLS, "muted"), (spark(counts), "text")), line(short(total), "strong"), width)


def _events(model: Model, heat: Heat, now: int, steps: int, width: int) -> Line:
    told: Mapping[int, int] = model.facts.get("trend") or {}
    starts = [heat.start + step * heat.step_ms for step in range(heat.steps - steps, heat.steps)]
    counts = tuple(told.get(start, 0) for start in starts)
    drawn = spark(counts) if any(counts) else "no count yet"
    per_s = model.events.per_s(now)
    rate = f"{per_s:.1f}/s" if per_s < TENTHS_UNDER else f"{per_s:.0f}/s"
    return spread((column("events", LABEL_CELLS, "muted"), (drawn, "text")), line(rate, "strong"), width)


def _waits(model: Model) -> Iterator[Line]:
    waits = model.facts.get("mtta")
    if waits is None:
        yield missing(model.facts, "mtta", "waits")
    elif not waits:
        yield column("ack", LABEL_CELLS, "muted"), ("none today", "muted")
    else:
        worst = waits[0]
        words = f"med {duration(worst.median_s)}  p90 {duration(worst.p90_s)}"
        yield column(f"ack P{min(rank_of(worst.severity) + 1, 4)}", LABEL_CELLS, "muted"), (words, "text")


def _health(model: Model) -> Iterator[Line]:
    gaps = f"gaps {model.gaps}" if model.gaps else "no gap"
    yield column("feed", LABEL_CELLS, "muted"), (f"{gaps}  holes {model.holes}", "text")
    parts = ", ".join(sorted(model.degraded))
    yield column("nocd", LABEL_CELLS, "muted"), (f"degraded: {parts}", "stale") if parts else ("ok", "text")


# -------------------------------------------------------------------------------------------------------------- sites


def places_caption(overview: Overview | None) -> str:
    """Return how many sites are not normal, of how many."""
    if overview is None:
        return "Sites"
    return f"Sites  ({overview.sites - overview.states.get('NORMAL', 0)} of {overview.sites} not normal)"


@dataclass(frozen=True, slots=True)
class PlaceSheet:
    """The sites that are not normal, as their widget shows them; by hour where there is room."""

    model: Model
    watch: Watch
    look: Look
    frozen: bool = False

    @property
    def count(self) -> int:
        """Return how many lines there are: one more for those that are normal."""
        return len(self.watch.places.order) + 1

    @property
    def cursor(self) -> int | None:
        """Return the line of the cursor."""
        return self.watch.places.index

    @property
    def top(self) -> int | None:
        """Return None: the widget keeps the cursor on its line of the screen."""
        return None

    def head(self, width: int) -> Line | None:
        """Return the hours where there is room for them."""
        heat: Heat | None = self.model.facts.get("heat")
        if heat is None or width < ROOMY:
            return None
        return *hours_head(heat, self.look, cells_each(width, heat.steps, GUARDS_CELLS + 12)), (
            "  now     guards",
            "head",
        )

    def foot(self, _width: int) -> Line | None:
        """Return None: nothing stays below."""
        return None

    def line(self, index: int, width: int) -> Line:
        """Return a line by its index."""
        overview: Overview | None = self.model.facts.get("overview")
        if overview is None:
            return missing(self.model.facts, "overview", "sites")
        if index >= len(self.watch.places.order):
            return line(f" {overview.states.get('NORMAL', 0)} normal", "muted")
        site = self.watch.places.order[index]
        found = next((each for each in overview.troubled if each.site == site), None)
        if found is None:
            return line(f" {site} is normal again", "muted")
        here = index == self.cursor and self.watch.pane == "places"
        spans = (self._hours if width >= ROOMY else self._short)(found, width, here=here)
        return dimmed(spans) if self.frozen else spans

    def _counts(self, site: str) -> tuple[int, ...]:
        heat: Heat | None = self.model.facts.get("heat")
        told = heat.sites.get(site) if heat else None
        return told["alerts"] if told else (0,) * (heat.steps if heat else SPARK_HOURS)

    def _short(self, found: Condition, width: int, *, here: bool) -> Line:
        glyph, role = GLYPHS.get(found.state, (" ", "text"))
        spans = ((">" if here else " ", "strong"), column(found.site, 7, "strong"), (f"{glyph} ", role))
        drawn = (spark(self._counts(found.site)[-SPARK_HOURS:]) + "  ", "text")
        return spread((*spans, drawn, (trouble(found), "text")), line(guards(found), "muted"), width)

    def _hours(self, found: Condition, width: int, *, here: bool) -> Line:
        glyph, role = GLYPHS.get(found.state, (" ", "text"))
        counts = self._counts(found.site)
        each = cells_each(width, len(counts), GUARDS_CELLS + 12)
        name = ((">" if here else " ", "strong"), (f"{found.site[:7]:<8}", "strong"))
        state = (f"  {glyph} ", role), (f"{found.state[:8].lower():<9}", role), (guards(found), "text")
        return (*name, *hours_row(counts, each, None), *state)


def guards(found: Condition) -> str:
    """Return how many guards are there of those expected."""
    figures = found.figures
    return f"guards {figures.get('people_present', 0)}/{figures.get('people_expected', 0)}"


def trouble(found: Condition) -> str:
    """Return what is most wrong at a site in a few words."""
    told = (("alerts_open", "alert"), ("devices_offline", "dark device"), ("tickets_overdue", "late ticket"))
    name, what = next(((name, what) for name, what in told if found.figures.get(name)), ("", ""))
    count = found.figures.get(name, 0)
    return f"{count} {what}{'s' * (count > 1)}" if count else found.state.lower()


# --------------------------------------------------------------------------------------------------- on shift and due


def shift_lines(model: Model, look: Look) -> list[Line]:
    """Return who is there of those expected, what nobody has taken, and what is late."""
    overview: Overview | None = model.facts.get("overview")
    lines: list[Line] = []
    if overview is None:
        lines.append(missing(model.facts, "overview", "people"))
    else:
        figures = overview.figures
        lines += [
            _pair("guards", f"{figures.get('people_present', 0)} of {figures.get('people_expected', 0)}", "text"),
            _pair("missing", _late(figures), "p2" if figures.get("people_missing") else "text"),
        ]
    loose = sum(alert.unattended for alert in model.alerts.values() if alert.level == 1)
    lines.append(_pair("P1 free", f"{loose} unclaimed" if loose else "none", "p1" if loose else "text"))
    works: tuple[Work, ...] | None = model.facts.get("due")
    if works is None:
        return [*lines, missing(model.facts, "due", "tickets")]
    late = sum(work.due is not None and work.due < look.now for work in works)
    return [*lines, _pair("tickets", f"{len(works)}, late {late}", "p2" if late else "text")]


def operator_lines(model: Model, look: Look) -> list[Line]:
    """Return who watches, and what each looks at or is at work on."""
    here = sorted(
        (each for each in model.present.people if each.until > look.now), key=lambda each: each.name != model.me
    )
    return [_pair("you" if each.name == model.me else each.name, _doing(each), "text") for each in here]


def _doing(operator: Person) -> str:
    at_work = " ".join(sorted(operator.claims))
    return f"at work on {at_work}" if at_work else operator.looking or "looks around"


def _pair(name: str, value: str, role: str) -> Line:
    return column(name, LABEL_CELLS, "muted"), (value, role)


def _late(figures: Mapping[str, int]) -> str:
    late = figures.get("people_late", 0)
    return f"{figures.get('people_missing', 0)}" + (f", {late} late" if late else "")


def work_lines(model: Model, look: Look, width: int, height: int) -> list[Line]:
    """Return the tickets that are due first, one a line."""
    works: tuple[Work, ...] | None = model.facts.get("due")
    if works is None:
        return [missing(model.facts, "due", "tickets")]
    if not works:
        return [line("nothing is due", "muted")]
    return [work_row(work, look, width) for work in works[: max(height, 0)]]


def work_row(work: Work, look: Look, width: int) -> Line:
    """Return a ticket: when it is due, its number and priority, who has it, what it is."""
    if work.due is None:
        due, role = "-", "muted"
    elif work.due < look.now:
        due, role = f"late {age(look.now - work.due)}", "p2"
    else:
        due, role = f"in {age(work.due - look.now)}", "text"
    spans: list[Span] = [column(due, 10, role), column(work.number, 8, "strong"), column(work.priority, 2, "text")]
    if width >= ROOMY // 2:
        spans.append(column(work.who or "-", 8, "muted"))
    return *spans, (work.title, "text")


def duty_lines(model: Model, look: Look, width: int, height: int) -> list[Line]:
    """Return who is there and what is late, and in the room that is left what is due first."""
    lines = [*shift_lines(model, look), *operator_lines(model, look)]
    works: tuple[Work, ...] = model.facts.get("due") or ()
    room = height - len(lines)
    if room > 0 and works:
        lines += [work_row(work, look, width) for work in works[:room]]
    return lines or [BLANK]
