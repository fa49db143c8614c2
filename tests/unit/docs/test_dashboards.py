"""The rules and the dashboard that are shipped ask for metrics and labels there are, in queries that can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types
from prometheus_client.parser import text_string_to_metric_families

from nocd.metrics import Metrics
from tests.architecture.tree import ROOT

RULES = yaml.safe_load((ROOT / "config" / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]
BOARD = orjson.loads((ROOT / "config" / "grafana.json").read_bytes())
FUNCTIONS = {"rate", "increase", "delta", "sum", "max", "topk", "time", "histogram_quantile", "max_over_time"}
WORDS = {"by", "and", "or", "offset", "le"}
OF_PROMETHEUS = {"up": set[str]()}
ADDED = {"instance", "job"}  # labels of the scrape
SELECTOR = re.compile(r'\{((?:\w+(?:=~|!~|!=|=)"[^"]*",?)*)\}')


def expressions() -> list[str]:
    shown = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
    return [rule["expr"] for rule in RULES] + shown


def samples() -> dict[str, set[str]]:
    """Return the labels of each series there is or can be."""
    metrics = Metrics()
    labelled: dict[str, set[str]] = {}
    for metric in vars(metrics).values():
        if names := getattr(metric, "_labelnames", ()):
            metric.labels(*("x" for _ in names))
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            labelled.setdefault(sample.name, set()).update(sample.labels)
    return labelled


def names(query: str) -> Iterator[str]:
    """Yield the bare words of a query: functions, keywords and metrics, without what is in selectors and durations."""
    bare = re.sub(r"\[[^\]]*\]", " ", SELECTOR.sub(" ", query))
    bare = re.sub(r"\bby \(([\w, ]+)\)", " by ", bare)
    bare = re.sub(r"\boffset \d+[smhdw]", " offset ", bare)
    yield from re.findall(r"(?<![\w.])[a-z_]\w*", bare)


@pytest.mark.parametrize("query", expressions())
def test_a_query_asks_for_what_there_is(query: str) -> None:
    known = samples() | OF_PROMETHEUS
    metrics = {name for name in names(query) if name not in FUNCTIONS | WORDS}
    assert metrics
    assert metrics <= set(known), metrics - set(known)
    labels = set().union(*(known[name] for name in metrics)) | ADDED
    for selector in SELECTOR.findall(query):
        assert set(re.findall(r"(\w+)(?:=~|!~|!=|=)", selector)) <= labels, query
    for grouped in re.findall(r"\bby \(([\w, ]+)\)", query):
        assert set(grouped.split(", ")) <= labels, query


@pytest.mark.parametrize("query", expressions())
def test_a_query_can_be_read(query: str) -> None:
    for left, right in ("()", "[]", "{}"):
        assert query.count(left) == query.count(right), query
    rest = SELECTOR.sub("", query)
    assert "{" not in rest, f"a selector that cannot be read: {query}"
    for span in re.findall(r"\[([^\]]*)\]", rest):
        assert re.fullmatch(r"\d+[smhdw]|\$__rate_interval", span), query
    assert not re.search(r"_total\b(?! *[{\[])", rest.replace("_total[", "_total [")), f"a bare counter: {query}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_says_how_bad_it_is_and_what_it_means(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "major", "warning", "info")
    assert rule["annotations"]["summary"]
    used = set(re.findall(r"\$labels\.(\w+)", orjson.dumps(rule["annotations"]).decode()))
    grouped = re.findall(r"\bby \(([\w, ]+)\)", rule["expr"])
    kept = {name for group in grouped for name in group.split(", ")} if grouped else None
    assert kept is None or used <= kept, rule["alert"]


def test_names_are_given_once_and_panels_do_not_overlap() -> None:
    alerts = [rule["alert"] for rule in RULES]
    assert len(alerts) == len(set(alerts))
    panels = BOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    squares = [
        (x, y)
        for at in (panel["gridPos"] for panel in panels)
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(squares) == len(set(squares))
    assert max(x for x, _ in squares) < 24


def test_every_metric_of_the_daemon_is_watched_or_shown() -> None:
    asked = {name for query in expressions() for name in names(query)}
    families = {name for name in samples() if name.startswith("nocd_") and not name.endswith("_created")}
    stems = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in families}
    assert {stem for stem in stems if not any(name.startswith(stem) for name in asked)} == set()
