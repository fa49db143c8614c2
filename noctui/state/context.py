"""The column beside a wide alert list: how much is open, where, and how the link fares."""

from __future__ import annotations

from collections import Counter

from noctui.state.alert import SEVERITIES
from noctui.state.lines import BLANK, Line, column, line, spread
from noctui.state.model import Model, tally
from noctui.state.times import SECOND_MS

SITES_MAX = 200


def context(model: Model, width: int, now: int) -> list[Line]:
    """Return the lines of the context column."""
    return [*_severities(model, width), BLANK, *_sites(model, width), BLANK, *_health(model, width, now)]


def _pair(name: str, value: object, width: int, role: str = "text") -> Line:
    return spread(line(name, "muted"), line(str(value), role), width)


def _severities(model: Model, width: int) -> list[Line]:
    ranks = Counter(alert.rank for alert in model.alerts.values())
    lines = [_pair(name.lower(), ranks[rank], width, f"p{min(rank + 1, 4)}") for rank, name in enumerate(SEVERITIES)]
    counts = tally(model)
    return [
        line("SEVERITY", "head"),
        *lines,
        _pair("unattended", counts.unattended, width, "strong"),
        _pair("recently ended", model.ended_count, width),
    ]


def _sites(model: Model, width: int) -> list[Line]:
    found: dict[str, list[int]] = {}
    for alert in model.alerts.values():
        found.setdefault(alert.site or "-", [0, 0, 0, 0])[alert.level - 1] += 1
    order = sorted(found, key=lambda site: ([-count for count in found[site]], site))[:SITES_MAX]
    rows: list[Line] = [
        (column(site, max(width - 17, 6)), *(_count(found[site][level], level) for level in range(4))) for site in order
    ]
    quiet = len(model.sites.keys() - found.keys())
    heads = (column("SITES", max(width - 17, 6), "head"), ("  !   *   -    ", "head"))
    return [heads, *rows, line(f"({quiet} quiet)", "muted")]


def _count(count: int, level: int) -> tuple[str, str]:
    return column(str(count) if count else ".", 3, f"p{level + 1}" if count else "muted", right=True)


def _health(model: Model, width: int, now: int) -> list[Line]:
    link = model.link
    latency = f"{link.latency_ms:.0f} ms" if link.latency_ms is not None else "-"
    pairs = (
        ("link", f"{link.word(now)} {latency}"),
        ("silent", f"{max(now - link.heard_at, 0) // SECOND_MS} s" if link.heard_at else "-"),
        ("events", f"{model.events.per_s(now):.1f}/s"),
        ("changes", f"{model.changes.per_s(now):.1f}/s"),
        ("seq", model.seq),
        ("gaps, holes", f"{model.gaps}, {model.holes}"),
        ("acts waiting", len(model.outbox.waiting)),
        ("nocd", model.version or "-"),
    )
    parts = [line(f"{part}: {detail}", "stale") for part, detail in sorted(model.degraded.items())]
    return [line("HEALTH", "head"), *(_pair(name, value, width) for name, value in pairs), *parts]
