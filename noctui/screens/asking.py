"""The questions about a threshold: each names the metric, the site, and what an enter will do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noctui.messages import Question, ThresholdAct
from noctui.state.cells import cut
from noctui.state.threshold import HIGHEST, LOWEST, level, metric_words, short_simulated

if TYPE_CHECKING:
    from noctui.state.telemetry import Baseline, Simulation, ThresholdChange

NAME_CELLS, SHORT_NAME_CELLS = 21, 12


def _name(baseline: Baseline) -> str:
    return f"{cut(metric_words(baseline.metric), NAME_CELLS)} at {baseline.series}"


def try_question(baseline: Baseline) -> Question:
    """Return the question for a threshold to try; answering it sets nothing."""
    label = f"try on {_name(baseline)}, now {level(baseline.threshold)} ({LOWEST}–{HIGHEST}, + - step):"
    return Question(id="simulate", label=label, baseline=baseline.id)


def set_question(baseline: Baseline, simulation: Simulation) -> Question:
    """Return the question whether to set what was tried, with what it would have given."""
    wanted = simulation.then.threshold
    moved = f"{level(baseline.threshold)} > {level(wanted)}"
    title = f"{metric_words(baseline.metric)} at {baseline.series} {moved}"
    act = ThresholdAct(verb="threshold", baseline=baseline.id, title=title, body={"threshold": wanted})
    name = cut(metric_words(baseline.metric), SHORT_NAME_CELLS)
    label = f"set {name} {moved}? {short_simulated(simulation)}, note:"
    return Question(id="threshold", label=label, baseline=baseline.id, act=act)


def pin_question(baseline: Baseline) -> Question:
    """Return the question for the reason to pin a threshold, or to let go of it."""
    title = f"{_name(baseline)} {level(baseline.threshold)}"
    act = ThresholdAct(verb="pin", baseline=baseline.id, title=title, body={"pinned": not baseline.pinned})
    label = f"{'let go of' if baseline.pinned else 'pin'} {title}? note:"
    return Question(id="pin", label=label, baseline=baseline.id, act=act)


def rollback_question(baseline: Baseline, change: ThresholdChange) -> Question:
    """Return the question whether to take a change back; it wants a letter before the enter."""
    title = f"{_name(baseline)} {level(change.old)} > {level(change.new)}"
    act = ThresholdAct(verb="rollback", baseline=baseline.id, title=title, change=change.id)
    label = f"roll back {title} by {change.actor or '-'}"
    return Question(id="rollback", label=label, baseline=baseline.id, act=act, choices={"y": "yes"})
