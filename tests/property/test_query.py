"""The search language: what is written parses to what it was, and the store and a view give the same answer."""

from __future__ import annotations

import sqlite3
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nocd.domain.alert import Status, Verdict
from nocd.domain.finding import Category
from nocd.domain.instant import rfc3339
from nocd.domain.severity import Severity
from nocd.store.migrations import shipped, statements
from nocd.store.search import condition, regexp
from nocd.wire.matching import Asker, matcher
from nocd.wire.query import All, Either, Node, Not, QueryError, parse, written
from nocd.wire.terms import FIELDS, Match, Order, Phrase, Regex, duration
from tests.build import T0
from tests.examples import examples

NOW = T0 + 86_400_000
RANKS = {severity.value: severity.rank for severity in Severity}
LETTERS = st.text(alphabet='aAbÄß%_\\"* ,|()-:/e1', min_size=1, max_size=4)
WORDS = [name for name, field in FIELDS.items() if field.kind == "word"]
CLOSED = {"severity": Severity, "status": Status, "category": Category, "verdict": Verdict}
OPERATORS = st.sampled_from(["<", "<=", ">", ">="])
SHORT = st.text(alphabet="aAbB%_e1. ", max_size=4)

match = st.builds(
    Match, st.sampled_from(WORDS), st.lists(LETTERS | st.just("none"), min_size=1, max_size=3, unique=True).map(tuple)
)
closed = st.sampled_from(sorted(CLOSED)).flatmap(
    lambda name: st.builds(
        Match,
        st.just(name),
        st.lists(st.sampled_from([*map(str, CLOSED[name])]), min_size=1, max_size=2, unique=True).map(tuple),
    )
)
number = st.floats(-1, 3, allow_nan=False).map(lambda value: value + 0.0) | st.integers(-1, 3).map(float)
order = st.one_of(
    st.builds(Order, st.sampled_from(["score", "priority", "count"]), OPERATORS, number),
    st.builds(Order, st.just("severity"), OPERATORS, st.sampled_from([*map(str, Severity)])),
    st.builds(Order, st.just("age"), OPERATORS, st.integers(0, 100_000).map(lambda seconds: seconds * 1_000.0)),
    st.builds(Order, st.just("since"), st.just(">="), st.integers(0, 90_000).map(lambda s: duration(s * 1_000))),
    st.builds(Order, st.just("since"), st.just(">="), st.integers(T0, NOW).map(rfc3339)),
    st.builds(Order, st.just("since"), st.just(">="), st.sampled_from(["00:00", "13:30", "23:59"])),
)
regex = st.sampled_from(["a", "^a.*e", "[ab/]+", "b$", "/|%", "A?B"]).map(Regex)
leaf: st.SearchStrategy[Node] = st.one_of(match, closed, order, LETTERS.map(Phrase), regex)


def grown(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(inner.map(Not), several.map(All), several.map(Either))


trees = st.recursive(leaf, grown, max_leaves=8)
names = st.none() | SHORT
views = st.fixed_dictionaries(
    {
        "no": st.integers(1, 2**40),
        "severity": st.sampled_from([*map(str, Severity)]),
        "status": st.sampled_from([*map(str, Status)]),
        "category": st.sampled_from([*map(str, Category)]),
        "verdict": st.none() | st.sampled_from([*map(str, Verdict)]),
        "priority": st.integers(0, 3),
        "count": st.integers(1, 3),
        "fraud_score": st.none() | st.floats(0, 1),
        "opened": st.integers(T0, NOW),
        "seen": st.integers(T0, NOW),
        "type": SHORT,
        "title": SHORT,
        "reason": SHORT,
        "source": SHORT,
        "entity": SHORT.map(lambda name: {"type": "x", "id": name}),
        **dict.fromkeys(
            (
                *("site", "site_name", "client", "person", "person_name", "incident", "ticket", "assignee"),
                *("acknowledged_by", "resolved_by", "suppressed_by", "runbook"),
            ),
            names,
        ),
    }
)


def shown(drawn: dict[str, Any]) -> dict[str, Any]:
    """Return a view as the API shows it."""
    times = {"opened_at": rfc3339(drawn["opened"]), "last_seen": rfc3339(drawn["seen"])}
    return {**drawn, **times, "id": f"A-{drawn['no']}"}


@pytest.fixture(scope="module")
def base():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in statements(shipped()[0].sql):
        connection.execute(statement)
    connection.create_function("regexp", 2, regexp, deterministic=True)
    yield connection
    connection.close()


@given(trees)
def test_what_is_written_parses_to_what_it_was(node: Node) -> None:
    assert parse(written(node)) == node


@examples(100)
@given(tree=trees, drawn=views, names_too=st.booleans(), scores=st.booleans())
def test_the_store_and_a_view_give_the_same_answer(base, tree, drawn, names_too, scores) -> None:
    view, asker = shown(drawn), Asker(now=NOW, names=names_too, scores=scores)
    base.execute("DELETE FROM alerts")
    base.execute(
        "INSERT INTO alerts VALUES (?, ?, 1, ?, ?, ?, 0, ?, ?, ?, ?, 'f', ?, x'')",
        (
            *(view["no"], view["status"], RANKS[view["severity"]], view["priority"], drawn["seen"]),
            *(view["type"], view["site"], view["client"], view["person"], orjson.dumps(view)),
        ),
    )
    sql, values = condition(tree, asker)
    (stored,) = base.execute(f"SELECT {sql} FROM alerts", values).fetchone()
    assert bool(stored) == matcher(tree, asker)(view), (sql, values)


@given(st.text(max_size=40) | st.text(alphabet='ab:"/-()|,<>=!* \\', max_size=20))
def test_whatever_is_typed_parses_or_is_told_where_not(text: str) -> None:
    node = parsed(text)
    if isinstance(node, QueryError):
        assert 1 <= node.column <= len(text) + 1
        assert node.detail.startswith(f"column {node.column}: ")
    else:
        assert parse(written(node)) == node


def parsed(text: str) -> Node | QueryError:
    try:
        return parse(text)
    except QueryError as error:
        return error
