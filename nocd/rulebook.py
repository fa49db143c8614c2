"""The rules of the detectors as a file says them: each finding type's own, and other ones for a client or a site."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import TypeAdapter, ValidationError

from nocd.detect.registry import CATALOG
from nocd.detect.rules import Rules
from nocd.faults import Faulty, Place, nearest, written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nocd.detect.kinds import Rule
    from nocd.detect.rules import Changed

_SCOPES = ("client", "site")


class RulesRefused(Faulty):
    """A file of rules cannot be used."""

    code = "bad_rules"

    exit_code = 2


def read_rules(file: Path | None) -> Rules:
    """Return the rules in force; defaults where there is no file.

    Raises RulesRefused with every fault found: unknown types and settings (with the nearest known one), values out of
    range, a file that is missing or is no TOML.
    """
    if file is None:
        return Rules(CATALOG)
    told, where = written(file, RulesRefused)
    return parse_rules(told, where=where)


def parse_rules(told: Mapping[str, Any], *, where: Place) -> Rules:
    """Return the rules of a parsed file; raises RulesRefused as `read_rules` does."""
    faults: list[str] = []
    general = {name: rule for name, rule in told.items() if name not in _SCOPES}
    scoped: dict[str, dict[str, Changed]] = {scope: {} for scope in _SCOPES}
    for scope in _SCOPES:
        for name, rules in _table(told.get(scope, {}), where.within(scope), faults).items():
            scoped[scope][name] = _changed(rules, where.within(scope, name, words=f'{scope}."{name}"'), faults)
    changed = _changed(general, where, faults)
    if faults:
        raise RulesRefused(faults)
    return Rules(CATALOG, general=changed, clients=scoped["client"], sites=scoped["site"])


def _changed(rules: object, where: Place, faults: list[str]) -> Changed:
    changed: Changed = {}
    for name, told in _table(rules, where, faults).items():
        kind = CATALOG.get(name)
        if kind is None:
            faults.append(f"{where.at(name)}: {name} is no finding type{nearest(name, CATALOG)}")
            continue
        here = where.within(name)
        values = _table(told, here, faults)
        try:
            rule: Rule = TypeAdapter(kind.rule).validate_json(orjson.dumps(values))
        except ValidationError as error:
            known = {field.name: None for field in fields(kind.rule)}
            for fault in error.errors(include_url=False, include_context=False):
                setting = ".".join(str(part) for part in fault["loc"])
                said = f"is no setting of it{nearest(setting, known)}"
                said = said if fault["type"] == "unexpected_keyword_argument" else fault["msg"]
                faults.append(f"{here.at(*map(str, fault['loc']))}: {setting} {said}")
        else:
            changed[name] = {setting: getattr(rule, setting) for setting in values}
    return changed


def _table(told: object, where: Place, faults: list[str]) -> dict[str, Any]:
    if isinstance(told, dict):
        return told
    faults.append(f"{where}: {told!r:.80} is no table")
    return {}
