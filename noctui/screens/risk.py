"""Screen 6: what looks like fraud, where and when, why, and what it turned out to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical

from noctui.messages import AlertWanted, Answered, DeedsWanted, JumpWanted, Question
from noctui.screens.base import DeskScreen
from noctui.state import heat as heats
from noctui.state.cells import cut
from noctui.state.deeds import judging
from noctui.state.find import read_filter
from noctui.state.lines import BLANK, Line, line
from noctui.state.model import look_at
from noctui.state.risk import HEAT, LEVELS_PANE, PANES, SCORES, WHY, read_level
from noctui.state.score import what_if
from noctui.state.scorerows import HeatSheet, ScoreSheet
from noctui.state.sheet import TextSheet
from noctui.state.whyscore import level_lines, level_words, why_lines
from noctui.widgets.rows import VirtualRows

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.widget import Widget

    from noctui.state.actions import Scope
    from noctui.state.glance import Heat
    from noctui.state.risk import Risk
    from noctui.state.score import Score
    from noctui.state.times import Look

VERDICTS = {"f": "fraud", "p": "false_positive", "b": "benign", "t": "true_positive", "u": "unknown"}
HIGH = 0.7


class RiskScreen(DeskScreen):
    """Are the scores worth trusting? Heat, the ranked list, why, and what another level would give."""

    scope: ClassVar[Scope] = "risk"
    title_word = "6 RISK"
    lean = True
    AUTO_FOCUS = "#scores"

    def body(self) -> ComposeResult:
        """Give the panes; the style sheet says which of them fit."""
        with Horizontal(id="risk"):
            with Vertical(id="ranked"):
                yield VirtualRows(id="heat")
                yield VirtualRows(id="scores")
            with Vertical(id="judging"):
                yield VirtualRows(id="levels")
                yield VirtualRows(id="why")

    @property
    def _risk(self) -> Risk:
        return self.desk.risk

    def _rows(self, name: str) -> VirtualRows:
        return self.query_one(f"#{name}", VirtualRows)

    @property
    def home(self) -> Widget:
        """Return the pane that is gone through."""
        return self._rows(self._risk.pane)

    @property
    def here(self) -> str:
        """Return the score under the cursor."""
        return self._risk.scores.cursor or ""

    def go_to(self, subject: str) -> None:
        """Put the cursor on a score."""
        if subject in self._risk.known(self.desk.model):
            self._risk.scores.cursor, self._risk.pane = subject, SCORES
            self.paint()

    @property
    def filter_text(self) -> str:
        """Return the filter of the list."""
        return self._risk.scores.filter.text

    def counts(self) -> Line:
        """Return how much was found in the last day, and how many scores are high or unjudged."""
        model = self.desk.model
        heat: Heat | None = model.facts.get("heat")
        known = self._risk.known(model).values()
        high = sum(score.score >= HIGH for score in known)
        loose = sum(score.score >= HIGH and score.label is None for score in known)
        found = f"found {sum(heat.sum('findings'))}  " if heat else ""
        told = f"fraud>.7 {high}  unjudged {loose}" if model.facts.get("scores") is not None else "scores ..."
        return (found, "text"), (told, "strong" if loose else "text")

    def info(self, _width: int) -> Line:
        """Return the filter, while there is one."""
        found = self._risk.scores.filter
        return (("/ ", "muted"), (found.text, "text")) if found else BLANK

    def aside(self) -> Line:
        """Return the cell under the cursor in words, or what the level gives."""
        model, risk = self.desk.model, self._risk
        heat: Heat | None = model.facts.get("heat")
        if risk.pane == HEAT and heat is not None and risk.sites.cursor is not None:
            step = heat.steps - 1 if risk.cell is None else risk.cell
            look = look_at(model, self.now())
            return line(heats.cell_words(heat, risk.measure, risk.sites.cursor, step, look))
        if model.facts.get("scores") is None:
            return BLANK
        return line(level_words(what_if(risk.known(model).values(), risk.level)), "muted")

    # ------------------------------------------------------------------------------------------------------ drawing

    def draw(self, step: int = 0) -> None:
        """Draw the panes; what they lack is asked for."""
        model, risk = self.desk.model, self._risk
        look = look_at(model, self.now())
        risk.follow(model)
        self.ask_for(risk.needs(model))
        self._lay_out()
        heat, scores = self._rows(HEAT), self._rows(SCORES)
        heat.caption(f"{heats.TITLES[risk.measure]} by site and hour", heats.LEGEND)
        heat.show(HeatSheet(model, risk, look, self.frozen), step=step if risk.pane == HEAT else 0)
        scores.caption(f"Scores from {risk.level:.2f}", f"{len(risk.scores.order)} of the last 24 h")
        waiting = frozenset(act.deed.subject for act in model.outbox.waiting.values() if act.deed)
        scores.show(ScoreSheet(model, risk, look, waiting, self.frozen), step=step if risk.pane == SCORES else 0)
        self._draw_why(risk.chosen(model), look)
        levels = self._rows(LEVELS_PANE)
        levels.caption("What another level gives", "t tries")
        levels.show(TextSheet(level_lines(list(risk.known(model).values()), risk.level)))

    def _draw_why(self, score: Score | None, look: Look) -> None:
        why = self._rows(WHY)
        title = f"Why {score.score:.2f}  {score.kind}  {score.person} {score.name}  {score.site}" if score else "Why"
        why.caption(cut(title, max(why.size.width - 2, 10)), "l verdict")
        why.show(TextSheet(why_lines(self.desk.model, score, look, *why.size)))

    def _lay_out(self) -> None:
        risk, panes = self._risk, self.query_one("#risk")
        panes.set_class(risk.maximised, "maximised")
        for name in PANES:
            panes.set_class(name == risk.pane, f"at-{name}")

    # ------------------------------------------------------------------------------------------------- moving about

    def _read(self, pane: str) -> None:
        self._risk.pane = pane
        self._lay_out()
        self.set_focus(self.home)
        self.call_after_refresh(self.paint)

    def move(self, by: int) -> None:
        """Move the cursor, or the text that is read."""
        if self._risk.pane in {WHY, LEVELS_PANE}:
            self._rows(self._risk.pane).scroll_lines(by)
            return
        before = self._risk.scores.cursor
        step = self._risk.move(self.desk.model, by)
        if self._risk.scores.cursor != before:
            self._rows(WHY).scroll_lines(-1_000_000)
        self.paint(step)

    @property
    def page_step(self) -> int:
        """Return how many rows or lines of what is read fit."""
        return max(self._rows(self._risk.pane).page - 1, 1)

    def do_top(self) -> None:
        """Go to the first row."""
        self.move(-1_000_000)

    def do_end(self) -> None:
        """Go to the last row."""
        self.move(1_000_000)

    def _step_hour(self, by: int) -> None:
        if self._risk.pane == HEAT:
            self._risk.step_hour(self.desk.model, by)
        self._read(HEAT)

    def do_left(self) -> None:
        """Go to the heat map, and to the hour before in it."""
        self._step_hour(-1)

    def do_right(self) -> None:
        """Go to the heat map, and to the next hour in it."""
        self._step_hour(1)

    def do_tab(self) -> None:
        """Read the next pane that has room."""
        self._risk.turn()
        while not self._rows(self._risk.pane).display and not self._risk.maximised:
            self._risk.turn()
        self._read(self._risk.pane)

    def do_pane(self) -> None:
        """Go between the list and why."""
        self._read(WHY if self._risk.pane == SCORES else SCORES)

    def do_maximise(self) -> None:
        """Give the pane that is read the whole body, or take it back."""
        self._risk.maximised = not self._risk.maximised
        self._read(self._risk.pane)

    def do_open(self) -> None:
        """Read why; from there go to the alert, and from the heat map to the page of the site."""
        risk, score = self._risk, self._risk.chosen(self.desk.model)
        if risk.pane == HEAT and risk.sites.cursor is not None:
            self.post_message(JumpWanted("site", risk.sites.cursor))
        elif risk.pane == WHY and score is not None and score.alert:
            self.post_message(AlertWanted(score.alert))
        else:
            self._read(WHY)

    def do_person(self) -> None:
        """Go to who punched."""
        score = self._risk.chosen(self.desk.model)
        if score is None:
            self.say("no score under the cursor", "muted")
        else:
            self.post_message(JumpWanted("person", score.person))

    def do_back(self) -> None:
        """Close the prompt, else give the pane its size back, else go back to the list."""
        if self.prompt.question is not None:
            super().do_back()
        elif self._risk.maximised:
            self.do_maximise()
        else:
            self._read(SCORES)

    def do_quit(self) -> None:
        """Leave the pane, else the console."""
        if self._risk.maximised or self._risk.pane != SCORES:
            self.do_back()
        else:
            super().do_quit()

    def do_measure(self) -> None:
        """Have the heat map count the next thing."""
        self._risk.count_next(self.desk.model)
        self.paint()

    def do_retry(self) -> None:
        """Try a lost link now, and ask for everything again."""
        self.desk.model.facts.again()
        super().do_retry()

    def narrow(self, text: str) -> None:
        """Show only scores that pass."""
        self._risk.scores.filter = read_filter(text)
        self._risk.scores.settle(self._risk.ranking(self.desk.model))
        self.paint()

    def on_virtual_rows_chosen(self, event: VirtualRows.Chosen) -> None:
        """Read the pane clicked, and put the cursor on the row."""
        pane = event.rows.id or SCORES
        if self.prompt.question is not None or pane not in PANES:
            return
        picks = {SCORES: self._risk.scores, HEAT: self._risk.sites}.get(pane)
        self._risk.pane = pane
        if picks is not None and event.index < len(picks.order):
            self.move(event.index - (picks.index or 0))

    def on_virtual_rows_wheel(self, event: VirtualRows.Wheel) -> None:
        """Move the cursor by the wheel."""
        if event.rows is self.home and self.prompt.question is None:
            self.move(event.by)

    # ------------------------------------------------------------------------------------------------------- acting

    def do_judge(self) -> None:
        """Ask what the punch was."""
        score = self._risk.chosen(self.desk.model)
        if score is None:
            self.say("no score under the cursor", "muted")
            return
        label = f"{score.id} {score.score:.2f} {score.person} was"
        self.prompt.ask(Question(id="judge", label=label, score=score.id, value="", choices=VERDICTS))

    def do_level(self) -> None:
        """Ask for a level."""
        self.prompt.ask(Question(id="level", label=f"list from, now {self._risk.level:.2f} (0.3–1, + - step):"))

    def _take_level(self, text: str) -> None:
        wanted = read_level(text, self._risk.level)
        if isinstance(wanted, str):
            self.say(wanted, "error")
            return
        self._risk.level = wanted
        self._risk.scores.settle(self._risk.ranking(self.desk.model))
        self.say(level_words(what_if(self._risk.known(self.desk.model).values(), wanted)))

    def on_answered(self, event: Answered) -> None:
        """Turn an answered question into a verdict, or a level."""
        super().on_answered(event)
        question = event.question
        if question.id == "level" and event.text.strip():
            event.stop()
            self._take_level(event.text)
        elif question.id == "judge":
            event.stop()
            score = self._risk.known(self.desk.model).get(question.score)
            if score is not None:
                self.post_message(DeedsWanted((judging(score, event.choice, event.text),)))
