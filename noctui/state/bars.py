"""The lines around every screen: status at the top, the banner of a lost link, what is said below, the help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noctui.state.actions import ACTIONS, Action, Scope, key_words
from noctui.state.cells import cut, pad, wrap
from noctui.state.lines import BLANK, Line, column, fit, line, spread
from noctui.state.model import Model, look_at, tally, told_age_ms
from noctui.state.times import SECOND_MS, clock, spell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

AGE_STALE_MS = 20 * SECOND_MS
AGE_LOST_MS = 60 * SECOND_MS
WORD_ROLES = {"LIVE": "live", "RESUMING": "stale", "CONNECTING": "stale", "STALE": "stale"}
WIDE = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Badges:
    """Words the top line carries for the whole console."""

    read_only: bool = False
    private: bool = False
    slow: bool = False


def status_bar(model: Model, title: str, width: int, now: int, badges: Badges, own: Line = BLANK) -> Line:
    """Return the left part of the top line: where we are and what stands open, or a screen's `own` words."""
    counts = tally(model)
    left: list[tuple[str, str]] = [(f"{title}  ", "head")]
    left += [(f"[{word}]  ", "stale") for word, shown in _badge_words(badges) if shown]
    if own:
        return fit((*left, *own), width)
    for level, count in enumerate(counts.levels, 1):
        left.append((f"P{level} {count}  ", f"p{level}" if count else "muted"))
    left.append((f"unack {counts.unattended}", "strong" if counts.unattended else "muted"))
    if width >= WIDE:
        left += _wide_words(model, counts.oldest, now)
    return fit(tuple(left), width)


def _badge_words(badges: Badges) -> tuple[tuple[str, bool], ...]:
    return ("READ-ONLY", badges.read_only), ("PRIVATE", badges.private), ("DISPLAY SLOW", badges.slow)


def _wide_words(model: Model, oldest: int | None, now: int) -> list[tuple[str, str]]:
    since = f" (oldest {spell(look_at(model, now).now - oldest)})" if oldest is not None else ""
    degraded = f"  |  degraded: {', '.join(sorted(model.degraded))}" if model.degraded else ""
    return [(f"{since}  |  sites {len(model.sites)}  |  ended {model.ended_count}", "text"), (degraded, "stale")]


def link_bar(model: Model, width: int, now: int) -> Line:
    """Return the right part of the top line, which moves every second: how true the picture is."""
    return spread(BLANK, _link_words(model, now), width)


def _link_words(model: Model, now: int) -> Line:
    link, word = model.link, model.link.word(now)
    if word == "LOST":
        shown = f"LOST {(now - link.since) // SECOND_MS}s"
    else:
        shown = f"{word} {link.latency_ms:.0f}ms" if link.latency_ms is not None and word == "LIVE" else word
    old = told_age_ms(model, now)
    aged = "-" if old is None else f"{old // SECOND_MS}s"
    role = "muted" if old is None else "text" if old <= AGE_STALE_MS else "stale" if old <= AGE_LOST_MS else "lost"
    face = clock(now + model.offset_ms, model.tz) if model.loaded else "--:--:--"
    return (shown, WORD_ROLES.get(word, "lost")), ("  ", "text"), (f"age {aged}", role), (f"  {face}", "text")


def banner(model: Model, now: int, width: int) -> Line | None:
    """Return the line that says the link is down, since when and what happens next; None while it is up."""
    link = model.link
    if link.phase == "refused":
        return line(pad(f"#### REFUSED: {link.detail}", width), "lost")
    if link.phase != "lost":
        return None
    showing = f" Showing {clock(model.told_at, model.tz)}." if model.told_at is not None else ""
    wait = max(link.retry_at - now, 0)
    retry = f"Retry {link.attempt} in {-(-wait // SECOND_MS)} s (R now)." if wait else f"Retry {link.attempt} now."
    acts = len(model.outbox.waiting)
    waiting = f" Acts wait: {acts}" if acts else ""
    start = f"#### LINK LOST {(now - link.since) // SECOND_MS} s.{showing} {retry}{waiting} "
    return line(pad(start + "#" * max(width - len(start), 4), width), "lost")


def outbox_line(model: Model, now: int, width: int = WIDE) -> Line:
    """Return the line below the prompt: acts that wait, or the one that can be undone, which is never cut off."""
    waiting = list(model.outbox.waiting.values())
    if waiting:
        newest = waiting[-1]
        more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
        cancel = "" if newest.tried else "  (u cancel)"
        named = newest.words if newest.baseline or newest.deed else f"{newest.words} {newest.title}"
        return line(f"~ {named}{more} waits for nocd{cancel}", "pending")
    last = model.outbox.last
    if last is None:
        return BLANK
    left = last.undo_until - now
    undo = f"   (u undo, {-(-left // SECOND_MS)} s)" if left > 0 else ""
    return line(f"you {cut(last.sentence, width - len(undo) - 4)}{undo}", "text" if left > 0 else "muted")


def help_lines(width: int, scope: Scope, actions: Sequence[Action] = ACTIONS) -> list[Line]:
    """Return the help overlay, the keys of the screen first: keys, title and what it does, wrapped."""
    here = [act for act in actions if scope in act.scopes]
    there = [act for act in actions if scope not in act.scopes]
    return [*_help(here, width), BLANK, line("ON OTHER SCREENS", "head"), *_help(there, width)]


def _help(actions: Iterable[Action], width: int) -> list[Line]:
    lines: list[Line] = []
    for act in actions:
        first, *more = wrap(act.help, max(width - 36, 10))
        lines.append((column(key_words(act), 20, "strong"), column(act.title, 14), (first, "muted")))
        lines += [(column("", 35), (text, "muted")) for text in more]
    return lines
