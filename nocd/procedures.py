"""The runbooks as files say them: the shipped ones, and a site's own in place of some."""

from __future__ import annotations

from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import BaseModel, ConfigDict, ValidationError

from nocd.domain.playbook import Action
from nocd.faults import Faulty, Place, nearest, read_toml, written
from nocd.triage.runbooks import Runbook, Runbooks

RUNBOOKS_MAX: Final = 1_000
_Line = Annotated[str, MinLen(1), MaxLen(300)]


class RunbooksRefused(Faulty):
    """A file of runbooks cannot be used."""

    code = "bad_runbooks"

    exit_code = 2


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    title: _Line
    applies_to: Annotated[list[Annotated[str, MinLen(1), MaxLen(128)]], MinLen(1), MaxLen(50)]
    steps: Annotated[list[_Line], MinLen(1), MaxLen(20)]
    escalation_minutes: Annotated[int, Ge(0), Le(1_440)]
    role: Annotated[str, MinLen(1), MaxLen(64)]
    playbook: Annotated[list[Action], MaxLen(20)] = []


def read_runbooks(file: Path | None) -> Runbooks:
    """Return the shipped runbooks, and those of `file` in place of those that apply to the same.

    Raises RunbooksRefused with every fault found.
    """
    own: list[Runbook] = []
    if file is not None:
        told, where = written(file, RunbooksRefused)
        own = parse_runbooks(told, where=where)
    return Runbooks([*parse_runbooks(read_toml(shipped(), RunbooksRefused), where=Place("runbooks.toml")), *own])


def parse_runbooks(told: dict[str, Any], *, where: Place) -> list[Runbook]:
    """Return the runbooks of a parsed file; raises RunbooksRefused as `read_runbooks` does."""
    faults = [] if len(told) <= RUNBOOKS_MAX else [f"{where}: more than {RUNBOOKS_MAX} runbooks"]
    found: list[Runbook] = []
    taken: dict[str, str] = {}
    for name, table in told.items():
        try:
            read = _Told.model_validate_json(orjson.dumps(table, default=str))
        except ValidationError as error:
            faults += [_fault(dict(each), where.within(name)) for each in error.errors(include_url=False)]
            continue
        for likeness in read.applies_to:
            if taken.setdefault(likeness, name) != name:
                faults.append(
                    f"{where.within(name).at('applies_to')}: {likeness} has a runbook already, {taken[likeness]}"
                )
        found.append(
            Runbook(
                id=name,
                title=read.title,
                applies_to=tuple(read.applies_to),
                steps=tuple(read.steps),
                escalation_minutes=read.escalation_minutes,
                role=read.role,
                playbook=tuple(read.playbook),
            )
        )
    if faults:
        raise RunbooksRefused(faults)
    return found


def shipped() -> Path:
    """Return the file of runbooks that comes with the daemon, wherever it is installed."""
    package = Path(str(files("nocd")))
    installed = package / "shipped" / "config" / "runbooks.toml"
    return installed if installed.exists() else package.parent / "config" / "runbooks.toml"


def _fault(error: dict[str, Any], place: Place) -> str:
    steps = [str(part) for part in error["loc"]]
    setting, where = ".".join(steps), place.at(*steps)
    if error["type"] == "unexpected_keyword_argument":
        known = [each.name for each in fields(Action)]
        return f"{where}: {setting} is no setting of an action{nearest(str(error['loc'][-1]), known)}"
    if error["type"] == "extra_forbidden":
        return f"{where}: {setting} is no setting of a runbook{nearest(setting, _Told.model_fields)}"
    return f"{where}: {setting}: {error['msg']}" if setting else f"{where}: {error['msg']}"
