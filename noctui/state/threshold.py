"""A threshold in words: where it stands, what another would do, how it came here; and what was typed for a new one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from noctui.state.bands import figure
from noctui.state.cells import wrap
from noctui.state.lines import Line, line
from noctui.state.times import Look, day_time
from noctui.state.units import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from noctui.state.sitepage import Row, SitePage
    from noctui.state.telemetry import Baseline, Outcome, Simulation, ThresholdChange

LOWEST, HIGHEST = 1.5, 5.0
STEP = 0.25
INDENT = 2


def level(threshold: float) -> str:
    """Return a threshold with one decimal, or two where it has them: 3.0, 3.25."""
    return f"{threshold:.1f}" if round(threshold, 1) == round(threshold, 2) else f"{threshold:.2f}"


def metric_words(metric: str) -> str:
    """Return a metric's name as words: `movement distance (m)` for `movement_distance_m`."""
    return f"{words_of(metric.removesuffix('_m'))} (m)" if metric.endswith("_m") else words_of(metric)


def read_threshold(text: str, now: float) -> float | str:
    """Return the threshold that was typed, a number or steps from `now`, or why it is none.

    `3.5` and `3,5` are numbers, `+0.5` and `-0.5` go from here, and each `+` or `-` alone is a step of 0.25.
    """
    typed = text.strip().replace(",", ".")
    if typed and set(typed) in ({"+"}, {"-"}):
        wanted = now + STEP * len(typed) * (1 if typed[0] == "+" else -1)
    else:
        try:
            wanted = float(typed) + (now if typed.startswith(("+", "-")) else 0.0)
        except ValueError:
            return f"{text.strip()!r} is no number; type one from {LOWEST} to {HIGHEST}, or + and - for steps of {STEP}"
    if not (math.isfinite(wanted) and LOWEST <= round(wanted, 2) <= HIGHEST):
        return f"a threshold lies from {LOWEST} to {HIGHEST}; nothing was asked"
    return round(wanted, 2)


def simulated_words(simulation: Simulation) -> str:
    """Return what a threshold would have given beside the one in force."""
    then, now = simulation.then, simulation.now
    if not simulation.hours:
        return f"{level(then.threshold)}: no stored hour in {simulation.days} d to try it on"
    return (
        f"{level(then.threshold)} gives {_alerts(then.alerts)} in {simulation.days} d, {level(now.threshold)} gives "
        f"{now.alerts}; a week {figure(then.per_week)} against {figure(now.per_week)}; {_rates(simulation)}"
    )


def _alerts(count: int) -> str:
    return "1 alert" if count == 1 else f"{count} alerts"


def _rates(simulation: Simulation) -> str:
    if not simulation.verdicts:
        return "no verdicts, so no false-positive rate"
    rates = f"{_share(simulation.then)} against {_share(simulation.now)}"
    return f"false positives {rates} of {simulation.verdicts} verdicts"


def _share(outcome: Outcome) -> str:
    return percent(outcome.false_positive_rate)


def percent(rate: float | None) -> str:
    """Return a rate as whole percents, or `?` where there is none."""
    return "?" if rate is None else f"{rate:.0%}".replace("%", " %")


def short_simulated(simulation: Simulation) -> str:
    """Return the same in few words, for a question."""
    then, now = simulation.then, simulation.now
    rates = ""
    if simulation.verdicts:
        rates = f", false {percent(now.false_positive_rate).removesuffix(' %')}>{percent(then.false_positive_rate)}"
    return f"alerts {now.alerts}>{then.alerts}{rates}"


def standing(baseline: Baseline, look: Look) -> str:
    """Return where a threshold stands, and on how much."""
    pin = "pinned, tuning leaves it alone" if baseline.pinned else "not pinned"
    learned = f"{baseline.stable_hours} of 168 hours stable, n {figure(baseline.effective_n)}"
    seen = f", seen to {day_time(baseline.seen_to, look)}" if baseline.seen_to else ""
    return f"threshold {level(baseline.threshold)}, {pin}; {learned}{seen}"


def change_words(change: ThresholdChange, look: Look) -> str:
    """Return when a threshold moved, from where to where, by whom and why, on which verdicts, with which effect."""
    told = f"{day_time(change.time, look)} {level(change.old)} > {level(change.new)} by {change.actor or '-'}"
    parts = [told, *filter(None, (change.reason, _grounds(change), _effect(change), _rolled_back(change, look)))]
    return "; ".join(parts)


def _grounds(change: ThresholdChange) -> str:
    if change.verdicts is None:
        return ""
    pool = f" of {change.pool}" if change.pool else ""
    rate = f", {percent(change.rates[0])} > {percent(change.rates[1])} false" if change.rates else ""
    return f"{change.verdicts} verdicts{pool}{rate}"


def _effect(change: ThresholdChange) -> str:
    return f"alerts {change.alerts[0]} > {change.alerts[1]}" if change.alerts else ""


def _rolled_back(change: ThresholdChange, look: Look) -> str:
    if not change.rolled_back_at:
        return ""
    return f"ROLLED BACK by {change.rolled_back_by or '-'} {day_time(change.rolled_back_at, look)}"


def revocable(changes: Sequence[ThresholdChange]) -> ThresholdChange | None:
    """Return the newest change, if it was not taken back yet."""
    return changes[0] if changes and not changes[0].rolled_back_at else None


def threshold_lines(page: SitePage, row: Row, look: Look, width: int, *, here: bool) -> list[Line]:
    """Return the threshold of a metric, the last simulation of it, and its history, newest first."""
    baseline = row.baseline
    lead = "> " if here else "  "
    if baseline is None:
        return [line(f"{lead}{text}", role) for text, role in _no_baseline(page)]
    lines = _paragraph(standing(baseline, look), width, "strong", lead)
    simulation = page.simulation
    if simulation is not None and simulation.baseline == baseline.id:
        lines += _paragraph(f"simulated {simulated_words(simulation)}", width, "accent")
    return [*lines, *_history(page, baseline.id, look, width)]


def _no_baseline(page: SitePage) -> Iterator[tuple[str, str]]:
    if page.baselines is not None:
        yield "no baseline yet: it learns from the first closed hour", "muted"
    elif problem := page.problem("baselines"):
        yield f"not fetched: {problem}   R asks again", "error"
    else:
        yield "Loading baselines ...", "muted"


def _history(page: SitePage, baseline: str, look: Look, width: int) -> list[Line]:
    changes = page.changes.get(baseline)
    if changes:
        lines: list[Line] = []
        for change in changes:
            lines += _paragraph(change_words(change, look), width, "muted" if change.rolled_back_at else "text")
        return lines
    if changes is not None:
        return _paragraph("never changed; t tries another", width, "muted")
    problem = page.problems.get(("changes", baseline), "")
    if problem:
        return _paragraph(f"history not fetched: {problem}   R asks again", width, "error")
    return _paragraph("Loading the threshold's history ...", width, "muted")


def _paragraph(text: str, width: int, role: str, lead: str = "  ") -> list[Line]:
    first, *more = wrap(text, max(width - INDENT, 10))
    return [line(f"{lead}{first}", role), *(line(f"    {each}", role) for each in _again(more, width))]


def _again(more: Sequence[str], width: int) -> list[str]:
    """Wrap what follows the first line anew, two cells narrower."""
    return wrap(" ".join(more), max(width - 2 * INDENT, 10)) if more else []
