"""The rules of the detectors as a file says them: each finding type's own, and other ones for a client or a site."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import TypeAdapter, ValidationError

from nocd.detect.registry import CATALOG
from nocd.detect.rules import Rules
from nocd.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nocd.detect.kinds import Rule
    from nocd.detect.rules import Changed

_SCOPES = ("client", "site")


class RulesRefused(InputError):
    """A file of rules cannot be used; `faults` has a sentence for each. Trying again mends nothing."""

    code = "bad_rules"

    exit_code = 2

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def read_rules(file: Path | None) -> Rules:
    """Return the rules in force; defaults where there is no file.

    Raises RulesRefused with every fault found: unknown types and settings (with the nearest known one), values out of
    range, a file that is missing or is no TOML.
    """
    return parse_rules(_read(file), where=str(file)) if file is not None else Rules(CATALOG)


def parse_rules(told: Mapping[str, Any], *, where: str) -> Rules:
    """Return the rules of a parsed file; raises RulesRefused as `read_rules` does."""
    faults: list[str] = []
    general = {name: rule for name, rule in told.items() if name not in _SCOPES}
    scoped: dict[str, dict[str, Changed]] = {scope: {} for scope in _SCOPES}
    for scope in _SCOPES:
        for name, rules in _table(told.get(scope, {}), f"{where}: {scope}", faults).items():
            scoped[scope][name] = _changed(rules, f'{where}: {scope}."{name}"', faults)
    changed = _changed(general, where, faults)
    if faults:
        raise RulesRefused(faults)
    return Rules(CATALOG, general=changed, clients=scoped["client"], sites=scoped["site"])


def _changed(rules: object, where: str, faults: list[str]) -> Changed:
    changed: Changed = {}
    for name, told in _table(rules, where, faults).items():
        kind = CATALOG.get(name)
        if kind is None:
            faults.append(f"{where}: {name} is no finding type{_nearest(name, CATALOG)}")
            continue
        values = _table(told, f"{where}: {name}", faults)
        try:
            rule: Rule = TypeAdapter(kind.rule).validate_json(orjson.dumps(values))
        except ValidationError as error:
            known = {field.name: None for field in fields(kind.rule)}
            for fault in error.errors(include_url=False, include_context=False):
                setting = ".".join(str(part) for part in fault["loc"])
                said = f"is no setting of it{_nearest(setting, known)}"
                said = said if fault["type"] == "unexpected_keyword_argument" else fault["msg"]
                faults.append(f"{where}: {name}: {setting} {said}")
        else:
            changed[name] = {setting: getattr(rule, setting) for setting in values}
    return changed


def _table(told: object, where: str, faults: list[str]) -> dict[str, Any]:
    if isinstance(told, dict):
        return told
    faults.append(f"{where}: {told!r:.80} is no table")
    return {}


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise RulesRefused([f"{file} cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RulesRefused([f"{file} is no TOML: {error}"]) from error
