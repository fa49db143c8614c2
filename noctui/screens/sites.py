"""Screen 4: the sites, and on the page of one its signals against what is usual, its week and its thresholds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical

from noctui.messages import Answered, FactWanted, ThresholdWanted
from noctui.screens.asking import pin_question, rollback_question, set_question, try_question
from noctui.screens.base import READ_ONLY, DeskScreen
from noctui.state.bands import chart
from noctui.state.find import read_filter
from noctui.state.lines import Line, line, spread
from noctui.state.metricrows import MetricSheet
from noctui.state.model import look_at
from noctui.state.pageinfo import page_info
from noctui.state.places import LIST, PANES
from noctui.state.sheet import TextSheet
from noctui.state.site import standings
from noctui.state.siterows import SiteSheet
from noctui.state.threshold import level, metric_words, read_threshold, revocable, simulated_words, threshold_lines
from noctui.state.week import week_lines
from noctui.widgets.rows import VirtualRows

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from noctui.state.actions import Scope
    from noctui.state.places import Places
    from noctui.state.sitepage import Row, SitePage
    from noctui.state.telemetry import Baseline
    from noctui.state.times import Look

CHART_ROWS, FULL_ROWS, TWO_PANE_ROWS = 38, 24, 20
SIMULATED_DAYS = 30
READ_MS = 400
CLOSED = "enter opens the page of the site first"
NO_BASELINE = "no baseline yet: it learns from the first closed hour"


class SitesScreen(DeskScreen):
    """The state of a place: whether it is as usual there, and where unusual begins."""

    scope: ClassVar[Scope] = "sites"
    title_word = "4 SITES"
    AUTO_FOCUS = "#sites"

    def body(self) -> ComposeResult:
        """Give the list and the panes of the page; the style sheet says which of them fit."""
        with Horizontal(id="places"):
            yield VirtualRows(id="sites")
            with Vertical(id="page"):
                yield VirtualRows(id="metrics")
                yield VirtualRows(id="chart")
                with Horizontal(id="under"):
                    yield VirtualRows(id="week")
                    yield VirtualRows(id="threshold")

    @property
    def home(self) -> Widget:
        """Return the pane that is read."""
        return self._rows(self._places.pane)

    @property
    def here(self) -> str:
        """Return the site under the cursor."""
        return self._places.cursor or ""

    def go_to(self, subject: str) -> None:
        """Put the cursor on a site and open its page."""
        if subject in self.desk.model.sites:
            self._places.cursor = subject
            self._places.settle(self.desk.model)
            self._places.open(self.desk.model)
            self._read(self._places.pane)

    @property
    def filter_text(self) -> str:
        """Return the list's filter."""
        return self._places.filter.text

    def _rows(self, name: str) -> VirtualRows:
        return self.query_one(f"#{name}", VirtualRows)

    @property
    def _places(self) -> Places:
        return self.desk.places

    @property
    def _page(self) -> SitePage | None:
        """Return the page, while it is read."""
        return self.desk.model.page if self._places.pane != LIST else None

    def info(self, width: int) -> Line:
        """Return the filter and the count of sites, or which site it is and how fresh its facts are."""
        model, places = self.desk.model, self._places
        places.follow(model)
        if self._page is not None:
            return page_info(model, self._page, look_at(model, self.now()), width)
        left = ("/ ", "muted"), (places.filter.text or "no filter", "text" if places.filter else "muted")
        return spread(left, line(f"{len(places.order)} of {len(model.sites)} ", "muted"), width)

    # ------------------------------------------------------------------------------------------------------ drawing

    def draw(self, step: int = 0) -> None:
        """Draw the list and the page; what the page lacks is asked for."""
        desk, now = self.desk, self.now()
        model, places, look = desk.model, desk.places, look_at(desk.model, now)
        frozen = model.loaded and model.link.word(now) not in {"LIVE", "RESUMING", "CONNECTING"}
        self._lay_out()
        sites = self._rows("sites")
        sites.caption("Sites")
        sites.show(SiteSheet(model, places, look, standings(model.alerts.values()), frozen), step=step)
        if model.page is not None and self.query_one("#page").display:
            self._draw_page(model.page, look, frozen=frozen)

    def _lay_out(self) -> None:
        pane = self._places.pane
        self.query_one("#places").set_class(pane != LIST, "opened")
        page = self.query_one("#page")
        page.set_class(self.size.height >= CHART_ROWS, "roomy")
        page.set_class(self.size.height < FULL_ROWS, "squat")
        page.set_class(self.size.height < TWO_PANE_ROWS, "tight")
        for name in PANES:
            page.set_class(name == (PANES[0] if pane == LIST else pane), f"on-{name}")

    def _draw_page(self, page: SitePage, look: Look, *, frozen: bool) -> None:
        if self.desk.model.link.phase in {"live", "resuming"}:
            for kind, key in page.due(self._places.metric, self.now()):
                self.post_message(FactWanted(kind, key))
        row = page.row(self._places.metric)
        name = f"{page.site}  {metric_words(row.metric)}"
        waiting = frozenset(act.baseline for act in self.desk.model.outbox.waiting.values() if act.baseline)
        metrics = self._rows("metrics")
        metrics.caption(f"Signals and metrics  {page.site}", "m next metric")
        metrics.show(MetricSheet(page, page.rows, row.key, look, waiting, frozen))
        self._draw_hours(page, row, look, name)
        threshold = self._rows("threshold")
        threshold.caption(f"Threshold  {name}", "t try  P pin  U roll back")
        threshold.show(
            TextSheet(
                threshold_lines(page, row, look, threshold.size.width, here=self._places.pane == "threshold"),
            )
        )
        if row.baseline is not None:
            self._offer(page, row.baseline)

    def _draw_hours(self, page: SitePage, row: Row, look: Look, name: str) -> None:
        hours = page.hours.get(row.baseline.id, ()) if row.baseline else ()
        week, drawn = self._rows("week"), self._rows("chart")
        week.caption(f"Week  {name}", "arrows move")
        week.show(
            TextSheet(
                week_lines(
                    page.weeks.get(row.baseline.id) if row.baseline else None,
                    self._cell(page, row) if self._places.pane == "week" else self._places.cell,
                    week.size.width,
                    week.size.height,
                    per_guard=bool(hours and hours[-1].heads is not None),
                    here=self._places.pane == "week",
                )
            )
        )
        if drawn.display:
            drawn.caption(f"Closed hours against their band  {name}", ": band  o inside  ! above  v below")
            drawn.show(TextSheet(chart(hours, drawn.size.width, drawn.size.height, look.now)))

    def _cell(self, page: SitePage, row: Row) -> int | None:
        week = page.weeks.get(row.baseline.id) if row.baseline else None
        return week.now if self._places.cell is None and week else self._places.cell

    # ------------------------------------------------------------------------------------------------- moving about

    def _read(self, pane: str) -> None:
        """Read a pane: it has the keyboard, and where only one has room it is that one."""
        self._places.pane = pane
        self._lay_out()
        self.set_focus(self.home)
        self.call_after_refresh(self.paint)

    def move(self, by: int) -> None:
        """Move the cursor, or the text that is read."""
        places, page = self._places, self._page
        if page is None:
            self.paint(places.move(self.desk.model, by))
        elif places.pane == "threshold":
            self._rows("threshold").scroll_lines(by)
        elif places.pane == "week":
            places.step_day(self._now(page), by)
            self.paint()
        else:
            places.step_metric(page, by)
            self._rows("threshold").scroll_lines(-1_000_000)
            self.paint()

    def _now(self, page: SitePage) -> int:
        baseline = page.row(self._places.metric).baseline
        week = page.weeks.get(baseline.id) if baseline else None
        return week.now if week else 0

    @property
    def page_step(self) -> int:
        """Return how many rows or lines of what is read fit."""
        return max(self._rows(self._places.pane).page - 1, 1) if self._places.pane != "week" else 1

    def do_top(self) -> None:
        """Go to the first row, with the list sorted anew."""
        self.move(-1_000_000) if self._places.pane != "week" else self._home_of_week(0)

    def do_end(self) -> None:
        """Go to the last row."""
        self.move(1_000_000) if self._places.pane != "week" else self._home_of_week(-1)

    def _home_of_week(self, hour: int) -> None:
        self._places.cell = None
        self._places.step_hour(0, hour)
        self.paint()

    def _step_hour(self, by: int) -> None:
        page = self._page
        if page is None:
            self.say(CLOSED, "muted")
            return
        if self._places.pane == "week":
            self._places.step_hour(self._now(page), by)
        self._read("week")

    def do_left(self) -> None:
        """Go to the heat map, and to the hour before in it."""
        self._step_hour(-1)

    def do_right(self) -> None:
        """Go to the heat map, and to the next hour in it."""
        self._step_hour(1)

    def do_metric(self) -> None:
        """Look at the next metric, from the last at the first."""
        page = self._page
        if page is None:
            self.say(CLOSED, "muted")
            return
        self._places.step_metric(page, 1, around=True)
        self._rows("threshold").scroll_lines(-1_000_000)
        self.paint()

    def do_open(self) -> None:
        """Open the page of the site under the cursor; in it, read the next pane."""
        if self._page is not None:
            self.do_tab()
        elif self._places.open(self.desk.model):
            self._read(self._places.pane)
        else:
            self.say("no site under the cursor", "muted")

    def do_tab(self) -> None:
        """Read the next pane of the page."""
        if self._page is None:
            self.do_open()
            return
        self._places.turn()
        self._read(self._places.pane)

    def do_pane(self) -> None:
        """Go between the list and the page."""
        self._leave() if self._page is not None else self.do_open()

    def do_back(self) -> None:
        """Close the prompt, else go back to the metrics, else to the list."""
        if self.prompt.question is not None:
            super().do_back()
        elif self._places.pane in PANES[1:]:
            self._places.awaiting = ""
            self._read(PANES[0])
        elif self._page is not None:
            self._leave()

    def _leave(self) -> None:
        self._places.leave()
        self._read(LIST)

    def do_quit(self) -> None:
        """Leave the page, else the console."""
        if self._page is not None:
            self._leave()
        else:
            super().do_quit()

    def do_screen(self, number: str) -> None:
        """Go to another screen; what was asked here is not followed up."""
        self._places.awaiting = ""
        super().do_screen(number)

    def do_retry(self) -> None:
        """Try a lost link now, and ask for the page again."""
        if self.desk.model.page is not None:
            self.desk.model.page.stir()
        super().do_retry()

    def narrow(self, text: str) -> None:
        """Show only sites that pass."""
        self._places.narrow(self.desk.model, read_filter(text))
        self.paint()

    def on_virtual_rows_chosen(self, event: VirtualRows.Chosen) -> None:
        """Put the cursor on the row clicked."""
        places, model = self._places, self.desk.model
        if self.prompt.question is not None:
            return
        if event.rows is self._rows("sites"):
            places.leave()
            self.move(event.index - (places.index or 0))
        elif event.rows is self._rows("metrics") and model.page is not None:
            places.pane, places.metric, places.awaiting = PANES[0], model.page.rows[event.index].key, ""
            self.paint()

    def on_virtual_rows_wheel(self, event: VirtualRows.Wheel) -> None:
        """Move the cursor of the list, or go through the metrics, by the wheel."""
        if self.prompt.question is None and event.rows is self.home:
            self.move(event.by)

    # ------------------------------------------------------------------------------------------------------- acting

    def _chosen(self) -> Baseline | None:
        """Return the baseline that is looked at, or say why there is none."""
        page = self._page
        if page is None:
            self.say(CLOSED, "muted")
            return None
        baseline = page.row(self._places.metric).baseline
        if baseline is None:
            self.say(NO_BASELINE if page.baselines is not None else "the baseline is not known yet", "muted")
        return baseline

    def do_simulate(self) -> None:
        """Ask for a threshold to try."""
        if baseline := self._chosen():
            self._places.awaiting = ""
            self.prompt.ask(try_question(baseline))

    def _try(self, baseline: Baseline, text: str) -> None:
        wanted = read_threshold(text, baseline.threshold)
        page = self._page
        if isinstance(wanted, str) or page is None:
            self.say(str(wanted), "error")
        elif wanted == baseline.threshold:
            self.say(f"the threshold is {level(wanted)} already", "muted")
        else:
            page.simulation, self._places.awaiting = None, baseline.id
            page.asked["simulate", baseline.id] = self.now()
            body = {"threshold": wanted, "days": SIMULATED_DAYS}
            self.post_message(FactWanted("simulate", baseline.id, body))
            self.say(f"asking what {level(wanted)} would have given ...", "muted")

    def _offer(self, page: SitePage, baseline: Baseline) -> None:
        """Ask whether to set what was simulated, once its outcome is here and while it is still looked at."""
        simulation, places = page.simulation, self._places
        if simulation is None or simulation.baseline != baseline.id or places.awaiting != baseline.id:
            return
        if self.prompt.question is not None or places.pane == LIST:
            return
        places.awaiting = ""
        if self.desk.badges.read_only:
            self.desk.say(f"{simulated_words(simulation)}; {READ_ONLY}", self.now(), "stale")
            return
        self.desk.say("", self.now())
        read_at = self.now() + READ_MS
        self.prompt.ask(replace(set_question(baseline, simulation), ready=lambda: self.now() >= read_at))

    def do_pin(self) -> None:
        """Ask for the reason to pin the threshold, or to let go of it."""
        if baseline := self._chosen():
            self.prompt.ask(pin_question(baseline))

    def do_rollback(self) -> None:
        """Ask whether to take the newest change of the threshold back."""
        page, baseline = self._page, self._chosen()
        if page is None or baseline is None:
            return
        change = revocable(page.changes.get(baseline.id, ()))
        if change is None:
            self.say("nothing to roll back: there is no change, or the newest is rolled back already", "muted")
        else:
            self.prompt.ask(rollback_question(baseline, change))

    def on_answered(self, event: Answered) -> None:
        """Turn an answered question into a simulation or an act."""
        super().on_answered(event)
        question = event.question
        if question.id == "simulate":
            event.stop()
            baseline = self._chosen()
            if baseline is not None and baseline.id == question.baseline and event.text.strip():
                self._try(baseline, event.text)
        elif question.act is not None:
            event.stop()
            self.post_message(ThresholdWanted(question.act, event.text))
