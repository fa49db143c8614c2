"""What README and config/detectors.toml have to say of each finding type, derived from the catalog.

`python -m tests.unit.rules.reference toml` prints the whole file, `... table` README's rows, to be copied after a
change.
"""

from __future__ import annotations

import sys
import textwrap
from dataclasses import fields
from typing import Any, get_args, get_type_hints

from annotated_types import Ge, Le

from nocd.detect.kinds import Kind, Rule
from nocd.detect.registry import CATALOG

HEAD = """\
# Every finding type at its defaults; keep in your own copy only what you change, and name it in nocd.toml: detectors =
# "/etc/nocd/detectors.toml". An unknown type or setting is refused.
#
# mode        on | shadow | off; shadow findings are stored and counted and open no alert
# alert_from  the least severity that opens an alert; lower findings stay evidence
# open_after  how many findings of one trouble within how many minutes open an alert
#
# For one client or site, the most specific wins:
#
# [client."ACME".NO_SHOW]
# grace_minutes = 20
#
# [site."S-001".GUARD_DISTRESS]
# open_after = { count = 1, minutes = 60 }
"""


def own(rule: type[Rule]) -> list[tuple[str, Any, str]]:
    """Return (name, default, range) of what a rule has beside every rule's settings."""
    common = {field.name for field in fields(Rule)}
    hints = get_type_hints(rule, include_extras=True)
    return [
        (field.name, getattr(rule(), field.name), span(hints[field.name]))
        for field in fields(rule)
        if field.name not in common
    ]


def span(hint: Any) -> str:
    """Return a type's range in words."""
    args = get_args(hint)
    bounds = {type(part): part for part in args}
    if Ge in bounds and Le in bounds:
        return f"{bounds[Ge].ge:g} to {bounds[Le].le:g}"
    return " or ".join(str(arg) for arg in args if isinstance(arg, str))


def severities(kind: Kind) -> str:
    """Return what a type may be, the usual one first."""
    return ", ".join(kind.severities)


def row(kind: Kind) -> str:
    """Return a type's row in README's table."""
    settings = ", ".join(f"`{name}` {_plain(default)} ({span})" for name, default, span in own(kind.rule))
    return f"| `{kind.name}` | {severities(kind)} | {kind.confidence:.2f} | {kind.says} | {settings} |"


def section(kind: Kind) -> str:
    """Return a type's part of config/detectors.toml."""
    rule = kind.rule()
    says = textwrap.wrap(f"{severities(kind)}: {kind.says}.", 118)
    lines = ["", *(f"# {line}" for line in says), f"[{kind.name}]", f'mode = "{rule.mode}"']
    lines.append(f'alert_from = "{rule.alert_from}"')
    lines.append(f"open_after = {{ count = {rule.open_after.count}, minutes = {rule.open_after.minutes} }}")
    for name, default, bounds in own(kind.rule):
        value = f'"{default}"' if isinstance(default, str) else _plain(default)
        lines.append(f"{name} = {value}  # {bounds}")
    return "\n".join(lines) + "\n"


def whole() -> str:
    """Return the file."""
    return HEAD + "".join(section(kind) for kind in CATALOG.values())


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    print(whole() if sys.argv[1:] == ["toml"] else "\n".join(map(row, CATALOG.values())) + "\n", end="")  # noqa: T201 - printing is what it is run for
