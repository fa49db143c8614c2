"""What a shift leader asks of the past: how long things took, where it is noisy, what needed nobody."""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import mean, median, quantiles
from typing import TYPE_CHECKING, Any, Final

from nocd.domain.instant import DAY_MS, rfc3339
from nocd.domain.playbook import AUTHOR
from nocd.domain.severity import Severity
from nocd.store.queries import token_limits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nocd.store.sqlite import sqlite3

SITES_MAX: Final = 100
TYPES_SHOWN: Final = 5
_SEVERITIES: Final = {severity.rank: severity.value for severity in Severity}
_WORST_FIRST: Final = [severity.value for severity in reversed(Severity)]
_SYSTEM: Final = "nocd"  # who decides by itself
_OPENED: Final = "json_extract(CAST(body AS TEXT), '$.opened_at')"
Limits = tuple[frozenset[str], frozenset[str]]


def first_since(connection: sqlite3.Connection, table: str, when: str, instant: object) -> int:
    """Return the number of a table's first row from `instant` on; numbers and times grow together."""
    low, high = 1, int(connection.execute(f"SELECT max(no) FROM {table}").fetchone()[0] or 0) + 1  # noqa: S608 - a name of ours
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(
            f"SELECT no, {when} FROM {table} WHERE no >= ? ORDER BY no LIMIT 1",  # noqa: S608 - names of ours
            (middle,),
        ).fetchone()
        if row is None or row[1] >= instant:
            high = middle
        else:
            low = row[0] + 1
    return low


def _alerts_since(connection: sqlite3.Connection, since: int, limits: Limits) -> tuple[str, list[Any]]:
    where, values = token_limits(*limits)
    first = first_since(connection, "alerts", _OPENED, rfc3339(since))
    return " AND ".join([*where, "no >= ?"]), [*values, first]


def response_times(connection: sqlite3.Connection, *, since: int, limits: Limits) -> dict[str, Any]:
    """Return how long alerts opened since `since` (UTC ms) waited for a person, and took one, by severity and site."""
    where, values = _alerts_since(connection, since, limits)
    rows = connection.execute(
        "SELECT severity, site, json_extract(CAST(body AS TEXT), '$.time_to_acknowledge_s'),"  # noqa: S608 - names and marks only
        f" iif(json_extract(CAST(body AS TEXT), '$.resolved_by') = '{_SYSTEM}', NULL,"
        f" json_extract(CAST(body AS TEXT), '$.time_to_resolve_s')) FROM alerts WHERE {where}",
        values,
    ).fetchall()
    by_severity, by_site = defaultdict(list), defaultdict(list)
    for severity, site, waited_s, took_s in rows:
        by_severity[_SEVERITIES[severity]].append((waited_s, took_s))
        if site is not None:
            by_site[site].append((waited_s, took_s))
    busiest = sorted(by_site, key=lambda site: (-len(by_site[site]), site))[:SITES_MAX]
    return {
        "alerts": len(rows),
        "by_severity": [
            {"severity": name, **_times(by_severity[name])} for name in _WORST_FIRST if name in by_severity
        ],
        "by_site": [{"site": site, **_times(by_site[site])} for site in busiest],
    }


def _times(pairs: list[tuple[float | None, float | None]]) -> dict[str, Any]:
    return {
        "alerts": len(pairs),
        "acknowledge": _spread(waited_s for waited_s, _ in pairs),
        "resolve": _spread(took_s for _, took_s in pairs),
    }


def _spread(seconds: Iterable[float | None]) -> dict[str, Any]:
    known = [each for each in seconds if each is not None]
    if not known:
        return {"count": 0, "mean_s": None, "median_s": None, "p90_s": None}
    high = quantiles(known, n=10, method="inclusive")[-1] if len(known) > 1 else known[0]
    return {
        "count": len(known),
        "mean_s": round(mean(known), 1),
        "median_s": round(median(known), 1),
        "p90_s": round(high, 1),
    }


def noise(connection: sqlite3.Connection, *, since: int, limits: Limits, limit: int) -> list[dict[str, Any]]:
    """Return the sites with most alerts since `since` (UTC ms), the noisiest first, with what they were about."""
    where, values = _alerts_since(connection, since, limits)
    rows = connection.execute(
        "SELECT site, type, count(*), sum(json_extract(CAST(body AS TEXT), '$.count')),"  # noqa: S608 - names and marks only
        " sum(json_extract(CAST(body AS TEXT), '$.verdict') IN ('false_positive', 'benign')),"
        " sum(json_extract(CAST(body AS TEXT), '$.verdict') NOT IN ('duplicate', 'unknown'))"
        f" FROM alerts WHERE {where} AND site IS NOT NULL GROUP BY site, type",
        values,
    ).fetchall()
    sites: dict[str, Counter[str]] = defaultdict(Counter)
    types: dict[str, Counter[str]] = defaultdict(Counter)
    for site, kind, alerts, sightings, wrong, judged in rows:
        told = {"alerts": alerts, "sightings": sightings or 0, "wrong": wrong or 0, "judged": judged or 0}
        sites[site].update(told)
        types[site][kind] += alerts
    noisiest = sorted(sites, key=lambda site: (-sites[site]["alerts"], -sites[site]["sightings"], site))[:limit]
    return [_noisy(site, sites[site], types[site]) for site in noisiest]


def _noisy(site: str, told: Counter[str], types: Counter[str]) -> dict[str, Any]:
    rate = round(told["wrong"] / told["judged"], 3) if told["judged"] else None
    shown = [{"type": kind, "alerts": count} for kind, count in types.most_common(TYPES_SHOWN)]
    return {
        "site": site,
        "alerts": told["alerts"],
        "sightings": told["sightings"],
        "judged": told["judged"],
        "false_positive_rate": rate,
        "types": shown,
    }


# One row a day (UTC) of opening: what became of its alerts, and whether a person ever did anything about each.
_LOAD = """
WITH opened AS (
  SELECT no, severity, status, standing, substr(json_extract(CAST(body AS TEXT), '$.opened_at'), 1, 10) AS day,
    json_extract(CAST(body AS TEXT), '$.count') AS sightings, json_extract(CAST(body AS TEXT), '$.ticket') AS ticket,
    EXISTS (SELECT 1 FROM ledger WHERE ledger.alert = alerts.no AND ledger.actor <> 'nocd'
      AND ledger.actor NOT LIKE '{playbook} %') AS touched
  FROM alerts WHERE {where}
)
SELECT day, count(*), sum(sightings), sum(sightings) - count(*), sum(touched),
  sum(NOT touched AND status = 'resolved'), sum(NOT touched AND status = 'suppressed'),
  sum(NOT touched AND ticket IS NOT NULL AND status NOT IN ('resolved', 'suppressed')),
  sum(NOT touched AND severity = 5 AND standing = 0), sum(NOT touched AND severity = 5 AND standing = 1)
FROM opened GROUP BY day ORDER BY day
"""
_LOAD_NAMES: Final = (
    *("alerts", "sightings", "folded", "touched", "ended", "suppressed", "ticketed"),
    *("critical_unseen", "critical_waiting"),
)


def triage_load(connection: sqlite3.Connection, *, since: int, limits: Limits) -> list[dict[str, Any]]:
    """Return for each day (UTC) since `since` how much of what was found needed no person, and how.

    `held_back` are findings that opened no alert; `critical_unseen` CRITICAL alerts that left the queue unseen: none.
    """
    where, values = _alerts_since(connection, since, limits)
    rows = connection.execute(_LOAD.format(where=where, playbook=AUTHOR), values).fetchall()
    days = {row[0]: dict(zip(_LOAD_NAMES, row[1:], strict=True)) for row in rows}
    for day, count in _held_back(connection, since, limits):
        days.setdefault(day, dict.fromkeys(_LOAD_NAMES, 0))["held_back"] = count
    return [_loaded(day, {"held_back": 0, **days[day]}) for day in sorted(days)]


def _held_back(connection: sqlite3.Connection, since: int, limits: Limits) -> list[tuple[str, int]]:
    where, values = token_limits(*limits)
    first = first_since(connection, "findings", "recorded_at", since)
    return connection.execute(
        f"SELECT strftime('%Y-%m-%d', recorded_at / 1000, 'unixepoch') AS day, count(*) FROM findings"  # noqa: S608 - names and marks only
        f" WHERE {' AND '.join([*where, 'no >= ?', 'alert IS NULL'])} GROUP BY day",
        (*values, first),
    ).fetchall()


def _loaded(day: str, told: dict[str, int]) -> dict[str, Any]:
    found = told["sightings"] + told["held_back"]
    without = sum(told[name] for name in ("folded", "held_back", "ended", "suppressed", "ticketed"))
    return {"day": day, "found": found, **told, "share": round(without / found, 4) if found else None}


def since_midnight(now: int, days: int) -> int:
    """Return when the last `days` days (UTC) began, today's the last of them."""
    return now - now % DAY_MS - (days - 1) * DAY_MS
