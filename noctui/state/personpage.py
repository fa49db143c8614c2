"""What is known of one person, in lines: the day by site, habits, scores, and what they are linked with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noctui.state.cells import cut, wrap
from noctui.state.heat import spark
from noctui.state.lines import BLANK, Line, Span, column, line
from noctui.state.overview import work_row
from noctui.state.peoplerows import score_spark
from noctui.state.person import Happening
from noctui.state.score import ranked
from noctui.state.scorerows import label_of, parts, role_of
from noctui.state.times import HOUR_MS, Look, clock, day_time
from noctui.state.week import DAYS
from noctui.state.whyscore import bar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from noctui.state.alert import Alert
    from noctui.state.facts import Facts
    from noctui.state.glance import PersonRow, Work
    from noctui.state.model import Model
    from noctui.state.person import Day, Profile, Risk
    from noctui.state.score import Score

MARKS = {"alert": "!", "punch": "P", "tour": "t", "task": "w", "shift": "s"}
LEGEND = "P punch  ! alert  t tour  w task  s shift"
LABEL = 8
DAYS_SHOWN = 14
HOURS = 24


def waiting(facts: Facts, kind: str, person: str) -> Line:
    """Return why something is not there: it is on its way, or not known."""
    problem = facts.problem(kind, person)
    return line(f"not known: {problem}" if problem else "Loading ...", "muted")


# ------------------------------------------------------------------------------------------------------------ the day


def day_lines(model: Model, person: str, look: Look, width: int) -> list[Line]:
    """Return a person's day: a line a site with what was there in which hour, then all of it in order of time."""
    found: Sequence[Happening] | None = model.facts.get("day_of", person)
    scores: Mapping[str, Score] | None = model.facts.get("punches_of", person)
    if found is None and scores is None:
        return [waiting(model.facts, "day_of", person)]
    told = list(found) if found is not None else punches(scores or {}, look)
    if not told:
        return [line("nothing planned today, and nothing happened", "muted")]
    return [*_strips(told, look, width), *(_happening(each, look, width) for each in told), line(LEGEND, "muted")]


def punches(scores: Mapping[str, Score], look: Look) -> list[Happening]:
    """Return the punches of the last day as what happened, where the daemon tells no more of a day."""
    midnight = _hour(look.now, look)
    since = look.now - (midnight + 1) * HOUR_MS
    shown = sorted((each for each in scores.values() if each.time > since), key=lambda each: each.time)
    return [
        Happening(
            time=each.time,
            kind="punch",
            id=each.punch,
            site=each.site,
            words=each.kind if each.checks else "as usual",
            score=each.score,
        )
        for each in shown
    ]


def _hour(instant: int, look: Look) -> int:
    return int(clock(instant, look.tz)[:2])


def _strips(told: Sequence[Happening], look: Look, width: int) -> Iterator[Line]:
    each = min(max((width - LABEL - 1) // HOURS, 1), 3)
    every = {1: 4, 2: 2}.get(each, 1)
    heads = "".join(f"{hour:02d}".ljust(each * every) for hour in range(0, HOURS, every))
    yield column("", LABEL, "head"), (heads, "head")
    now = _hour(look.now, look)
    for site in dict.fromkeys(each_.site for each_ in told):
        marks: dict[int, str] = {}
        for kind in reversed(MARKS):
            marks |= {_hour(one.time, look): MARKS[kind] for one in told if one.site == site and one.kind == kind}
        spans: list[Span] = [column(site or "-", LABEL, "strong")]
        for hour in range(HOURS):
            glyph = marks.get(hour, ".")
            role = {"!": "p1", "P": "strong", ".": "muted"}.get(glyph, "text")
            spans.append((glyph.ljust(each), "accent" if hour == now and glyph == "." else role))
        yield tuple(spans)


def _happening(each: Happening, look: Look, width: int) -> Line:
    score = f"  {each.score:.2f}" if each.score is not None else ""
    words = cut(f"{each.words}  {each.id}", max(width - 25 - len(score), 8))
    role = role_of(each.score) if each.score is not None else "p2" if each.kind == "alert" else "text"
    return (
        (f"{clock(each.time, look.tz)[:5]}  ", "muted"),
        column(each.kind, 6),
        column(each.site or "-", 8),
        (words + score, role),
    )


# --------------------------------------------------------------------------------------------------- habits and scores


def habit_lines(model: Model, person: str, width: int) -> list[Line]:
    """Return what is usual of a person's punches."""
    profile: Profile | None = model.facts.get("profile", person)
    if profile is None:
        return [waiting(model.facts, "profile", person)]
    lines = [
        line(text, "text" if profile.known else "muted")
        for words in profile.words
        for text in wrap(words, max(width, 10))
    ]
    if profile.hours and profile.punches:
        faces = "".join(f"{hour:02d}".ljust(6) for hour in range(0, HOURS, 6))
        lines += [(column("hours", LABEL, "muted"), (spark(profile.hours), "text"))]
        lines += [(column("", LABEL), (faces, "muted"))]
    if profile.weekdays and profile.punches:
        drawn = "  ".join(f"{day} {block}" for day, block in zip(DAYS, spark(profile.weekdays), strict=True))
        lines.append((column("days", LABEL, "muted"), (drawn, "text")))
    return lines or [line("nothing is usual yet", "muted")]


def score_lines(model: Model, person: str, look: Look, width: int) -> list[Line]:
    """Return how a person's punches scored: in all, day by day, and what the highest of the last day says."""
    return [*_risk(model.facts, person), *_days(model.facts, person, width), *_latest(model.facts, person, look, width)]


def _risk(facts: Facts, person: str) -> Iterator[Line]:
    risk: Risk | None = facts.get("person_risk", person)
    if risk is None:
        yield column("risk", LABEL, "muted"), *waiting(facts, "person_risk", person)
        return
    if risk.mean is None or risk.most is None:
        yield column("risk", LABEL, "muted"), (f"no punch in {risk.days} days", "muted")
        return
    trend = "" if risk.trend is None else f"  trend {risk.trend:+.2f}"
    high = f"{risk.high + risk.critical} high"
    words = f"mean {risk.mean:.2f}  max {risk.most:.2f}  {high} of {risk.count} in {risk.days} days{trend}"
    yield column("risk", LABEL, "muted"), (words, role_of(risk.most))


def _days(facts: Facts, person: str, width: int) -> Iterator[Line]:
    days: Sequence[Day] | None = facts.get("days", person)
    if days is None:
        yield column("by day", LABEL, "muted"), *waiting(facts, "days", person)
        return
    if not days:
        yield column("by day", LABEL, "muted"), ("nothing scored in 30 days", "muted")
        return
    drawn = score_spark([day.most for day in reversed(days)])
    yield column("by day", LABEL, "muted"), (f"{drawn}  highest of each day that had any", "text")
    for day in days[:DAYS_SHOWN]:
        told = f"max {day.most:.2f}  mean {day.mean:.2f}  of {day.count}" + (f"  {day.high} high" if day.high else "")
        yield (
            column(f"  {day.day[5:]}", LABEL, "muted"),
            (cut(f"{bar(day.most, 10)} {told}", max(width - LABEL - 1, 8)), role_of(day.most)),
        )


def _latest(facts: Facts, person: str, look: Look, width: int) -> Iterator[Line]:
    scores: Mapping[str, Score] | None = facts.get("punches_of", person)
    for score in ranked((scores or {}).values())[:3]:
        words = f"{day_time(score.time, look)} {score.site} {score.score:.2f} {parts(score)}  {label_of(score)}"
        yield column(score.id, LABEL, "muted"), (cut(words, max(width - LABEL - 1, 8)), role_of(score.score))


# -------------------------------------------------------------------------------------------------------------- links


def link_lines(model: Model, row: PersonRow | None, person: str, look: Look, width: int) -> list[Line]:
    """Return what a person is linked with: sites, alerts, cases and tickets, and who else their scores name."""
    lines: list[Line] = []
    if row is not None:
        places = " ".join(row.sites) or "none"
        lines.append(
            (column("sites", LABEL, "muted"), (f"{places}{f', now at {row.site}' if row.site else ''}", "text"))
        )
    alerts = sorted((each for each in model.alerts.values() if _about(each, person)), key=lambda each: each.order)
    lines += _labelled(
        "alerts", (f"{each.id} P{each.level} {each.title}  {each.case}".rstrip() for each in alerts), width
    )
    works: Sequence[Work] | None = model.facts.get("tickets_of", person)
    if works is None:
        lines.append((column("tickets", LABEL, "muted"), *waiting(model.facts, "tickets_of", person)))
    else:
        lines += [
            (column("tickets" if not index else "", LABEL, "muted"), *work_row(work, look, width - LABEL - 1))
            for index, work in enumerate(works)
        ]
    scores: Mapping[str, Score] = model.facts.get("punches_of", person) or {}
    said = dict.fromkeys(check.words for score in ranked(scores.values()) for check in score.checks)
    lines += _labelled("said", said, width)
    return lines or [BLANK]


def _about(alert: Alert, person: str) -> bool:
    return alert.body.get("person") == person


def _labelled(label: str, texts: Iterable[str], width: int) -> list[Line]:
    found = list(texts) or ["none"]
    return [
        (
            column("" if index else label, LABEL, "muted"),
            (cut(text, max(width - LABEL - 1, 8)), "text" if text != "none" else "muted"),
        )
        for index, text in enumerate(found)
    ]
