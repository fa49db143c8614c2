"""A model's card on a terminal: what it learned from, what its score means, whom it accuses, why it may be used."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Told = Mapping[str, Any]

COLUMNS: Final = 120
WIDTH: Final = 40  # of the plot, in characters; each twentieth of recall takes two
HEIGHT: Final = 10
_MARKS: Final = (("rules", "."), ("model", "o"), ("both", "#"))  # the later covers the earlier
_STEPS: Final = 20
_BAR: Final = 20


def card(told: Told) -> str:
    """Return a card as text."""
    return "\n".join(_lines(told))


def bounded(value: Sequence[float | None] | None, digits: int = 3) -> str:
    """Return a value with its 90 % bounds."""
    if not value or value[0] is None:
        return "–"
    middle, low, high = (number(each, digits) for each in value)
    return f"{middle} ({low} to {high})"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number, a dash where it is not known."""
    return "–" if value is None else f"{value:,.{digits}f}"


def _lines(told: Told) -> Iterator[str]:
    state = "in force" if told["active"] else "may be put in force" if told["usable"] else "cannot be used"
    yield f"model {told['version']}: {state}"
    if not told["usable"]:
        yield f"because ({told['code']}): {told['reason']}"
    if told.get("figures"):
        yield from _made_of(told)
        yield from _gates(told["gates"])
        yield from _figures(told["figures"])
        yield from _curve(told["figures"])
        yield from _reliability(told)
        yield from _meaning(told)
        yield from _groups(told["groups"])
        yield from _parameters(told)
    yield from _life(told["steps"])


def _made_of(told: Told) -> Iterator[str]:
    yield f"learned from  {_day(told['learned_from'])} to {_day(told['learned_to'])}: {told['rows']:,} punches,"
    yield f"              {told['labelled']:,} judged, {told['fraud']:,} of them fraud, {told['chosen']:,} chosen"
    yield f"measured on   {_day(told['tested_from'])} to {_day(told['tested_to'])}, on which nothing was fitted"
    yield f"base rate     {bounded(told['base_rate'])} of punches are fraud there"


def _gates(gates: Sequence[Told]) -> Iterator[str]:
    yield from _headed("gates")
    yield from (f"  {'passed' if gate['passed'] else 'FAILED'}  {gate['reason']}" for gate in gates)


def _figures(figures: Told) -> Iterator[str]:
    yield from _headed("figures, with their 90 % bounds")
    yield f"  {'':9} {'PR-AUC':>23} {'ROC-AUC':>8} {'P at R .80':>10} {'R at 1 %':>9} {'Brier':>8} {'cost':>9}"
    for name, of in figures.items():
        cells = (of["roc_auc"], of["precision_at_80_recall"], of["recall_at_1_percent_alerts"])
        roc, precision, recall = (number(each) for each in cells)
        end = f"{number(of['brier'], 5):>8} {number(of['confusion']['cost'], 1):>9}"
        yield f"  {name:9} {bounded(of['pr_auc']):>23} {roc:>8} {precision:>10} {recall:>9} {end}"


def _curve(figures: Told) -> Iterator[str]:
    """Yield precision over recall as a plot of characters."""
    curves = {name: figures[name]["pr_curve"] for name, _ in _MARKS if figures.get(name, {}).get("pr_curve")}
    if not curves:
        return
    named = ", ".join(f"{mark} {name}" for name, mark in _MARKS if name in curves)
    yield from _headed(f"precision over recall ({named})")
    rows = [[" "] * WIDTH for _ in range(HEIGHT + 1)]
    for name, mark in _MARKS:
        for point in curves.get(name, ()):
            if point["precision"] is not None:
                at = round(point["recall"] * _STEPS) * WIDTH // _STEPS - 1
                rows[HEIGHT - round(point["precision"] * HEIGHT)][at] = mark
    for at, row in enumerate(rows):
        yield f"  {1 - at / HEIGHT:4.1f} |{''.join(row).rstrip()}"
    yield f"       +{'-' * WIDTH}"
    yield f"        0{'recall':^{WIDTH - 2}}1"


def _reliability(told: Told) -> Iterator[str]:
    how = told["calibrator"] if told["calibrated"] else "not calibrated: fewer than 30 rows of a class to calibrate by"
    yield from _headed(f"calibration: {how}")
    yield "  of scores from   punches   mean score   were fraud"
    for row in told["figures"]["model"]["reliability"]:
        if row["rows"]:
            bar = "#" * round((row["share"][0] or 0) * _BAR)
            share = bounded(row["share"], 2)
            yield f"  {row['from']:14.1f} {row['rows']:>9,} {number(row['mean_score']):>12}   {share:22} {bar}".rstrip()


def _meaning(told: Told) -> Iterator[str]:
    yield from _headed("what the score means: the greater of rules and model, everything at or above it")
    heads = ("precision", "recall", "tickets a week", "honest accused of 1,000")
    yield f"  {'score':>6} " + " ".join(map(_cell, heads))
    for row in told["score_table"]:
        shares = (bounded(row[name]) for name in ("precision", "recall"))
        cells = (*shares, bounded(row["tickets_a_week"], 1), bounded(row["honest_accused_per_1000"], 2))
        yield f"  ≥ {row['score']:.2f} " + " ".join(map(_cell, cells))
    ticket = told["ticket"]
    needed = f"from {ticket['threshold']:.2f}, must be right in {ticket['needed']:.2f} of cases"
    yield f"  a ticket, {needed}: {ticket['text']}"


def _cell(text: str) -> str:
    return f"{text:>26}"


def _groups(groups: Told) -> Iterator[str]:
    for name, told in groups.items():
        ratio = "" if told["ratio"] is None else f", {told['ratio']:g} times as often"
        yield from _headed(f"honest punches accused, by {name}: {told['level']}{ratio}")
        yield f"  {told['reason']}"
        rates = sorted(told["rates"].items(), key=lambda each: -(each[1]["rate"][0] or 0))
        for group, of in rates[:_STEPS]:
            few = "" if of["enough"] else "  (too few to compare)"
            yield f"  {group:20} {of['honest']:>8,} {bounded(of['rate'], 4):>28}{few}"


def _parameters(told: Told) -> Iterator[str]:
    yield from _headed("made with")
    listed = [*told["libraries"].items(), ("seed", told["seed"]), ("rounds", told["rounds"])]
    yield "  " + ", ".join(f"{name} {value}" for name, value in listed)
    given = ", ".join(f"{name}={value}" for name, value in told["parameters"].items())
    yield from wrap(given, COLUMNS - 2, initial_indent="  ", subsequent_indent="  ")


def _life(steps: Sequence[Told]) -> Iterator[str]:
    yield from _headed("its life")
    for step in steps:
        moved = ", ".join(map(str, step["body"].get("moved", ())))
        more = f" [{moved}]" if moved else ""
        yield f"  {step['time'][:16]}Z {step['kind']:18} {step['reason']} ({step['body'].get('actor', 'nocd')}){more}"
    if not steps:
        yield "  nothing was told of it"


def _headed(title: str) -> Iterator[str]:
    yield from ("", title)


def _day(time: str | None) -> str:
    return (time or "–")[:10]
