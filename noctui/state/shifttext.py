"""The panes of the shift screen: what is open at handover, notes, silences, the audit trail, and earlier handovers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from noctui.state.alert import rank_of
from noctui.state.cells import clean, cut
from noctui.state.handovertext import handover_text
from noctui.state.lines import Line, Span, column, line, spread
from noctui.state.times import Look, parse, short_time, spell, stamp
from noctui.state.units import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from noctui.state.find import Filter
    from noctui.state.shiftbook import Body, ShiftBook, Silence

LEVEL_KEYS = {"p1": "p1", "p2": "p2", "p3": "p3"}
TALE_ARGS = ("verdict", "note", "comment", "text", "assignee", "threshold", "command")
LOADING = line(" fetching ...", "muted")


def info(book: ShiftBook, look: Look, filter_text: str, width: int) -> Line:
    """Return the line above: which shift it is, how long it runs, and who waits to be relieved."""
    shift = (book.sheet or {}).get("shift")
    left: list[Span] = [("/ ", "muted"), (filter_text or "no filter", "text" if filter_text else "muted")]
    if isinstance(shift, Mapping):
        starts, ends = parse(shift.get("starts_at")) or look.now, parse(shift.get("ends_at")) or look.now
        runs = f"shift {short_time(starts, look)} to {short_time(ends, look)}, {spell(ends - look.now)} left   "
        left = [(runs, "strong"), *left]
    waiting = book.waiting(look.me)
    right = line(f"{clean(waiting['signed_by'])} hands over to you: a accepts " if waiting else "", "stale")
    if problem := next((text for (kind, _), text in book.problems.items() if kind != "audit"), ""):
        right = line(f"not fetched: {problem} (R) ", "error")
    return spread(tuple(left), right, width)


# -------------------------------------------------------------------------------------------------- open at handover


def sections(book: ShiftBook) -> list[Body]:
    """Return the sections of the sheet."""
    return [each for each in (book.sheet or {}).get("sheet") or () if isinstance(each, Mapping)]


def items_of(book: ShiftBook, key: str) -> list[Body]:
    """Return what a section of the sheet names."""
    return [item for each in sections(book) if each.get("key") == key for item in each.get("items") or ()]


def open_lines(book: ShiftBook, section: str, look: Look, width: int, *, here: int | None) -> list[Line]:
    """Return the sections with their counts, or what the opened one names."""
    if book.sheet is None:
        return [LOADING]
    if section:
        found = [_item_line(item, look, width) for item in items_of(book, section)]
    else:
        found = [_section_line(each, width) for each in sections(book)]
    return _marked(found, here) or [line(" nothing", "muted")]


def _section_line(section: Body, width: int) -> Line:
    count, urgent = int(section.get("count") or 0), int(section.get("urgent") or 0)
    role = LEVEL_KEYS.get(str(section.get("key")), "text") if count else "muted"
    word = f"{clean(section.get('urgent_word') or '')} {urgent}" if urgent and section.get("urgent_word") else ""
    right: Line = ((f"{word}  ", "strong"), (f"{count} ", role))
    return spread(((clean(section.get("title") or ""), role),), right, width - 1)


def _item_line(item: Body, look: Look, width: int) -> Line:
    until = parse(item.get("until"))
    when = f"until {short_time(until, look)}" if until else f"since {short_time(parse(item.get('since')) or 0, look)}"
    who = clean(item.get("who") or "-")
    severity = item.get("severity")
    role = f"p{min(rank_of(severity) + 1, 4)}" if severity else "text"
    place = clean(item.get("site_name") or item.get("site") or "")
    left: Line = ((f"{clean(item.get('id') or '')}  ", role), (clean(item.get("text") or ""), "text"))
    left = (*left, (f"  {place}" if place else "", "muted"))
    return spread(left, line(f"{who}  {when} ", "muted"), width - 1)


# ------------------------------------------------------------------------------------------------ notes and silences


def note_lines(book: ShiftBook, look: Look, width: int, *, here: int | None) -> list[Line]:
    """Return the notes for the next shift, the pinned ones marked."""
    if book.notes is None:
        return [LOADING]
    found: list[Line] = []
    for note in book.notes:
        author = clean(note.get("author") or "")
        who = "you" if author == look.me else author
        star = "* " if note.get("pinned") else "  "
        left: Line = ((star, "accent"), (clean(note.get("text") or ""), "text"))
        found.append(spread(left, line(f"{who} {short_time(parse(note.get('at')) or 0, look)} ", "muted"), width - 1))
    return _marked(found, here) or [line(" no notes     n writes one, a ! before it pins it", "muted")]


def silence_head(width: int) -> Line:
    """Return the heads of the silences."""
    ends, by, hits, scope, why = _silence_cells(width)
    heads = (
        ("ENDS", ends, False),
        ("BY", by, False),
        ("HITS", hits, True),
        ("SCOPE", scope, False),
        ("WHY", why, False),
    )
    return (" ", "head"), *(column(name, cells, "head", right=right) for name, cells, right in heads if cells)


def _silence_cells(width: int) -> tuple[int, int, int, int, int]:
    rest = max(width - 1 - 6 - 9 - 6, 10)
    return 5, 8, 5, rest * 3 // 5 - 1, rest - rest * 3 // 5 - 1


def silence_lines(book: ShiftBook, look: Look, width: int, *, here: int | None) -> list[Line]:
    """Return the silences, next to end first, those that hit nothing flagged; then those that ended within a day."""
    if book.silences is None:
        return [LOADING]
    found = [_silence_line(each, look, width) for each in book.listed_silences(look.now)]
    return _marked(found, here) or [line(" nothing is silenced     s on an alert snoozes it", "muted")]


def _silence_line(silence: Silence, look: Look, width: int) -> Line:
    ends, by, hits, scope, why = _silence_cells(width)
    who = "you" if silence.author == look.me else silence.author
    if not silence.active:
        ended = f"{silence.state} {spell(look.now - (silence.ended_at or look.now))} ago  {silence.why}"
        cells = (("-", ends), (who, by), ("", hits), (silence.scope, scope), (ended, why))
        return tuple(column(text, size, "muted") for text, size in cells if size)
    soon = silence.ends_at is not None and silence.ends_at - look.now < 15 * 60_000
    until = short_time(silence.ends_at, look) if silence.ends_at is not None else "end"
    flag = "HITS NOTHING  " if not silence.hits else ""
    return (
        column(until, ends, "p2" if soon else "snz"),
        column(who, by),
        column(str(silence.hits), hits, "text" if silence.hits else "stale", right=True),
        column(silence.scope, scope),
        column(f"{flag}{silence.why}", why, "stale" if flag else "text"),
    )


# ------------------------------------------------------------------------------------------------ audit and handovers


def audit_rows(book: ShiftBook, found: Filter) -> list[Body]:
    """Return the acts of all operators that pass a filter, newest first."""
    return [row for row in book.audit or () if not found or found(_act_words(row).lower())]


def _act_words(row: Body) -> str:
    return f"{row.get('actor')} {row.get('act')} {row.get('target')} {row.get('site') or ''} {_tale(row)}"


def audit_lines(book: ShiftBook, found: Filter, look: Look, width: int, *, here: int | None) -> list[Line]:
    """Return who did what to what, and why; one's own acts have a star."""
    if problem := book.problems.get(("audit", "")):
        return [
            line(f" {text}", "muted")
            for text in ("not shown: " + problem, "the trail needs a token with the right `audit`")
        ]
    if book.audit is None:
        return [LOADING]
    lines = [_audit_line(row, look, width) for row in audit_rows(book, found)]
    return _marked(lines, here) or [
        line(" no acts" + (f" match  {found.text}     0: clear" if found else " yet"), "muted")
    ]


def _audit_line(row: Body, look: Look, width: int) -> Line:
    actor = clean(row.get("actor") or "")
    mine = bool(look.me) and actor == look.me
    act = clean(row.get("act") or "").replace("_", " ")
    left: Line = (
        (f"{stamp(parse(row.get('time')) or 0, look)} ", "muted"),
        ("* " if mine else "  ", "accent"),
        (f"{'you' if mine else actor} ", "text"),
        (f"{act} {clean(row.get('target') or '')}", "strong"),
        (f"  {_tale(row)}", "text"),
    )
    return spread(left, line(clean(row.get("site") or "") + " ", "muted"), width - 1)


def _tale(row: Body) -> str:
    """Return what was said with an act, and what it moved."""
    detail = row.get("detail")
    if not isinstance(detail, Mapping):
        return ""
    args, before, after = (detail.get(name) for name in ("args", "before", "after"))
    said = [clean(args[name]) for name in TALE_ARGS if args.get(name)] if isinstance(args, Mapping) else []
    if isinstance(before, Mapping) and isinstance(after, Mapping) and before.get("status") != after.get("status"):
        said.append(f"({shown(before.get('status'))} > {shown(after.get('status'))})")
    if detail.get("refused"):
        said.append(f"refused: {shown(detail['refused'])}")
    return "  ".join(f"'{word}'" if not word.startswith(("(", "refused")) else word for word in said)


def handover_lines(book: ShiftBook, opened: str, look: Look, width: int, *, here: int | None) -> list[Line]:
    """Return earlier handovers, newest first, or the text of the opened one."""
    if book.handovers is None:
        return [LOADING]
    if view := next((each for each in book.handovers if each.get("id") == opened), None):
        return [line(f" {text}") for text in handover_text(view).splitlines()]
    found = [_handover_line(each, look, width) for each in book.handovers]
    return _marked(found, here) or [line(" none yet     h hands over", "muted")]


def _handover_line(view: Body, look: Look, width: int) -> Line:
    taken = view.get("accepted_by")
    left: Line = (
        (f"{clean(view.get('id') or '')}  ", "strong"),
        (f"{stamp(parse(view.get('signed_at')) or 0, look)}  {clean(view.get('signed_by') or '')} > ", "text"),
        (clean(taken) if taken else "nobody yet", "text" if taken else "stale"),
        (f"  {clean(view.get('comment') or '')}", "muted"),
    )
    return spread(left, line(""), width - 1)


def _marked(lines: Sequence[Line], here: int | None) -> list[Line]:
    return [((">" if index == here else " ", "strong"), *each) for index, each in enumerate(lines)]


def signing_words(book: ShiftBook) -> str:
    """Return what would be signed, in short."""
    counts: dict[str, Any] = {str(each.get("key")): each.get("count") for each in sections(book)}
    named = (("p1", "P1"), ("p2", "P2"), ("incidents", "incidents"), ("tickets", "tickets"), ("silences", "silences"))
    parts = [f"{word} {counts[key]}" for key, word in named if counts.get(key)]
    return cut(", ".join(parts) or "nothing open", 60) + f", {len(book.notes or ())} notes"
