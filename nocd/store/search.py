"""A query as a condition on the alerts table; the same answer as `nocd.wire.matching` gives of a view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nocd.domain.instant import rfc3339
from nocd.domain.severity import Severity
from nocd.store.queries import token_limits
from nocd.wire.matching import NAMES, SEARCHED_MAX, SENTENCES, TEXTS, keys_of, searched
from nocd.wire.query import All, Either, Node, Not
from nocd.wire.terms import FIELDS, Match, Order, Phrase, instant

if TYPE_CHECKING:
    from nocd.store.sqlite import sqlite3
    from nocd.wire.matching import Asker
    from nocd.wire.terms import Regex

    Condition = tuple[str, list[Any]]

LOOKED_AT_MAX: Final = 10_000  # alerts a page of a search looks at; its cursor goes on from there
_COLUMNS: Final = {"status", "priority", "type", "site", "client", "person", "fingerprint"}
_RANKS: Final = {severity.value: severity.rank for severity in Severity}
_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def regexp(pattern: str, text: object) -> bool:
    """Tell whether a text says something of a regex's form: SQL's REGEXP, for connections that search."""
    return isinstance(text, str) and searched(pattern).search(text[:SEARCHED_MAX]) is not None


def search(
    connection: sqlite3.Connection,
    asked: tuple[Node, Asker],
    *,
    sites: frozenset[str],
    clients: frozenset[str],
    before: int | None,
    limit: int,
) -> tuple[list[bytes], int | None]:
    """Return alerts that match, whatever became of them, newest first, and the number to continue before."""
    newest = connection.execute("SELECT max(no) FROM alerts").fetchone()[0] or 0
    upto = newest if before is None else min(newest, before - 1)
    sql, values = condition(*asked)
    where, limits = token_limits(sites, clients)
    rows = connection.execute(
        f"SELECT body, no FROM alerts WHERE {' AND '.join([*where, 'no <= ? AND no > ?', sql])}"  # noqa: S608 - names and marks only
        " ORDER BY no DESC LIMIT ?",
        (*limits, upto, upto - LOOKED_AT_MAX, *values, limit + 1),
    ).fetchall()
    if len(rows) > limit:
        return [row[0] for row in rows[:limit]], rows[limit - 1][1]
    rest = connection.execute("SELECT 1 FROM alerts WHERE no <= ? LIMIT 1", (upto - LOOKED_AT_MAX,)).fetchone()
    return [row[0] for row in rows], upto - LOOKED_AT_MAX + 1 if rest else None


def condition(node: Node, asker: Asker) -> Condition:
    """Return what a query asks of a row of the alerts table, and the values of its marks; never NULL."""
    if isinstance(node, Not):
        sql, values = condition(node.part, asker)
        return f"NOT {sql}", values
    if isinstance(node, All | Either):
        parts = [condition(each, asker) for each in node.parts]
        word = " AND " if isinstance(node, All) else " OR "
        return f"({word.join(sql for sql, _ in parts) or '1'})", [value for _, values in parts for value in values]
    if isinstance(node, Match):
        return _match(node, asker)
    if isinstance(node, Order):
        return _order(node, asker)
    return _said(node, asker)


def _place(key: str) -> str:
    """Return where in a row a key of its view lies."""
    return key if key in _COLUMNS else f"json_extract(CAST(body AS TEXT), '$.{key}')"


def _match(node: Match, asker: Asker) -> Condition:
    if node.field == "severity":
        ranks = [_RANKS[value] for value in node.values]
        return f"severity IN ({', '.join('?' * len(ranks))})", list(ranks)
    places = [_place(key) for key in keys_of(node.field, names=asker.names)]
    likes = [_literal(value).replace("*", "%") for value in node.values]
    found = " OR ".join(f"{place} LIKE ? ESCAPE '\\'" for place in places for _ in likes)
    missing = " AND ".join(f"{place} IS NULL" for place in places)
    none = f" OR ({missing})" if any(value.lower() == "none" for value in node.values) else ""
    return f"(ifnull({found}, 0){none})", likes * len(places)


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _order(node: Order, asker: Asker) -> Condition:
    if node.field == "severity":
        return f"severity {node.operator} ?", [_RANKS[str(node.value)]]
    if node.field == "since":
        return "last_seen >= ?", [instant(str(node.value), asker.now)]
    if node.field == "score" and not asker.scores:
        return "0", []
    (key,) = FIELDS[node.field].keys
    if node.field == "age":
        return f"{_place(key)} {_TURNED[node.operator]} ?", [rfc3339(max(0, asker.now - int(node.value)))]
    return f"ifnull({_place(key)} {node.operator} ?, 0)", [node.value]


def _said(node: Phrase | Regex, asker: Asker) -> Condition:
    if isinstance(node, Phrase):
        says, value = "LIKE ? ESCAPE '\\'", f"%{_literal(node.text)}%"
    else:
        says, value = "REGEXP ?", node.pattern
    keys = [*TEXTS, *(NAMES if asker.names else ())]
    found = " OR ".join(f"{_place(key)} {says}" for key in keys)
    sentences = " OR ".join(f"{_place(key)} {says}" for key in SENTENCES)
    guard = "" if asker.names else "person IS NULL AND "
    return f"ifnull({found} OR ({guard}({sentences})), 0)", [value] * (len(keys) + len(SENTENCES))
