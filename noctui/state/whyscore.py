"""Why a punch looks like fraud, in lines: checks, rules beside model, features beside what is usual, cases like it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from noctui.state.cells import cut, wrap
from noctui.state.lines import Line, Span, column, line, spread
from noctui.state.score import LEVELS, Check, Score, usual, what_if
from noctui.state.scorerows import label_of, role_of, share
from noctui.state.threshold import percent
from noctui.state.times import Look, day_time
from noctui.state.units import measure, words_of
from noctui.state.units import number as digits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from noctui.state.facts import Facts
    from noctui.state.model import Model
    from noctui.state.score import Similar, WhatIf

BAR_CELLS, SHORT_BAR_CELLS = 15, 8
BROAD = 60
LEVEL_CELLS = 6
LOW_ROWS = 10  # under so many a check has one line, and what matters most comes first
LABEL = 8
METHODS = {"rules": "by rules alone", "model": "by the model", "both": "by both"}


def bar(value: float, cells: int = BAR_CELLS) -> str:
    """Return a share as a bar: `[###----]`."""
    full = round(min(max(value, 0.0), 1.0) * cells)
    return f"[{'#' * full}{'-' * (cells - full)}]"


def why_lines(model: Model, score: Score | None, look: Look, width: int, height: int) -> list[Line]:
    """Return all that is known of a score; in few rows the strongest checks, the method, the verdict and its like."""
    if score is None:
        return [line("no score under the cursor", "muted")]
    tall = height >= LOW_ROWS
    checks = [each for check in score.checks for each in _check(check, width, tall=tall)]
    first = checks if tall else checks[: max(height - 3, 1)]
    lines = first or [line("no check spoke", "muted")]
    lines += [_method(score, width), *_paragraph("verdict", _verdict(score), width, tall=tall)]
    lines += _like(model.facts, score, look, width, tall=tall)
    lines += checks[len(first) :]
    lines += [each for words in score.unlike for each in _paragraph("unlike", words, width)]
    lines += [each for words in _unjudged(score) for each in _paragraph("unjudged", words, width)]
    lines += _features(model.facts, score, width)
    when = f"{score.id}  punched {day_time(score.time or None, look)}  {score.punch}"
    return [*lines, *_paragraph("punch", f"{when}  {score.alert or 'no alert'}", width)]


def _check(check: Check, width: int, *, tall: bool) -> Iterator[Line]:
    role = "text" if check.counts else "muted"
    drawn = line(f"{bar(check.share, BAR_CELLS if width >= BROAD else SHORT_BAR_CELLS)} {check.share:.2f}", role)
    same = "" if check.counts else " (same jump, not counted)"
    if not tall:
        yield spread(line(f"{check.name}: {check.words}{same}", role), drawn, width)
        return
    yield spread(line(f"{check.name}  sure {percent(check.confidence)}{same}", "strong"), drawn, width)
    for text in wrap(check.words, max(width - 2, 10)):
        yield line(f"  {text}", role)


def _method(score: Score, width: int) -> Line:
    model = f"model {_gauge(score.model, width)}" if score.model is not None else "model: none spoke"
    told = f"{score.score:.2f} {score.level} {METHODS.get(score.method, score.method)}"
    left = line(f"rules {_gauge(score.rules, width)}  {model}")
    return spread(left, line(told, role_of(score.score)), width)


def _gauge(value: float, width: int) -> str:
    return f"{bar(value, 10)} {value:.2f}" if width >= BROAD else f"{value:.2f}"


def _verdict(score: Score) -> str:
    if not score.verdict:
        of_alert = f"{label_of(score)} by its alert's" if score.label is not None else "none yet"
        return f"{of_alert}; l says what it was"
    by = f" by {score.judged_by}" if score.judged_by else ""
    return f"{words_of(score.verdict)}{by}" + (f"  '{score.note}'" if score.note else "")


def _like(facts: Facts, score: Score, look: Look, width: int, *, tall: bool) -> Iterator[Line]:
    yield from _paragraph("like it", _like_words(facts, score), width, tall=tall)
    found: Sequence[Similar] = facts.get("similar", score.alert) or ()
    for each in found if tall else ():
        words = f"{day_time(each.last_seen, look)} {each.id} {words_of(each.verdict)} by {each.by or '-'}: {each.title}"
        yield column("", LABEL), (cut(words, max(width - LABEL - 1, 10)), "text")


def _like_words(facts: Facts, score: Score) -> str:
    if not score.alert:
        return "no alert, so nothing to compare with"
    found: Sequence[Similar] | None = facts.get("similar", score.alert)
    if found is None:
        problem = facts.problem("similar", score.alert)
        return f"not fetched: {problem} (R)" if problem else "..."
    if not found:
        return "no case like it was resolved at this site"
    counts = Counter(words_of(each.verdict) for each in found)
    return f"{len(found)} resolved at this site: " + ", ".join(f"{word} {n}" for word, n in counts.most_common())


def _unjudged(score: Score) -> Iterator[str]:
    for name, reason in score.not_judged.items():
        yield f"{name}: {words_of(reason)}"


def _features(facts: Facts, score: Score, width: int) -> Iterator[Line]:
    if not score.features:
        yield column("features", LABEL, "muted"), ("none kept", "muted")
        return
    others: Mapping[str, Score] = facts.get("punches") or {}
    for index, (name, value) in enumerate(score.features.items()):
        words, odd = _feature(name, value, others.values())
        label = "features" if not index else ""
        yield column(label, LABEL, "muted"), (cut(words, max(width - LABEL - 1, 10)), "p2" if odd else "text")


def _feature(name: str, value: float | None, others: Iterable[Score]) -> tuple[str, bool]:
    """Return a feature with what is usual of it, and whether it lies outside."""
    told = measure(name, value) if value is not None else f"{words_of(name)} missing"
    band = usual(others, name)
    if band is None:
        return f"{told}  (usual not known)", False
    low, high, count = band
    return f"{told}  (usual {digits(low)} to {digits(high)} of {count})", value is not None and not low <= value <= high


def _paragraph(label: str, text: str, width: int, *, tall: bool = True) -> Iterator[Line]:
    room = max(width - LABEL - 1, 10)
    for index, part in enumerate(wrap(text, room) if tall else [cut(text, room)]):
        yield column("" if index else label, LABEL, "muted"), (part, "text")


# ------------------------------------------------------------------------------------------------------------- levels


def level_words(outcome: WhatIf) -> str:
    """Return what a level gives, in a sentence."""
    judged = outcome.true + outcome.false
    share_true = f" ({percent(outcome.true / judged)})" if judged else ""
    told = f"{outcome.count} of the last day from {share(outcome.level)} on"
    return f"{told}: {judged} judged, {outcome.true} true{share_true}; {outcome.missed} true below"


def level_lines(scores: Sequence[Score], level: float) -> list[Line]:
    """Return what each level would have given over the scores of the last day, the one in force marked."""
    heads = ("LEVEL", "SCORES", "JUDGED", "TRUE", "FALSE", "MISSED")
    lines: list[Line] = [(("  ", "head"), *(column(name, LEVEL_CELLS, "head", right=True) for name in heads))]
    for each in sorted({*LEVELS, level}):
        outcome = what_if(scores, each)
        figures = (outcome.count, outcome.true + outcome.false, outcome.true, outcome.false, outcome.missed)
        here = each == level
        spans: list[Span] = [("> " if here else "  ", "strong"), column(f"{each:.2f}", LEVEL_CELLS, right=True)]
        spans += [column(str(figure), LEVEL_CELLS, "strong" if here else "text", right=True) for figure in figures]
        lines.append(tuple(spans))
    lines.append(line("missed: judged true, and below the level; t tries another", "muted"))
    return lines
