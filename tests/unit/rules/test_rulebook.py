"""The rules of the detectors as a file says them."""

from __future__ import annotations

import ast
from dataclasses import fields
from typing import Any

import pytest

from nocd.detect.kinds import OpenAfter, Rule
from nocd.detect.registry import CATALOG
from nocd.domain.severity import Severity
from nocd.faults import Place
from nocd.rulebook import RulesRefused, parse_rules, read_rules
from tests.architecture.tree import ROOT, modules, syntax
from tests.unit.rules.reference import whole

SHIPPED = ROOT / "config" / "detectors.toml"


def test_the_shipped_file_is_every_rule_at_its_default() -> None:
    assert SHIPPED.read_text("utf-8") == whole()
    rules = read_rules(SHIPPED)
    for name, kind in CATALOG.items():
        assert rules.of(name, site="S1", client="ACME") == kind.rule()


def test_the_most_specific_rule_wins_field_by_field() -> None:
    rules = parse_rules(
        {
            "NO_SHOW": {"grace_minutes": 20, "mode": "shadow"},
            "client": {"ACME": {"NO_SHOW": {"grace_minutes": 25, "open_after": {"count": 2}}}},
            "site": {"S1": {"NO_SHOW": {"grace_minutes": 30.5}}},
        },
        where=Place("here"),
    )

    def of(site: str | None, client: str | None) -> Any:
        return rules.of("NO_SHOW", site=site, client=client)

    at_site = of("S1", "ACME")
    assert (at_site.grace_minutes, at_site.mode, at_site.open_after) == (30.5, "shadow", OpenAfter(count=2))
    assert of("S2", "ACME").grace_minutes == 25
    assert of("S2", "OTHER").grace_minutes == 20
    assert of(None, None).alert_from is Severity.MEDIUM


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ({"NO_SHOWS": {}}, "NO_SHOWS is no finding type; did you mean NO_SHOW?"),
        ({"NO_SHOW": {"grace_minute": 20}}, "NO_SHOW: grace_minute is no setting of it; did you mean grace_minutes?"),
        ({"NO_SHOW": {"grace_minutes": 0}}, "NO_SHOW: grace_minutes Input should be greater than or equal to 1"),
        ({"NO_SHOW": {"mode": "loud"}}, "NO_SHOW: mode Input should be 'on', 'shadow' or 'off'"),
        ({"NO_SHOW": {"open_after": {"count": 101}}}, "open_after.count Input should be less than or equal to 100"),
        ({"NO_SHOW": 1}, "NO_SHOW: 1 is no table"),
        ({"client": {"ACME": {"X": {}}}}, 'client."ACME": X is no finding type'),
        ({"site": 1}, "site: 1 is no table"),
    ],
)
def test_what_is_no_rule_is_refused_by_name(told, fault) -> None:
    with pytest.raises(RulesRefused) as refused:
        parse_rules(told, where=Place("rules.toml"))
    assert any(fault in each for each in refused.value.faults), refused.value.faults
    assert all(each.startswith("rules.toml: ") for each in refused.value.faults)


def test_a_file_that_cannot_be_read_is_told(tmp_path) -> None:
    with pytest.raises(RulesRefused, match="cannot be read"):
        read_rules(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("[NO_SHOW", "utf-8")
    with pytest.raises(RulesRefused, match="is no TOML"):
        read_rules(tmp_path / "bad.toml")


def test_every_setting_of_a_rule_is_read_somewhere() -> None:
    read = {
        node.attr
        for path in modules("nocd/detect", "nocd/telling.py")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    names = {field.name for kind in CATALOG.values() for field in fields(kind.rule)} | {"count", "minutes"}
    assert {field.name for field in fields(Rule)} <= names
    assert names <= read, names - read
